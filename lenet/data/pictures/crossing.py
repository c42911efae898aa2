"""Strokes that cross the line around a page, such as the box in which a digit is to be written."""

import numpy as np
from scipy import ndimage

from lenet.data.pictures.grey import EIGHT, Mask, shape_of

MOST = 0.9  # of the sides of a page: what is larger is no stroke that goes beyond it
MARGIN = 2  # pixels


def with_what_crosses(page: Mask, drawn: Mask) -> Mask:
    """Return a page (h, w) with the strokes that go on beyond the line around it.

    ``drawn`` is all that is not paper, on the page, around it and beyond. Paper beyond the line is
    added as well, also where a stroke only touches it: what ends where its picture ends may have
    been cut off.
    """
    width = _width_around(page, drawn)
    reach = round(width) + MARGIN

    def near(mask: Mask, reach: int = reach) -> Mask:
        return ndimage.binary_dilation(mask, EIGHT, iterations=reach)

    inside = ndimage.binary_erosion(page, EIGHT, iterations=reach)
    written = parts_reaching(drawn & page, inside)
    at_line = near(written)
    beyond = drawn & (ndimage.distance_transform_edt(~page) > width + 1)
    crossing = _smaller_parts(parts_reaching(beyond, at_line), page)
    across_line = near(crossing) & at_line
    paper = near(written | crossing, reach + MARGIN) & ~drawn
    return page | crossing | across_line | paper


def parts_reaching(mask: Mask, place: Mask) -> Mask:
    """Return the parts of a mask that reach into a place."""
    labels, _ = ndimage.label(mask, EIGHT)
    return np.isin(labels, np.unique(labels[place & mask]))


def _width_around(page: Mask, drawn: Mask) -> float:
    """Return how many pixels wide a line is that is drawn around a page (h, w)."""
    to_paper = ndimage.distance_transform_edt(drawn | page)
    return float(np.median(to_paper[page & ~ndimage.binary_erosion(page, EIGHT)]))


def _smaller_parts(mask: Mask, page: Mask) -> Mask:
    """Return the parts of a mask that are smaller than a page, down and across."""
    labels, _ = ndimage.label(mask, EIGHT)
    (whole,) = ndimage.find_objects(page, 1)
    most = MOST * np.array(shape_of(whole))
    boxes = enumerate(ndimage.find_objects(labels), 1)
    return np.isin(labels, [number for number, box in boxes if (shape_of(box) < most).all()])
