"""Training and evaluation. Nothing here opens a file: metrics are handed out as they come."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise
from math import ceil, isfinite
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lenet.datasets.base import Data, Split
from lenet.errors import LenetError
from lenet.layers import Array
from lenet.losses import cross_entropy, cross_entropy_gradient, log_softmax
from lenet.memory import keep_freed_memory
from lenet.model import INPUT_SIDE, LeNet5
from lenet.optimizers import Optimizer
from lenet.schedules import Schedule
from lenet.streams import stream

EVALUATION_CHUNK = 128
BLAS_THREADS = 1

Map = Callable[[Callable[[Split], Any], Iterable[Split]], Iterable[Any]]


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


class DivergedError(LenetError):
    """The loss is no longer a finite number."""

    def __init__(self, epoch: int, step: int) -> None:
        super().__init__(
            f"the loss is no longer finite at epoch {epoch}, step {step}; "
            "a smaller optimizer.lr may help"
        )
        self.epoch = epoch
        self.step = step


@dataclass(frozen=True)
class Score:
    """The sum of the losses of some images, how many were recognised, and how many there were."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.loss + other.loss, self.correct + other.correct, self.images + other.images
        )

    @property
    def mean_loss(self) -> float:
        """Loss per image."""
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        """Fraction of the images that were recognised."""
        return self.correct / self.images


def overflow_shows_in_the_loss() -> np.errstate:
    """Keep NumPy from warning of overflow where the loss is checked; a context or a decorator."""
    return np.errstate(over="ignore", invalid="ignore")


def network_input(images: NDArray[np.uint8], dtype: np.dtype[Any]) -> Array:
    """Turn bytes (N, H, W) into pixels in [0, 1] (1, 32, 32, N), with zeros around them."""
    N, H, W = images.shape
    top, left = (INPUT_SIDE - H) // 2, (INPUT_SIDE - W) // 2
    x = np.zeros((1, INPUT_SIDE, INPUT_SIDE, N), dtype)
    inner = x[0, top : top + H, left : left + W]
    inner[...] = images.transpose(1, 2, 0)
    inner /= 255
    return x


def score(log_y_hat: Array, labels: NDArray[np.uint8]) -> Score:
    """Compare log probabilities (10, N) with labels (N,)."""
    loss = cross_entropy(log_y_hat, labels).sum(dtype=np.float64)
    correct = np.count_nonzero(log_y_hat.argmax(axis=0) == labels)
    return Score(float(loss), int(correct), len(labels))


@overflow_shows_in_the_loss()
def score_and_gradient(network: LeNet5, batch_size: int, part: Split) -> tuple[Score, Array]:
    """Return the score of a part of a batch, and its share of the batch's gradient (61706,)."""
    logits, caches = network.forward(network_input(part.images, network.theta.dtype))
    log_y_hat = log_softmax(logits)
    dlogits = cross_entropy_gradient(log_y_hat, part.labels) / batch_size
    return score(log_y_hat, part.labels), network.gradient(dlogits, caches)


def evaluate(network: LeNet5, split: Split, map: Map = map) -> Score:  # noqa: A002
    """Score all images of a split, a chunk at a time; ``map`` may work on several at once."""

    @overflow_shows_in_the_loss()
    def score_chunk(chunk: Split) -> Score:
        return score(log_softmax(logits_of(network, chunk)), chunk.labels)

    return sum(map(score_chunk, chunks(split)), Score())


def chunks(split: Split) -> list[Split]:
    """Cut a split into pieces small enough for all of a network's maps."""
    starts = range(0, len(split), EVALUATION_CHUNK)
    return [split[start : start + EVALUATION_CHUNK] for start in starts]


def logits_of(network: LeNet5, split: Split) -> Array:
    """Return the logits (10, N) of a split's images."""
    return network.logits(network_input(split.images, network.theta.dtype))


def batches(split: Split, batch_size: int, order: np.random.Generator) -> Iterator[Split]:
    """Yield every image once, in random order; the last batch holds what is left."""
    permutation = order.permutation(len(split))
    for start in range(0, len(split), batch_size):
        yield split[permutation[start : start + batch_size]]


def cut(batch: Split, parts: int) -> list[Split]:
    """Cut a batch into parts of nearly equal size, none of them empty."""
    parts = min(parts, len(batch))
    ends = [len(batch) * part // parts for part in range(parts + 1)]
    return [batch[start:end] for start, end in pairwise(ends)]


@contextmanager
def team(threads: int) -> Iterator[Map]:
    """Give a ``map`` that deals its items to several threads, each with one BLAS thread.

    The calling thread takes a share of its own, which saves waking one and waiting for it.
    """
    keep_freed_memory()
    with threadpool_limits(BLAS_THREADS, user_api="blas"), ThreadPoolExecutor(threads) as executor:

        def map_in_shares(work: Callable[[Split], Any], items: Iterable[Split]) -> list[Any]:
            items = list(items)
            results: list[Any] = [None] * len(items)

            shares = min(threads, len(items))

            def do_share(first: int) -> None:
                results[first::shares] = [work(item) for item in items[first::shares]]

            others = [executor.submit(do_share, first) for first in range(1, shares)]
            do_share(0)
            for other in others:
                other.result()
            return results

        yield map_in_shares


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


def train(
    network: LeNet5,
    optimizer: Optimizer,
    schedule: Schedule,
    data: Data,
    *,
    epochs: int,
    batch_size: int,
    parts: int,
    threads: int,
    seed: int,
) -> Iterator[tuple[Metrics, list[float]]]:
    """Train the network in place; yield each epoch's metrics, and the mean loss of each batch.

    Raises:
        DivergedError: as soon as a loss is not finite: that of a batch, before its step is taken,
            or that of the test images, after an epoch.

    """
    batches_per_epoch = ceil(len(data.train) / batch_size)
    state = optimizer.new_state(network.theta)
    t = 0
    with team(threads) as map:  # noqa: A001
        for epoch in range(1, epochs + 1):
            started = perf_counter()
            running = Score()
            batch_losses: list[float] = []
            for batch in tqdm(
                batches(data.train, batch_size, stream(seed, "order", epoch)),
                desc=f"epoch {epoch}/{epochs}",
                total=batches_per_epoch,
                unit="batch",
                leave=False,
                disable=None,
            ):
                t += 1
                batch_score, g = score_and_mean_gradient(network, batch, parts, map)
                if not isfinite(batch_score.loss):
                    raise DivergedError(epoch, t)
                eta = optimizer.lr * schedule.factor(t, epochs * batches_per_epoch)
                with overflow_shows_in_the_loss():
                    optimizer.step(network.theta, g, state, t, eta)
                running += batch_score
                batch_losses.append(batch_score.mean_loss)
            trained = perf_counter()
            test = evaluate(network, data.test, map)
            validation = evaluate(network, data.validation, map) if data.validation else None
            if not isfinite(test.loss):
                raise DivergedError(epoch, t)
            metrics = Metrics(
                epoch=epoch,
                train_loss=running.mean_loss,
                train_accuracy=running.accuracy,
                test_loss=test.mean_loss,
                test_accuracy=test.accuracy,
                validation_loss=validation.mean_loss if validation else None,
                validation_accuracy=validation.accuracy if validation else None,
                learning_rate=eta,
                train_seconds=trained - started,
                eval_seconds=perf_counter() - trained,
            )
            yield metrics, batch_losses
