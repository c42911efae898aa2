"""A convolution whose maps see some of the maps below, each by a table of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.nn.layers.base import Array, Layer, check_array
from lenet.nn.layers.conv import Conv2D, Product

Table = Sequence[Sequence[int]]


def pairs(table: Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the maps above and the maps below of all pairs, in the order of a table."""
    above = np.repeat(np.arange(len(table)), [len(inputs) for inputs in table])
    return above, np.concatenate(table).astype(np.intp)


def dense_filters(weight: Array, pairs: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Array:
    """Return filters (pairs, F, F) as (C_out, C_in, F, F), with zeros where there is no pair."""
    above, below = pairs
    K = np.zeros((above.max() + 1, below.max() + 1, *weight.shape[1:]), weight.dtype)
    K[pairs] = weight
    return K


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
        check_array(weight, (sum(map(len, table)),), "F", "F")
        check_array(bias, (len(table),))
        self.weight = weight
        self.bias = bias
        self.block = block
        self._pairs = pairs(table)

    @property
    def dense(self) -> Array:
        """The filters (C_out, C_in, F, F), 0 where the table has no pair."""
        return dense_filters(self.weight, self._pairs)

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Weight and bias."""
        return self.weight, self.bias

    def forward(self, x: Array) -> tuple[Array, TableProduct]:
        """Convolve with the dense filters."""
        convolution = Conv2D(self.dense, self.bias, block=self.block)
        y, product = convolution.forward(x)
        return y, TableProduct(convolution, product)

    def gradients(self, dy: Array, cache: TableProduct) -> tuple[Array, Array]:
        """Return those of the pairs in the table, and of the biases."""
        dK, db = cache.convolution.gradients(dy, cache.product)
        above, below = self._pairs
        return dK[..., above, below, :, :], db

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
