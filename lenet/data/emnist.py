"""EMNIST: handwritten digits and letters in the format of MNIST (Cohen et al. 2017).

All of it is published as one zip file, of which the four files of a dataset are unpacked. Nothing
in the zip file is trusted: files are looked up by their names, and those become no paths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfileobj
from typing import ClassVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from lenet.data.base import Split
from lenet.data.mnist import IdxDataset
from lenet.data.published import checksums_of
from lenet.errors import DataError
from lenet.formats.files import CHUNK, replacing
from lenet.formats.npz import ZIP_ERRORS, Frugal

ARCHIVE = "gzip.zip"
MOST_BYTES = 2**28  # bytes of a file in it


@dataclass(frozen=True)
class EMNIST(IdxDataset):
    """A part of EMNIST, upright: its images are stored with rows and columns exchanged."""

    name = "emnist"
    other_names = ("EMNIST",)
    parts = ("", "raw", "gzip")
    other_forms: ClassVar[Mapping[str, str]] = {ARCHIVE: "has to be unpacked there first"}
    shows_characters = True
    mirrors = ("https://biometrics.nist.gov/cs_links/EMNIST/",)
    archive_sha256: ClassVar[str] = (
        "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"
    )

    archive_length: ClassVar[int] = 561_753_746

    @property
    def _published(self) -> Mapping[str, str]:
        """The SHA-256 of the zip file; none is published of those in it."""
        return {ARCHIVE: self.archive_sha256}

    @property
    def _lengths(self) -> Mapping[str, int]:
        """The length of the zip file."""
        return {ARCHIVE: self.archive_length}

    def _is_ours(self, folder: Path) -> bool:
        """Return True: nobody else has files of these names."""
        return True

    def _wanted(self, cache: Path) -> Sequence[str]:
        """Return the name of the zip file, unless it is there from another part of EMNIST."""
        return [ARCHIVE] if self._missing(cache) and not (cache / ARCHIVE).is_file() else []

    def _complete(self, cache: Path) -> None:
        """Download the zip file once, and unpack what the cache lacks."""
        super()._complete(cache)
        if missing := self._missing(cache):
            self._warn_of_others(cache, checksums_of(cache, [ARCHIVE]))
            for file in missing:
                extract(cache / ARCHIVE, f"gzip/{file}", cache / file)

    def _read_pair(self, images_path: Path, labels_path: Path) -> Split:
        """Return the images, upright, and the labels of two files."""
        split = super()._read_pair(images_path, labels_path)
        return replace(split, images=split.images.swapaxes(1, 2).copy())


def extract(archive: Path, member: str, path: Path) -> None:
    """Unpack one file of a zip file to ``path``, whole and with the right checksum (CRC-32).

    DataError if the zip file is damaged, lacks this file, or holds too large a one.
    """
    try:
        with Frugal(archive) as file, ZipFile(file) as members, replacing(path) as unpacked:
            entry = members.getinfo(member)
            if (
                entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED)
                or entry.file_size > MOST_BYTES
            ):
                raise DataError(
                    f"{archive}: expected {member} stored or deflated and of at most {MOST_BYTES} "
                    f"bytes, found {entry.file_size} bytes"
                )
            with members.open(entry) as packed:
                copyfileobj(packed, unpacked, CHUNK)
    except KeyError as error:
        raise DataError(f"{archive}: expected {member} in it, found no such file") from error
    except ZIP_ERRORS as error:
        reason = str(error) or "it is cut short"
        raise DataError(f"{archive}: expected an intact zip file, found: {reason}") from error
    except OSError as error:
        raise DataError(f"{archive}: expected to unpack {member}, found: {error}") from error


def files_of(part: str) -> tuple[str, str, str, str]:
    """Return the names of the four files of a part of EMNIST."""
    return (
        f"emnist-{part}-train-images-idx3-ubyte.gz",
        f"emnist-{part}-train-labels-idx1-ubyte.gz",
        f"emnist-{part}-test-images-idx3-ubyte.gz",
        f"emnist-{part}-test-labels-idx1-ubyte.gz",
    )


@dataclass(frozen=True)
class EMNISTDigits(EMNIST):
    """Handwritten digits: 240,000 to train on and 40,000 to test."""

    files = files_of("digits")
    class_names = tuple("0123456789")


@dataclass(frozen=True)
class EMNISTLetters(EMNIST):
    """Handwritten letters, capital and small in one class: 124,800 to train on, 20,800 to test."""

    files = files_of("letters")
    first_label = 1
    class_names = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True)
class EMNISTBalanced(EMNIST):
    """Digits and letters, as many of each: 112,800 to train on and 18,800 to test.

    The capitals C, I to M, O, P, S and U to Z stand for their small letters, too.
    """

    files = files_of("balanced")
    class_names = tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt")
