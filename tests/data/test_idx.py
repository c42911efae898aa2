"""IDX files: what is written is read, and whatever else there is becomes one clear DataError."""

import gzip
import math
import os
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from damaged import peak_memory, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lenet.data.idx import read_images, read_labels
from lenet.errors import DataError

MEBIBYTE = 2**20


def idx(items: np.ndarray) -> bytes:
    """The content of an IDX file, not yet compressed."""
    return header(0x0800 + items.ndim, *items.shape) + items.tobytes()


def header(*words: int) -> bytes:
    return struct.pack(f">{len(words)}I", *words)


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([7, 2], dtype=np.uint8)
GOOD = gzip.compress(idx(IMAGES), mtime=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some-ubyte.gz"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for property tests to overwrite again and again."""
    return tmp_path_factory.mktemp("idx") / "some-ubyte.gz"


def message(read: Callable[[Path], np.ndarray], path: Path) -> str:
    """The one line that says what is wrong; it names the file and what was expected and found."""
    text = refusal(lambda: read(path), path)
    assert text.startswith(f"{path}: expected ")
    assert "found" in text
    return text


def test_images_and_labels_are_read(path: Path) -> None:
    path.write_bytes(GOOD)
    images = read_images(path)
    np.testing.assert_array_equal(images, IMAGES)
    assert images.dtype == np.uint8

    path.write_bytes(gzip.compress(idx(LABELS)))
    np.testing.assert_array_equal(read_labels(path), LABELS)


def test_a_file_that_is_not_compressed_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "some-ubyte"
    path.write_bytes(idx(IMAGES))
    np.testing.assert_array_equal(read_images(path), IMAGES)
    path.write_bytes(idx(IMAGES)[:-5])
    assert message(read_images, path).endswith("found 19 bytes")
    path.unlink()
    assert message(read_images, path).endswith("found: No such file or directory")


def test_gzip_in_several_members_is_read(path: Path) -> None:
    content = idx(IMAGES)
    path.write_bytes(gzip.compress(content[:20]) + gzip.compress(content[20:]))
    np.testing.assert_array_equal(read_images(path), IMAGES)


def test_missing_file(path: Path) -> None:
    assert message(read_images, path).endswith(
        "expected a file to read, found: No such file or directory"
    )


def test_directory(path: Path) -> None:
    path.mkdir()
    assert "Is a directory" in message(read_images, path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_file_without_permission(path: Path) -> None:
    path.write_bytes(GOOD)
    path.chmod(0)
    assert "Permission denied" in message(read_images, path)


@pytest.mark.parametrize("kept", [1, 5, 10, 20, len(GOOD) - 8, len(GOOD) - 1])
def test_truncated_gzip(path: Path, kept: int) -> None:
    path.write_bytes(GOOD[:kept])
    expected = "a file that begins with" if kept == 1 else "a whole gzip file, found it cut short"
    assert expected in message(read_images, path)


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\r\n <html><h1>404</h1></html>"])
def test_web_page_saved_as_gzip(path: Path, page: bytes) -> None:
    path.write_bytes(page)
    assert message(read_images, path).endswith("found what looks like a web page, not gzip data")


def test_not_gzip_at_all(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 a zip file")
    assert r"found a file that begins with b'PK\x03\x04 a z'" in message(read_images, path)


def test_file_that_was_decompressed_but_not_renamed(path: Path) -> None:
    path.write_bytes(idx(IMAGES))
    assert message(read_images, path).endswith("found it unpacked already: take .gz off its name")


def test_file_that_lost_the_end_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "some-ubyte"
    path.write_bytes(GOOD)
    assert message(read_images, path).endswith("found gzip data: add .gz to its name")


def test_checksum_of_gzip(path: Path) -> None:
    path.write_bytes(GOOD[:-8] + b"\0\0\0\0" + GOOD[-4:])
    assert "damaged (CRC check failed" in message(read_images, path)


def test_damaged_deflate_stream(path: Path) -> None:
    path.write_bytes(GOOD[:10] + b"\xff" * 8 + GOOD[18:])
    assert "damaged (Error -3 while decompressing data" in message(read_images, path)


def test_rubbish_after_the_gzip_data(path: Path) -> None:
    path.write_bytes(GOOD + b"rubbish")
    assert "damaged" in message(read_images, path)


def test_images_where_labels_are_expected_and_the_reverse(path: Path) -> None:
    path.write_bytes(GOOD)
    assert message(read_labels, path).endswith(
        "expected labels (magic number 2049), found images (magic number 2051)"
    )
    path.write_bytes(gzip.compress(idx(LABELS)))
    assert message(read_images, path).endswith(
        "expected images (magic number 2051), found labels (magic number 2049)"
    )


def test_other_magic_number(path: Path) -> None:
    path.write_bytes(gzip.compress(header(0x0D03, 2, 3, 4) + bytes(24)))
    assert "found something else (magic number 3331)" in message(read_images, path)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "expected 4 more bytes of header, found 0"),
        (3, "expected 4 more bytes of header, found 3"),
        (4, "expected 12 more bytes of header, found 0"),
        (15, "expected 12 more bytes of header, found 11"),
    ],
)
def test_short_header(path: Path, length: int, expected: str) -> None:
    path.write_bytes(gzip.compress(idx(IMAGES)[:length]))
    assert message(read_images, path).endswith(expected)


def test_empty_file(path: Path) -> None:
    path.touch()
    assert message(read_images, path).endswith("expected 4 more bytes of header, found 0")


