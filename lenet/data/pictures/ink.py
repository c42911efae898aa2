"""Telling the ink of a digit from paper, whatever the light, the colours and the noise.

Paper is brighter than ink, once the picture is read the right way round, and wider than a stroke: a
grey closing (the brightest pixels around, then the darkest of these) removes the strokes and leaves
the light, shadows with their edges too. How wide a stroke is and which of the two colours is ink is
not known, so all readings are tried; the one whose digit has the longest and sharpest contour wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from lenet.data.pictures.grey import (
    EIGHT,
    READING_SIDE,
    TINY,
    Floats,
    Mask,
    along_border,
    darkness,
    each_pixel_once,
    grey_of,
    odd,
    otsu,
    reduced,
    resized,
    shape_of,
)
from lenet.data.pictures.groups import digits_apart
from lenet.data.pictures.lines import without_lines
from lenet.data.pictures.objections import objection
from lenet.data.pictures.pages import on_its_pages
from lenet.data.pictures.polarity import has_light_ink, with_margin
from lenet.errors import DataError

Labels = NDArray[np.integer[Any]]

LARGEST_SIDE = 1024  # pixels, of a picture that ink is looked for in
LIGHT_SIDE = 64  # pixels, in which the light falls on the paper
WINDOWS = (1 / 6, 1 / 3, 3 / 4)  # of the larger side, wider than a stroke
UNLIKELY = 0.3  # what a reading counts if the rarer pixels are not its ink
FAINT = 0.03  # of the light of the paper: ink that takes away less is none
NOISE = 4.0  # standard deviations of the paper: ink that differs by less is none

ALONG_BORDER = 0.35  # of the contour of a part: with more at the picture's border it is one itself
AT_BORDER = 0.1  # what such a part counts
DOT = 0.12  # of the size of the largest part: what is smaller is no digit, however sharp
AROUND = 2  # pixels, at least, are between a frame and what is inside of it
FRAMED = 0.3  # of the height of a frame, at least, is that of what is inside of it
SPECK = 0.03  # of the area of the largest part: what is smaller is no stroke
NEAR = 0.25  # of the size of the largest part: strokes that are farther from it are not its own
SOFT = 0.5  # of the sharpness of the largest part: what is softer is a shadow
EDGE = 40  # a digit is so many times as large as what its edges may reach beyond it


class NoInkError(DataError):
    """There is nothing in a picture that could be a digit."""

    def __init__(self) -> None:
        super().__init__("expected a digit, found no ink")


class Found(NamedTuple):
    """What is taken for the digit in a picture (h, w), or for several."""

    digit: Mask
    apart: list[Mask]  # each digit, if there are several beside each other
    objection: str | None  # why it is no digit
    score: float


@dataclass(frozen=True)
class Reading:
    """What is taken for the digit, if ink is darker than paper.

    ``paper`` is its brightness without ink (h, w), from 0 to 1; ``level`` is the share of the light
    that ink takes away.
    """

    grey: Floats
    paper: Floats
    level: float
    found: Found

    def ink(self, where: Mask) -> Floats:
        """Return the ink (H, W) in a part of the picture (h, w), from 0 to 1."""
        size = self.grey.shape
        ink = darkness(self.grey, resized(self.paper, size)) / self.level
        return np.clip(ink, 0, 1) * resized(where, size, Image.Resampling.NEAREST)


@dataclass(frozen=True)
class Digit:
    """A digit that was found: its ink (H, W), from 0 to 1, and its box in the picture."""

    ink: Floats
    box: tuple[int, int, int, int]  # top, left, bottom, right, in pixels


def ink_of(picture: NDArray[np.uint8]) -> Floats:
    """Return the ink of the digit in a picture (H, W, 3), from 0 to 1; large ones are reduced.

    Raises:
        NoInkError: there is no ink in it.

    """
    (digit,), _ = digits_in(picture)
    return digit.ink


def digits_in(
    picture: NDArray[np.uint8], *, several: bool = False
) -> tuple[list[Digit], str | None]:
    """Return the digit in a picture (H, W, 3), and why it is none; with ``several`` all of a row.

    Raises:
        NoInkError: there is no ink in it.

    """
    grey = reduced(grey_of(each_pixel_once(picture)), LARGEST_SIDE)
    scale = picture.shape[0] / grey.shape[0]
    page, corner = on_its_pages(grey)
    page, margin = with_margin(without_lines(page))
    readings = list(_readings(page))
    if not readings:
        raise NoInkError
    best = max(readings, key=lambda reading: reading.found.score)
    found, start = best.found, (corner[0] - margin, corner[1] - margin)
    if several and found.apart:
        return [_digit_of(best.ink(each), start, scale) for each in found.apart], found.objection
    why = "several digits" if found.apart else found.objection
    return [_digit_of(best.ink(found.digit), start, scale)], why


def _digit_of(ink: Floats, start: tuple[int, int], scale: float) -> Digit:
    """Return a digit, given its ink in a part of a picture that was reduced.

    The part begins at the row and column ``start``; ``scale`` pixels of the picture became one.
    """
    if not ink.any():
        raise NoInkError
    rows, columns = ndimage.find_objects(ink > 0, 1)[0]
    corners = ((rows.start, columns.start), (rows.stop, columns.stop))
    (top, left), (bottom, right) = (
        (round(scale * (row + start[0])), round(scale * (column + start[1])))
        for row, column in corners
    )
    return Digit(ink, (top, left, bottom, right))


def _readings(grey: Floats) -> Iterator[Reading]:
    """Yield the ways to read a picture (H, W) in which there is ink."""
    light_ink = has_light_ink(grey)
    for negative in (light_ink, not light_ink):
        shades = 1 - grey if negative else grey
        for window in WINDOWS:
            reading = _read(shades, window, likely=negative == light_ink)
            if reading is not None:
                yield reading


def _read(grey: Floats, window: float, *, likely: bool) -> Reading | None:
    """Return what is the digit if ink is dark and strokes are narrower than a window.

    What is not ``likely``, and no digit either, is the last to be chosen.
    """
    small = reduced(grey, READING_SIDE)
    paper = paper_of(small, window)
    dark = darkness(small, paper)
    threshold = otsu(dark)
    ink = dark > threshold
    if not ink.any() or ink.all():
        return None
    noise = _spread((small / np.maximum(paper, TINY))[~ink])
    level = float(np.median(dark[ink]))
    if level < max(FAINT, NOISE * noise):
        return None
    found = _digit(dark * paper, dark > min(threshold, level / 2), level)
    if not likely:
        weight = UNLIKELY if found.objection is None else 0
        found = found._replace(score=weight * found.score)
    return Reading(grey, paper, level, found)


def _spread(values: NDArray[np.floating[Any]]) -> float:
    """Return the standard deviation of normal noise, in spite of outliers."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def paper_of(grey: Floats, window: float) -> Floats:
    """Return the brightness of the paper (H, W) behind strokes narrower than a window."""
    coarse = reduced(grey, LIGHT_SIDE)
    paper = ndimage.grey_closing(coarse, 2 * (odd(coarse, window),), mode="nearest")
    paper = ndimage.median_filter(paper, 3, mode="nearest")
    fine = reduced(grey, 2 * LIGHT_SIDE)
    paper = resized(paper, fine.shape)
    dark = darkness(fine, paper)
    ink = ndimage.binary_dilation(dark > otsu(dark), iterations=2 if max(fine.shape) > 32 else 1)
    paper = ndimage.median_filter(np.where(ink, paper, fine), odd(fine, 1 / 16), mode="nearest")
    return resized(paper, grey.shape)


