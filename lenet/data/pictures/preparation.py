"""From any picture to an image like those that a network was trained on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy import ndimage

from lenet.data.framing import BOX_SIZE, IMAGE_SIZE, to_middle
from lenet.data.pictures.grey import EIGHT, Floats, along_border, resized
from lenet.data.pictures.ink import ink_of

FINE = 8  # strokes are measured, and thickened or thinned, in pixels so many times as small
STROKE = (1.8, 4.0)  # pixels, from the thinnest stroke to the broadest
AS_IT_IS = 2  # pixels: a digit that is smaller than BOX_SIZE by no more is not scaled
INK = 0.12  # a pixel with less ink is not looked at to find the digit's box
CONTRAST = (0.1, 0.9)  # ink that is scaled to none, and to full ink


def digit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the digit in a picture (H, W, 3) as MNIST has its own: white on black, (28, 28).

    Its larger side is 20 pixels, and its centre of mass is at pixel (14, 14).

    Raises:
        DataError: there is no ink in the picture.

    """
    return framed(ink_of(picture))


def framed(ink: Floats) -> NDArray[np.uint8]:
    """Return ink (H, W) from 0 to 1 as MNIST has its digits."""
    box = _cropped(ink, INK * float(ink.max()))
    if not 0 <= BOX_SIZE - max(box.shape) <= AS_IT_IS:
        box = _scaled(box)
    return np.rint(255 * _centred(box)).astype(np.uint8)


def whole(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) in grey on black, scaled into an image of a size (h, w).

    Its ground, the median of its border, becomes black; a light ground turns the shades round.
    """
    grey = np.asarray(Image.fromarray(picture).convert("L"), np.float32) / 255
    ground = float(np.median(along_border(grey)))
    if ground > 0.5:
        grey, ground = 1 - grey, 1 - ground
    grey = np.clip((grey - ground) / (1 - ground), 0, 1)
    share = min(side / length for side, length in zip(size, grey.shape, strict=True))
    H, W = (max(1, round(length * share)) for length in grey.shape)
    image = np.zeros(size, np.float32)
    top, left = (size[0] - H) // 2, (size[1] - W) // 2
    image[top : top + H, left : left + W] = resized(grey, (H, W))
    return np.rint(255 * image).astype(np.uint8)


def in_colour(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the middle of a picture (H, W, 3), scaled to an image (3, h, w)."""
    fitted = ImageOps.fit(Image.fromarray(picture), size[::-1], Image.Resampling.BOX)
    return np.moveaxis(np.asarray(fitted), -1, 0)


def _cropped(ink: Floats, least: float) -> Floats:
    """Return the smallest part of an image that holds all of its ink."""
    (rows, columns) = ndimage.find_objects(ink > least, 1)[0]
    return ink[rows, columns]


def _scaled(ink: Floats) -> Floats:
    """Return a digit with its larger side 20 pixels, and strokes as broad as MNIST's."""
    low, high = CONTRAST
    fine = resized(ink, _fitting(ink, BOX_SIZE * FINE), Image.Resampling.BICUBIC)
    fine = np.clip((fine / fine.max() - low) / (high - low), 0, 1)
    strokes = _cropped(_with_strokes(np.pad(fine, 2 * FINE)), 0)
    return resized(strokes, _fitting(strokes, BOX_SIZE), Image.Resampling.BOX)


def _fitting(image: Floats, side: int) -> tuple[int, ...]:
    """Return the shape of an image whose larger side is to be of so many pixels."""
    return tuple(max(1, round(length * side / max(image.shape))) for length in image.shape)


def _with_strokes(fine: Floats) -> Floats:
    """Thicken or thin the strokes of a digit that are not as broad as STROKE says."""
    width = _width(fine)
    radius = (np.clip(width, *STROKE) - width) * FINE / 2
    reach = round(abs(radius))
    along = np.arange(-reach, reach + 1)
    disk = np.hypot(along[:, None], along) <= reach + 0.3
    change = ndimage.grey_dilation if radius > 0 else ndimage.grey_erosion
    return change(fine, footprint=disk)


def _width(fine: Floats) -> float:
    """Return how broad strokes are, in pixels: twice the distance from a ridge to the paper."""
    depth = ndimage.distance_transform_edt(fine > 0.5)
    ridge = (depth == ndimage.maximum_filter(depth, footprint=EIGHT)) & (depth > 0)
    return 2 * float(np.median(depth[ridge])) / FINE


def _centred(ink: Floats) -> Floats:
    """Return an image (28, 28) with the centre of mass of a digit in its middle, if it fits so."""
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    H, W = ink.shape
    mass = np.array(ndimage.center_of_mass(ink))
    top, left = np.clip(to_middle(mass).astype(int), 0, [IMAGE_SIZE - H, IMAGE_SIZE - W])
    image[top : top + H, left : left + W] = ink
    return image
