"""Downloads from a mirror: by https alone, of the published length, at a least rate.

No mirror is trusted, nor a proxy. Headers and redirects count like the rest: a mirror that sends
next to nothing is given up within a minute, and one that sends for ever when the file should have
ended. So no download takes longer than the bytes of the file do at the least rate.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
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

TIMEOUT = 20.0  # seconds to connect, or without a byte
WINDOW = 30.0  # seconds of waiting over which the rate is taken
SLOWEST = 10_000  # bytes a second
TALK = 2**20  # bytes of headers and redirects, beside the file


class MirrorError(Exception):
    """A mirror does not give the file; the message is the reason, in one line."""


@contextmanager
def answer(url: str, length: int) -> Iterator[HTTPResponse]:
    """Give the answer of a mirror, of which ``length`` bytes are expected, to be read.

    Whatever goes wrong with it, also while it is read, is a MirrorError.
    """
    line = Line()
    try:
        with _opener(line).open(url, timeout=TIMEOUT) as response:
            line.room += length
            yield response
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
        """Return True: it can be read."""
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
