"""The gradient of a batch, from what its parts contribute.

Most layers contribute the gradients of each part, which are added up in their order. A fully
connected layer has most of the network's parameters, and few units. It contributes its deltas and
its inputs x, and dW = delta x^T, eq. (11), is one product over the whole batch: so no part has a
gradient as long as theta, of which all would have to be added.

The gradient is found in pieces, a few rows of such a product at a time. That is how workers share
the work, and it comes to the same, to the bit, whoever finds which.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lenet.nn.layers import Array, Dense, Layer
from lenet.nn.layers.dense import outer
from lenet.nn.model import LeNet5

ROWS = 12  # of a weight's gradient in a piece: few enough for 16 workers, enough for a fast product

Places = slice | Sequence[int]  # of parts among all
Zeros = Callable[[tuple[int, ...], DTypeLike], NDArray[Any]]


class Piece(NamedTuple):
    """Some of theta, one after the other, whose gradient is found at once."""

    shape: tuple[int, ...]
    find: Callable[[int, Array], None]  # writes that of the first so many parts to an array


class Contribution(ABC):
    """What the parts of a batch contribute to the gradient of a layer."""

    @abstractmethod
    def take(self, parts: Places, own: Sequence[Array]) -> None:
        """Take that of a stack of parts, by their places: arrays (parts, ...)."""

    @abstractmethod
    def pieces(self, rows: int | None) -> Iterator[Piece]:
        """Yield the pieces of the layer's gradient, matrices by some rows; None: by all."""


class Gradients(Contribution):
    """The gradients of the layer's arrays, each (parts, ...)."""

    def __init__(self, layer: Layer, parts: int, zeros: Zeros) -> None:
        self._kept = [zeros((parts, *array.shape), array.dtype) for array in layer.parameters]

    def take(self, parts: Places, own: Sequence[Array]) -> None:
        """Take the gradients of some parts."""
        for kept, of_parts in zip(self._kept, own, strict=True):
            kept[parts] = of_parts

    def pieces(self, rows: int | None) -> Iterator[Piece]:
        """Yield each array: the sum over the parts."""
        for kept in self._kept:
            yield Piece(kept.shape[1:], partial(self._sum, kept))

    @staticmethod
    def _sum(kept: Array, parts: int, out: Array) -> None:
        kept[:parts].sum(axis=0, out=out)


class Factors(Contribution):
    """Of a fully connected layer: its deltas (parts, out, N) and its inputs x (parts, in, N)."""

    def __init__(self, layer: Dense, parts: int, images: int, zeros: Zeros) -> None:
        out, into = self._shape = layer.weight.shape
        self._delta = zeros((parts, images, out), layer.weight.dtype)
        self._x = zeros((parts, images, into), layer.weight.dtype)

    def take(self, parts: Places, own: Sequence[Array]) -> None:
        """Take delta and x of some parts; zeros stand for the images that others have more."""
        for kept, of_parts in zip((self._delta, self._x), own, strict=True):
            N = of_parts.shape[-1]
            kept[parts, :N] = of_parts.swapaxes(-1, -2)
            if kept.shape[1] > N:
                kept[parts, N:] = 0

    def pieces(self, rows: int | None) -> Iterator[Piece]:
        """Yield some rows of dW at a time, and db: the sum of delta."""
        out, into = self._shape
        rows = rows or out
        for first in range(0, out, rows):
            own = slice(first, min(first + rows, out))
            yield Piece((own.stop - first, into), partial(self._product, own))
        yield Piece((out,), self._sum)

    def _product(self, rows: slice, parts: int, out: Array) -> None:
        outer(columns(self._delta, parts)[rows], columns(self._x, parts), out=out)

    def _sum(self, parts: int, out: Array) -> None:
        columns(self._delta, parts).sum(axis=-1, out=out)


def columns(kept: Array, parts: int) -> Array:
    """View what the first parts contribute, (parts, N, units), as one batch (units, parts N)."""
    return kept[:parts].reshape((-1, kept.shape[-1]), copy=False).T


def places(parts: Sequence[int]) -> Places:
    """Return what selects parts by their numbers: a slice, which is faster, if they lie evenly."""
    first, last, step = parts[0], parts[-1], parts[1] - parts[0] if len(parts) > 1 else 1
    if list(parts) == list(range(first, last + 1, step)):
        return slice(first, last + 1, step)
    return parts


class BatchGradient:
    """g = dL/dtheta (P,) of a batch of up to so many parts, of up to so many images each.

    It is cut into pieces of the shapes ``shapes``, one after the other: with ``whole`` those of the
    network's arrays. ``zeros`` makes its memory, which workers may share.
    """

    def __init__(
        self,
        network: LeNet5,
        parts: int,
        images: int,
        *,
        whole: bool = False,
        zeros: Zeros = np.zeros,
    ) -> None:
        self.g = zeros(network.theta.shape, network.theta.dtype)
        self._contributions: dict[str, Contribution] = {
            name: Factors(layer, parts, images, zeros)
            if isinstance(layer, Dense)
            else Gradients(layer, parts, zeros)
            for name, layer in network.layers.items()
            if layer.parameters
        }
        rows = None if whole else ROWS
        contributions = self._contributions.values()
        self._pieces = [piece for each in contributions for piece in each.pieces(rows)]
        self.shapes = [piece.shape for piece in self._pieces]
        self.ends = list(accumulate(map(prod, self.shapes), initial=0))  # of the pieces, in theta

    def take(self, layer: str, parts: Places, own: Sequence[Array]) -> None:
        """Take what a stack of parts, by their places, contributes for a layer.

        Of a ``Dense`` layer that is delta (parts, out, N) and input (parts, in, N), of others the
        gradient of each of its arrays (parts, ...).
        """
        self._contributions[layer].take(parts, own)

    def find(self, piece: int, parts: int) -> Array:
        """Find a piece of the gradient of a batch of so many parts, and return it in ``g``."""
        shape, find = self._pieces[piece]
        own = self.g[self.place(range(piece, piece + 1))]
        find(parts, own.reshape(shape))
        return own

    def place(self, pieces: range) -> slice:
        """Return where some pieces are in theta."""
        return slice(self.ends[pieces.start], self.ends[pieces.stop])
