"""Convolution, written as one matrix product over patches of the input.

The straightforward way copies, for every output, the F x F inputs under the filter, and multiplies
the filters with this matrix of patches ("im2col"). LeNet's filters are few (6 in C1): that product
is thin, and copying 25 values for each output takes longer than multiplying them.

Here one patch serves a block of B x B outputs, which see (F+B-1) x (F+B-1) inputs between them. For
F = 5 and B = 2 that is 6 x 6 inputs, and the filter K is placed on them once for each output:

    K K K K K .    . K K K K K    . . . . . .    . . . . . .
    K K K K K .    . K K K K K    K K K K K .    . K K K K K
    K K K K K .    . K K K K K    K K K K K .    . K K K K K
    K K K K K .    . K K K K K    K K K K K .    . K K K K K
    K K K K K .    . K K K K K    K K K K K .    . K K K K K
    . . . . . .    . . . . . .    K K K K K .    . K K K K K

    output 0,0     output 0,1     output 1,0     output 1,1

With zeros for the dots, these are four rows of the matrix. For 1.44 times the arithmetic the
product has four times the rows, 9 values are copied for each output in place of 25, and the four
members of each 2x2 pooling window come out as four whole arrays.

The product is still thin in C1: 24 rows, but 196 columns for each image. BLAS libraries copy both
matrices to an order of their own before they multiply, which for so few rows takes as long as the
multiplication; small matrices they multiply as they lie. So where the columns of a row of patches
make a small product, each row is multiplied on its own.
"""

from itertools import product
from math import ceil, prod
from types import EllipsisType
from typing import NamedTuple, NoReturn

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_array, check_input

ALL = slice(None)
SMALL = 10**6  # multiplications, up to which OpenBLAS takes matrices as they lie (with AVX-512)
FEW = 15  # columns, for which a call of its own costs more than it saves


def output_size(size: int, F: int, P: int, S: int) -> int:
    """Return how many places a filter of side F has on an axis, eq. (2): padding P, stride S."""
    return (size - F + 2 * P) // S + 1


def places(B: int, F: int, S: int) -> list[tuple[int | slice | EllipsisType, ...]]:
    """Return, for each output (u, v) of a block, where the filter lies in the patch."""
    return [
        (..., u, v, ALL, ALL, slice(u * S, u * S + F), slice(v * S, v * S + F))
        for u, v in product(range(B), repeat=2)
    ]


def strips(a: Array, matrix: Array) -> Array:
    """View a (K, rows, columns, N) as matrices (strips, K, L) for products with a matrix.

    A strip is a row if that makes a small product of more than a few columns, else all rows.
    """
    *stack, K, rows, columns, N = a.shape
    count = rows if FEW < columns * N <= SMALL / matrix.size else 1
    return a.reshape((*stack, K, count, -1), copy=False).swapaxes(-3, -2)


class Product(NamedTuple):
    """What a convolution keeps of its way forward, for its way back."""

    matrix: Array  # (B B C_out, C_in side side + 1), side = F + (B - 1) S
    patches: Array  # (C_in side side + 1, rows, columns, N)
    shape: tuple[int, ...]  # of the padded input

    @property
    def squared(self) -> "Product":
        """The same with the square of each filter's weight and each pixel."""
        return Product(self.matrix**2, self.patches**2, self.shape)


