"""IDX files of unsigned bytes, as MNIST and its kin are published, compressed by gzip or not.

A header of big-endian 32-bit words (a magic number, then the length of each dimension), then the
bytes, row by row. Nothing in a file is trusted: memory grows with the bytes that are there, never
with what the header promises.
"""

import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lenet.data.packed import unpacked
from lenet.errors import DataError
from lenet.formats.files import read_at_most

IMAGES = 0x0803  # 08: unsigned bytes; 03: three dimensions
LABELS = 0x0801
KINDS = {IMAGES: "images", LABELS: "labels"}
GZIP = 0x1F8B  # with which gzip data begins
MOST_BYTES = 2**30


def read_images(path: Path) -> NDArray[np.uint8]:
    """Return the images (N, H, W) of a file; DataError if it is anything but intact images."""
    return _read(path, IMAGES)


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Return the labels (N,) of a file; DataError if it is anything but intact labels."""
    return _read(path, LABELS)


def _read(path: Path, magic: int) -> NDArray[np.uint8]:
    """Return the items of an IDX file of one kind, in the shape that its header gives."""
    with unpacked(path) as file:
        _check_magic(path, file, magic)
        shape = _read_words(path, file, count=magic % 256)
        return _read_items(path, file, shape)


def _check_magic(path: Path, file: BinaryIO, magic: int) -> None:
    """Read the magic number, which says what the file holds."""
    (found,) = _read_words(path, file, count=1)
    if found >> 16 == GZIP:
        raise DataError(f"{path}: expected {KINDS[magic]}, found gzip data: add .gz to its name")
    if found != magic:
        raise DataError(
            f"{path}: expected {KINDS[magic]} (magic number {magic}), "
            f"found {KINDS.get(found, 'something else')} (magic number {found})"
        )


def _read_words(path: Path, file: BinaryIO, count: int) -> tuple[int, ...]:
    """Return the next ``count`` words of the header."""
    data = file.read(4 * count)
    if len(data) < 4 * count:
        raise DataError(f"{path}: expected {4 * count} more bytes of header, found {len(data)}")
    return struct.unpack(f">{count}I", data)


def _read_items(path: Path, file: BinaryIO, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the rest of the file, which must be exactly the items that the header promises."""
    size = math.prod(shape)
    promise = f"{' x '.join(map(str, shape))} = {size} bytes of data"
    if not 0 < size <= MOST_BYTES:
        raise DataError(f"{path}: expected 1 to {MOST_BYTES} bytes, found a header of {promise}")
    data = read_at_most(file, size + 1)
    if len(data) != size:
        found = "more" if len(data) > size else f"{len(data)} bytes"
        raise DataError(f"{path}: expected {promise} from its header, found {found}")
    return np.frombuffer(data, np.uint8).reshape(shape)
