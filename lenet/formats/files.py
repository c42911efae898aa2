"""Reading and writing files: plain ones, no more than is wanted; whole, or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL, EISDIR
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO, BinaryIO
from uuid import uuid4

import yaml

from lenet.errors import DataError

REASON = 120  # characters
PARSING_ERRORS = (  # what PyYAML raises, ValueErrors of pandas among them
    yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError,
)  # fmt: skip

CHUNK = 2**20  # bytes that are read at once, at most
PART = re.compile(r".*\.[0-9a-f]{32}\.part", re.DOTALL)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes ``path`` at the end, or vanishes if anything goes wrong.

    So readers, also those after a crash, find a file whole or not at all. What killed processes
    have left of theirs in the same folder is removed.

    Raises:
        OSError: it cannot be written, or there is something else of that name: a folder, a device.

    """
    try:
        refuse_what_is_no_file(path)
        remove_remnants(path.parent)
        with new_part(path) as file:
            part = Path(file.name)
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def refuse_what_is_no_file(path: Path) -> None:
    """Raise OSError if a path is that of something else, which nothing may take the place of."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if path.exists() and not path.is_file():
        raise OSError(EINVAL, "Not a plain file")


def new_part(path: Path) -> BinaryIO:
    """Open a new file beside ``path``, and lock it: it is at work on as long as the lock lasts."""
    while True:
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        file = part.open("xb")
        with suppress(OSError):  # where there are no locks, nobody removes remnants
            flock(file, LOCK_EX)
        if part.exists():
            return file
        file.close()  # it was taken for a remnant before it was locked


def remove_remnants(folder: Path) -> None:
    """Remove the parts in a folder whose writers are gone: the system has freed their locks."""
    with suppress(OSError):  # a folder that one may write to, but not list
        for path in [*folder.iterdir()]:
            if PART.fullmatch(path.name):
                remove_unless_locked(path)


def remove_unless_locked(path: Path) -> None:
    """Remove a plain file unless somebody, here or elsewhere, holds a lock on it."""
    with suppress(OSError), open(path, "r+b", opener=plain) as file:
        flock(file, LOCK_EX | LOCK_NB)
        path.unlink()


def plain(path: str, flags: int) -> int:
    """Open a file, as an ``opener`` of open(), if it is a plain one; a pipe would have it wait.

    Raises:
        OSError: it cannot be opened, or is no plain file.

    """
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):  # open() itself refuses a folder
        os.close(descriptor)
        raise OSError(EINVAL, "Not a plain file", path)
    return descriptor


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


@contextmanager
def damage(expected: str) -> Iterator[None]:
    """Turn whatever goes wrong with a file into a DataError of one line."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{expected}, found: {error.strerror}") from error
    except PARSING_ERRORS as error:
        reason = " ".join(str(error).split())[:REASON]
        raise DataError(f"{expected}, found it damaged: {reason}") from error


def relative(path: Path) -> Path:
    """Return the path as seen from the current folder, where it lies below that."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody has removed it
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path
