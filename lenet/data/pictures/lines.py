"""Lines that are ruled, printed or drawn through, below and around a digit, and taken away.

A line is long, straight and of one width, across or down, and goes beyond what is written on both
sides. Where a stroke crosses it the ink stays, as in the removal of staff lines from scanned music:
what is much longer than the line is wide, measured across the line, is no part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from lenet.data.framing import BOX_SIZE
from lenet.data.pictures.grey import (
    EIGHT,
    READING_SIDE,
    Floats,
    Mask,
    reduced,
    resized,
    shape_of,
)

CONTRAST = 0.1  # of the range of shades: what differs less from its ground is not drawn
GROUND_SIDE = 32  # pixels, in which the ground is looked for
SLOPE = 0.16  # pixels down for each across, at most
LONG = 0.4  # of the picture, at least
THIN = 10  # a line is so many times as long as it is wide, at least
CROSSING = 1.6  # widths of a line: what is longer across it is a stroke
ALONE, ALONE_IF_RULED = 0.4, 0.15  # of a line, at least, is crossed by no stroke
RULED = 2  # lines from border to border, at least, are beside another one on ruled paper
TOUCHED = 0.15  # of a line: if no more is crossed, something only touches it
APART = 0.02  # of a line: if no more is crossed, nothing touches it
UNDER = 0.1  # of what is written: an underline is no higher above its foot
MOST = 4  # slopes of lines in one direction
AT_ENDS, FREE, CROSSED = 0.02, 0.07, 0.25  # of the height of what is written, on either side
OVER = 0.3  # of the height of what is written: so far a digit may reach out of its frame
CORNER = 0.1  # of a line: how near to its end another may meet it
WRITTEN, LEAST = 0.06, 5  # of the picture, pixels: what is smaller is not written
PIECE = 0.25  # of the largest piece of what is written: what is smaller is a rest of a line


@dataclass(frozen=True)
class Line:
    """A line in a mask, from column ``start`` to ``stop``; ``ink`` (h, w) is where it alone is."""

    start: int
    stop: int
    ink: Mask
    across: bool
    place: float  # the row of its middle, or the column of one that goes down
    is_whole: bool  # from one border of the picture to the other
    alone: float  # the share of it that no stroke crosses

    def is_beyond(self, written: tuple[slice, ...], lines: list[Self]) -> bool:
        """Return whether the line goes beyond what is written, on both sides.

        Out of a frame, of which all lines meet, a digit may reach on one side.
        """
        side = written[1 if self.across else 0]
        height = written[0].stop - written[0].start  # of one digit, also in a row of them
        shorter, longer = sorted((side.start - self.start - 1, self.stop - side.stop - 1))
        if self.is_whole:
            return shorter >= AT_ENDS * height
        if self.is_framed(lines):
            return longer >= AT_ENDS * height and shorter >= -OVER * height
        if not self.across:
            return False  # it may be the stem of a 4
        is_under = self.alone > 1 - TOUCHED and self.place > written[0].stop - UNDER * height
        is_above = self.alone > 1 - APART and self.place < written[0].start
        return shorter >= (FREE if is_under or is_above else CROSSED) * height

    def is_framed(self, lines: list[Self]) -> bool:
        """Return whether other lines meet it at both ends, at right angles."""
        reach = CORNER * (self.stop - self.start)
        places = [line.place for line in lines if line.across != self.across]
        ends = (self.start, self.stop)
        return all(any(abs(place - end) < reach for place in places) for end in ends)


def without_lines(grey: Floats) -> Floats:
    """Return a picture (H, W) in which the ground has taken the place of lines.

    A picture without any, or with nothing else, is returned as it is.
    """
    if max(grey.shape) <= BOX_SIZE:
        return grey
    small = reduced(grey, READING_SIDE)
    ground = _ground(small)
    drawn = np.abs(small - ground) > CONTRAST * np.ptp(small)
    lines = _apart(drawn, [*_lines(drawn, across=True), *_lines(drawn.T, across=False)])
    if not lines:
        return grey
    ink = _any(drawn, lines)
    if max(small.shape) > READING_SIDE // 4:
        ink = ndimage.binary_dilation(ink)
    where = resized(ink, grey.shape, Image.Resampling.NEAREST) > 0
    return np.where(where, resized(ground, grey.shape), grey)


def _ground(grey: Floats) -> Floats:
    """Return what is behind all that is narrow in a picture (h, w)."""
    step = -(-max(grey.shape) // GROUND_SIDE)
    (down, h), (across, w) = ((min(step, n), n // min(step, n)) for n in grey.shape)
    squares = grey[: h * down, : w * across].reshape(h, down, w, across)
    coarse = np.median(squares, axis=(1, 3))  # averages would be of ground and lines
    size = max(coarse.shape) // 4 * 2 + 1
    return resized(ndimage.median_filter(coarse, size, mode="nearest"), grey.shape)


def _apart(drawn: Mask, lines: list[Line]) -> list[Line]:
    """Return the lines that go beyond what is written when they are taken away."""
    while lines:
        written = _written(drawn & ~_any(drawn, lines))
        if written is None:
            kept = sorted(lines, key=lambda line: line.start - line.stop)[:-1]
        else:
            kept = [line for line in lines if line.is_beyond(written, lines)]
        if len(kept) == len(lines):
            break
        lines = kept
    return lines


def _any(drawn: Mask, lines: list[Line]) -> Mask:
    return np.any([line.ink for line in lines], axis=0) if lines else np.zeros_like(drawn)


def _written(drawn: Mask) -> tuple[slice, ...] | None:
    """Return the box around all large pieces of what is drawn, or None if there is none."""
    labels, _ = ndimage.label(drawn, EIGHT)
    boxes = ndimage.find_objects(labels)
    sizes = [max(shape_of(box)) for box in boxes]
    largest = max(sizes, default=0)
    if largest < max(LEAST, WRITTEN * max(drawn.shape)):
        return None
    large = [box for box, size in zip(boxes, sizes, strict=True) if size > PIECE * largest]
    return tuple(
        slice(min(s.start for s in sides), max(s.stop for s in sides))
        for sides in zip(*large, strict=True)
    )


def _lines(drawn: Mask, *, across: bool) -> list[Line]:
    """Return the lines across a mask (h, w).

    On ruled paper one may run through a digit for most of its way.
    """
    lines = list(_long_lines(drawn, across=across))
    ruled = sum(line.is_whole and line.alone > ALONE for line in lines) >= RULED
    return [line for line in lines if line.alone > ALONE or (ruled and line.is_whole)]


def _long_lines(drawn: Mask, *, across: bool) -> Iterator[Line]:
    """Yield all that may be a line across a mask (h, w)."""
    left = drawn.copy()
    rows, near = np.arange(len(drawn))[:, None], _near(drawn)
    starts, lengths = _runs_down(drawn)
    for _ in range(MOST):
        for track, columns in _long_runs(left):
            track = _of_shortest_runs(lengths, track, columns, near)
            if not left[track, columns].mean() > ALONE:
                continue
            start, length = starts[track, columns], lengths[track, columns]
            width = float(np.percentile(length[length > 0], 30))
            left[:, columns] &= np.abs(rows - track) > width / 2 + near
            alone = length <= CROSSING * width + 1
            if width * THIN <= len(columns) and alone.mean() > ALONE_IF_RULED:
                yield _line(drawn, columns, start, length, width, alone, across=across)


def _of_shortest_runs(
    lengths: NDArray[np.int_], track: NDArray[Any], columns: NDArray[Any], near: int
) -> NDArray[Any]:
    """Return the rows (n,), near those of a track, in which the runs down columns are shortest."""
    around = np.clip(track + np.arange(-near, near + 1)[:, None], 0, len(lengths) - 1)
    shortest = np.where(lengths > 0, lengths, len(lengths))[around, columns].argmin(axis=0)
    return around[shortest, np.arange(len(columns))]


def _line(
    drawn: Mask,
    columns: NDArray[Any],
    start: NDArray[Any],
    length: NDArray[Any],
    width: float,
    alone: Mask,
    *,
    across: bool,
) -> Line:
    """Return the line of a run down each of some columns (n,) of a mask (h, w).

    Runs begin in the row ``start`` and have a ``length``; where they are ``alone`` no stroke
    crosses the line, which is straight and has a ``width``.
    """
    rows, near, W = np.arange(len(drawn))[:, None], _near(drawn), drawn.shape[1]
    middle = np.poly1d(np.polyfit(columns[alone], (start + (length - 1) / 2)[alone], 1))
    top, bottom = middle(columns) - width / 2, middle(columns) + width / 2
    crosses = (start < top - width / 2) & (start + length > bottom + width / 2)
    run = (rows >= start) & (rows < start + length)
    band = (rows > top - 1) & (rows < bottom + 1)
    ink = np.zeros_like(drawn)
    ink[:, columns] = run & (alone | (band & ~crosses))
    first, last = columns[0], columns[-1]
    return Line(
        first,
        last + 1,
        ink if across else ink.T,
        across,
        middle(W / 2),
        is_whole=bool(first <= near and last >= W - 1 - near),
        alone=float(alone.mean()),
    )


def _long_runs(drawn: Mask) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the rows and columns of long, nearly straight runs across a mask, all of one slope.

    The slope is that of the longest; pixels that are near count as set.
    """
    H, W = drawn.shape
    near = _near(drawn)
    thick = ndimage.binary_dilation(drawn, np.ones((2 * near + 1, 3), bool))
    reach = int(SLOPE * W / 2) + 1
    padded = np.pad(thick, ((reach, reach), (0, 0)))
    best, found = LONG * W, []
    slopes = np.arange(0, SLOPE, (1 + 3 * near) / W)
    for slope in [*slopes, *-slopes[1:]]:
        shift = np.rint(slope * (np.arange(W) - W / 2)).astype(int)
        sheared = padded[np.arange(H)[:, None] + reach + shift, np.arange(W)]
        rows = np.flatnonzero(np.count_nonzero(sheared, axis=1) > LONG * W)
        if not len(rows):
            continue
        lengths = _runs_so_far(sheared[rows])
        longest, ends = lengths.max(axis=1), lengths.argmax(axis=1) + 1
        if longest.max() > best:
            best = longest.max()
            order = np.argsort(-longest, kind="stable")
            found = [
                (np.clip(rows[k] + shift[columns], 0, H - 1), columns)
                for k in order[longest[order] > LONG * W]
                for columns in [np.arange(ends[k] - longest[k], ends[k])]
            ]
    return found


def _near(drawn: Mask) -> int:
    """Return by how many pixels a line may be farther up or down than it should be."""
    return min(1, max(drawn.shape) // 64)


def _runs_so_far(mask: Mask) -> NDArray[np.int_]:
    """Return how many pixels of each row of a mask are set without a gap, up to each."""
    count = np.cumsum(mask, axis=1)
    return count - np.maximum.accumulate(np.where(mask, 0, count), axis=1)


def _runs_down(mask: Mask) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return where the run down a mask begins that each pixel belongs to, and how long it is."""
    above = _runs_so_far(mask.T).T
    below = _runs_so_far(mask[::-1].T).T[::-1]
    starts = np.arange(len(mask))[:, None] + 1 - above
    return starts, np.where(mask, above + below - 1, 0)
