"""Training. Nothing here opens a file: what comes of it is handed out as it comes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import pairwise
from math import ceil, isfinite
from time import perf_counter
from typing import Self

import numpy as np
from tqdm import tqdm

from lenet.datasets.base import Data, Split
from lenet.divergence import DivergedError, is_finite, origin
from lenet.evaluation import Score, chunks, evaluate, network_input, overflow_is_found_later, score
from lenet.layers import Array
from lenet.losses import cross_entropy_gradient, log_softmax
from lenet.model import LeNet5
from lenet.optimizers import Optimizer, State
from lenet.schedules import Moment, Schedule
from lenet.streams import stream
from lenet.team import Map, team


@dataclass(frozen=True)
class Step:
    """A step of the optimizer: the mean loss of its batch, the rate, the gradient's 2-norm.

    The norm is that before clipping.
    """

    loss: float
    learning_rate: float
    gradient_norm: float


@dataclass(frozen=True)
class Metrics:
    """One row of metrics.csv. Losses are means over images, accuracies fractions of them.

    The training figures are running ones: each image counts as it was when its batch came, before
    the step. Test and validation are read at the end of the epoch, on all images.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    train_seconds: float
    eval_seconds: float

    @property
    def loss_to_watch(self) -> float:
        """The validation loss, else the training loss: never that of the test images."""
        return self.train_loss if self.validation_loss is None else self.validation_loss


@dataclass
class TrainingState:
    """A training between two steps: with its configuration and data, all that the rest depends on.

    Its random streams need no place here: each is a function of the seed and the epoch, and how far
    an epoch has come follows from the number of steps.
    """

    theta: Array
    optimizer: State  # what that remembers
    best: Array | None = None  # theta (61706,) after the epoch of the best validation accuracy
    steps: list[Step] = field(default_factory=list)
    metrics: list[Metrics] = field(default_factory=list)
    running: Score = field(default_factory=Score)  # of the epoch in hand
    seconds: float = 0.0  # of training in it

    @classmethod
    def initial(cls, theta: Array, optimizer: Optimizer) -> Self:
        """Return the state before the first step."""
        return cls(theta, optimizer.new_state(theta))

    @property
    def t(self) -> int:
        """The number of steps taken."""
        return len(self.steps)

    @property
    def epoch(self) -> int:
        """The number of the epoch in hand, from 1."""
        return len(self.metrics) + 1


def batches(
    split: Split, batch_size: int, order: np.random.Generator, done: int = 0
) -> Iterator[Split]:
    """Yield every image once, in random order, without the first ``done`` batches.

    The last batch holds what is left.
    """
    permutation = order.permutation(len(split))
    for start in range(done * batch_size, len(split), batch_size):
        yield split[permutation[start : start + batch_size]]


