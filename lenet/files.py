"""Reading and writing files: no more than is wanted; whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from uuid import uuid4

CHUNK = 2**20  # bytes that are read at once, at most


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes ``path`` at the end, or vanishes if anything goes wrong.

    So readers, also those after a crash, find a file whole or not at all.
    """
    temporary = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Have a file hold a text, in UTF-8; whole, or as it was before."""
    with replacing(path) as file:
        file.write(text.encode())


def read_at_most(file: IO[bytes], limit: int) -> bytearray:
    """Return the rest of the file, or its first ``limit`` bytes, read a chunk at a time."""
    data = bytearray()
    while chunk := file.read(min(CHUNK, limit - len(data))):
        data += chunk
    return data


def sync_folder(path: Path) -> None:
    """Have a folder's entries survive a power cut."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
