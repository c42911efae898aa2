"""Augmentation: images as they might also have been written, drawn anew for every batch.

A pixel is read from the place that a random map of the plane gives it. The maps of a batch are
drawn together, so that they do not depend on how it is cut up; a part of it is warped by whoever
works on it. The maps can fade towards the end of a training, which then sees images as they are.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import radians
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le, Lt
from numpy.typing import NDArray

from lenet.data.base import Split
from lenet.nn.input import Images
from lenet.nn.layers import Array
from lenet.nn.random import stream

Degrees = Annotated[float, Ge(0), Le(180)]
Pixels = Annotated[float, Ge(0), Le(14)]
Share = Annotated[float, Ge(0), Lt(1)]
Probability = Annotated[float, Ge(0), Le(1)]

ERASED = 4, 12  # pixels, the least and the most a side of a rectangle that is erased
FROM_THE_OTHER_SIDE = np.array([1, 1, -1, -1, 1, -1], np.float32)  # columns, not rows, are negated


class Augmentation(ABC):
    """What becomes of the images of a batch before the network sees them."""

    needs_square_images: ClassVar[bool] = False

    @property
    def depends_on_length(self) -> bool:
        """Whether the images of a step depend on how many steps there will be."""
        return False

    @abstractmethod
    def __call__(
        self, part: Split, seed: int, t: int, first: int, size: int, done: float = 0.0
    ) -> Split:
        """Return a part of the batch of step t of a run as the network sees it.

        It begins with image ``first`` of the ``size`` that the batch has; ``done`` is the share of
        the training before this step, in [0, 1).
        """


@dataclass(frozen=True)
class Original(Augmentation):
    """Images as they are."""

    def __call__(
        self, part: Split, seed: int, t: int, first: int, size: int, done: float = 0.0
    ) -> Split:
        """Return the part."""
        return part


@dataclass(frozen=True)
class Affine(Augmentation):
    """Linear maps about the centre, and a shift; each part of a map is drawn uniformly.

    ``rotation`` is in degrees, ``translation`` in pixels of the original, and the others are
    shares: the size of images is divided by 1 - scale to 1 + scale; they are made wider and lower
    or the reverse by ``squeeze``, and slanted by ``shear`` of their height, all to either side;
    ``flip`` is the probability that left and right change places. With the probability
    ``erase`` a rectangle of the image is then made 0 (Zhong et al. 2020). Over the last share
    ``fade`` of a training all this but the flips falls to nothing.
    """

    needs_square_images = True

    rotation: Degrees
    translation: Pixels
    scale: Share
    squeeze: Share
    shear: Share
    flip: Probability
    fade: Probability = field(default=0.0, kw_only=True)
    erase: Probability = field(default=0.0, kw_only=True)

    @property
    def depends_on_length(self) -> bool:
        """Whether the maps fade."""
        return self.fade > 0

    def strength(self, done: float) -> float:
        """Return the factor on all maps after a share ``done`` of the training."""
        return min(1.0, (1 - done) / self.fade) if self.fade else 1.0

    def __call__(
        self, part: Split, seed: int, t: int, first: int, size: int, done: float = 0.0
    ) -> Split:
        """Return the images, each with a map of its own."""
        strength, side = self.strength(done), part.images.shape[-1]
        own = slice(first, first + len(part))
        images = self.warp(part.images, maps_of_batch(self, seed, t, size, side, strength)[own])
        if self.erase:
            erased = rectangles(size, side, self.erase * strength, stream(seed, "erasing", t))[own]
            planes = images.reshape(len(part), -1, side, side)
            planes *= ~erased[:, None]
        return Split(images, part.labels)

    def draw(self, size: int, side: int, rng: np.random.Generator, strength: float = 1.0) -> Array:
        """Return a linear map and a shift of rows and columns (N, 6) for each image."""
        most = [
            radians(self.rotation),
            self.scale,
            self.squeeze,
            self.shear,
            *2 * [self.translation],
        ]
        drawn = rng.uniform(-1, 1, (size, 6)).T * np.c_[most] * strength
        angle, scale, squeeze, shear, down, right = drawn
        cos, sin = np.cos(angle), np.sin(angle)
        high, wide = (1 + scale) * (1 + squeeze), (1 + scale) / (1 + squeeze)
        A = [(cos - sin * shear) * high, -sin * wide, (sin + cos * shear) * high, cos * wide]
        parameters = np.stack([*A, down, right], axis=1).astype(np.float32)
        flipped = rng.random(size) < self.flip
        parameters[flipped] *= FROM_THE_OTHER_SIDE
        return parameters

    def warp(self, images: Images, parameters: Array) -> Array:
        """Read the pixel at (row, column) from A (row, column) + b, all counted from the centre."""
        side = images.shape[-1]
        planes = images.reshape(-1, side, side)
        parameters = np.repeat(parameters, len(planes) // len(images), axis=0)
        return resample(planes, *self.places(side, parameters)).reshape(images.shape)

    def places(self, side: int, parameters: Array) -> tuple[Array, Array]:
        """Return the row and the column (N, S, S) that each pixel is read from."""
        centre = (side - 1) / 2
        along = np.arange(side, dtype=np.float32) - np.float32(centre)
        A00, A01, A10, A11, b0, b1 = parameters[:, :6].T[:, :, None]
        rows = (A00 * along + b0 + centre)[:, :, None] + (A01 * along)[:, None, :]
        columns = (A10 * along + b1 + centre)[:, :, None] + (A11 * along)[:, None, :]
        return rows, columns


@dataclass(frozen=True)
class Elastic(Affine):
    """An affine map, and a smooth displacement of every pixel (Simard et al. 2003).

    White noise, smoothed by a Gaussian of standard deviation ``sigma`` (pixels), is scaled so that
    rows and columns are displaced by N(0, displacement^2) pixels.
    """

    displacement: Pixels
    sigma: Annotated[float, Ge(1), Le(14)]

    def draw(self, size: int, side: int, rng: np.random.Generator, strength: float = 1.0) -> Array:
        """Return the parameters of affine maps, then white noise on a grid (N, 6 + 2 g^2)."""
        _, g = smoothing(side, self.displacement, self.sigma).shape
        noise = rng.standard_normal((size, 2 * g**2), np.float32) * np.float32(strength)
        return np.concatenate([super().draw(size, side, rng, strength), noise], axis=1)

    def places(self, side: int, parameters: Array) -> tuple[Array, Array]:
        """Return the places of the affine map, displaced."""
        B = smoothing(side, self.displacement, self.sigma)
        g = B.shape[1]
        noise = parameters[:, 6:].reshape(-1, 2, g, g)
        down, right = np.moveaxis(B @ noise @ B.T, 1, 0)
        rows, columns = super().places(side, parameters)
        return rows + down, columns + right


@lru_cache(maxsize=1)
def maps_of_batch(
    augmentation: Affine, seed: int, t: int, size: int, side: int, strength: float
) -> Array:
    """Return the parameters of the maps of the batch of step t, a row for each image."""
    return augmentation.draw(size, side, stream(seed, "augmentation", t), strength)


@cache
def smoothing(side: int, displacement: float, sigma: float) -> Array:
    """Return B (S, g) for which B Z B^T, with white noise Z (g, g), is a smooth displacement.

    The points of the noise are sigma apart, and reach beyond an image to either side.
    """
    grid = np.arange(-3 * sigma, side - 1 + 4 * sigma, sigma)
    distance = (np.arange(side)[:, None] - grid) / sigma
    B = np.exp(-(distance**2) / 2)
    B *= np.sqrt(displacement) / np.linalg.norm(B, axis=1, keepdims=True)
    return B.astype(np.float32)


def rectangles(
    size: int, side: int, probability: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which pixels (N, S, S) of each image are in the rectangle that it has, if it has one.

    A rectangle lies in the image, and any place is as likely.
    """
    lengths = rng.integers(*ERASED, (2, size, 1), endpoint=True).clip(max=side)
    starts = rng.integers(side - lengths, endpoint=True)
    along = np.arange(side)
    rows, columns = (starts <= along) & (along < starts + lengths)
    has_one = rng.random((size, 1, 1)) < probability
    return has_one & rows[:, :, None] & columns[:, None, :]


