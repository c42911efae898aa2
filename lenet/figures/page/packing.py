"""Arrays as text, for packing.js: deflated, in base64.

The bytes of each number lie apart, all first bytes, then all second ones: those of weights that
have sign and exponent in them are much alike, and get shorter.
"""

import zlib
from base64 import b64encode
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Packed(TypedDict):
    """The numbers of an array, row by row: their type (f2, f4 or u1), and their bytes."""

    type: str
    data: str


def packed(array: NDArray[Any]) -> Packed:
    """Return an array of float16, float32 or uint8 as text."""
    ordered = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    bytes_apart = ordered.reshape(-1, 1).view(np.uint8).T
    return {
        "type": f"{array.dtype.kind}{array.dtype.itemsize}",
        "data": b64encode(zlib.compress(bytes_apart.tobytes(), 9)).decode(),
    }


def halved(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as float16, to three digits; as float32 where a number is too large."""
    with np.errstate(over="ignore"):
        small = array.astype(np.float16)
    return small if np.isfinite(small).all() else array.astype(np.float32)
