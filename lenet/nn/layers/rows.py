"""Where the matrices of a convolution lie (see ``conv``), for inputs of one shape.

They are views of whole arrays. It takes several calls of NumPy to find such a view, and one to make
it when its shape and strides are known. So they are found once for each shape of input.
"""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from lenet.nn.layers.base import Array

SMALL = 10**6  # multiplications, up to which OpenBLAS takes matrices as they lie (with AVX-512)
REMEMBERED = 256  # shapes of input, at most


def output_size(size: int, F: int, P: int, S: int) -> int:
    """Return how many places a filter of side F has on an axis, eq. (2): padding P, stride S."""
    return (size - F + 2 * P) // S + 1


class Sizes(NamedTuple):
    """Of a convolution: filters (C_out, C_in, F, F), blocks of B x B, stride S, padding P."""

    C_out: int
    C_in: int
    F: int
    B: int
    S: int
    P: int

    @property
    def width(self) -> int:
        """How many columns of the input a block sees."""
        return self.F + (self.B - 1) * self.S

    @property
    def matrix(self) -> tuple[int, int]:
        """The shape of the matrix of filters and biases."""
        return self.F * (1 + self.C_in * self.width), self.B * self.C_out

    def blocks(self, H: int, W: int) -> list[int]:
        """Return how many blocks the output has along each side; ValueError: they do not fit."""
        sides = [output_size(side, self.F, self.P, self.S) for side in (H, W)]
        if any(side < 1 or side % self.B for side in sides):
            least, (rows, columns) = self.width - 2 * self.P, (max(side, 0) for side in sides)
            raise ValueError(
                f"expected maps of at least {least} x {least}, and an output that blocks of "
                f"{self.B} fill; found {H} x {W}, which gives {rows} x {columns}"
            )
        return [side // self.B for side in sides]


class View(NamedTuple):
    """How contiguous arrays of one shape are viewed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    strides: tuple[int, ...]

    def of(self, array: Array) -> Array:
        """View an array of that shape."""
        return np.ndarray(self.shape, self.dtype, array, self.offset, self.strides)


def view_by(function: Callable[..., Array], array: Array, *arguments: Any) -> View:
    """Find the view that a function has of arrays like this one."""
    view = function(array, *arguments)
    return View(view.shape, view.dtype, view.ctypes.data - array.ctypes.data, view.strides)


def windows(lines: Array, F: int, S: int, B: int) -> Array:
    """View lines (H, L, columns, N) as the F rows of them that each row of the output sees.

    Rows of the output are S rows apart and lie in blocks of B: (H_out / B, B, F L, columns, N).
    """
    *stack, H, L, columns, N = lines.shape
    *outer, row, line, column, image = lines.strides
    blocks = output_size(H, F, 0, S) // B
    return np.ndarray(
        (*stack, blocks, B, F * L, columns, N),
        lines.dtype,
        lines,
        strides=(*outer, B * S * row, S * row, line, column, image),
    )


def factors(a: Array, others: int) -> Array:
    """View a (..., K, columns, N) as matrices for products with one of K x ``others``.

    All columns are one matrix (..., 1, K, columns N) where that makes a small product, else each is
    one of its own, (..., columns, K, N).
    """
    *stack, K, columns, N = a.shape
    if K * others * columns * N > SMALL:
        return a.swapaxes(-3, -2)
    return a.reshape((*stack, 1, K, columns * N), copy=False)


def patches(lines: Array, F: int, S: int, B: int, M: int) -> Array:
    """View lines as matrices of patches, for products with one that has M columns."""
    return factors(windows(lines, F, S, B), M)


def rows_of_blocks(y: Array, K: int) -> Array:
    """View blocks (B, B, C_out, rows, columns, N) as what products with K lines come to."""
    *stack, B, _, C_out, rows, columns, N = y.shape
    of_rows = y.reshape((*stack, B, B * C_out, rows, columns, N), copy=False)
    return factors(turned(of_rows, -3, -5, -4, -2, -1), K)


def items(a: Array) -> Array:
    """View a (..., N) as (..., 1): items of N values, each of which NumPy copies at once."""
    N = a.shape[-1]
    return a.view(np.dtype((np.void, N * a.itemsize))) if N else a


def columns_of_blocks(x: Array, width: int, step: int, columns: int) -> Array:
    """View items of x (C, H, W, N) by the blocks that see them, (H, C, width, columns, 1)."""
    x = items(x)
    *stack, C, H, _, one = x.shape
    *outer, channel, row, column, item = x.strides
    return np.ndarray(
        (*stack, H, C, width, columns, one),
        x.dtype,
        x,
        strides=(*outer, row, channel, column, step * column, item),
    )


def written(lines: Array, C: int, width: int) -> Array:
    """View items of lines (H, 1 + C width, columns, N), but for the first, in that shape."""
    below = items(lines)[..., 1:, :, :]
    *outer, _, columns, one = below.shape
    return below.reshape((*outer, C, width, columns, one), copy=False)


def shifted(lines: Array) -> Array:
    """View lines (H, C, F, W, N) with the j-th of each F moved by j columns to the right.

    The last F - 1 columns of each have to be 0: they come before the first one of the next line.
    """
    row, channel, line, column, image = lines.strides
    strides = row, channel, line - column, column, image
    return np.ndarray(lines.shape, lines.dtype, lines, strides=strides)


def first_columns(lines: Array, columns: int, others: int) -> Array:
    """View the first columns of lines (H, C, F, W, N) as what products with ``others`` come to."""
    H, C, F, W, N = lines.shape
    of_rows = lines.reshape((H, 1, C * F, W, N), copy=False)
    return factors(of_rows[..., :columns, :], others)


def blocks_of_deltas(delta: Array, F: int, S: int, B: int, rows: int, columns: int) -> Array:
    """View the places of deltas among zeros as blocks (B, B, C_out, rows, columns, N).

    They are a stride apart, with F - 1 rows of zeros above and below them.
    """
    _, C_out, _, N = delta.shape
    placed = delta[F - 1 : F + S * (B * rows - 1) : S, :, ::S]
    blocks = placed.reshape((rows, B, C_out, columns, B, N), copy=False)
    return blocks.transpose(1, 4, 2, 0, 3, 5)


def turned(a: Array, *axes: int) -> Array:
    """View an array with its last axes in another order, numbered from the end."""
    stack = range(a.ndim - len(axes))
    return a.transpose(*stack, *(a.ndim + axis for axis in axes))


def filters(matrix: Array, sizes: Sizes) -> Array:
    """View the filters in a matrix, each once for every output, as (B, C_out, C_in, F, F)."""
    C_out, C_in, F, B, S, _ = sizes
    *stack, _, _ = matrix.shape
    *outer, line, column = matrix.strides
    channel = sizes.width * line
    strides = (C_out * column + S * line, column, channel, line + C_in * channel, line)
    shape = (*stack, B, C_out, C_in, F, F)
    return np.ndarray(shape, matrix.dtype, matrix, line, (*outer, *strides))


def biases(matrix: Array, sizes: Sizes) -> Array:
    """View the biases in a matrix, its first line, as (B, C_out)."""
    return matrix[..., 0, :].reshape((*matrix.shape[:-2], sizes.B, sizes.C_out), copy=False)


class Entries(NamedTuple):
    """Where filters and biases are in matrices of one shape."""

    filters: View
    biases: View


@lru_cache(maxsize=REMEMBERED)
def entries(sizes: Sizes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Entries:
    """Return where they are in matrices (..., K, M)."""
    matrix = np.empty(shape, dtype)
    return Entries(view_by(filters, matrix, sizes), view_by(biases, matrix, sizes))


class Layout:
    """The shapes of a convolution's arrays for inputs of one shape, and the views of them."""

    def __init__(self, sizes: Sizes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Find those for inputs (..., C_in, H, W, N). ValueError: they have no such output."""
        C_out, C_in, F, B, S, P = sizes
        *stack, _, H, W, N = shape
        rows, columns = sizes.blocks(H, W)
        H, W = H + 2 * P, W + 2 * P
        K, M = sizes.matrix

        def array(*shape: int) -> Array:
            return np.empty(shape, dtype)

        x = array(*stack, C_in, H, W, N)
        self.columns = view_by(columns_of_blocks, x, sizes.width, B * S, columns)
        lines = array(*stack, H, 1 + C_in * sizes.width, columns, N)
        self.lines = lines.shape
        self.written = view_by(written, lines, C_in, sizes.width)
        self.patches = view_by(patches, lines, F, S, B, M)
        y = array(*stack, B, B, C_out, rows, columns, N)
        self.output = y.shape
        self.rows = view_by(rows_of_blocks, y, K)
        self.products = (*stack, -1, K, M)  # one for each row of the output

        self.batches = prod(stack)
        delta = array(H + F - 1, C_out, S * (B * columns - 1) + 1, N)
        self.delta = delta.shape
        self.blocks = view_by(blocks_of_deltas, delta, F, S, B, rows, columns)
        self.deltas = view_by(patches, delta, F, 1, 1, C_in * F)
        dlines = array(H, C_in, F, W, N)
        self.dlines = dlines.shape
        self.places = view_by(first_columns, dlines, delta.shape[-2], F * C_out)
        self.moved = view_by(shifted, dlines)
        self.dx = (*stack, H, C_in, W, N)


layout_of = lru_cache(maxsize=REMEMBERED)(Layout)