def _digit(missing: Floats, ink: Mask, level: float) -> Found:
    """Return where in the ink the digit is; the score is how long and sharp its contour is.

    ``missing`` is the light that the ink takes away. As a share of the paper's light it would be
    more where strokes have been taken for paper, and such readings would win.
    """
    labels, count = ndimage.label(ink, EIGHT)
    numbers = np.arange(1, count + 1)
    sharpness, length = _contours(missing, labels, count)
    areas = np.bincount(labels.ravel())[1:]
    boxes = ndimage.find_objects(labels)
    border = _border(labels, count)
    inner = border < ALONG_BORDER * (border + length)
    sides = np.array([max(shape_of(box)) for box in boxes])
    large = sides > DOT * sides.max()
    scores = np.cbrt(length) * sharpness * np.where(inner, 1, AT_BORDER) * large
    frames = _around(boxes, scores > 0)
    scores[frames] = 0
    main = int(scores.argmax())
    size = int(sides[main])
    strokes = [
        number
        for number in numbers
        if areas[number - 1] > SPECK * areas[main]
        and not frames[number - 1]
        and (inner[number - 1] or not inner[main])
        and sharpness[number - 1] >= SOFT * sharpness[main]
    ]
    kept = [
        n
        for n in strokes
        if _gap(boxes[n - 1], boxes[main])
        < (NEAR * size if sides[n - 1] > DOT * size else DOT * size)
    ]
    apart = digits_apart(np.isin(labels, strokes)) if len(strokes) > 1 else []
    reach = max(2, round(size / EDGE))

    def with_edge(where: Mask) -> Mask:
        return ndimage.binary_dilation(where, EIGHT, iterations=reach)

    digit = np.isin(labels, kept)
    box = ndimage.find_objects(digit, 1)[0]
    edge = float(sharpness[main]) / level
    return Found(
        with_edge(digit),
        [with_edge(where) for where in apart] if len(apart) > 1 else [],
        objection(digit[box], float(length[main]), edge, int(border[main]), digit.shape),
        float(scores[main]),
    )


def _around(boxes: list[tuple[slice, ...]], likely: Mask) -> Mask:
    """Return which of the likely parts are around another one: frames, and no strokes."""
    top, left, bottom, right = np.array(
        [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in boxes]
    )[likely].T
    inside = np.logical_and.reduce(
        [
            *(np.less_equal.outer(start + AROUND, start) for start in (top, left)),
            *(np.less_equal.outer(AROUND - stop, -stop) for stop in (bottom, right)),
            np.less.outer(FRAMED * (bottom - top), bottom - top),
        ]
    )
    frames = np.zeros(len(boxes), bool)
    frames[likely] = inside.any(axis=1)
    return frames


def _contours(missing: Floats, labels: Labels, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return how sharp the contour of each part is, and how many pixels it has.

    The sharpness is the step in brightness that three quarters of a contour exceed.
    """
    steps = ndimage.maximum_filter(missing, 3) - ndimage.minimum_filter(missing, 3)
    inside = ndimage.binary_erosion(labels > 0, EIGHT, border_value=1)
    contour = np.where(inside, 0, labels).ravel()
    order = np.argsort(contour, kind="stable")
    length = np.bincount(contour, minlength=count + 1)
    parts = np.split(steps.ravel()[order], np.cumsum(length)[:-1])[1:]
    sharpness = np.array([np.percentile(part, 25) if len(part) else 0.0 for part in parts])
    return sharpness, length[1:]


def _border(labels: Labels, count: int) -> NDArray[Any]:
    """Return how many pixels of each part are at the border of the picture."""
    return np.bincount(along_border(labels), minlength=count + 1)[1:]


def _gap(box: tuple[slice, ...], other: tuple[slice, ...]) -> int:
    """Return by how many pixels two boxes are apart."""
    return max(max(a.start - b.stop, b.start - a.stop, 0) for a, b in zip(box, other, strict=True))
