"""Training. Nothing here opens a file: what comes of it is handed out as it comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise, repeat
from math import ceil, isfinite
from operator import add
from time import perf_counter
from typing import NamedTuple, Self

import numpy as np
from tqdm import tqdm

from lenet.datasets.base import Data, Split
from lenet.divergence import DivergedError, is_finite, origin
from lenet.evaluation import Score, chunks, evaluate, network_input, score
from lenet.layers import Array, Moments
from lenet.losses import CrossEntropy, log_softmax
from lenet.model import LeNet5
from lenet.optimizers import State
from lenet.overflow import overflow_is_found_later
from lenet.parts import Work, complete
from lenet.recipe import Recipe
from lenet.schedules import Moment
from lenet.streams import stream
from lenet.team import Map


class Step(NamedTuple):
    """A step of the optimizer: the mean loss of its batch, the rate, the gradient's 2-norm.

    The loss is the cross-entropy to the labels themselves, the norm that before clipping.
    """

    loss: float
    learning_rate: float
    gradient_norm: float


@dataclass(frozen=True)
class Metrics:
    """One row of metrics.csv. Losses are means over images, accuracies fractions of them.

    A loss is the cross-entropy to the labels, also where training makes it to smoothed ones. The
    training figures are running ones: each image counts as it was when its batch came, before
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
    average: Array | None = None  # exponential moving average of theta, if there is to be one
    best: Array | None = None  # what was trained (P,) at the best validation accuracy
    steps: list[Step] = field(default_factory=list)
    metrics: list[Metrics] = field(default_factory=list)
    running: Score = field(default_factory=Score)  # of the epoch in hand
    seconds: float = 0.0  # of training in it

    @classmethod
    def initial(cls, recipe: Recipe) -> Self:
        """Return the state before the first step."""
        theta = recipe.initial_theta()
        average = theta.copy() if recipe.ema else None
        is_weight = recipe.architecture.is_weight
        return cls(theta, recipe.optimizer.new_state(theta, is_weight), average)

    @property
    def trained(self) -> Array:
        """What is tested and kept: the average of theta, if there is one, else theta."""
        return self.theta if self.average is None else self.average

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


@dataclass(frozen=True)
class Outcome:
    """What the network makes of a batch, or a part of it.

    Its score, its share of the gradient of the batch's mean loss (P,), and the moments of the whole
    batch, one for each normalization.
    """

    score: Score
    gradient: Array
    moments: list[Moments]

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.score + other.score, self.gradient + other.gradient, self.moments)


def part_outcome(
    network: LeNet5,
    loss: CrossEntropy,
    batch_size: int,
    part: Split,
    rng: np.random.Generator | None = None,
) -> Work[Outcome]:
    """Return the outcome of a part of a batch; ``rng`` decides what is dropped."""
    x = network_input(part.seen, network.theta.dtype)
    logits, caches = yield from network.forward_part(x, rng)
    log_y_hat = log_softmax(logits)
    dlogits = loss.gradient(log_y_hat, part.labels) / batch_size
    gradient = yield from network.gradient_part(dlogits, caches)
    return Outcome(score(log_y_hat, part.labels), gradient, network.moments(caches))


def batch_outcome(
    network: LeNet5,
    loss: CrossEntropy,
    batch: Split,
    parts: int,
    each: Map = map,
    rngs: Iterable[np.random.Generator | None] = repeat(None),
) -> Outcome:
    """Return the outcome of a batch; ``rngs`` decide what is dropped, each in a part of its own.

    The batch is cut into parts, whose gradients are added in their order: the sum depends on how
    many parts there are, but not on how many threads of ``each`` work on them.
    """
    works = [
        part_outcome(network, loss, len(batch), part, rng)
        for part, rng in zip(cut(batch, parts), rngs, strict=False)
    ]
    return reduce(add, complete(works, each))


def clip(g: Array, norm: float, clip_norm: float | None) -> Array:
    """Return a gradient of a given 2-norm, shortened to ``clip_norm`` if it is longer."""
    if clip_norm is None or norm <= clip_norm:
        return g
    return g * (clip_norm / norm)


def update_average(average: Array, theta: Array, decay: float, t: int) -> None:
    """Let theta after step t into its exponential moving average, which forgets faster at first."""
    average += (1 - min(decay, (1 + t) / (10 + t))) * (theta - average)


