"""Downloads: a file is there whole and with the right checksum, or it is not there at all."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from lenet.data.mirror import MirrorError, answer
from lenet.errors import DataError
from lenet.formats.files import replacing

log = logging.getLogger(__name__)

CHUNK = 2**16
LOCK = ".lock"  # in a folder that is downloaded to


def fetch(name: str, sha256: str, length: int, mirrors: Sequence[str], folder: Path) -> Path:
    """Download ``name`` into ``folder`` from the first mirror that gives it; return its path.

    DataError if none gives a file of that SHA-256 and length (bytes), with the reason of each; or
    if the folder cannot be written to.
    """
    reasons = []
    for url in (mirror + name for mirror in mirrors):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as file:
                for chunk in _chunks(url, sha256, length):
                    file.write(chunk)
            return folder / name
        except MirrorError as error:
            reasons.append(f"  {url}: {error}")
        except OSError as error:
            raise DataError(f"{name} could not be written: {error}") from error
    raise DataError(f"{name} could not be downloaded:", *reasons)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from downloading to a folder; wait for one that does so already.

    What a killed one has left of its files goes. Where there can be no lock there is none; who may
    not write to the folder is told so when it comes to that.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_held(FileLock(folder / LOCK)))
            for remnant in folder.glob("*.part"):
                remnant.unlink()
        yield


@contextmanager
def _held(lock: FileLock) -> Iterator[None]:
    """Hold a lock; say so where that takes waiting."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another process is downloading to %s; waiting", Path(lock.lock_file).parent)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _chunks(url: str, sha256: str, length: int) -> Iterator[bytes]:
    """Yield the file at ``url``; MirrorError if that fails, or in the end was another file."""
    digest, count, name = hashlib.sha256(), 0, url.rpartition("/")[2]
    with (
        answer(url, length) as response,
        tqdm(desc=name, total=length, unit="B", unit_scale=True, disable=None) as bar,
    ):
        while chunk := response.read(CHUNK):
            digest.update(chunk)
            count += len(chunk)
            bar.update(len(chunk))
            yield chunk
    if digest.hexdigest() != sha256:
        raise MirrorError(
            f"wrong checksum: expected SHA-256 {sha256} of {length} bytes, found "
            f"{digest.hexdigest()} of {count} bytes of {response.headers.get_content_type()}"
        )
