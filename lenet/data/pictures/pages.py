"""The page that a digit is on: a sheet on a table, the inside of a box or a circle, a dark square.

An even region that does no more than touch the border of the picture is a page if there is ink in
it. The inside of a 0 is empty, and is none. Several pages, such as the cells of a form, are kept
together. Where a stroke crosses the line around a page, what is beyond it is kept as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull

from lenet.data.pictures.crossing import parts_reaching, with_what_crosses
from lenet.data.pictures.grey import (
    EIGHT,
    READING_SIDE,
    Floats,
    Mask,
    along_border,
    reduced,
    resized,
    shape_of,
)

STEP = 0.1  # of the range of shades: ground with smaller steps is even
GRAIN = 3.0  # times the step that half of the picture stays below: so is ground with such steps
LARGE, SMALL = 0.12, 0.01  # of the picture: ink may reach from the edge into a large page
APART = 0.05  # of a page: with a part of it so large elsewhere, ink divides it
COMPACT, SQUARE = 0.6, 0.88  # of the box around it: what fills less is no page, no rectangle
CONVEX = 0.93  # of the smallest convex shape around it: what fills more is convex
LONG = 3.0  # times as long as wide: so are strokes, and holes of what is not long itself are not
GROUND = 0.55  # of a page, at least, is not written on
ALIKE_SHADES = 0.2  # of the range of shades: the ground goes on around a line with less difference
WRITTEN = 0.3  # of the height of a page, at least, is that of the ink on it
CELLS = 0.2  # of its size: cells of a form differ by less
CELL_GROUND = 0.3  # of a cell, at least, is not written on; of a frame it is less
ALIKE = 0.3  # of the area of the largest page: what is smaller is none
TOUCHING = 0.2  # of the border of a picture: so much of it may be that of a disc
NESTED = 4  # pages on pages
ROW = 4  # squares beside each other, at most, of which each is looked at as closely as one alone


@dataclass(frozen=True)
class Region:
    """A part of a picture (h, w) whose ground is even, and that may be a page.

    ``ground`` and ``page``, the ground with all that is written on it, are masks of its box, which
    may be ``at_border`` of the picture.
    """

    box: tuple[slice, ...]
    ground: Mask
    page: Mask
    at_border: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """How high and how wide it is."""
        return self.ground.shape

    def page_in(self, shape: tuple[int, ...]) -> Mask:
        """Return where the page is in the picture of a shape."""
        whole = np.zeros(shape, bool)
        whole[self.box] = self.page
        return whole


def on_its_pages(grey: Floats) -> tuple[Floats, tuple[int, int]]:
    """Return the part of a picture (H, W) in which its pages are, and its first row and column.

    There is nothing around them. A picture without such a page is returned as it is.
    """
    top = left = 0
    for _ in range(NESTED):
        small = reduced(grey, READING_SIDE * _in_a_row(grey.shape))
        pages = _pages(small)
        if not pages:
            break
        largest = max(page.sum() for page in pages)
        alike = np.any([page for page in pages if page.sum() > ALIKE * largest], axis=0)
        grey, (row, column) = _cut_out(grey, small, alike)
        top, left = top + row, left + column
    return grey, (top, left)


def _in_a_row(shape: tuple[int, ...]) -> int:
    """Return how many squares there are beside each other in a picture (H, W), up to ROW."""
    return min(max(shape) // min(shape), ROW)


def _pages(grey: Floats) -> list[Mask]:
    """Return where each page in a picture (h, w) is, with what is written on it.

    A region like a page is another cell of a form: a page, whatever is on it.
    """
    steps = ndimage.maximum_filter(grey, 3) - ndimage.minimum_filter(grey, 3)
    even = steps <= max(STEP * float(np.ptp(grey)), GRAIN * float(np.median(steps)))
    pages: list[Region] = []
    others: list[Region] = []
    for region in _regions(grey, even):
        (pages if _is_page(region, grey, even) else others).append(region)
    cells = [
        replace(region, page=resized(page.page, region.shape, Image.Resampling.NEAREST) > 0)
        for region in others
        for page in pages
        if _alike(region.shape, page.shape) and region.ground.mean() > CELL_GROUND
    ]
    found = [region.page_in(grey.shape) for region in pages + cells]
    if len(found) == 1 and _goes_on(grey, found[0], even):
        return [with_what_crosses(found[0], _drawn(grey, found[0], even))]
    return found


def _regions(grey: Floats, even: Mask) -> Iterator[Region]:
    """Yield the parts of even ground of a picture (h, w) that do no more than touch its border."""
    labels, count = ndimage.label(even)
    border = along_border(labels)
    at_border = np.bincount(border, minlength=count + 1)
    outside = even & (at_border > TOUCHING * len(border))[labels]
    labels[outside] = 0
    areas = np.bincount(labels.ravel())
    boxes = ndimage.find_objects(labels)
    shades = np.bincount(labels.ravel(), grey.ravel()) / np.maximum(areas, 1)
    alike_shades = ALIKE_SHADES * np.ptp(grey)
    for number, box in enumerate(boxes, 1):
        if box is None or areas[number] < SMALL * even.size:
            continue
        ground = labels[box] == number
        page = ndimage.binary_fill_holes(ground)
        if areas[number] > LARGE * even.size:
            hull = _hull(ground, outside[box])
            others = [
                other
                for other in np.setdiff1d(1 + np.flatnonzero(areas[1:]), labels[box][hull])
                if np.abs(shades[other] - shades[number]) < alike_shades
                and not _alike(ground.shape, shape_of(boxes[other - 1]))
            ]
            if areas[others].max(initial=0) < APART * areas[number]:
                page = hull
        yield Region(box, ground, page, bool(at_border[number]))


def _is_page(region: Region, grey: Floats, even: Mask) -> bool:
    """Return whether a region of a picture (h, w) and of its even ground is a page.

    At the border of the picture a disc may be one; what is square there may be a shadow.
    """
    page, ground = region.page, region.ground
    if (
        page.mean() < COMPACT
        or ground.sum() < GROUND * page.sum()
        or not _is_written_on(page, ground)
    ):
        return False
    if _is_square(page):
        return not region.at_border
    if not region.at_border and _goes_on(grey, region.page_in(grey.shape), even):
        return True
    return _is_convex(page) and not _is_a_hole(page & ~ground, page)


def _alike(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Return whether a region is about as high and as wide as another."""
    return all(abs(a - b) < CELLS * b for a, b in zip(other, shape, strict=True))


