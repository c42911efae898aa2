"""Images as the network's input."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.nn.layers import Array, Scaling

INPUT_SIDE = 32
Images = NDArray[np.uint8] | NDArray[np.floating[Any]]


def fits(size: Sequence[int]) -> bool:
    """Return whether images of a height and width (pixels) have a place in the network's input."""
    return all(1 <= side <= INPUT_SIDE for side in size)


@dataclass(frozen=True)
class Levels:
    """What the network sees where a pixel is 0, as around every image, and where it is 1."""

    background: float
    foreground: float

    def __post_init__(self) -> None:
        if self.background == self.foreground:
            raise ValueError(f"input.background = {self.background}: expected another foreground")

    @property
    def layer(self) -> Scaling:
        """The layer that makes these of pixels in [0, 1]."""
        return Scaling(self.foreground - self.background, self.background)


AS_THEY_ARE = Levels(0.0, 1.0)


def network_input(images: Images, dtype: np.dtype[Any]) -> Array:
    """Turn images (N, H, W) or (N, C, H, W) into pixels in [0, 1] (C, 32, 32, N), 0 around them."""
    return stacked_input([images], dtype)[0]


def stacked_input(batches: Sequence[Images], dtype: np.dtype[Any]) -> Array:
    """Return the network's input for batches of images of one shape, (batches, C, 32, 32, N)."""
    shape = batches[0].shape
    if len(shape) not in (3, 4) or max(shape[-2:]) > INPUT_SIDE:
        raise ValueError(
            f"expected images (N, H, W) or (N, C, H, W) of at most {INPUT_SIDE} x {INPUT_SIDE} "
            f"pixels, found {shape}"
        )
    N, *channels, H, W = shape
    C = prod(channels)
    x = np.zeros((len(batches), C, INPUT_SIDE, INPUT_SIDE, N), dtype)
    for pixels, images in zip(without_margin(x, H, W), batches, strict=True):
        pixels[...] = images.reshape(N, C, H, W).transpose(1, 2, 3, 0)
    x /= 255
    return x


def without_margin(x: Array, H: int, W: int) -> Array:
    """View the part (..., H, W, N) of an input (..., 32, 32, N) that images of H x W fill."""
    top, left = (INPUT_SIDE - H) // 2, (INPUT_SIDE - W) // 2
    return x[..., top : top + H, left : left + W, :]
