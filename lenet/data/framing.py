"""The frame of MNIST's digits: their size and place."""

import numpy as np
from numpy.typing import NDArray

IMAGE_SIZE = 28  # pixels on either side
BOX_SIZE = 20  # pixels, the larger side of a digit


def to_middle(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many whole pixels to move a centre of mass, so that it is at pixel (14, 14)."""
    shift: NDArray[np.float64] = np.rint(IMAGE_SIZE / 2 - mass)
    return shift
