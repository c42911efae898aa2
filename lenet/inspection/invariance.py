"""Invariance: how far a digit may be scaled, moved, turned or soiled and still be recognized.

After LeCun et al. (1998), section III-E, who found LeNet-5 to hold for scales of a factor of about
2, vertical shifts of about half the height of a digit, and rotations of up to 30 degrees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from lenet.data.augmentation import Affine
from lenet.data.base import Split
from lenet.nn.input import INPUT_SIDE, Images, without_margin
from lenet.nn.layers import Array
from lenet.nn.model import LeNet5
from lenet.nn.random import stream
from lenet.training.evaluation import chunks, score_chunk, total

PLANE = Affine(rotation=0.0, translation=0.0, scale=0.0, squeeze=0.0, shear=0.0, flip=0.0)


@dataclass(frozen=True)
class Distortion:
    """A way to distort images, how far, and what 1998 found to be about the limit."""

    what: str  # of an axis, with its unit
    amounts: tuple[float, ...]
    distort: Callable[[Images, float], Images]
    limits: tuple[float, ...] = ()


def mapped(images: Images, A: tuple[float, float, float, float], down: float = 0.0) -> Images:
    """Return images (N, S, S) whose pixel at (row, column) is that at A (row, column) + (down, 0).

    Places are counted from the centre.
    """
    parameters = np.array([[*A, down, 0.0]], np.float32).repeat(len(images), axis=0)
    return PLANE.warp(images, parameters)


def scaled(images: Images, factor: float) -> Images:
    """Return images of a factor of their size."""
    return mapped(images, (1 / factor, 0, 0, 1 / factor))


def shifted(images: Images, pixels: float) -> Images:
    """Return images that are moved down."""
    return mapped(images, (1, 0, 0, 1), -pixels)


def rotated(images: Images, degrees: float) -> Images:
    """Return images that are turned to the left."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return mapped(images, (c, s, -s, c))


def soiled(images: Images, share: float) -> Images:
    """Return images in which a share of the pixels is black or white, by chance."""
    rng = stream(0, "noise", f"{share:g}")
    hit = rng.random(images.shape) < share
    soil = 255 * rng.integers(0, 2, images.shape)
    return np.where(hit, soil, images).astype(np.float32)


DISTORTIONS = (
    Distortion(
        "scale (factor)", (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5), scaled,
        (0.7, 1.4),
    ),
    Distortion("shift down (pixels)", tuple(map(float, range(-10, 11, 2))), shifted, (-10.0, 10.0)),
    Distortion("rotation (degrees)", tuple(map(float, range(-60, 61, 10))), rotated, (-30.0, 30.0)),
    Distortion("black or white pixels (share)", tuple(n / 20 for n in range(9)), soiled),
)  # fmt: skip


def padded(images: Images) -> Images:
    """Return images (N, H, W) in the middle of the network's field, so that nothing is cut off."""
    field = np.zeros((INPUT_SIDE, INPUT_SIDE, len(images)), np.float32)
    without_margin(field, *images.shape[-2:])[...] = np.moveaxis(images, 0, -1)
    return np.moveaxis(field, -1, 0)


def errors(network: LeNet5, split: Split, distortion: Distortion) -> Array:
    """Return the share of images (N, H, W) that are taken for another class, for each amount."""
    field = padded(split.images)
    found = []
    for amount in distortion.amounts:
        pieces = chunks(Split(distortion.distort(field, amount), split.labels))
        rows = [score_chunk(network, piece) for piece in pieces]
        found.append(1 - total(np.concatenate(rows)).accuracy)
    return np.array(found)
