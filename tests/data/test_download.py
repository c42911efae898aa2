"""Downloads, from a server on this machine that does what servers do wrong."""

import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import EACCES, ENOLCK, ENOSPC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from lenet.data import CIFAR10, KMNIST, MNIST, EMNISTDigits, FashionMNIST, download
from lenet.data import mirror as mirror_module
from lenet.data.download import LOCK, alone_in, fetch, sha256_of
from lenet.errors import DataError

NAME = "train-labels-idx1-ubyte.gz"
CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PAGE = b"<html>Please log in to this network</html>"
CERTIFICATE = Path(__file__).parents[1].joinpath("loopback.pem")

Mirror = Callable[[str], str]


class Handler(BaseHTTPRequestHandler):
    """A server whose first path component names what it does: ``/absent/file`` is a 404."""

    protocol_version = "HTTP/1.1"  # as which the answers in chunks are understood
    finished = threading.Event()

    def do_GET(self) -> None:
        getattr(self, self.path.split("/")[1])()

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def good(self) -> None:
        assert self.path == f"/good/{NAME}"
        self.answer(CONTENT)

    def absent(self) -> None:
        self.send_error(404)

    def page(self) -> None:
        self.answer(PAGE, kind="text/html; charset=utf-8")

    def other(self) -> None:
        self.answer(CONTENT[::-1])

    def empty(self) -> None:
        self.answer(b"")

    def short(self) -> None:
        self.answer(CONTENT[:99_999], promised=len(CONTENT))

    def moved(self) -> None:
        self.move_to(f"/good/{NAME}")

    def around(self) -> None:
        self.move_to(f"/around/{NAME}")

    def to_http(self) -> None:
        self.move_to(f"http://127.0.0.1:{self.server.server_port}/good/{NAME}")

    def to_ftp(self) -> None:
        self.move_to(f"ftp://127.0.0.1/{NAME}")

    def to_file(self) -> None:
        self.move_to(CERTIFICATE.as_uri())

    def move_to(self, place: str, content: bytes = b"") -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def endless(self) -> None:
        """In chunks, of which none is the last."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.send_without_end(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    def endless_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.send_without_end(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    def endless_move(self) -> None:
        self.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /good/file\r\n\r\n")
        self.send_without_end(bytes(0x10000))

    def long(self) -> None:
        self.answer(CONTENT + bytes(100), promised=len(CONTENT))

    def longer(self) -> None:
        self.answer(CONTENT + bytes(100))

    def send_without_end(self, content: bytes) -> None:
        while not self.finished.is_set():
            self.wfile.write(content)

    def drip(self) -> None:
        """A byte at a time."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.send_slowly(CONTENT[:3000])

    def drip_head(self) -> None:
        self.send_slowly(b"HTTP/1.1 200 OK\r\nServer: " + bytes(3000))

    def drip_chunk(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.send_slowly(b"0" * 3000)

    def send_slowly(self, content: bytes) -> None:
        for byte in content:
            if self.finished.wait(0.001):
                break
            self.wfile.write(bytes([byte]))

    def rude(self) -> None:
        self.wfile.write(b"ICY 200 OK\r\n\r\n")

    def silent(self) -> None:
        """Hang up without an answer."""

    def hang(self) -> None:
        self.finished.wait(10)

    def stall(self) -> None:
        self.answer(CONTENT[:99_999], promised=len(CONTENT))
        self.finished.wait(10)

    def answer(
        self, content: bytes, kind: str = "application/x-gzip", promised: int | None = None
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) if promised is None else promised))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True


class Server(ThreadingHTTPServer):
    request_queue_size = 32

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(CERTIFICATE)

    def finish_request(self, request: Any, address: Any) -> None:
        """Shake hands, in the thread of the request, and answer it."""
        with self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, address)

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no error here."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        Handler.finished.set()
        server.shutdown()


