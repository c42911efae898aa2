"""Pictures from files that may be anything: read with care, turned upright, in colour.

Nothing in a file is trusted. Its header says how large the picture is before any of it is unpacked.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lenet.errors import DataError

Picture = NDArray[np.uint8]  # (H, W, 3), red, green and blue

MOST_PIXELS = 2**27  # pixels; the largest photos of telephones have 1.1e8
ENOUGH = 2048  # pixels of the larger side: a JPEG may be unpacked no larger
RUN_BY_OTHERS = {"EPS", "WMF"}  # formats that Pillow hands to another program
REASON = 120  # characters
PLAIN = 32  # of 255: colours that differ by less, as a standard deviation, are one


def read_picture(path: Path) -> Picture:
    """Return a picture as it is meant to be looked at: upright, and opaque.

    Raises:
        DataError: the file is missing, no picture, damaged, or of more than MOST_PIXELS pixels.

    """
    if not path.is_file():  # a pipe could be waited for without end
        found = "a folder without any" if path.is_dir() else "no such file"
        raise DataError(f"{path}: expected a picture, found {found}")
    try:
        with warnings.catch_warnings(action="ignore"), _opened(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise DataError(
                    f"{path}: expected a picture of at most {MOST_PIXELS:,} pixels, "
                    f"found one of {image.width} x {image.height}"
                )
            image.draft(None, (ENOUGH, ENOUGH))
            return _colours(ImageOps.exif_transpose(image))
    except DataError:
        raise
    except Exception as error:  # what a decoder of Pillow raises, depends on where it is led astray
        reason = " ".join(str(error).split())[:REASON] or type(error).__name__
        raise DataError(f"{path}: expected an intact picture, found: {reason}") from error


def as_picture(array: NDArray[Any]) -> Picture:
    """Return an array of bytes, (H, W), (H, W, 3) or with transparency (H, W, 4), as a picture.

    Raises:
        DataError: the array is of another type or shape, or empty.

    """
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != np.uint8 or not fits or not array.size:
        raise DataError(
            "expected a picture of uint8, (H, W), (H, W, 3) or (H, W, 4), "
            f"found {array.dtype} {array.shape}"
        )
    return _colours(Image.fromarray(np.ascontiguousarray(array)))


def suffixes() -> set[str]:
    """Return how the names of the files end that can be read, such as ".png"."""
    known = Image.registered_extensions()
    return {suffix for suffix, name in known.items() if name in _formats()}


def _opened(path: Path) -> Image.Image:
    """Read the header of a file; how large the picture may be is not left to Pillow."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(path, formats=_formats())
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: expected a picture, found a file of another kind") from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _formats() -> list[str]:
    """Return the formats that Pillow reads by itself."""
    Image.init()
    return [name for name in Image.OPEN if name not in RUN_BY_OTHERS]


def _colours(image: Image.Image) -> Picture:
    """Return an image of any mode in colour, without transparency."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _stretched(image)
    if image.has_transparency_data:
        return _opaque(image.convert("RGBA"))
    return np.asarray(image.convert("RGB"))


def _stretched(image: Image.Image) -> Image.Image:
    """Return an image of more than eight bits with its darkest pixel 0 and its lightest 255."""
    values = np.asarray(image, np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    scaled = (values - low) * (255 / (high - low) if high > low else 0)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _opaque(image: Image.Image) -> Picture:
    """Lay a picture on a ground.

    If all that is visible has one colour, it is the transparency that shows something: the ground
    is white or black, whichever differs more. Else the ground has the colour of what is visible.
    """
    pixels = np.asarray(image, np.float32)
    colours, alpha = pixels[..., :3], pixels[..., 3:] / 255
    visible = colours[alpha[..., 0] > 0.5]
    if not len(visible):
        return np.full(colours.shape, 255, np.uint8)
    ground = np.median(visible, axis=0)
    if visible.mean(axis=1).std() < PLAIN:
        ground = np.full(3, 255.0 if ground.mean() < 128 else 0.0)
    opaque: Picture = np.rint(colours * alpha + ground * (1 - alpha)).astype(np.uint8)
    return opaque
