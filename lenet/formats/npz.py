"""Files of named arrays, as NumPy's .npz files are: a zip file that holds an .npy file for each.

Nothing in a file is trusted. What its directory and its headers promise is held against a limit
before anything is unpacked, and what is unpacked against what they promise. Headers are matched
with the one form in which NumPy writes those of plain numbers; nothing is evaluated or unpickled.
"""

import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from errno import EINVAL
from io import FileIO
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.formats.files import CHUNK, plain, read_at_most, replacing

SUFFIX = ".npy"
START = struct.Struct("<8sH")  # of an .npy file: magic and version, then the length of the header
MAGIC = b"\x93NUMPY\x01\x00"
LONGEST_HEADER = 4096
LOCAL_HEADER = 30  # bytes before each entry of a zip file, at least
LONGEST_NAME, LONGEST_REASON = 40, 120  # in a message
HEADER = re.compile(
    rb"\{'descr': '(?P<type>[<>][iuf][248]|\|[biu]1)', "
    rb"'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>([0-9]{1,19}, )*([0-9]{1,19},?)?)\), \} *\n"
)
ZIP_ERRORS = (  # what zipfile raises, depending on where a file is damaged
    BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OverflowError, struct.error,
)  # fmt: skip


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays of bool, int, uint or float, up to 64 bits each; equal ones give equal bytes."""
    with replacing(path) as file, ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + SUFFIX, "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def read_arrays(path: Path, limit: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name, in the byte order that they were written in.

    Args:
        path: an .npz file, compressed or not.
        limit: how many bytes all arrays together may take up.

    Raises:
        DataError: the file is anything but intact arrays of bool, int, uint or float.
        OSError: it cannot be read.

    """
    try:
        with Frugal(path, opener=plain) as file, ZipFile(file) as archive:
            entries = archive.infolist()
            _check_directory(path, entries, limit)
            arrays, room = {}, limit
            for entry in entries:
                with archive.open(entry) as unpacked:
                    array = _read_array(f"{path}, {brief(entry.filename)}", unpacked, entry, room)
                room -= array.nbytes
                arrays[entry.filename.removesuffix(SUFFIX)] = array
    except OSError as error:
        if error.errno != EINVAL:  # a directory that points to before the file
            raise
        raise DataError(f"{path}: expected an .npz file, found: {error.strerror}") from error
    except ZIP_ERRORS as error:
        reason = str(error)[:LONGEST_REASON] or "it is cut short"
        raise DataError(f"{path}: expected an intact .npz file, found: {reason}") from error
    return arrays


class Frugal(FileIO):
    """A file that gives at most CHUNK bytes at once, so that no directory it holds is longer."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, CHUNK of them at most."""
        return super().read(min(size, CHUNK) if size and size > 0 else CHUNK)


def brief(name: str) -> str:
    """Return how a name that may be of any length and in any script is shown in a message."""
    return ascii(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}...")


def _check_directory(path: Path, entries: Sequence[ZipInfo], limit: int) -> None:
    """Refuse what cannot be read, or promises to be more than the limit."""
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: expected a name for each array, found one twice")
    for entry in entries:
        if not entry.filename.endswith(SUFFIX):
            raise DataError(f"{path}: expected {SUFFIX} files only, found {brief(entry.filename)}")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or entry.flag_bits & 1:
            raise DataError(
                f"{path}: expected {brief(entry.filename)} stored or deflated, found it encrypted "
                "or packed in another way"
            )
    places = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    if any(start + LOCAL_HEADER + size > after for (start, size), (after, _) in pairwise(places)):
        raise DataError(f"{path}: expected arrays one after another, found two in one place")
    room = limit + len(entries) * (START.size + LONGEST_HEADER)
    promise = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if promise > room or packed > 2 * room:  # numbers without any order grow a little when packed
        raise DataError(
            f"{path}: expected at most {limit} bytes of arrays, "
            f"found {promise} bytes in {packed} of the file"
        )


def _read_array(source: str, file: IO[bytes], entry: ZipInfo, room: int) -> NDArray[Any]:
    """Return the array of an .npy file, which must fit and be as long as its headers say."""
    magic, length = START.unpack(read_at_most(file, START.size).ljust(START.size))
    if magic != MAGIC or length > LONGEST_HEADER:
        raise DataError(f"{source}: expected an array, found a file that begins with {magic!r}")
    header = read_at_most(file, length)
    match = HEADER.fullmatch(header)
    if not match:
        raise DataError(
            f"{source}: expected numbers (bool, int, uint or float), found {bytes(header[:80])!r}"
        )
    dtype = np.dtype(match["type"].decode())
    shape = tuple(map(int, re.findall(rb"[0-9]+", match["shape"])))
    size = prod(shape) * dtype.itemsize
    if size > room:
        raise DataError(f"{source}: expected at most {room} more bytes, found an array of {size}")
    promise = f"{source}: expected {size} bytes of data from its header"
    there = entry.file_size - START.size - length
    if there != size:
        raise DataError(f"{promise}, found {there}")
    data = read_at_most(file, size)
    if len(data) != size:
        raise DataError(f"{promise}, found {len(data)}")
    return np.ndarray(shape, dtype, data, order="F" if match["fortran"] == b"True" else "C")
