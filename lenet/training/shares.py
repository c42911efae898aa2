"""The shares of a team of workers in the steps of a training, and in its tests.

In a step each worker takes the parts of the batch that fall to it through the network and back,
then finds some pieces of the gradient from what all parts contribute, and takes the step there. At
the end of an epoch it tests some chunks of images. Everything lies in shared arrays, with a place
for each part, and is added up in the order of the parts: so it makes no difference who did what.
"""

from bisect import bisect_left
from itertools import chain
from math import ceil, isfinite, isnan, nan, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from lenet.data.base import Data, Split
from lenet.nn.curvature import curvature
from lenet.nn.gradient import BatchGradient
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.overflow import overflow_is_found_later
from lenet.nn.parts import Stack, complete
from lenet.nn.random import stream
from lenet.training.batch import Batches, StackResult, stack_result
from lenet.training.divergence import is_finite
from lenet.training.evaluation import Score, chunks, score_chunk, total
from lenet.training.recipe import Recipe
from lenet.training.state import TrainingState
from lenet.training.statistics import Statistics
from lenet.training.workers import Task, Worker, shared_zeros


class Shares:
    """What a team works on: ``tasks`` are done by all workers at once.

    The state is moved to shared memory.
    """

    def __init__(self, recipe: Recipe, data: Data, state: TrainingState) -> None:
        state.share()
        self.recipe = recipe
        self.data = data
        self.state = state
        self.network = recipe.network_of(state.theta)
        self.trained = recipe.network_of(state.trained)
        self.batches = Batches(
            data.train, recipe.batch_size, recipe.parts, recipe.seed, reshuffle=recipe.reshuffle
        )
        self.statistics = Statistics(self.trained, recipe, data.train)
        self.splits = [split for split in (data.test, data.validation) if split]

        P, parts = len(state.theta), self.batches.most_parts
        self._gradient = BatchGradient(
            self.network,
            parts,
            ceil(self.batches.most_images / parts),
            whole=recipe.optimizer.by_array or parts == 1,  # one part has one worker
            zeros=shared_zeros,
        )
        self._scores = shared_zeros((parts, 3), np.float64)
        features = max(map(len, recipe.architecture.views(state.theta).values()))
        self._exchanged = shared_zeros((2, parts, 3 * features), np.float64)
        pieces = (len(self._gradient.shapes),)
        self._squares = shared_zeros(pieces, np.float64)  # 2-norms of the gradient, squared
        self._finite = shared_zeros(pieces, np.bool_)  # whether theta is so after the step
        self._rates = shared_zeros((2,), np.float64)  # learning rate; momentum, nan for as it is
        self._curvatures = shared_zeros((len(self._patterns(1)), P), state.theta.dtype)
        self._tested = [shared_zeros((len(chunks(one)), 3), np.float64) for one in self.splits]

    @property
    def tasks(self) -> list[Task]:
        """What a team can be given to do."""
        return [self.take_step, self.test, self.estimate_curvature, self.statistics.take]

    def set_rates(self, eta: float, momentum: float | None) -> None:
        """Say which learning rate and which momentum (None: the optimizer's) the next step has."""
        self._rates[:] = eta, nan if momentum is None else momentum

    @property
    def score(self) -> Score:
        """The score of the batch of the last step."""
        return total(self._scores)

    @property
    def norm(self) -> float:
        """The 2-norm of its gradient."""
        return sqrt(self._squares.sum())

    @property
    def gradient_is_finite(self) -> bool:
        """Whether its loss and its gradient are finite; if not, no step is taken."""
        return isfinite(self._scores[:, 0].sum()) and isfinite(self._squares.sum())

    @property
    def theta_is_finite(self) -> bool:
        """Whether all parameters are finite after the step."""
        return bool(self._finite.all())

    def tested(self, number: int) -> Score:
        """Return the score of the split that was tested."""
        return total(self._tested[number])

    def batch(self, t: int) -> Split:
        """Return the batch of step t as the network sees it."""
        parts = [self._seen(t, k) for k in range(len(self.batches.ends(t)))]
        images = np.concatenate([part.images for part in parts])
        return Split(images, np.concatenate([part.labels for part in parts]))

    @overflow_is_found_later()
    def take_step(self, worker: Worker, t: int) -> None:
        """Do a worker's share of step t."""
        results = self._work_on_parts(worker, t)
        worker.wait()
        if worker.number == 0 and isfinite(self._scores[:, 0].sum()):
            self.network.follow(results[0].moments)
        pieces = self._pieces_of(worker)
        self._find_gradient(pieces, len(self.batches.ends(t)))
        worker.wait()
        if self.gradient_is_finite:
            self._step(pieces, t)

    @overflow_is_found_later()
    def test(self, worker: Worker, number: int) -> None:
        """Test a worker's share of the chunks of a split, by its place in ``splits``."""
        pieces = chunks(self.splits[number])
        for place in worker.share(len(pieces)):
            self._tested[number][place] = score_chunk(self.trained, pieces[place])

    @overflow_is_found_later()
    def estimate_curvature(self, worker: Worker, epoch: int) -> None:
        """Do a worker's share of the second derivatives h that an epoch's steps are divided by."""
        pieces = self._patterns(epoch)
        for place in worker.share(len(pieces)):
            piece = pieces[place]
            x = network_input(piece.images, self.state.theta.dtype)
            self._curvatures[place] = curvature(self.network, self.recipe.loss, x, piece.labels)
        worker.wait()
        if worker.number == 0:
            mean = self._curvatures.sum(axis=0) / sum(map(len, pieces))
            self.state.optimizer["h"][...] = mean

    def _patterns(self, epoch: int) -> list[Split]:
        """Return the images for them in pieces: other ones in each epoch, none warped."""
        train, rng = self.data.train, stream(self.recipe.seed, "curvature", epoch)
        drawn = rng.permutation(len(train))[: self.recipe.optimizer.curvature_images]
        return chunks(train[drawn])

    def _work_on_parts(self, worker: Worker, t: int) -> list[StackResult]:
        """Note score and gradient of each part of the batch that falls to a worker."""
        count = len(self.batches.ends(t))
        stacks = self.batches.stacks(t, worker.share(count))
        exchange = Exchange(self._exchanged[:, :count], worker, list(chain(*stacks)))
        results = complete([self._stack(t, parts) for parts in stacks], exchange)
        if not results:
            exchange.stand_by(2 * len(self.network.normalizations))
        self._scores[worker.number :: worker.size] = 0
        for parts, result in zip(stacks, results, strict=True):
            self._scores[parts] = result.scores
        return results

    def _stack(self, t: int, parts: list[int]) -> Stack[StackResult]:
        """Return the work on parts of the batch of step t; their gradients go to their places."""
        return stack_result(
            self.network,
            self.recipe.loss,
            self.batches.ends(t)[-1][-1],
            [self._seen(t, k) for k in parts],
            [self._chance(t, k) for k in parts] if self.recipe.dropout.rate else None,
            self._gradient,
            parts,
        )

    def _find_gradient(self, pieces: range, parts: int) -> None:
        """Find some pieces of the gradient of so many parts, and note the norms."""
        for number in pieces:
            g = self._gradient.find(number, parts)
            self._squares[number] = g @ g

    def _step(self, pieces: range, t: int) -> None:
        """Take the optimizer's step over some pieces of theta; the average follows."""
        recipe, state, norm = self.recipe, self.state, self.norm
        eta, momentum = self._rates.tolist()
        optimizer = recipe.optimizer.with_momentum(None if isnan(momentum) else momentum)
        for own, shape in self._steps(pieces):
            theta = state.theta[own].reshape(shape)
            g = clip(self._gradient.g[own].reshape(shape), norm, recipe.clip_norm)
            remembered = {name: v[own].reshape(shape) for name, v in state.optimizer.items()}
            optimizer.step(theta, g, remembered, t, eta)
        own = self._gradient.place(pieces)
        self._finite[pieces.start : pieces.stop] = is_finite(state.theta[own])
        if state.average is not None and recipe.ema is not None:
            update_average(state.average[own], state.theta[own], recipe.ema, t)

    def _steps(self, pieces: range) -> list[tuple[slice, tuple[int, ...]]]:
        """Return what of some pieces the optimizer steps on at once, and in which shape."""
        if not self.recipe.optimizer.by_array:
            return [(self._gradient.place(pieces), (-1,))]
        gradient = self._gradient
        return [(gradient.place(range(k, k + 1)), gradient.shapes[k]) for k in pieces]

    def _pieces_of(self, worker: Worker) -> range:
        """Return the pieces of theta that begin in a worker's share of it."""
        *starts, P = self._gradient.ends
        shares = (P * (worker.number + end) / worker.size for end in (0, 1))
        return range(*(bisect_left(starts, share) for share in shares))

    def _seen(self, t: int, k: int) -> Split:
        """Return part k of the batch of step t as the network sees it."""
        ends = self.batches.ends(t)
        part, first, size = self.batches.part(t, k), ends[k][0], ends[-1][-1]
        done = (t - 1) / (self.recipe.epochs * self.batches.per_epoch)
        return self.recipe.augmentation(part, self.recipe.seed, t, first, size, done)

    def _chance(self, t: int, k: int) -> np.random.Generator:
        """Return what decides what is dropped in part k of the batch of step t."""
        return stream(self.recipe.seed, "dropout", t, k)


