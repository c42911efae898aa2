"""Which of the shades of a picture is the ground, and which is ink."""

import numpy as np
from scipy import ndimage

from lenet.data.framing import BOX_SIZE
from lenet.data.pictures.grey import Floats, along_border, odd, reduced

FILLED, MARGIN = 48, 2  # pixels, of a picture that a digit may fill, and around it
ALIKE = 0.25  # of the range of shades: corners that differ by less are of one ground
EVEN = 0.07  # of the range of shades: ground that is nearer to black or white is even
POLARITY_SIDE, POLARITY_WINDOWS = 32, (1 / 8, 1 / 4, 1 / 2)


def has_light_ink(grey: Floats) -> bool:
    """Return whether the pixels that differ most from what surrounds them are light.

    A picture that a digit may fill is surrounded by its ground: one that is no larger than a digit
    of MNIST, or that has an even ground.
    """
    few = reduced(grey, POLARITY_SIDE)
    sizes = [odd(few, window) for window in POLARITY_WINDOWS]
    if max(grey.shape) <= BOX_SIZE or _on_even_ground(few):
        few = np.pad(few, max(few.shape) // 4, constant_values=_ground(few))
    differences = (few - ndimage.median_filter(few, size) for size in sizes)
    return sum(float((difference**3).sum()) for difference in differences) > 0


def with_margin(grey: Floats) -> tuple[Floats, int]:
    """Return a small picture (h, w) that a digit fills in a margin of its ground, and how wide."""
    if max(grey.shape) > FILLED or not _on_even_ground(grey):
        return grey, 0
    ground = _ground(grey)
    borders = (grey[0], grey[-1], grey[:, 0], grey[:, -1])
    if any(np.abs(border - ground).max() < np.ptp(grey) / 2 for border in borders):
        return grey, 0
    return np.pad(grey, MARGIN, constant_values=ground), MARGIN


def _ground(grey: Floats) -> float:
    """Return the shade of the ground: of three corners at least, or of most of the border."""
    corners = np.sort(grey[[0, 0, -1, -1], [0, -1, 0, -1]])
    near = ALIKE * np.ptp(grey)
    if corners[2] - corners[0] < near or corners[3] - corners[1] < near:
        return float(np.median(corners))
    return float(np.median(along_border(grey)))


def _on_even_ground(grey: Floats) -> bool:
    """Return whether most of the border is as dark or as light as the picture gets."""
    border = along_border(grey)
    from_extreme = np.minimum(border - grey.min(), grey.max() - border)
    return bool(np.median(from_extreme) < EVEN * np.ptp(grey))
