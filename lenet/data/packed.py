"""Files that may be compressed by gzip, and damaged in any way."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lenet.errors import DataError

IDX = b"\0\0\x08"  # with which an IDX file of unsigned bytes begins


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be read, a .gz file as what it unpacks to.

    Whatever turns out to be wrong with it, also while it is read, is a DataError.
    """
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except EOFError as error:
        raise DataError(f"{path}: expected a whole gzip file, found it cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: expected gzip data, found {_describe(path, error)}") from error
    except OSError as error:
        raise DataError(f"{path}: expected a file to read, found: {error.strerror}") from error


def _describe(path: Path, error: Exception) -> str:
    """Return what a file that cannot be decompressed seems to be."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.lstrip().startswith(b"<"):
        return "what looks like a web page, not gzip data"
    if start.startswith(IDX):
        return "it unpacked already: take .gz off its name"
    if not start.startswith(b"\x1f\x8b"):
        return f"a file that begins with {start[:8]!r}"
    return f"it damaged ({error})"