def train(
    recipe: Recipe,
    data: Data,
    state: TrainingState,
    each: Map = map,
) -> Iterator[Step | Metrics]:
    """Train by a recipe from where the state has come to, which is changed in place.

    Yields each step, and after its last the metrics of an epoch. At every yield the state is whole:
    a copy of it goes on to the same numbers, bit for bit. ``each`` is a map, by which several
    threads may work on the parts of a batch (see ``team``).

    Raises:
        DataError: if the data is not of the form that the recipe's dataset has.
        DivergedError: as soon as a loss, a gradient or a parameter is not finite.

    """
    training = Training(recipe, data, state, each)
    for epoch in range(state.epoch, recipe.epochs + 1):
        done = state.t - (epoch - 1) * training.steps_per_epoch
        order = stream(recipe.seed, "order", epoch)
        started = perf_counter()
        for batch in tqdm(
            batches(data.train, recipe.batch_size, order, done),
            desc=f"epoch {epoch}/{recipe.epochs}",
            initial=done,
            total=training.steps_per_epoch,
            unit="batch",
            leave=False,
            disable=None,
        ):
            step = training.take_step(batch)
            state.seconds += perf_counter() - started
            yield step
            started = perf_counter()
        yield training.end_epoch()


class Training:
    """A training by a recipe: what a step and the end of an epoch do to its state."""

    def __init__(self, recipe: Recipe, data: Data, state: TrainingState, each: Map) -> None:
        recipe.check(data)
        self.recipe = recipe
        self.data = data
        self.state = state
        self.each = each
        self.network = recipe.network(state.theta)
        self.trained = recipe.network(state.trained)
        self.steps_per_epoch = ceil(len(data.train) / recipe.batch_size)

    @overflow_is_found_later()
    def take_step(self, batch: Split) -> Step:
        """Take a step of the optimizer against the gradient of a batch."""
        recipe, state = self.recipe, self.state
        t = state.t + 1
        batch = recipe.augmentation(batch, recipe.seed, t)
        outcome = batch_outcome(
            self.network, recipe.loss, batch, recipe.parts, self.each, self._rngs(t)
        )
        score, g = outcome.score, outcome.gradient
        norm = float(np.linalg.norm(g))
        if not (isfinite(score.loss) and isfinite(norm)):
            raise DivergedError(state.epoch, t, origin(self.network, [batch]))

        moment = self._moment(t)
        eta = recipe.optimizer.lr * recipe.schedule.factor(moment)
        optimizer = recipe.optimizer.with_momentum(recipe.schedule.momentum(moment))
        optimizer.step(state.theta, clip(g, norm, recipe.clip_norm), state.optimizer, t, eta)
        self.network.follow(outcome.moments)
        if not is_finite(state.theta):
            raise DivergedError(state.epoch, t, origin(self.network, [batch]))

        if state.average is not None and recipe.ema is not None:
            update_average(state.average, state.theta, recipe.ema, t)
        state.running += score
        state.steps.append(Step(score.mean_loss, eta, norm))
        return state.steps[-1]

    def _rngs(self, t: int) -> Iterable[np.random.Generator | None]:
        """Return what decides by chance in each part of the batch of step t."""
        recipe = self.recipe
        if not recipe.dropout.rate:
            return repeat(None)
        return (stream(recipe.seed, "dropout", t, part) for part in range(recipe.parts))

    def _moment(self, t: int) -> Moment:
        losses = [metrics.loss_to_watch for metrics in self.state.metrics]
        return Moment(t, self.recipe.epochs * self.steps_per_epoch, self.steps_per_epoch, losses)

    def end_epoch(self) -> Metrics:
        """Test what has been trained, and begin the next epoch."""
        state = self.state
        started = perf_counter()
        test = self._evaluate(self.data.test)
        validation = self._evaluate(self.data.validation) if self.data.validation else None
        metrics = Metrics(
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
        if is_best(metrics, state.metrics):
            state.best = state.trained.copy()
        state.metrics.append(metrics)
        state.running, state.seconds = Score(), 0.0
        return metrics

    def _evaluate(self, split: Split) -> Score:
        score = evaluate(self.trained, split, self.each)
        if not isfinite(score.loss):
            where = origin(self.trained, chunks(split), testing=True)
            raise DivergedError(self.state.epoch, self.state.t, where, testing=True)
        return score


def is_best(metrics: Metrics, before: list[Metrics]) -> bool:
    """Return whether an epoch has a better validation accuracy than all before it."""
    if metrics.validation_accuracy is None:
        return False
    accuracies = [other.validation_accuracy or 0.0 for other in before]
    return metrics.validation_accuracy > max(accuracies, default=-1.0)
