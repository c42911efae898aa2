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

from typing import NamedTuple, NoReturn

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_array, check_input

SMALL = 10**6  # multiplications, up to which OpenBLAS takes matrices as they lie (with AVX-512)
LONG = 64  # lines, from which on it pays to turn the other matrix of their product around


def output_size(size: int, F: int, P: int, S: int) -> int:
    """Return how many places a filter of side F has on an axis, eq. (2): padding P, stride S."""
    return (size - F + 2 * P) // S + 1


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


def shifted(lines: Array) -> Array:
    """View lines (H, C, F, W, N) with the j-th of each F moved by j columns to the right.

    The last F - 1 columns of each have to be 0: they come before the first one of the next line.
    """
    row, channel, line, column, image = lines.strides
    strides = row, channel, line - column, column, image
    return np.ndarray(lines.shape, lines.dtype, lines, strides=strides)


def turned(a: Array, *axes: int) -> Array:
    """View an array with its last axes in another order, numbered from the end."""
    stack = range(a.ndim - len(axes))
    return a.transpose(*stack, *(a.ndim + axis for axis in axes))


class Product(NamedTuple):
    """What a convolution keeps of its way forward, for its way back."""

    matrix: Array  # (F (1 + C_in width), B C_out), width = F + (B - 1) S
    lines: Array  # (H, 1 + C_in width, columns, N)
    shape: tuple[int, ...]  # of the padded input

    @property
    def squared(self) -> "Product":
        """The same with the square of each filter's weight and each pixel."""
        return Product(self.matrix**2, self.lines**2, self.shape)


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
        self._width = F + (block - 1) * stride  # of a patch

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Weight and bias."""
        return self.weight, self.bias

    def forward(self, x: Array) -> tuple[Array, Product]:
        """Multiply the filters with the patches."""
        C_out, C_in, F, _ = self.weight.shape
        check_input(x, (C_in,), "H", "W", "N")
        B, P = self.block, self.padding
        *outer, H, W, N = x.shape
        sides = [output_size(side, F, P, self.stride) for side in (H, W)]
        if any(side < 1 or side % B for side in sides):
            self._refuse((H, W), sides)
        x = np.pad(x, (*[(0, 0) for _ in outer], (P, P), (P, P), (0, 0))) if P else x
        matrix, lines = self._matrix(), self._lines(x)
        y = np.empty((*outer[:-1], B, B, C_out, *(side // B for side in sides), N), x.dtype)
        seen = factors(windows(lines, F, self.stride, B), B * C_out)
        np.matmul(matrix.T, seen, out=factors(self._rows(y), len(matrix)))
        return y, Product(matrix, lines, x.shape)

    def _refuse(self, sides: tuple[int, ...], outputs: list[int]) -> NoReturn:
        """Raise ValueError: maps of these sides have no output that can be cut into blocks."""
        least, (rows, columns) = self._width - 2 * self.padding, (max(n, 0) for n in outputs)
        raise ValueError(
            f"expected maps of at least {least} x {least}, and an output that blocks of "
            f"{self.block} fill; found {sides[0]} x {sides[1]}, which gives {rows} x {columns}"
        )

    def gradients(self, dy: Array, cache: Product) -> tuple[Array, Array]:
        """dK = x * delta and db = sum of delta, eq. (13), summed over the batch."""
        matrix, lines, _ = cache
        F, S = self.weight.shape[-1], self.stride
        seen = factors(windows(lines, F, S, self.block), matrix.shape[1])
        rows = factors(self._rows(dy), len(matrix)).swapaxes(-1, -2)
        if len(matrix) >= LONG:
            rows = np.ascontiguousarray(rows)
        of_rows = (seen @ rows).reshape(*dy.shape[:-6], -1, *matrix.shape)
        dfilters, dbiases = self._cut(of_rows.sum(axis=-3))
        dweight = np.zeros((*dy.shape[:-6], *self.weight.shape), dy.dtype)
        for v in range(self.block):
            dweight += dfilters[..., v, :, :, :, v * S : v * S + F]
        return dweight, dbiases.sum(axis=-2)

    def backward(self, dy: Array, cache: Product) -> Array:
        """Spread each delta over the inputs it has seen: delta * rot180(K), eq. (14).

        Down the rows that is a product with the filters upside down; what comes of their columns
        is added up along the rows. One batch of a stack follows the other through the same memory,
        which stays in the cache.
        """
        C_out, C_in, F, _ = self.weight.shape
        P = self.padding
        *stack, _, H, W, _ = cache.shape
        delta, blocks = self._spread(dy, H)
        columns, N = delta.shape[-2:]
        K = self._cut(cache.matrix)[0][0, ..., :F]
        upside_down = K[:, :, ::-1].transpose(2, 0, 1, 3).reshape(F * C_out, C_in * F)
        seen = factors(windows(delta, F, 1, 1), C_in * F)
        dlines = np.zeros((H, C_in, F, W, N), dy.dtype)
        places = dlines.reshape(H, 1, C_in * F, W, N)[..., :columns, :]
        products, moved = factors(places, F * C_out), shifted(dlines)
        dx = np.empty((*stack, H, C_in, W, N), dy.dtype)
        for batch in np.ndindex(*stack):
            blocks[...] = dy[batch]
            np.matmul(upside_down.T, seen, out=products)
            np.add.reduce(moved, axis=2, out=dx[batch])
        return dx[..., P : H - P, :, P : W - P, :].swapaxes(-4, -3)

    def curvatures(self, hy: Array, cache: Product) -> tuple[Array, Array]:
        """The sum of hy x^2 over the connections of each weight, and of hy: as ``gradients``."""
        return self.gradients(hy, cache.squared)

    def curvature(self, hy: Array, cache: Product) -> Array:
        """hx = hy * rot180(K^2): as ``backward``."""
        return self.backward(hy, cache.squared)

    def _matrix(self) -> Array:
        """Return the filters of a whole block as columns, with the bias in the first line."""
        C_in, F = self.weight.shape[1:3]
        matrix = np.zeros(
            (F * (1 + C_in * self._width), self.block * len(self.weight)), self.weight.dtype
        )
        filters, biases = self._cut(matrix)
        for v in range(self.block):
            filters[v, ..., v * self.stride : v * self.stride + F] = self.weight
        biases[...] = self.bias
        return matrix

    def _cut(self, matrix: Array) -> tuple[Array, Array]:
        """View such a matrix as filters (B, C_out, C_in, F, width) and biases (B, C_out)."""
        B, (C_out, C_in, F, _), stack = self.block, self.weight.shape, matrix.shape[:-2]
        rows = matrix.reshape((*stack, F, -1, B, C_out), copy=False)
        filters = rows[..., 1:, :, :].reshape((*stack, F, C_in, -1, B, C_out), copy=False)
        return turned(filters, -2, -1, -4, -5, -3), rows[..., 0, 0, :, :]

    def _lines(self, x: Array) -> Array:
        """Write the rows of x (C, H, W, N) out as lines (H, 1 + C width, columns, N).

        The first is of ones. In the first of a patch's rows it meets the bias in the matrix
        product, and gathers its gradient; in the others it meets zeros.
        """
        *stack, C, H, W, N = x.shape
        width, step = self._width, self.block * self.stride
        columns = output_size(W, width, 0, step)
        x = np.ascontiguousarray(x)
        *outer, channel, row, column, image = x.strides
        view = np.ndarray(
            (*stack, H, C, width, columns, N),
            x.dtype,
            x,
            strides=(*outer, row, channel, column, step * column, image),
        )
        lines = np.empty((*stack, H, 1 + C * width, columns, N), x.dtype)
        lines[..., 0, :, :] = 1
        lines[..., 1:, :, :].reshape(view.shape, copy=False)[...] = view
        return lines

    def _spread(self, dy: Array, H: int) -> tuple[Array, Array]:
        """Return room for the deltas of a batch of inputs of H rows, and a view of it as blocks.

        In it they are joined to maps, (H + F - 1, C_out, columns, N), and lie a stride apart, with
        F - 1 rows of zeros above and below them.
        """
        B, _, C_out, rows, columns, N = self._checked(dy).shape[-6:]
        F, S = self.weight.shape[-1], self.stride
        delta = np.zeros((H + F - 1, C_out, S * (B * columns - 1) + 1, N), dy.dtype)
        placed = delta[F - 1 : F + S * (B * rows - 1) : S, :, ::S]
        blocks = placed.reshape((rows, B, C_out, columns, B, N), copy=False)
        return delta, blocks.transpose(1, 4, 2, 0, 3, 5)

    def _rows(self, y: Array) -> Array:
        """View blocks as the rows of the products, (H_out / B, B, B C_out, columns, N)."""
        B, C_out = self._checked(y).shape[-5:-3]
        rows = y.reshape(*y.shape[:-5], B * C_out, *y.shape[-3:])
        return turned(rows, -3, -5, -4, -2, -1)

    def _checked(self, y: Array) -> Array:
        """Return blocks as they are. ValueError: they are none of this layer's."""
        B = self.block
        advice = f"pool.windows(maps, {B}) cuts maps"
        check_input(y, (B, B, len(self.weight)), "H", "W", "N", advice=advice)
        return y
