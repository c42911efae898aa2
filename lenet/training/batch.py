"""A batch, cut into parts, and what the network makes of it."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lenet.data.base import Split
from lenet.nn.input import network_input
from lenet.nn.layers import Array, Moments
from lenet.nn.losses import Loss, log_softmax
from lenet.nn.model import LeNet5
from lenet.nn.parts import Part, forward_part, gradient_part
from lenet.nn.random import stream
from lenet.training.evaluation import Score, score


class Batches:
    """The batches of a training: every image once an epoch, in random order, cut into parts.

    The last batch of an epoch holds what is left. Which images a batch has depends on the seed and
    on its number alone. Without ``reshuffle`` every epoch has the order of the first.
    """

    def __init__(
        self, split: Split, batch_size: int, parts: int, seed: int, *, reshuffle: bool = True
    ) -> None:
        self.split = split
        self.batch_size = batch_size
        self.parts = parts
        self.seed = seed
        self.reshuffle = reshuffle
        self.per_epoch = ceil(len(split) / batch_size)
        self._order = 0, np.empty(0, np.intp)  # an epoch, and the order of its images

    @property
    def most_parts(self) -> int:
        """The parts of a whole batch: each has an image at least."""
        return min(self.parts, self.batch_size, len(self.split))

    def ends(self, t: int) -> list[tuple[int, int]]:
        """Return where in the order of its epoch each part of the batch of step t lies."""
        start = (t - 1) % self.per_epoch * self.batch_size
        size = min(self.batch_size, len(self.split) - start)
        return [(start + first, start + last) for first, last in ends_of_parts(size, self.parts)]

    def part(self, t: int, k: int) -> Split:
        """Return part k of the batch of step t, both counted as usual: t from 1, k from 0."""
        first, last = self.ends(t)[k]
        return self.split[self._order_of(t)[first:last]]

    def _order_of(self, t: int) -> NDArray[np.intp]:
        epoch = (t - 1) // self.per_epoch + 1 if self.reshuffle else 1
        if self._order[0] != epoch:
            order = stream(self.seed, "order", epoch).permutation(len(self.split))
            self._order = epoch, order
        return self._order[1]


@cache
def ends_of_parts(size: int, parts: int) -> list[tuple[int, int]]:
    """Return where the parts of a batch begin and end: nearly equal, none of them empty."""
    parts = min(parts, size)
    return list(pairwise(size * part // parts for part in range(parts + 1)))


@dataclass(frozen=True)
class PartResult:
    """What the network makes of a part of a batch.

    Its score, its share of the gradient of the batch's mean loss (P,), and the moments of the whole
    batch, one for each normalization.
    """

    score: Score
    gradient: Array
    moments: list[Moments]


def part_result(
    network: LeNet5,
    loss: Loss,
    batch_size: int,
    part: Split,
    rng: np.random.Generator | None = None,
    out: Array | None = None,
) -> Part[PartResult]:
    """Return what comes of a part of a batch, its gradient in ``out`` if that is given.

    ``rng`` decides what is dropped.
    """
    x = network_input(part.images, network.theta.dtype)
    logits, caches = yield from forward_part(network, x, rng)
    dlogits = loss.gradient(logits, part.labels) / batch_size
    gradient = yield from gradient_part(network, dlogits, caches, out)
    of_part = score(log_softmax(logits), part.labels)
    return PartResult(of_part, gradient, network.moments(caches))
