"""Pooling over non-overlapping 2x2 windows.

A pooling layer takes its input as windows, (2, 2, C, H, W, N): ``x[m, n]`` holds the member (m, n)
of every window, so that a pooling is an operation between four whole arrays. Convolutions hand out
their maps in this order (see ``conv``); ``windows`` gives it as a view of ordinary maps.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Le

from lenet.nn.layers.base import Array, Cache, Layer, check_array, check_input

WINDOWS = ((2, 2), "C", "H", "W", "N")
ADVICE = "lenet.nn.layers.pool.windows views maps so"


def windows(maps: Array, size: int = 2) -> Array:
    """View maps (C, H, W, N) as windows (size, size, C, H // size, W // size, N).

    Rows and columns that do not fill a window are left out, as the floor in eq. (2) says.
    """
    if maps.ndim != 4 or min(maps.shape[1:3]) < size:
        raise ValueError(
            f"expected maps (C, H, W, N) of at least {size} x {size}, found {maps.shape}"
        )
    channels, height, width, batch = maps.shape
    rows, columns = height // size, width // size
    whole = maps[:, : rows * size, : columns * size]
    blocks = whole.reshape(channels, rows, size, columns, size, batch)
    return blocks.transpose(2, 4, 0, 1, 3, 5)


def maps(windows: Array) -> Array:
    """Put windows (b, b, C, H, W, N) together to maps (C, b H, b W, N): ``windows`` undone."""
    if windows.ndim != 6 or windows.shape[0] != windows.shape[1]:
        raise ValueError(f"expected windows (b, b, C, H, W, N), found {windows.shape}")
    size, _, channels, rows, columns, batch = windows.shape
    blocks = windows.transpose(2, 3, 0, 4, 1, 5)
    return blocks.reshape(channels, rows * size, columns * size, batch)


def members(windows: Array) -> Array:
    """View windows, or a stack of them, with the two axes of their members first."""
    return windows if windows.ndim == 6 else windows.transpose(1, 2, 0, 3, 4, 5, 6)


def of_each_member(y: Array) -> Array:
    """View maps (..., C, H, W, N) as windows all of whose members are y."""
    return np.broadcast_to(np.expand_dims(y, (-6, -5)), (*y.shape[:-4], 2, 2, *y.shape[-4:]))


class Pooling(ABC):
    """The four members of each window become one value: (2, 2, C, H, W, N) to (C, H, W, N)."""

    commutes_with_non_decreasing: ClassVar[bool]
    squashed: ClassVar[bool] = False  # whether the activation follows it, too

    @property
    def initial(self) -> dict[str, float | None]:
        """The value of each array (C,) of a layer before the first step; None: drawn."""
        return {}

    @abstractmethod
    def layer(self, parameters: dict[str, Array]) -> Layer:
        """Return the layer of some arrays (see ``initial``)."""


@dataclass(frozen=True)
class MaxPool(Layer, Pooling):
    """The largest member of each window, eq. (4)."""

    commutes_with_non_decreasing = True

    def layer(self, parameters: dict[str, Array]) -> Layer:
        """Return itself: it has no parameters."""
        return self

    def forward(self, x: Array) -> tuple[Array, Cache]:
        """Find the maximum as a tournament; the cache says who won, in a tie the first."""
        check_input(x, *WINDOWS, advice=ADVICE)
        left, right = members(x).swapaxes(0, 1)
        left_won = left >= right
        top, bottom = np.maximum(left, right)
        top_won = top >= bottom
        return np.maximum(top, bottom, out=top), (left_won, top_won)

    def backward(self, dy: Array, cache: Cache) -> Array:
        """Route each gradient to the one member that won its window, eq. (15)."""
        left_won, top_won = cache
        check_array(dy, top_won.shape)
        won = np.empty((2, 2, *dy.shape), np.bool_)
        for row_won, left, row in zip((top_won, ~top_won), left_won, won, strict=True):
            np.logical_and(row_won, left, out=row[0])
            np.logical_and(row_won, ~left, out=row[1])
        dx = np.empty((*dy.shape[:-4], 2, 2, *dy.shape[-4:]), dy.dtype)
        np.multiply(dy, won, out=members(dx))
        return dx

    def curvature(self, hy: Array, cache: Cache) -> Array:
        """As ``backward``: the derivative is 1 or 0."""
        return self.backward(hy, cache)


@dataclass(frozen=True)
class AveragePool(Layer, Pooling):
    """The mean of each window (LeCun et al. 1998, without their trainable coefficient)."""

    commutes_with_non_decreasing = False

    def layer(self, parameters: dict[str, Array]) -> Layer:
        """Return itself: it has no parameters."""
        return self

    def forward(self, x: Array) -> tuple[Array, None]:
        """y = (a + b + c + d) / 4."""
        check_input(x, *WINDOWS, advice=ADVICE)
        (a, b), (c, d) = members(x)
        y = a + b
        y += c
        y += d
        y *= 0.25
        return y, None

    def backward(self, dy: Array, cache: None) -> Array:
        """Each member gets a quarter of the gradient."""
        check_input(dy, (), "C", "H", "W", "N")
        return of_each_member(dy / 4)

    def curvature(self, hy: Array, cache: None) -> Array:
        """Each member gets hy / 4^2."""
        return of_each_member(hy / 16)


@dataclass(frozen=True)
class TrainablePooling(Pooling):
    """Subsampling (LeCun et al. 1998, II-B): w times the sum of each window, plus b, squashed.

    ``coefficient`` is where each w starts; None: it is drawn as weights of a unit of four inputs.
    """

    commutes_with_non_decreasing = False
    squashed = True
    coefficient: Annotated[float, Gt(0), Le(10)] | None

    @property
    def initial(self) -> dict[str, float | None]:
        """The coefficients, and the biases from 0."""
        return {"coefficient": self.coefficient, "bias": 0.0}

    def layer(self, parameters: dict[str, Array]) -> Layer:
        """Return the layer of a coefficient and a bias for each map."""
        return Subsampling(**parameters)


class Subsampling(Layer):
    """y = w (a + b + c + d) + b: the sum of each window, with a w and a b for each map.

    Parameters: coefficient w (C,), bias b (C,).
    """

    def __init__(self, coefficient: Array, bias: Array) -> None:
        check_array(coefficient, (), "C")
        check_array(bias, coefficient.shape)
        self.coefficient = coefficient
        self.bias = bias

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Coefficient and bias."""
        return self.coefficient, self.bias

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = w s + b, of the sum s of each window; s is kept."""
        check_input(x, (2, 2, len(self.bias)), "H", "W", "N", advice=ADVICE)
        (a, b), (c, d) = members(x)
        s = a + b + c + d
        return wide(self.coefficient) * s + wide(self.bias), s

    def gradients(self, dy: Array, s: Array) -> tuple[Array, Array]:
        """The sums of dy s and of dy over the units of each map."""
        check_array(dy, s.shape)
        return (dy * s).sum(axis=(-3, -2, -1)), dy.sum(axis=(-3, -2, -1))

    def backward(self, dy: Array, s: Array) -> Array:
        """Each member gets w dy."""
        check_array(dy, s.shape)
        return of_each_member(wide(self.coefficient) * dy)

    def curvatures(self, hy: Array, s: Array) -> tuple[Array, Array]:
        """The sums of hy s^2 and of hy over the units of each map."""
        return self.gradients(hy, s * s)

    def curvature(self, hy: Array, s: Array) -> Array:
        """Each member gets w^2 hy."""
        return of_each_member(wide(self.coefficient) ** 2 * hy)


def wide(values: Array) -> Array:
    """Return one value for each map (C,) in a shape that meets maps (C, H, W, N)."""
    return values[:, None, None, None]
