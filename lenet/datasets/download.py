"""Downloads: a file is there whole and with the right checksum, or it is not there at all."""

import hashlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError
from urllib.request import urlopen

from tqdm import tqdm

from lenet.errors import DataError
from lenet.files import replacing

TIMEOUT = 20.0  # seconds without a byte
CHUNK = 2**16


def fetch(name: str, sha256: str, mirrors: Sequence[str], folder: Path) -> Path:
    """Download ``name`` into ``folder`` from the first mirror that gives it; return its path.

    DataError, with the reason of every mirror, if none gives a file of that SHA-256.
    """
    reasons = []
    for mirror in mirrors:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as file:
                _download(mirror + name, sha256, file)
            return folder / name
        except (OSError, HTTPException, ValueError) as error:
            reasons.append(f"  {mirror}: {_reason(error)}")
    raise DataError(f"{name} could not be downloaded:", *reasons)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str, sha256: str, file: BinaryIO) -> None:
    """Copy the answer of ``url`` to ``file``; ValueError if its SHA-256 is not ``sha256``."""
    digest = hashlib.sha256()
    with (
        urlopen(url, timeout=TIMEOUT) as response,
        tqdm(
            desc=url.rpartition("/")[2],
            total=response.length,
            unit="B",
            unit_scale=True,
            disable=None,
        ) as bar,
    ):
        while chunk := response.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
    if digest.hexdigest() != sha256:
        answer = f"{file.tell()} bytes of {response.headers.get_content_type()}"
        raise ValueError(
            f"wrong checksum: expected SHA-256 {sha256}, found {digest.hexdigest()} ({answer})"
        )


def _reason(error: Exception) -> str:
    """Return what went wrong: urllib wraps the failures of the network in a bare URLError."""
    return str(error.reason if type(error) is URLError else error).strip()
