"""A batch, cut into parts, and what the network makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lenet.data.base import Split
from lenet.nn.gradient import BatchGradient
from lenet.nn.input import stacked_input
from lenet.nn.layers import Moments
from lenet.nn.losses import Loss, log_softmax
from lenet.nn.model import LeNet5
from lenet.nn.parts import Stack, forward_stack, gradient_stack
from lenet.nn.random import stream
from lenet.training.evaluation import scores

STACK = 128  # images: enough for calls to cost little, few enough for the caches of a core


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
        return min(self.parts, self.most_images)

    @property
    def most_images(self) -> int:
        """The images of a whole batch."""
        return min(self.batch_size, len(self.split))

    def ends(self, t: int) -> list[tuple[int, int]]:
        """Return where each part of the batch of step t begins and ends in the batch."""
        return ends_of_parts(min(self.batch_size, len(self.split) - self._start(t)), self.parts)

    def stacks(self, t: int, parts: Iterable[int]) -> list[list[int]]:
        """Gather those of some parts of the batch of step t that have one size.

        A stack has ``STACK`` images at most, or one part.
        """
        by_size: dict[int, list[int]] = {}
        ends = self.ends(t)
        for k in parts:
            by_size.setdefault(ends[k][1] - ends[k][0], []).append(k)
        return [
            of_size[first : first + most]
            for size, of_size in by_size.items()
            for most in [max(STACK // size, 1)]
            for first in range(0, len(of_size), most)
        ]

    def part(self, t: int, k: int) -> Split:
        """Return part k of the batch of step t, both counted as usual: t from 1, k from 0."""
        start, (first, last) = self._start(t), self.ends(t)[k]
        return self.split[self._order_of(t)[start + first : start + last]]

    def _start(self, t: int) -> int:
        """Return where in the order of its epoch the batch of step t begins."""
        return (t - 1) % self.per_epoch * self.batch_size

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
class StackResult:
    """What the network makes of a stack of parts of a batch.

    A row of scores for each part (see ``evaluation.scores``), and the moments of the whole batch,
    one for each normalization.
    """

    scores: NDArray[np.float64]
    moments: list[Moments]


def stack_result(
    network: LeNet5,
    loss: Loss,
    batch_size: int,
    parts: Sequence[Split],
    rngs: Sequence[np.random.Generator] | None,
    gradient: BatchGradient,
    numbers: Sequence[int],
) -> Stack[StackResult]:
    """Return what comes of parts of one size.

    By their ``numbers`` they contribute to the ``gradient`` of the batch's mean loss; each one's of
    ``rngs`` decides what is dropped.
    """
    x = stacked_input([part.images for part in parts], network.theta.dtype)
    logits, caches = yield from forward_stack(network, x, rngs)
    z, labels = np.concatenate(list(logits), axis=1), np.concatenate([p.labels for p in parts])
    dz = loss.gradient(z, labels) / batch_size
    dlogits = np.ascontiguousarray(dz.reshape(len(dz), len(parts), -1).swapaxes(0, 1))
    yield from gradient_stack(network, dlogits, caches, gradient, numbers)
    return StackResult(scores(log_softmax(z), labels, len(parts)), network.moments(caches))