def test_fewer_bytes_than_promised(path: Path) -> None:
    path.write_bytes(gzip.compress(idx(IMAGES)[:-5]))
    assert message(read_images, path).endswith(
        "expected 2 x 3 x 4 = 24 bytes of data from its header, found 19 bytes"
    )


def test_more_bytes_than_promised(path: Path) -> None:
    path.write_bytes(gzip.compress(idx(LABELS) + b"!"))
    assert message(read_labels, path).endswith(
        "expected 2 = 2 bytes of data from its header, found more"
    )


@pytest.mark.parametrize(
    "shape",
    [
        (2**32 - 1, 28, 28),
        (2**32 - 1,) * 3,
        (2**30 + 1, 1, 1),
        (0, 28, 28),
        (0, 2**32 - 1, 2**32 - 1),
    ],
)
def test_implausible_header(path: Path, shape: tuple[int, ...]) -> None:
    path.write_bytes(gzip.compress(header(0x0803, *shape)))
    size = " x ".join(map(str, shape))
    assert f"expected 1 to 1073741824 bytes, found a header of {size} = " in message(
        read_images, path
    )


@pytest.mark.parametrize("shape", [(2**30, 1, 1), (2**20, 28, 28), (2**32 - 1, 28, 28)])
def test_forged_header_takes_no_memory(path: Path, shape: tuple[int, ...]) -> None:
    path.write_bytes(gzip.compress(header(0x0803, *shape) + bytes(100)))
    assert peak_memory(lambda: message(read_images, path)) < 4 * MEBIBYTE


BOMB = b"".join([gzip.compress(bytes(16 * MEBIBYTE), 1)] * 4)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(idx(IMAGES) + bytes(64 * MEBIBYTE), 1),
        GOOD + BOMB,
        BOMB,
        gzip.compress(header(0x0803)) + BOMB,
        gzip.compress(header(0x0803, 2**20, 1, 1)) + BOMB,
    ],
    ids=["after the images", "in later members", "from the start", "as shape", "as images"],
)
def test_gzip_bomb_takes_no_memory(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert path.stat().st_size < MEBIBYTE
    assert peak_memory(lambda: message(read_images, path)) < 5 * MEBIBYTE


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"") * 50_000 + GOOD[:-1],
        b"\x1f\x8b\x08\x08" + bytes(6) + b"name" * 250_000,
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + bytes(999),
        GOOD + GOOD[:4] + b"\x1c" + bytes(5) + b"\xff\xff" + b"name" * 250_000,
    ],
    ids=["empty members", "endless name", "endless extra field", "endless later header"],
)
def test_gzip_headers_without_end_take_no_memory(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert peak_memory(lambda: message(read_images, path)) < 4 * MEBIBYTE


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 9))
def test_any_members_and_padding_are_read(scratch: Path, cuts: list[int], zeros: int) -> None:
    """Empty members among them; gzip lets zeros follow the last."""
    content = idx(IMAGES)
    ends = [0, *sorted(cuts), len(content)]
    members = [content[start:stop] for start, stop in pairwise(ends)]
    scratch.write_bytes(b"".join(map(gzip.compress, members)) + bytes(zeros))
    np.testing.assert_array_equal(read_images(scratch), IMAGES)


@given(st.binary(min_size=1, max_size=40).filter(any))
def test_whatever_follows_the_images_is_noticed(scratch: Path, rest: bytes) -> None:
    scratch.write_bytes(GOOD + rest)
    message(read_images, scratch)
    scratch.write_bytes(GOOD + gzip.compress(rest))
    message(read_images, scratch)


@given(
    st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 9), min_size=3, max_size=3),
    st.binary(max_size=99),
)
def test_a_header_is_true_or_refused(scratch: Path, shape: list[int], data: bytes) -> None:
    scratch.write_bytes(gzip.compress(header(0x0803, *shape) + data))
    if math.prod(shape) == len(data) > 0:
        assert read_images(scratch).shape == tuple(shape)
    else:
        message(read_images, scratch)


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=9)))
def test_every_array_of_images_survives(scratch: Path, images: np.ndarray) -> None:
    scratch.write_bytes(gzip.compress(idx(images)))
    np.testing.assert_array_equal(read_images(scratch), images)


@given(arrays(np.uint8, array_shapes(max_dims=1, max_side=99)))
def test_every_array_of_labels_survives(scratch: Path, labels: np.ndarray) -> None:
    scratch.write_bytes(gzip.compress(idx(labels)))
    np.testing.assert_array_equal(read_labels(scratch), labels)


@st.composite
def mutations(draw: st.DrawFn, original: bytes) -> bytes:
    """``original`` with a stretch of it, possibly empty, replaced by other bytes."""
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(original))] * 2)))
    return original[:start] + draw(st.binary(max_size=24)) + original[stop:]


@settings(max_examples=500)
@given(
    st.binary(max_size=99)
    | st.binary(max_size=99).map(lambda rest: b"\x1f\x8b\x08" + rest)
    | st.binary(max_size=99).map(gzip.compress)
    | mutations(GOOD)
    | mutations(idx(IMAGES)).map(gzip.compress)
    | mutations(idx(LABELS)).map(gzip.compress)
)
def test_any_bytes_are_an_array_or_a_data_error(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    for read, dimensions in ((read_images, 3), (read_labels, 1)):
        try:
            items = read(scratch)
        except DataError:
            message(read, scratch)
            continue
        assert items.dtype == np.uint8
        assert items.ndim == dimensions
        assert items.size > 0