class Conv2D(Layer):
    """Y[k] = sum over the input channels of X * K[k], plus b[k]: eq. (1), for a batch.

    Parameters: weight K (C_out, C_in, F, F), bias b (C_out,). Input: maps (C_in, H, W, N). Output:
    maps in blocks (B, B, C_out, H_out / B, W_out / B, N), where B = ``block`` divides the sides of
    the output. A pooling over B x B windows takes them as they are; ``pool.maps`` joins them.
    """

    def __init__(
        self, weight: Array, bias: Array, *, block: int = 1, stride: int = 1, padding: int = 0
    ) -> None:
        C_out, C_in, F = (*weight.shape, 0, 0, 0)[:3]
        check_array(weight, (C_out, C_in, F, F))
        check_array(bias, (C_out,))
        if block < 1 or stride < 1 or padding < 0:
            found = f"{block}, {stride}, {padding}"
            raise ValueError(f"expected block and stride from 1, padding from 0; found {found}")
        self.weight = weight
        self.bias = bias
        self.block = block
        self.stride = stride
        self.padding = padding
        self._side = weight.shape[-1] + (block - 1) * stride  # of a patch
        self._places = places(block, weight.shape[-1], stride)

    def forward(self, x: Array) -> tuple[Array, Product]:
        """Multiply the filters with the patches."""
        check_input(x, self.weight.shape[1:2], "H", "W", "N")
        P = self.padding
        *outer, H, W, _ = x.shape
        sides = [output_size(side, self.weight.shape[-1], P, self.stride) for side in (H, W)]
        if any(side < 1 or side % self.block for side in sides):
            self._refuse((H, W), sides)
        x = np.pad(x, (*[(0, 0) for _ in outer], (P, P), (P, P), (0, 0))) if P else x
        matrix, patches = self._matrix(), self._patches(x)
        *stack, _, rows, columns, N = patches.shape
        y = np.empty((*stack, len(matrix), rows, columns, N), x.dtype)
        np.matmul(matrix, strips(patches, matrix), out=strips(y, matrix))
        y = y.reshape(*stack, self.block, self.block, len(self.weight), rows, columns, N)
        return y, Product(matrix, patches, x.shape)

    def _refuse(self, sides: tuple[int, ...], outputs: list[int]) -> NoReturn:
        """Raise ValueError: maps of these sides have no output that can be cut into blocks."""
        least, (rows, columns) = self._side - 2 * self.padding, (max(n, 0) for n in outputs)
        raise ValueError(
            f"expected maps of at least {least} x {least}, and an output that blocks of "
            f"{self.block} fill; found {sides[0]} x {sides[1]}, which gives {rows} x {columns}"
        )

    def gradients(self, dy: Array, cache: Product) -> tuple[Array, Array]:
        """dK = x * delta and db = sum of delta, eq. (13), summed over the batch."""
        matrix, patches, _ = cache
        rows = strips(self._rows(dy), matrix)
        dmatrix = (strips(patches, matrix) @ rows.swapaxes(-1, -2)).sum(axis=-3).swapaxes(-1, -2)
        dfilters, dbiases = self._cut(dmatrix)
        dweight = np.zeros((*dy.shape[:-6], *self.weight.shape), dy.dtype)
        for place in self._places:
            dweight += dfilters[place]
        return dweight, dbiases.sum(axis=(-3, -2))

    def backward(self, dy: Array, cache: Product) -> Array:
        """Spread each delta over the inputs it has seen: delta * rot180(K), eq. (14)."""
        matrix, patches, shape = cache
        dpatches = np.empty_like(patches[..., :-1, :, :, :])
        rows = strips(self._rows(dy), matrix)
        np.matmul(matrix[:, :-1].T, rows, out=strips(dpatches, matrix))
        dx = self._fold(dpatches, shape)
        P = self.padding
        return dx[..., P : shape[-3] - P, P : shape[-2] - P, :]

    def curvatures(self, hy: Array, cache: Product) -> tuple[Array, Array]:
        """The sum of hy x^2 over the connections of each weight, and of hy: as ``gradients``."""
        return self.gradients(hy, cache.squared)

    def curvature(self, hy: Array, cache: Product) -> Array:
        """hx = hy * rot180(K^2): as ``backward``."""
        return self.backward(hy, cache.squared)

    def _matrix(self) -> Array:
        """Return the filters of a whole block as rows, the bias in the last column."""
        C_out, C_in = self.weight.shape[:2]
        rows, columns = self.block**2 * C_out, C_in * self._side**2 + 1
        matrix = np.zeros((rows, columns), self.weight.dtype)
        filters, biases = self._cut(matrix)
        for place in self._places:
            filters[place] = self.weight
        biases[...] = self.bias
        return matrix

    def _cut(self, matrix: Array) -> tuple[Array, Array]:
        """View such a matrix as filters (B, B, C_out, C_in, side, side), biases (B, B, C_out)."""
        B, (C_out, C_in), stack = self.block, self.weight.shape[:2], matrix.shape[:-2]
        shape = (*stack, B, B, C_out, C_in, self._side, self._side)
        filters = matrix[..., :-1].reshape(shape, copy=False)
        return filters, matrix[..., -1].reshape((*stack, B, B, C_out), copy=False)

    def _patches(self, x: Array) -> Array:
        """Copy the patches of x (C, H, W, N) to (C side side + 1, rows, columns, N), 1 in the last.

        That row of ones meets the bias in the matrix product, and gathers its gradient.
        """
        *stack, C, H, W, N = x.shape
        side, step = self._side, self.block * self.stride
        rows, columns = (output_size(size, side, 0, step) for size in (H, W))
        x = np.ascontiguousarray(x)
        *outer, h, w, n = x.strides
        view = np.ndarray(
            (*stack, C, side, side, rows, columns, N),
            x.dtype,
            x,
            strides=(*outer, h, w, h * step, w * step, n),
        )
        patches = np.empty((*stack, C * side * side + 1, rows, columns, N), x.dtype)
        patches[..., :-1, :, :, :].reshape(view.shape, copy=False)[...] = view
        patches[..., -1, :, :, :] = 1
        return patches

    def _fold(self, dpatches: Array, shape: tuple[int, ...]) -> Array:
        """Add patches up to an array of the given shape: the transpose of ``_patches``.

        Patches are a step apart. Cut into tiles of step x step, tile (p, q) of the patch in row r
        and column c lands in place (r + p, c + q) of an array of such tiles: all patches at once.
        """
        *outer, H, W, N = shape
        side, step = self._side, self.block * self.stride
        rows, columns = dpatches.shape[-3:-1]
        tiles = ceil(side / step)
        down = max(rows + tiles - 1, ceil(H / step))
        across = max(columns + tiles - 1, ceil(W / step))
        members = dpatches.reshape(prod(outer), side, side, rows, columns, N)
        dx = np.zeros((len(members), step, step, down, across, N), dpatches.dtype)
        for p, q in product(range(tiles), repeat=2):
            tile = members[:, p * step : (p + 1) * step, q * step : (q + 1) * step]
            u, v = tile.shape[1:3]
            dx[:, :u, :v, p : p + rows, q : q + columns] += tile
        joined = dx.transpose(0, 3, 1, 4, 2, 5).reshape(*outer, down * step, across * step, N)
        return joined[..., :H, :W, :]

    def _rows(self, dy: Array) -> Array:
        """Reshape blocks to the rows of the matrix product, (B B C_out, rows, columns, N)."""
        B = self.block
        check_input(
            dy, (B, B, len(self.weight)), "H", "W", "N", advice=f"pool.windows(maps, {B}) cuts maps"
        )
        return dy.reshape(*dy.shape[:-6], B * B * len(self.weight), *dy.shape[-3:])
