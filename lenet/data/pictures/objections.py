"""Why what was found in a picture is no digit, as far as its shape tells."""

from scipy import ndimage

from lenet.data.pictures.grey import Mask

SMALL, AMID = 5, 20  # pixels: ink that is smaller is none, in a picture that is larger
FLAT, THREAD = 6, 20  # times as wide as high, times as high as wide: no digit is
LARGE, CUT = 48, 0.25  # pixels; of its side, at the border: a digit has less, or fills it
FILLS = 0.95  # of the height and the width of a picture: ink fills it
SOFT = 0.04  # of the ink's darkness: an edge with smaller steps is one of light
SCATTERED = 16  # times as long as the ink is large is the contour of noise
FULL, ROUND = 0.75, 0.6  # of its box, and of its larger side: what fills so much is a blot
SQUARE = 0.97  # of its box, or more: a frame
FINE = 16  # pixels: blots are told from thick digits in a larger box


def objection(
    ink: Mask, contour: float, sharpness: float, at_border: int, shape: tuple[int, ...]
) -> str | None:
    """Return why ink (h, w) in a picture of a shape (H, W) is no digit, or None.

    ``contour`` is its length in pixels, ``sharpness`` the step at it as a share of the darkness,
    ``at_border`` how many of its pixels are at the border of the picture.
    """
    h, w = ink.shape
    size = max(h, w)
    if size < SMALL and max(shape) > AMID:
        return "too little ink"
    if sharpness < SOFT:
        return "light and shade, no ink"
    fills = h > FILLS * shape[0] and w > FILLS * shape[1]
    if max(shape) > LARGE and at_border > CUT * max(shape) and not fills:
        return "it goes on beyond the picture"
    if contour > SCATTERED * size:
        return "scattered ink"
    if w > FLAT * h or (h > THREAD * w and h > 0.95 * shape[0]):
        return "a line"
    if size > FINE and min(h, w) > ROUND * size:
        if ink.mean() > FULL:
            return "a blot"
        if size > 2 * FINE and ndimage.binary_fill_holes(ink).mean() > SQUARE:
            return "a frame with nothing in it"
    return None
