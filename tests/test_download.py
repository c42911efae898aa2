"""Downloads, from a server on this machine that does what servers do wrong."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lenet.datasets import download
from lenet.datasets.download import fetch, sha256_of
from lenet.errors import DataError

NAME = "train-labels-idx1-ubyte.gz"
CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PAGE = b"<html>Please log in to this network</html>"

Mirror = Callable[[str], str]


class Handler(BaseHTTPRequestHandler):
    """A server whose first path component names what it does: ``/absent/file`` is a 404."""

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
        self.send_response(302)
        self.send_header("Location", f"/good/{NAME}")
        self.end_headers()

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
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    request_queue_size = 32

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no error here."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        Handler.finished.set()
        server.shutdown()


@pytest.fixture
def mirror(server: Server, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """The address of the mirror that behaves as the name says."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return lambda behaviour: f"http://127.0.0.1:{server.server_port}/{behaviour}/"


def failure(folder: Path, *mirrors: str) -> str:
    """The message of a download that fails, which leaves nothing behind."""
    with pytest.raises(DataError) as caught:
        fetch(NAME, SHA256, mirrors, folder)
    assert list(folder.iterdir()) == []
    text = str(caught.value)
    first, *reasons = text.split("\n")
    assert first == f"{NAME} could not be downloaded:"
    assert len(reasons) == len(mirrors)
    for line, address in zip(reasons, mirrors, strict=True):
        assert line.startswith(f"  {address}: ")
        assert len(line) > len(f"  {address}: ")
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
    path = fetch(NAME, SHA256, [mirror(behaviour)], folder)
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
    fetch(NAME, SHA256, [mirror("good")], tmp_path)
    shown = capsys.readouterr().err
    assert NAME in shown
    assert "256k/256k" in shown


def test_new_file_has_the_usual_permissions(mirror: Mirror, tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    path = fetch(NAME, SHA256, [mirror("good")], tmp_path)
    assert path.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("first", ["absent", "page", "other", "empty", "short", "rude", "silent"])
def test_next_mirror_is_tried(mirror: Mirror, first: str, tmp_path: Path) -> None:
    path = fetch(NAME, SHA256, [mirror(first), mirror("good"), mirror("unused")], tmp_path)
    assert path.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [path]


def test_every_mirror_gives_its_reason(mirror: Mirror, tmp_path: Path) -> None:
    text = failure(tmp_path, mirror("absent"), mirror("other"), mirror("silent"))
    assert "/absent/: HTTP Error 404: Not Found" in text
    wrong = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert f"/other/: wrong checksum: expected SHA-256 {SHA256}, found {wrong}" in text
    assert "/silent/: Remote end closed connection without response" in text


def test_web_page_instead_of_the_file(mirror: Mirror, tmp_path: Path) -> None:
    assert f"wrong checksum: expected SHA-256 {SHA256}" in failure(tmp_path, mirror("page"))
    assert f"({len(PAGE)} bytes of text/html)" in failure(tmp_path, mirror("page"))


@pytest.mark.parametrize("behaviour", ["short", "rude", "empty"])
def test_broken_answer(mirror: Mirror, behaviour: str, tmp_path: Path) -> None:
    failure(tmp_path, mirror(behaviour))


@pytest.mark.parametrize("behaviour", ["hang", "stall"])
def test_server_that_hangs(
    mirror: Mirror, behaviour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    assert "timed out" in failure(tmp_path, mirror(behaviour))


def test_name_that_is_not_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    text = failure(tmp_path, "https://one.invalid/", "http://two.invalid/")
    assert text.count("Name or service not known") == 2
    assert "urlopen" not in text


def test_connection_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "refused" in failure(tmp_path, f"http://127.0.0.1:{port}/")


def test_folder_that_cannot_be_made(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"good/: .*Not a directory: .*file/folder"):
        fetch(NAME, SHA256, [mirror("good")], tmp_path / "file" / "folder")


def test_interrupt_leaves_nothing_behind(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        assert len(list(tmp_path.iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr("tqdm.tqdm.update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME, SHA256, [mirror("good")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_the_file_that_was_there(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"older")
    with pytest.raises(DataError):
        fetch(NAME, SHA256, [mirror("short")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"older"
    assert fetch(NAME, SHA256, [mirror("good")], tmp_path).read_bytes() == CONTENT


def test_downloads_at_once_do_not_harm_each_other(mirror: Mirror, tmp_path: Path) -> None:
    mirrors = [mirror("short"), mirror("good")]
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: fetch(NAME, SHA256, mirrors, tmp_path), range(16)))
    assert set(paths) == set(tmp_path.iterdir()) == {tmp_path / NAME}
    assert paths[0].read_bytes() == CONTENT