@pytest.fixture
def mirror(server: Server, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """The address of the mirror that behaves as the name says."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    return lambda behaviour: f"https://127.0.0.1:{server.server_port}/{behaviour}/"


def failure(folder: Path, *mirrors: str) -> str:
    """The message of a download that fails, which leaves nothing behind."""
    with pytest.raises(DataError) as caught:
        fetch(NAME, SHA256, len(CONTENT), mirrors, folder)
    assert list(folder.iterdir()) == []
    text = str(caught.value)
    first, *reasons = text.split("\n")
    assert first == f"{NAME} could not be downloaded:"
    assert len(reasons) == len(mirrors)
    for line, address in zip(reasons, mirrors, strict=True):
        assert line.startswith(f"  {address}{NAME}: ")
        assert len(line) > len(f"  {address}{NAME}: ")
    return text


def test_sha256_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize("behaviour", ["good", "moved"])
def test_success(
    mirror: Mirror, behaviour: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    path = fetch(NAME, SHA256, len(CONTENT), [mirror(behaviour)], folder)
    assert path == folder / NAME
    assert path.read_bytes() == CONTENT
    assert list(folder.iterdir()) == [path]
    assert capsys.readouterr() == ("", "")


def test_progress_is_shown_on_a_terminal(
    mirror: Mirror,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path)
    shown = capsys.readouterr().err
    assert NAME in shown
    assert "256k/256k" in shown


def test_new_file_has_the_usual_permissions(mirror: Mirror, tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    path = fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path)
    assert path.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize(
    "first", ["absent", "page", "other", "empty", "short", "longer", "rude", "silent", "to_ftp"]
)
def test_next_mirror_is_tried(mirror: Mirror, first: str, tmp_path: Path) -> None:
    path = fetch(
        NAME, SHA256, len(CONTENT), [mirror(first), mirror("good"), mirror("unused")], tmp_path
    )
    assert path.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [path]


def test_every_mirror_gives_its_reason(mirror: Mirror, tmp_path: Path) -> None:
    text = failure(tmp_path, mirror("absent"), mirror("other"), mirror("silent"))
    assert f"/absent/{NAME}: HTTP Error 404: Not Found" in text
    wrong = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert f"/other/{NAME}: wrong checksum: expected SHA-256 {SHA256} of 256000 bytes" in text
    assert f"found {wrong} of 256000 bytes of application/x-gzip" in text
    assert f"/silent/{NAME}: Remote end closed connection without response" in text


def test_web_page_instead_of_the_file(mirror: Mirror, tmp_path: Path) -> None:
    text = failure(tmp_path, mirror("page"))
    assert f"wrong checksum: expected SHA-256 {SHA256}" in text
    assert text.endswith(f"of {len(PAGE)} bytes of text/html")


@pytest.mark.parametrize("behaviour", ["short", "rude", "empty"])
def test_broken_answer(mirror: Mirror, behaviour: str, tmp_path: Path) -> None:
    failure(tmp_path, mirror(behaviour))


def test_what_follows_the_length_that_was_promised_is_left(mirror: Mirror, tmp_path: Path) -> None:
    path = fetch(NAME, SHA256, len(CONTENT), [mirror("long")], tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", ["endless", "endless_head", "endless_move"])
def test_no_more_is_taken_than_the_file_is_long(
    mirror: Mirror, behaviour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers and redirects included."""
    monkeypatch.setattr(mirror_module, "TALK", 100_000)
    assert "a longer answer than the file is" in failure(tmp_path, mirror(behaviour))


@pytest.mark.parametrize("behaviour", ["hang", "stall"])
def test_server_that_hangs(
    mirror: Mirror, behaviour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "TIMEOUT", 0.05)
    assert "timed out" in failure(tmp_path, mirror(behaviour))


@pytest.mark.parametrize("behaviour", ["drip", "drip_head", "drip_chunk"])
def test_server_that_sends_a_byte_at_a_time(
    mirror: Mirror, behaviour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next mirror is tried, however little was ever waited for at once."""
    tenths = count()
    monkeypatch.setattr(mirror_module, "monotonic", lambda: next(tenths) / 10)
    assert "slower than 10000 bytes a second" in failure(tmp_path, mirror(behaviour))
    path = fetch(NAME, SHA256, len(CONTENT), [mirror(behaviour), mirror("good")], tmp_path)
    assert path.read_bytes() == CONTENT


def test_server_that_never_shakes_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(mirror_module, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "timed out" in failure(tmp_path, f"https://127.0.0.1:{port}/")


# Which servers are asked


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("to_http", "only https is used, not http://127.0.0.1"),
        ("to_ftp", "only https is used, not ftp://127.0.0.1"),
        ("to_file", "file:///"),
        ("around", "infinite loop"),
    ],
)
def test_redirects_lead_to_https_or_nowhere(
    mirror: Mirror, behaviour: str, expected: str, tmp_path: Path
) -> None:
    assert expected in failure(tmp_path, mirror(behaviour))


def test_only_https_is_used(tmp_path: Path) -> None:
    mirrors = ["http://127.0.0.1:1/", "ftp://127.0.0.1/", f"{tmp_path.as_uri()}/"]
    assert failure(tmp_path, *mirrors).count("only https is used") == 3
    kinds = (MNIST, FashionMNIST, KMNIST, EMNISTDigits, CIFAR10)
    assert all(url.startswith("https://") for kind in kinds for url in kind.mirrors)


def test_a_server_whose_certificate_nobody_vouches_for(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate verify failed" in failure(tmp_path, mirror("good"))


def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        connection, _ = proxy.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 407 Who are you?\r\n\r\n<html>")

    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        thread = threading.Thread(target=refuse)
        thread.start()
        text = failure(tmp_path, "https://mirror.invalid/")
        thread.join()
    assert "Tunnel connection failed: 407 Who are you?" in text


def test_name_that_is_not_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    text = failure(tmp_path, "https://one.invalid/", "https://two.invalid/")
    assert text.count("Name or service not known") == 2
    assert "urlopen" not in text


def test_connection_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "refused" in failure(tmp_path, f"https://127.0.0.1:{port}/")


# Where the file goes


def test_folder_that_cannot_be_made(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"could not be written: .*Not a directory: .*file/folder"):
        fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path / "file" / "folder")


@pytest.mark.parametrize("number", [EACCES, ENOSPC])
def test_a_disk_that_takes_no_more_is_no_fault_of_the_mirrors(
    mirror: Mirror, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError) as caught:
        fetch(NAME, SHA256, len(CONTENT), [mirror("good"), mirror("absent")], tmp_path)
    assert str(caught.value) == (
        f"{NAME} could not be written: [Errno {number}] {os.strerror(number)}: '{tmp_path / NAME}'"
    )


def test_interrupt_leaves_nothing_behind(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        assert len(list(tmp_path.iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr("tqdm.tqdm.update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_the_file_that_was_there(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"older")
    with pytest.raises(DataError):
        fetch(NAME, SHA256, len(CONTENT), [mirror("short")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"older"
    assert fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path).read_bytes() == CONTENT


def test_downloads_at_once_do_not_harm_each_other(mirror: Mirror, tmp_path: Path) -> None:
    mirrors = [mirror("short"), mirror("good")]
    with ThreadPoolExecutor(8) as pool:
        paths = list(
            pool.map(lambda _: fetch(NAME, SHA256, len(CONTENT), mirrors, tmp_path), range(16))
        )
    assert set(paths) == set(tmp_path.iterdir()) == {tmp_path / NAME}
    assert paths[0].read_bytes() == CONTENT


# One process at a time


def test_what_a_killed_download_has_left_goes_with_the_next(tmp_path: Path) -> None:
    remnant = tmp_path / f"{NAME}.0123456789abcdef.part"
    remnant.touch()
    with alone_in(tmp_path):
        assert not remnant.exists()


def test_what_another_process_is_downloading_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FileLock(tmp_path / LOCK)
    other.acquire()
    part = tmp_path / f"{NAME}.0123456789abcdef.part"
    part.touch()
    said = []

    def finish(message: str, *arguments: object) -> None:
        said.append(message % arguments)
        assert part.exists()
        part.rename(tmp_path / NAME)
        other.release()

    monkeypatch.setattr(download.log, "info", finish)
    with alone_in(tmp_path):
        assert (tmp_path / NAME).exists()
        with pytest.raises(Timeout):
            other.acquire(timeout=0)
    assert said == [f"another process is downloading to {tmp_path}; waiting"]


def test_where_there_are_no_locks_files_are_downloaded_all_the_same(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(ENOLCK, os.strerror(ENOLCK))

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with alone_in(tmp_path / "cache"):
        path = fetch(NAME, SHA256, len(CONTENT), [mirror("good")], tmp_path / "cache")
    assert path.read_bytes() == CONTENT