class Exchange:
    """Gives each worker what all parts of a batch have yielded, at one place after the other.

    Two places in memory take turns: nobody writes to one before all have read it.
    """

    def __init__(self, memory: NDArray[np.float64], worker: Worker, parts: list[int]) -> None:
        self.memory = memory  # (2, parts, values)
        self.worker = worker
        self.parts = parts  # of the worker, in the order in which it yields what they have found
        self.turn = 0

    def __call__(self, yielded: Array) -> Array:
        """Return what all parts have found (parts, ...), given what the worker's own have."""
        shape = yielded.shape[1:]
        place = self.memory[self.turn, :, : prod(shape)].reshape(-1, *shape, copy=False)
        place[self.parts] = yielded
        self.worker.wait()
        self.turn = 1 - self.turn
        return place.astype(yielded.dtype)

    def stand_by(self, times: int) -> None:
        """Let the others exchange what a worker without parts has no use for."""
        for _ in range(times):
            self.worker.wait()


def clip(g: Array, norm: float, clip_norm: float | None) -> Array:
    """Return a gradient (n,), or part of one, of a 2-norm; shortened if that is over clip_norm."""
    if clip_norm is None or norm <= clip_norm:
        return g
    return g * (clip_norm / norm)


def update_average(average: Array, theta: Array, decay: float, t: int) -> None:
    """Let theta (n,) after step t into its moving average (n,), which forgets faster at first."""
    average += (1 - min(decay, (1 + t) / (10 + t))) * (theta - average)