def _hull(region: Mask, outside: Mask) -> Mask:
    """Return a region with all that lies between two of its pixels in a row and in a column.

    What does in one of them only is a bay of it, and ink in it is on the page, too, but for such as
    a heart has: what is outside reaches into that.
    """

    def between(axis: int) -> Mask:
        after = np.logical_or.accumulate(region, axis)
        before = np.flip(np.logical_or.accumulate(np.flip(region, axis), axis), axis)
        return after & before

    down, across = between(0), between(1)
    bays = (down | across) & ~region
    return region | (down & across) | (bays & ~parts_reaching(bays, outside))


def _is_written_on(page: Mask, region: Mask) -> bool:
    """Return whether something as large as a digit is on a page, and not in its even region."""
    ink = ndimage.binary_erosion(page & ~region, EIGHT)
    labels, _ = ndimage.label(ink, EIGHT)
    heights = [rows.stop - rows.start for rows, _ in ndimage.find_objects(labels)]
    return max(heights, default=0) > WRITTEN * page.shape[0]


def _is_square(page: Mask) -> bool:
    """Return whether a page is a rectangle, however it is turned."""
    y, x = np.nonzero(page)
    turns = np.linspace(-np.pi / 4, np.pi / 4, 13)
    boxes = [
        (np.ptp(x * np.cos(turn) + y * np.sin(turn)) + 1)
        * (np.ptp(y * np.cos(turn) - x * np.sin(turn)) + 1)
        for turn in turns
    ]
    return len(x) > SQUARE * min(boxes)


def _is_convex(part: Mask) -> bool:
    """Return whether a part fills the smallest convex shape around it."""
    points = np.argwhere(part)
    corners = (points[:, None] + np.array([(0, 0), (0, 1), (1, 0), (1, 1)])).reshape(-1, 2)
    return len(points) > CONVEX * float(ConvexHull(corners).volume)


def _is_a_hole(written: Mask, page: Mask) -> bool:
    """Return whether what seems to be written on a page (h, w) is the hole of a heavy 0."""
    labels, _ = ndimage.label(written, EIGHT)
    largest = ndimage.binary_fill_holes(labels == np.bincount(labels.ravel())[1:].argmax() + 1)
    is_stroke = _length(largest) > LONG > 2 * _length(page)
    return _is_convex(largest) and not is_stroke


def _length(part: Mask) -> float:
    """Return how many times as long as wide a part is, whichever way it is turned."""
    shorter, longer = np.linalg.eigvalsh(np.cov(np.nonzero(part)))
    return float(np.sqrt(longer / max(shorter, 1 / 12)))  # 1 / 12: of a line one pixel wide


def _goes_on(grey: Floats, page: Mask, even: Mask) -> bool:
    """Return whether the ground of a page goes on beyond what is around it, as around a circle.

    The stroke of a 0 around its hole is no page: the ground beyond it is that of the hole.
    """
    reach = max(2, round(np.sqrt(page.sum()) / 6))
    around = ndimage.binary_dilation(page, EIGHT, iterations=reach) & ~page & even
    difference = _from_ground(grey, page, even)[around]
    return bool(around.any() and np.median(difference) < ALIKE_SHADES * np.ptp(grey))


def _drawn(grey: Floats, page: Mask, even: Mask) -> Mask:
    """Return where a picture (h, w) has not the ground of a page, on it and beyond it."""
    return ~even | (_from_ground(grey, page, even) > ALIKE_SHADES * np.ptp(grey))


def _from_ground(grey: Floats, page: Mask, even: Mask) -> Floats:
    """Return by how much each shade of a picture (h, w) differs from the ground of a page."""
    difference: Floats = np.abs(grey - np.median(grey[page & even]))
    return difference


def _cut_out(grey: Floats, small: Floats, pages: Mask) -> tuple[Floats, tuple[int, int]]:
    """Return the part of a picture (H, W) that holds its pages (h, w), and where it begins.

    The ground goes on around the pages.
    """
    nearest = ndimage.distance_transform_edt(~pages, return_distances=False, return_indices=True)
    ground = resized(small[tuple(nearest)], grey.shape)
    inside = resized(pages, grey.shape, Image.Resampling.NEAREST) > 0
    rows, columns = ndimage.find_objects(inside.astype(int))[0]
    part = np.where(inside, grey, ground)[rows, columns]
    return part, (rows.start, columns.start)
