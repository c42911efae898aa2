"""Digits written by a random hand: hand-designed skeletons, bent, slanted and inked by chance.

Each image starts from one of the ways to write its digit (``SKELETONS``). Its control points are
jittered, a smooth curve is led through them, and the curve is wobbled, slanted, stretched and
turned. A pen of random width follows it. As in MNIST, the larger side of the ink is 20 pixels, and
whole pixels move its centre of mass to the middle of the image.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from lenet.data.base import Data, Dataset, Split
from lenet.data.framing import BOX_SIZE, IMAGE_SIZE, to_middle
from lenet.data.skeletons import SEGMENTS, Floats, Hands, Ways, ways_of, ways_of_others
from lenet.nn.losses import NONE
from lenet.nn.random import Seed, stream

JITTER = 0.5  # standard deviation of a control point, in units of the grid
WAVES = 3  # plane waves that wobble a digit
WAVE_NUMBER = 0.2  # their standard deviation, in radians per unit of the grid
WAVE_HEIGHT = 0.45  # their standard deviation, in units of the grid
SLANT_MEAN = 0.2  # to the right for each unit upwards
SLANT = 0.25  # its standard deviation
STRETCH = 0.2  # standard deviation of the logarithm of the width
TURN = 0.1  # standard deviation of the rotation, in radians

PEN_RADIUS = (0.75, 1.9)  # pixels, from the thinnest pen to the broadest
PRESSURE = 0.15  # standard deviation of each harmonic in the logarithm of the ink
HARMONICS = 4  # cosines that the pressure is made of, from the first point to the last
BLEED = 0.7  # pixels, how far the ink runs: strokes that are nearer to each other melt together
EDGE = 1.1  # pixels from full ink to none
COARSEST: dict[Hands, float] = {  # times as much of both at most, as in small pictures, enlarged
    "mnist": 1.0,
    "world": 2.0,
}

CHUNK = 500  # images drawn at a time, to bound the memory
MOST = 1_000_000  # images in a split: 2 GB while they are drawn


class Hand(NamedTuple):
    """What chance decides for each of N images; the lengths are in units of the grid."""

    way: NDArray[np.intp]  # (N,)
    jitter: Floats  # (N, P, 2)
    wave_number: Floats  # (N, WAVES, 2), in radians per unit
    wave_phase: Floats  # (N, WAVES), in radians
    wave_height: Floats  # (N, WAVES, 2)
    posture: Floats  # (N, 2, 2), the linear map of slant, stretch and turn, for row vectors
    radius: Floats  # (N,), in pixels
    pressure: Floats  # (N, HARMONICS)
    coarse: Floats  # (N,), a factor on BLEED and EDGE


@dataclass(frozen=True)
class Strokes(Dataset):
    """Drawn digits, as many as asked for, of uniformly random classes.

    ``hands`` are those that wrote MNIST, or also others of the world, in sharp and in coarse
    pictures. Beside the ``train_size`` digits there are ``others`` to train on: images of no digit,
    labelled NONE. ``seed`` alone decides the data. Every split has its own stream of chance.
    """

    class_names = tuple("0123456789")
    shows_characters = True
    size = (IMAGE_SIZE, IMAGE_SIZE)

    train_size: Annotated[int, Gt(0), Le(MOST)]
    test_size: Annotated[int, Gt(0), Le(MOST)]
    validation: Annotated[int, Ge(0), Le(MOST)]
    seed: Seed
    hands: Hands = field(default="mnist", kw_only=True)
    others: Annotated[int, Ge(0), Le(MOST)] = field(default=0, kw_only=True)

    @property
    def has_none(self) -> bool:  # type: ignore[override]
        """Whether there are images of no digit."""
        return self.others > 0

    def load(self, seed: int) -> Data:
        """Return the drawn digits. The run's ``seed`` does not change them: all runs share them."""
        sizes = {"train": self.train_size, "test": self.test_size, "validation": self.validation}
        splits = {name: self._split(name, size) for name, size in sizes.items() if size}
        if self.others:
            splits["train"] = splits["train"] + self._others()
        return Data(
            train=splits["train"],
            test=splits["test"],
            class_names=self.class_names,
            validation=splits.get("validation"),
            checksums={f"strokes-{name}": _sha256(split) for name, split in splits.items()},
        )

    def _split(self, name: str, size: int) -> Split:
        """Return ``size`` digits, labels and all, from the stream of their split."""
        rng = stream(self.seed, "strokes", name)
        labels = rng.integers(0, 10, size, dtype=np.uint8)
        return Split(draw(labels, rng, self.hands), labels)

    def _others(self) -> Split:
        """Return images of no digit."""
        labels = np.full(self.others, NONE, np.int8)
        rng = stream(self.seed, "strokes", "others")
        return Split(_drawn(ways_of_others(), labels, rng, COARSEST["world"]), labels)


def _sha256(split: Split) -> str:
    """Return the SHA-256 of the images followed by the labels."""
    return hashlib.sha256(split.images.tobytes() + split.labels.tobytes()).hexdigest()


def draw(
    labels: NDArray[np.uint8], rng: np.random.Generator, hands: Hands = "mnist"
) -> NDArray[np.uint8]:
    """Return an image (28, 28) of a digit for each of the labels (N,), 0 where there is no ink."""
    return _drawn(ways_of(hands), labels, rng, COARSEST[hands])


