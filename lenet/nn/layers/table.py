"""A convolution whose maps see some of the maps below, each by a table of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_input
from lenet.nn.layers.conv import Conv2D, Product

Table = Sequence[Sequence[int]]


class TableProduct(NamedTuple):
    """What a convolution by a table keeps: the convolution with zeros in between, and its cache."""

    convolution: Conv2D
    product: Product


class TableConv2D(Layer):
    """Y[k] = sum over the input channels c in table[k] of X[c] * K[k, c], plus b[k].

    Parameters: a filter K (pairs, F, F) for each pair of maps, in the order of the table, and bias
    b (C_out,). Input and output as those of ``Conv2D``.
    """

    def __init__(self, weight: Array, bias: Array, table: Table, *, block: int = 1) -> None:
        check_input(weight, (sum(map(len, table)),), "F", "F")
        check_input(bias, (len(table),))
        self.weight = weight
        self.bias = bias
        self.block = block
        self._pairs = (
            np.repeat(range(len(table)), list(map(len, table))),
            np.concatenate(table).astype(np.intp),
        )

    @property
    def dense(self) -> Array:
        """The filters (C_out, C_in, F, F), 0 where the table has no pair."""
        _, inputs = self._pairs
        K = np.zeros((len(self.bias), inputs.max() + 1, *self.weight.shape[1:]), self.weight.dtype)
        K[self._pairs] = self.weight
        return K

    def forward(self, x: Array) -> tuple[Array, TableProduct]:
        """Convolve with the dense filters."""
        convolution = Conv2D(self.dense, self.bias, block=self.block)
        y, product = convolution.forward(x)
        return y, TableProduct(convolution, product)

    def gradients(self, dy: Array, cache: TableProduct) -> tuple[Array, Array]:
        """Return those of the pairs in the table, and of the biases."""
        dK, db = cache.convolution.gradients(dy, cache.product)
        return dK[self._pairs], db

    def backward(self, dy: Array, cache: TableProduct) -> Array:
        """Spread each delta over the inputs it has seen."""
        return cache.convolution.backward(dy, cache.product)

    def curvatures(self, hy: Array, cache: TableProduct) -> tuple[Array, Array]:
        """Return those of the pairs in the table, and of the biases."""
        hK, hb = cache.convolution.curvatures(hy, cache.product)
        return hK[self._pairs], hb

    def curvature(self, hy: Array, cache: TableProduct) -> Array:
        """hx = hy * rot180(K^2)."""
        return cache.convolution.curvature(hy, cache.product)
