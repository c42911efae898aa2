"""CIFAR-10: colour images of ten kinds of things (Krizhevsky 2009), in its binary form.

Six files of records: a byte for the label, then the pixels, row by row, of the red, the green and
the blue channel. They are read from the archive that is published, or from the folder it unpacks
to. Nothing in them is trusted: memory grows with the bytes that are there, never with what a header
promises, and no name becomes a path. (Python's tarfile holds headers of any number and length.)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import add
from pathlib import Path
from typing import BinaryIO, ClassVar

import numpy as np

from lenet.data.base import Split
from lenet.data.packed import unpacked
from lenet.data.published import PublishedDataset
from lenet.errors import DataError
from lenet.formats.files import read_at_most

ARCHIVE = "cifar-10-binary.tar.gz"
UNPACKED = ARCHIVE.removesuffix(".gz")
PICKLED = f"is not read, as that may run any code; {ARCHIVE} is"
FOLDER = "cifar-10-batches-bin"
BATCHES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
MEMBERS = tuple(f"{FOLDER}/{batch}" for batch in BATCHES)
SHAPE = (3, 32, 32)
RECORD = 1 + prod(SHAPE)  # bytes
MOST = 10_000  # records in a batch
MOST_BYTES = MOST * RECORD
BLOCK = 512  # bytes, of which a tar file is made
MOST_TAR_BYTES = 2**28  # bytes of the tar file
OCTAL = re.compile(rb" *([0-7]+)[ \0]*")  # a number in a header
PLAIN_FILE = (b"0", b"\0")


@dataclass(frozen=True)
class CIFAR10(PublishedDataset):
    """Photographs in colour: 50,000 to train on and 10,000 to test."""

    name = "cifar-10"
    other_names = ("CIFAR10", "cifar10")
    other_forms = dict.fromkeys(("cifar-10-batches-py", "cifar-10-python.tar.gz"), PICKLED)
    class_names = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    channels = SHAPE[0]
    size = SHAPE[1:]
    mirrors = ("https://www.cs.toronto.edu/~kriz/",)
    sha256: ClassVar[str] = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    length: ClassVar[int] = 170_052_171
    batches_sha256: ClassVar[tuple[str, ...]] = (
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    )

    @property
    def _published(self) -> Mapping[str, str]:
        """The SHA-256 of the archive, and of the files in it."""
        return {ARCHIVE: self.sha256} | dict(zip(BATCHES, self.batches_sha256, strict=True))

    @property
    def _lengths(self) -> Mapping[str, int]:
        """The length of the archive."""
        return {ARCHIVE: self.length}

    def _published_as(self, file: str) -> str:
        """Return the name of a file without its folder."""
        return file.rpartition("/")[2]

    def _files(self, folder: Path) -> Sequence[str]:
        """Return the archive, the six files in the folder it unpacks to, or these by themselves.

        Some browsers take the compression off the archive.
        """
        forms = ((ARCHIVE,), (UNPACKED,), MEMBERS, BATCHES)
        there = (form for form in forms if any((folder / file).is_file() for file in form))
        return next(there, forms[0])

    def _wanted(self, cache: Path) -> Sequence[str]:
        """Return the name of the archive, unless all is there."""
        return [ARCHIVE] if self._missing(cache) else []

    def _read(self, paths: Sequence[Path]) -> tuple[Split, Split]:
        """Return the training and the test images."""
        read = read_archive if len(paths) == 1 else read_folder
        *train, test = (self._split(source, batch) for source, batch in read(*paths).items())
        return reduce(add, train), test

    def _split(self, source: str, batch: bytearray) -> Split:
        """Return the images and labels of a batch; DataError if it holds anything else."""
        if not batch or len(batch) % RECORD or len(batch) > MOST_BYTES:
            found = "more" if len(batch) > MOST_BYTES else f"{len(batch)} bytes"
            raise DataError(
                f"{source}: expected 1 to {MOST} records of {RECORD} bytes, found {found}"
            )
        records = np.frombuffer(batch, np.uint8).reshape(-1, RECORD)
        self._check_labels(source, records[:, 0])
        return Split(records[:, 1:].reshape(-1, *SHAPE), records[:, 0])


def read_folder(*paths: Path) -> dict[str, bytearray]:
    """Return the content of each file, by its path."""
    batches = {}
    for path in paths:
        with unpacked(path) as file:
            batches[str(path)] = read_at_most(file, MOST_BYTES + 1)
    return batches


def read_archive(path: Path) -> dict[str, bytearray]:
    """Return the content of the six files of an archive, by their names in it, in their order.

    Such a file (.tar.gz) is read from its start to its end: what else it holds is passed over, and
    a checksum (CRC-32) tells whether it is intact.
    """
    batches = {}
    with unpacked(path) as file:
        while any(block := read_at_most(file, BLOCK)):
            name, kind, size = read_header(path, block)
            end = file.tell() + -(-size // BLOCK) * BLOCK
            if end > MOST_TAR_BYTES:
                break
            if name in MEMBERS:
                batches[name] = read_member(f"{path}, {name}", file, kind, size)
            file.seek(end)
        file.seek(MOST_TAR_BYTES)
        if file.read(1):
            raise DataError(f"{path}: expected at most {MOST_TAR_BYTES} bytes of files, found more")
    if missing := [name for name in MEMBERS if name not in batches]:
        raise DataError(f"{path}: expected {len(MEMBERS)} files, found no {', no '.join(missing)}")
    return {f"{path}, {name}": batches[name] for name in MEMBERS}


def read_header(path: Path, block: bytearray) -> tuple[str, bytes, int]:
    """Return name, kind and size of the file that follows a block of an archive."""
    name, kind = block[:100].partition(b"\0")[0].decode("latin-1"), bytes(block[156:157])
    size, checksum = (OCTAL.fullmatch(block[at]) for at in (slice(124, 136), slice(148, 156)))
    total = sum(block[:148] + b" " * 8 + block[156:])
    if not (size and checksum and int(checksum[1], 8) == total):
        raise DataError(f"{path}: expected a tar file in it, found a block that is no header")
    return name, kind, int(size[1], 8)


def read_member(source: str, file: BinaryIO, kind: bytes, size: int) -> bytearray:
    """Return the content of a file in an archive."""
    if kind not in PLAIN_FILE:
        raise DataError(f"{source}: expected a plain file, found a link or something else")
    batch = read_at_most(file, min(size, MOST_BYTES + 1))
    if len(batch) < min(size, MOST_BYTES + 1):
        raise DataError(f"{source}: expected {size} bytes, found it cut short")
    return batch