def _drawn(
    ways: Ways, labels: NDArray[Any], rng: np.random.Generator, coarsest: float
) -> NDArray[np.uint8]:
    """Return an image (28, 28), of one of the ways to write it, for each of the labels (N,)."""
    hand = _take_pen(ways, labels, rng, coarsest)
    images = np.empty((len(labels), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for start in range(0, len(labels), CHUNK):
        chunk = slice(start, start + CHUNK)
        images[chunk] = _write(ways, Hand._make(choice[chunk] for choice in hand))
    return images


def _take_pen(ways: Ways, labels: NDArray[Any], rng: np.random.Generator, coarsest: float) -> Hand:
    """Draw all that chance decides about the images of the labels (N,)."""
    count, points = len(labels), ways.points.shape[1]
    return Hand(
        way=_choose(ways, labels, rng),
        jitter=rng.normal(0, JITTER, (count, points, 2)),
        wave_number=rng.normal(0, WAVE_NUMBER, (count, WAVES, 2)),
        wave_phase=rng.uniform(0, 2 * np.pi, (count, WAVES)),
        wave_height=rng.normal(0, WAVE_HEIGHT, (count, WAVES, 2)),
        posture=_postures(count, rng),
        radius=rng.uniform(*PEN_RADIUS, count),
        pressure=rng.normal(0, PRESSURE, (count, HARMONICS)),
        coarse=rng.uniform(1, coarsest, count),
    )


def _choose(ways: Ways, labels: NDArray[Any], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a way (N,) to write each of the labels (N,), by lot."""
    first = np.searchsorted(ways.labels, labels, side="left")
    last = np.searchsorted(ways.labels, labels, side="right")
    return ways.tickets[rng.integers(first, last)]


def _postures(count: int, rng: np.random.Generator) -> Floats:
    """Return random linear maps (count, 2, 2): stretched and slanted first, and then turned."""
    slant = rng.normal(SLANT_MEAN, SLANT, count)
    stretch = np.exp(rng.normal(0, STRETCH, count))
    turn = rng.normal(0, TURN, count)
    lean = np.array([[stretch, np.zeros(count)], [-slant, np.ones(count)]])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    postures: Floats = np.moveaxis(lean, -1, 0) @ np.moveaxis(rotation, -1, 0)
    return postures


def _write(ways: Ways, hand: Hand) -> NDArray[np.uint8]:
    """Return the images (N, 28, 28) that the hand writes."""
    starts, ends = np.split(_fit(_trace(ways, hand), hand.radius), 2, axis=1)
    ink = np.linalg.norm(ends - starts, axis=2) * _pressure(hand.pressure)
    dots = _centre((starts + ends) / 2, ink)
    inside = hand.radius[:, None, None] - _distance(dots, ink, BLEED * hand.coarse)
    grey = 0.5 + inside / (EDGE * hand.coarse[:, None, None])
    return np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)


def _trace(ways: Ways, hand: Hand) -> Floats:
    """Return the starts and then the ends of the segments (N, 2 * SEGMENTS, 2), on the grid."""
    curve = ways.splines[hand.way] @ (ways.points[hand.way] + hand.jitter)
    phase = curve @ np.swapaxes(hand.wave_number, 1, 2) + hand.wave_phase[:, None]
    traced: Floats = (curve + np.sin(phase) @ hand.wave_height) @ hand.posture
    return traced


def _fit(curve: Floats, radius: Floats) -> Floats:
    """Scale curves (N, L, 2) to pixels, so that their ink just fits into the box from (0, 0)."""
    low, high = curve.min(axis=1), curve.max(axis=1)
    scale = (BOX_SIZE - 2 * radius) / (high - low).max(axis=1)
    fitted: Floats = radius[:, None, None] + (curve - low[:, None]) * scale[:, None, None]
    return fitted


def _centre(dots: Floats, ink: Floats) -> Floats:
    """Move dots (N, SEGMENTS, 2), so that their centre of mass is in the middle."""
    mass = (ink[:, None] @ dots) / ink.sum(axis=1)[:, None, None]
    centred: Floats = dots + to_middle(mass - 0.5)
    return centred


def _pressure(harmonics: Floats) -> Floats:
    """Return the ink per length (N, SEGMENTS), typically 1, from harmonics (N, HARMONICS)."""
    time = np.linspace(0, np.pi, SEGMENTS)
    pressure: Floats = np.exp(harmonics @ np.cos(np.outer(np.arange(1, HARMONICS + 1), time)))
    return pressure


def _distance(dots: Floats, ink: Floats, bleed: Floats) -> Floats:
    """Return how far each pixel is from the nearest dots, smoothly, (N, 28, 28) in pixels.

    Every dot (N, SEGMENTS, 2) spreads its ink (N, SEGMENTS) as a Gaussian bell, a product of one
    of x and one of y, as broad as the ink runs (N,). A straight stroke adds up to
    exp(-d**2 / (2 * bleed**2)) at the distance d, and is solved for d; more ink, as where strokes
    meet, means a smaller distance.
    """
    bleed = bleed[:, None, None]
    pixels = np.arange(IMAGE_SIZE) + 0.5
    bells = np.exp(-((dots[..., None] - pixels) ** 2) / (2 * bleed[..., None] ** 2))
    across, down = bells[:, :, 0], bells[:, :, 1]
    total = np.swapaxes(down, 1, 2) @ (across * ink[..., None]) / (np.sqrt(2 * np.pi) * bleed)
    faintest = np.finfo(np.float64).tiny
    distance: Floats = np.sqrt(-2 * bleed**2 * np.log(np.clip(total, faintest, 1)))
    return distance
