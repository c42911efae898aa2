"""Grey values of pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
READING_SIDE = 256  # pixels, in which the readings are compared
TINY = 1e-3
EIGHT = np.ones((3, 3), bool)  # the neighbours of a pixel, and itself
HARDLY_ANY = 4.5 / 255  # contrast of shades


def each_pixel_once(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) as it was before each of its pixels became a square of k x k."""
    changes = [
        1 + np.flatnonzero((lines[1:] != lines[:-1]).any(axis=(1, 2)))
        for lines in (picture, picture.swapaxes(0, 1))
    ]
    k = np.gcd.reduce(np.concatenate([picture.shape[:2], *changes]))
    return picture[::k, ::k]


def grey_of(picture: NDArray[np.uint8]) -> Floats:
    """Return the shades (H, W) from 0 to 1 in which a picture (H, W, 3) has the most contrast.

    They are its first principal component: brightness for all pictures but those whose colours
    differ more than that.
    """
    few = np.asarray(Image.fromarray(picture).reduce(_factor(picture.shape, READING_SIDE)), float)
    _, vectors = np.linalg.eigh(np.cov(few.reshape(-1, 3).T, bias=True))
    axis = vectors[:, -1] * (1 if vectors[:, -1].sum() >= 0 else -1)
    if np.ptp(few, axis=2).max() == 0:
        axis = np.ones(3)
    axis = (axis / np.abs(axis).sum()).astype(np.float32)
    shades: Floats = picture @ (axis / 255) - np.minimum(axis, 0).sum()
    return _stretched(shades)


def _stretched(grey: Floats) -> Floats:
    """Return shades from 0 to 1, if there are but a few steps of a byte from the darkest up."""
    low, contrast = grey.min(), np.ptp(grey)
    return (grey - low) / contrast if 0 < contrast < HARDLY_ANY else grey


def reduced(grey: Floats, side: int) -> Floats:
    """Return a picture (H, W), averaged over squares so that it is no larger than ``side``."""
    return np.asarray(Image.fromarray(grey).reduce(_factor(grey.shape, side)))


def resized(
    array: NDArray[Any],
    shape: tuple[int, ...],
    how: Image.Resampling = Image.Resampling.BILINEAR,
) -> Floats:
    """Return an array (H, W) of another shape."""
    image = Image.fromarray(np.ascontiguousarray(array, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), how))


def _factor(shape: tuple[int, ...], side: int) -> int:
    """Return how many pixels make one, so that no side is larger than ``side``."""
    return -(-max(shape[:2]) // side)


def odd(grey: Floats, window: float) -> int:
    """Return a share of the larger side in pixels, as an odd number of at least 3."""
    return int(max(grey.shape) * window) // 2 * 2 + 3


def darkness(grey: Floats, paper: Floats) -> Floats:
    """Return which share of the paper's light is missing; 0 where none is."""
    missing: Floats = np.maximum(1 - grey / np.maximum(paper, TINY), 0)
    return missing


def shape_of(box: tuple[slice, ...]) -> tuple[int, ...]:
    """Return how high and how wide a box is."""
    return tuple(side.stop - side.start for side in box)


def along_border(array: NDArray[Any]) -> NDArray[Any]:
    """Return the values at the border of an array (H, W), each once."""
    return np.concatenate([array[0], array[-1], array[1:-1, 0], array[1:-1, -1]])


def otsu(values: Floats) -> float:
    """Return the threshold between two classes of the largest variance between them (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    centres = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts)[:-1], values.size
    moment = np.cumsum(counts * centres)
    between = (moment[-1] * below / total - moment[:-1]) ** 2 / (below * (total - below) + TINY)
    return float(edges[1 + between.argmax()])
