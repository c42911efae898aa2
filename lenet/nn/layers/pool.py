"""Pooling over non-overlapping 2x2 windows.

A pooling layer takes its input as windows, (2, 2, C, H, W, N): ``x[m, n]`` holds the member (m, n)
of every window, so that a pooling is an operation between four whole arrays. Convolutions hand out
their maps in this order (see ``conv``); ``windows`` gives it as a view of ordinary maps.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

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


class Pooling(Layer):
    """The four members of each window become one value: (2, 2, C, H, W, N) to (C, H, W, N)."""

    commutes_with_non_decreasing: ClassVar[bool]


@dataclass(frozen=True)
class MaxPool(Pooling):
    """The largest member of each window, eq. (4)."""

    commutes_with_non_decreasing = True

    def forward(self, x: Array) -> tuple[Array, Cache]:
        """Find the maximum as a tournament; the cache says who won, in a tie the first."""
        check_input(x, *WINDOWS, advice=ADVICE)
        left, right = members(x).swapaxes(0, 1)
        left_won = left >= right
        top, bottom = np.maximum(left, right)
        top_won = top >= bottom
        return np.maximum(top, bottom), (left_won, top_won)

    def backward(self, dy: Array, cache: Cache) -> Array:
        """Route each gradient to the one member that won its window, eq. (15)."""
        left_won, top_won = cache
        check_array(dy, top_won.shape)
        dx = np.empty((*dy.shape[:-4], 2, 2, *dy.shape[-4:]), dy.dtype)
        dleft, dright = members(dx).swapaxes(0, 1)
        drows = np.empty_like(dleft)
        np.multiply(dy, top_won, out=drows[0])
        np.subtract(dy, drows[0], out=drows[1])
        np.multiply(drows, left_won, out=dleft)
        np.subtract(drows, dleft, out=dright)
        return dx


@dataclass(frozen=True)
class AveragePool(Pooling):
    """The mean of each window (LeCun et al. 1998, without their trainable coefficient)."""

    commutes_with_non_decreasing = False

    def forward(self, x: Array) -> tuple[Array, None]:
        """y = (a + b + c + d) / 4."""
        check_input(x, *WINDOWS, advice=ADVICE)
        (a, b), (c, d) = members(x)
        y = a + b
        y += c
        y += d
        y /= 4
        return y, None

    def backward(self, dy: Array, cache: None) -> Array:
        """Each member gets a quarter of the gradient."""
        check_input(dy, (), "C", "H", "W", "N")
        quarter = np.expand_dims(dy / 4, (-6, -5))
        return np.broadcast_to(quarter, (*dy.shape[:-4], 2, 2, *dy.shape[-4:]))