def cut(batch: Split, parts: int) -> list[Split]:
    """Cut a batch into parts of nearly equal size, none of them empty."""
    parts = min(parts, len(batch))
    ends = [len(batch) * part // parts for part in range(parts + 1)]
    return [batch[start:end] for start, end in pairwise(ends)]


@overflow_is_found_later()
def score_and_gradient(network: LeNet5, batch_size: int, part: Split) -> tuple[Score, Array]:
    """Return the score of a part of a batch, and its share of the batch's gradient (61706,)."""
    logits, caches = network.forward(network_input(part.images, network.theta.dtype))
    log_y_hat = log_softmax(logits)
    dlogits = cross_entropy_gradient(log_y_hat, part.labels) / batch_size
    return score(log_y_hat, part.labels), network.gradient(dlogits, caches)


def score_and_mean_gradient(
    network: LeNet5,
    batch: Split,
    parts: int,
    map: Map = map,  # noqa: A002
) -> tuple[Score, Array]:
    """Return the score of a batch and the gradient of its mean loss (61706,).

    The batch is cut into parts, whose gradients are added in their order: the sum depends on how
    many parts there are, but not on how many threads of ``map`` work on them.
    """
    work = partial(score_and_gradient, network, len(batch))
    scores, gradients = zip(*map(work, cut(batch, parts)), strict=True)
    return sum(scores, Score()), reduce(np.add, gradients)


def clip(g: Array, norm: float, clip_norm: float | None) -> Array:
    """Return a gradient of a given 2-norm, shortened to ``clip_norm`` if it is longer."""
    if clip_norm is None or norm <= clip_norm:
        return g
    return g * (clip_norm / norm)


def train(
    network: LeNet5,
    state: TrainingState,
    optimizer: Optimizer,
    schedule: Schedule,
    data: Data,
    *,
    epochs: int,
    batch_size: int,
    clip_norm: float | None,
    parts: int,
    threads: int,
    seed: int,
) -> Iterator[Step | Metrics]:
    """Train the network, whose parameters are ``state.theta``, from where the state has come to.

    Yields each step, and after its last the metrics of an epoch. At every yield the state is whole:
    a copy of it goes on to the same numbers, bit for bit.

    Raises:
        DivergedError: as soon as a loss, a gradient or a parameter is not finite.

    """
    batches_per_epoch = ceil(len(data.train) / batch_size)
    steps = epochs * batches_per_epoch

    @overflow_is_found_later()
    def take_step(batch: Split) -> None:
        t = state.t + 1
        batch_score, g = score_and_mean_gradient(network, batch, parts, map)
        norm = float(np.linalg.norm(g))
        if not (isfinite(batch_score.loss) and isfinite(norm)):
            raise DivergedError(state.epoch, t, origin(network, [batch]))
        moment = Moment(t, steps, batches_per_epoch, losses)
        eta = optimizer.lr * schedule.factor(moment)
        rule = optimizer.with_momentum(schedule.momentum(moment))
        rule.step(state.theta, clip(g, norm, clip_norm), state.optimizer, t, eta)
        if not is_finite(state.theta):
            raise DivergedError(state.epoch, t, origin(network, [batch]))
        state.running += batch_score
        state.steps.append(Step(batch_score.mean_loss, eta, norm))

    def end_epoch() -> Metrics:
        started = perf_counter()
        test = evaluate(network, data.test, map)
        validation = evaluate(network, data.validation, map) if data.validation else None
        for result, split in ((test, data.test), (validation, data.validation)):
            if result and split and not isfinite(result.loss):
                raise DivergedError(state.epoch, state.t, origin(network, chunks(split)))
        return Metrics(
            epoch=state.epoch,
            train_loss=state.running.mean_loss,
            train_accuracy=state.running.accuracy,
            test_loss=test.mean_loss,
            test_accuracy=test.accuracy,
            validation_loss=validation.mean_loss if validation else None,
            validation_accuracy=validation.accuracy if validation else None,
            learning_rate=state.steps[-1].learning_rate,
            train_seconds=state.seconds,
            eval_seconds=perf_counter() - started,
        )

    with team(threads) as map:  # noqa: A001
        for epoch in range(state.epoch, epochs + 1):
            done = state.t - (epoch - 1) * batches_per_epoch
            losses = [metrics.loss_to_watch for metrics in state.metrics]
            started = perf_counter()
            for batch in tqdm(
                batches(data.train, batch_size, stream(seed, "order", epoch), done),
                desc=f"epoch {epoch}/{epochs}",
                initial=done,
                total=batches_per_epoch,
                unit="batch",
                leave=False,
                disable=None,
            ):
                take_step(batch)
                state.seconds += perf_counter() - started
                yield state.steps[-1]
                started = perf_counter()
            metrics = end_epoch()
            if is_best(metrics, state.metrics):
                state.best = state.theta.copy()
            state.metrics.append(metrics)
            state.running, state.seconds = Score(), 0.0
            yield metrics


def is_best(metrics: Metrics, before: list[Metrics]) -> bool:
    """Return whether an epoch has a better validation accuracy than all before it."""
    if metrics.validation_accuracy is None:
        return False
    return all(metrics.validation_accuracy > (other.validation_accuracy or 0) for other in before)
