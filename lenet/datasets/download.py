"""Downloads: a file is there whole and with the right checksum, or it is not there at all.

No mirror is trusted. It has to speak https, also where it redirects to, and to send its answer,
headers and all, at a least rate; no more is taken than the published file is long. So the others
are tried after a minute at most, and no download takes longer than its bytes do at that rate.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from pathlib import Path
from socket import socket
from time import monotonic
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from filelock import FileLock, Timeout
from tqdm import tqdm

from lenet.errors import DataError
from lenet.files import replacing

log = logging.getLogger(__name__)

TIMEOUT = 20.0  # seconds to connect, or without a byte
WINDOW = 30.0  # seconds of waiting over which the rate is taken
SLOWEST = 10_000  # bytes a second
TALK = 2**20  # bytes of headers and redirects, beside the file
CHUNK = 2**16
LOCK = ".lock"  # in a folder that is downloaded to


class MirrorError(Exception):
    """A mirror does not give the file; the message is the reason."""


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
            reasons.append(f"\n  {url}: {error}")
        except OSError as error:
            raise DataError(f"{name} could not be written: {error}") from error
    raise DataError(f"{name} could not be downloaded:{''.join(reasons)}")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from downloading to a folder; wait for one that does so already.

    What a killed one has left of its files goes.
    """
    with ExitStack() as stack:
        with suppress(
            OSError
        ):  # a file system may have no locks; no place to write is told of later
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
    line, digest, count = Line(), hashlib.sha256(), 0
    with (
        _reasons(),
        _opener(line).open(url, timeout=TIMEOUT) as response,
        tqdm(
            desc=url.rpartition("/")[2], total=length, unit="B", unit_scale=True, disable=None
        ) as bar,
    ):
        line.room += length
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


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn whatever goes wrong on the network into a MirrorError, in one line."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = error.reason if type(error) is URLError else error
        raise MirrorError(" ".join(str(reason).split()) or type(error).__name__) from error


class Line:
    """What may still come from a mirror, and how fast it has come of late.

    Only the time spent in waiting for it counts.
    """

    def __init__(self) -> None:
        self.room = TALK
        self._waited = 0.0
        self._came = 0

    def receive(self, raw: RawIOBase, buffer: Any) -> int:
        """Read what has come; MirrorError if it is too much, or comes too slowly."""
        if self._waited >= WINDOW:
            if self._came < SLOWEST * self._waited:
                raise MirrorError(f"slower than {SLOWEST} bytes a second")
            self._waited, self._came = 0.0, 0
        begun = monotonic()
        count: int = raw.readinto(buffer)
        self._waited += monotonic() - begun
        self._came += count
        self.room -= count
        if self.room < 0:
            raise MirrorError("a longer answer than the file is")
        return count


class Received(RawIOBase):
    """What comes over a line, as a file to read."""

    def __init__(self, raw: RawIOBase, line: Line) -> None:
        self._raw = raw
        self._line = line

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come; hang up if that fails."""
        try:
            return self._line.receive(self._raw, buffer)
        except BaseException:
            self._raw.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._raw.close()
        super().close()


class Answer(HTTPResponse):
    """An answer of a server, or of a proxy, that comes over a line from its first byte on."""

    def __init__(self, line: Line, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(Received(self.fp.detach(), line))


class OnlyHTTPS(HTTPSHandler):
    """Asks servers by https, and none in another way."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def https_open(self, request: Request) -> HTTPResponse:
        """Return the answer to a request."""
        return self.do_open(self._connection, request)

    def unknown_open(self, request: Request) -> NoReturn:
        """Refuse any other scheme."""
        raise URLError(f"only https is used, not {request.full_url}")

    def _connection(self, host: str, **options: Any) -> HTTPSConnection:
        connection = HTTPSConnection(host, **options)
        connection.response_class = partial(Answer, self._line)  # type: ignore[assignment]
        return connection


def _opener(line: Line) -> OpenerDirector:
    """Return what asks for files over a line, and by proxies where the environment names them."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        OnlyHTTPS(line),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener
