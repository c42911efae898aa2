"""Convolution, written as matrix products over rows of the input.

The straightforward way copies, for every output, the F x F inputs under the filter, and multiplies
the filters with this matrix of patches ("im2col"). LeNet's filters are few (6 in C1): that product
is thin, and copying 25 values for each output takes longer than multiplying them.

Here nothing is copied for the filter's way down. Each row of the input is written out once, as
lines: a line is what one column of the filter meets at all of its places along the row. The lines
of F rows, one row after the other, are the matrix of patches for one row of the output, and those
for the next row of the output begin one row further on in the same memory.

Along a row, one patch serves a block of B outputs, which see F+B-1 columns between them. The filter
K is placed on them once for each output; for F = 5 and B = 2:

    K K K K K .    . K K K K K
    K K K K K .    . K K K K K
    K K K K K .    . K K K K K
    K K K K K .    . K K K K K
    K K K K K .    . K K K K K

    output 0       output 1

With zeros for the dots, these are two columns of the matrix of filters. For 1.2 times the
arithmetic the product is twice as wide, and 3 to 4 values are written out for each output, not
25. The outputs are kept by their place in blocks of B x B, so that the four members of each 2x2
pooling window come out as four whole arrays.

The products are small, one for each row of the output. That suits BLAS libraries which multiply
small matrices as they lie, where they would copy large ones to an order of their own first.
"""

from typing import NamedTuple

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_array, check_input, refuse_input
from lenet.nn.layers.rows import Layout, Sizes, entries, layout_of

LONG = 64  # lines, from which on it pays to turn the other matrix of their product around


class Product(NamedTuple):
    """What a convolution keeps of its way forward, for its way back."""

    matrix: Array  # (F (1 + C_in width), B C_out), width = F + (B - 1) S
    lines: Array  # (H, 1 + C_in width, columns, N)
    layout: Layout

    @property
    def squared(self) -> "Product":
        """The same with the square of each filter's weight and each pixel."""
        return Product(self.matrix**2, self.lines**2, self.layout)


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
        self._sizes = Sizes(C_out, C_in, F, block, stride, padding)

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Weight and bias."""
        return self.weight, self.bias

    def forward(self, x: Array) -> tuple[Array, Product]:
        """Multiply the filters with the patches."""
        check_input(x, self.weight.shape[1:2], "H", "W", "N")
        layout = layout_of(self._sizes, x.shape, x.dtype)
        P = self.padding
        x = np.pad(x, (*[(0, 0)] * (x.ndim - 3), (P, P), (P, P), (0, 0))) if P else x
        matrix = self._matrix()
        lines = np.empty(layout.lines, x.dtype)
        lines[..., 0, :, :] = 1
        layout.written.of(lines)[...] = layout.columns.of(np.ascontiguousarray(x))
        y = np.empty(layout.output, x.dtype)
        np.matmul(matrix.T, layout.patches.of(lines), out=layout.rows.of(y))
        return y, Product(matrix, lines, layout)

    def gradients(self, dy: Array, cache: Product) -> tuple[Array, Array]:
        """dK = x * delta and db = sum of delta, eq. (13), summed over the batch."""
        matrix, lines, layout = cache
        rows = layout.rows.of(self._checked(dy, layout)).swapaxes(-1, -2)
        if len(matrix) >= LONG:
            rows = np.ascontiguousarray(rows)
        products = layout.patches.of(lines) @ rows
        dmatrix = products.reshape(layout.products).sum(axis=-3)
        filters, biases = entries(self._sizes, dmatrix.shape, dmatrix.dtype)
        return filters.of(dmatrix).sum(axis=-5), biases.of(dmatrix).sum(axis=-2)

    def backward(self, dy: Array, cache: Product) -> Array:
        """Spread each delta over the inputs it has seen: delta * rot180(K), eq. (14).

        Down the rows that is a product with the filters upside down; what comes of their columns
        is added up along the rows. One batch of a stack follows the other through the same memory,
        which stays in the cache.
        """
        C_out, C_in, F, *_, P = self._sizes
        matrix, _, layout = cache
        dy = self._checked(dy, layout)
        filters, _ = entries(self._sizes, matrix.shape, matrix.dtype)
        K = filters.of(matrix)[0]
        upside_down = K[:, :, ::-1].transpose(2, 0, 1, 3).reshape(F * C_out, C_in * F)
        delta, dlines = np.zeros(layout.delta, dy.dtype), np.zeros(layout.dlines, dy.dtype)
        blocks, deltas = layout.blocks.of(delta), layout.deltas.of(delta)
        places, moved = layout.places.of(dlines), layout.moved.of(dlines)
        dx = np.empty(layout.dx, dy.dtype)
        *_, H, _, W, _ = dx.shape
        n = layout.batches
        batches = zip(dy.reshape(n, *blocks.shape), dx.reshape(n, *dx.shape[-4:]), strict=True)
        for of_batch, into in batches:
            blocks[...] = of_batch
            np.matmul(upside_down.T, deltas, out=places)
            np.add.reduce(moved, axis=2, out=into)
        return dx[..., P : H - P, :, P : W - P, :].swapaxes(-4, -3)

    def curvatures(self, hy: Array, cache: Product) -> tuple[Array, Array]:
        """The sum of hy x^2 over the connections of each weight, and of hy: as ``gradients``."""
        return self.gradients(hy, cache.squared)

    def curvature(self, hy: Array, cache: Product) -> Array:
        """hx = hy * rot180(K^2): as ``backward``."""
        return self.backward(hy, cache.squared)

    def _matrix(self) -> Array:
        """Return the filters of a whole block as columns, with the bias in the first line."""
        matrix = np.zeros(self._sizes.matrix, self.weight.dtype)
        filters, biases = entries(self._sizes, matrix.shape, matrix.dtype)
        filters.of(matrix)[...] = self.weight
        biases.of(matrix)[...] = self.bias
        return matrix

    def _checked(self, dy: Array, layout: Layout) -> Array:
        """Return a gradient as one piece of memory. ValueError: it is not one of the output."""
        if not isinstance(dy, np.ndarray) or dy.shape != layout.output:
            advice = f"pool.windows(maps, {self.block}) cuts maps"
            refuse_input(dy, *map(str, layout.output), advice=advice)
        return np.ascontiguousarray(dy, layout.rows.dtype)