def resample(images: Images, rows: Array, columns: Array) -> Array:
    """Return images (N, S, S) read at the given places, between pixels by bilinear interpolation.

    Outside of an image all is 0. The four pixels around a place are packed into one number, so
    that they are looked up at once.
    """
    N, S, _ = images.shape
    width = S + 4
    padded = np.zeros((N, width, width), np.uint32)
    padded[:, 1 : S + 1, 1 : S + 1] = images
    pixel = padded.ravel()
    corners = pixel.copy()
    for place, offset in enumerate((1, width, width + 1), start=1):
        corners[:-offset] |= pixel[offset:] << np.uint32(8 * place)

    row, column = (np.minimum(np.maximum(places + 1, 0), S + 1) for places in (rows, columns))
    top, left = np.floor(row), np.floor(column)
    row -= top
    column -= left
    top *= width
    top += left
    index = top.astype(np.intp)
    index += np.arange(N)[:, None, None] * width**2
    four = corners.take(index, mode="clip")
    (a, b, c, d) = (
        ((four >> np.uint32(shift)) & 255).astype(np.float32) for shift in (0, 8, 16, 24)
    )
    return between(between(a, b, column), between(c, d, column), row)


def between(first: Array, last: Array, share: Array) -> Array:
    """Return first + share (last - first), written over ``last``."""
    last -= first
    last *= share
    last += first
    return last
