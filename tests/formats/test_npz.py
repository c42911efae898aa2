"""Files of arrays: what is written is read, and whatever else there is becomes one DataError."""

import io
import os
import re
import struct
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import numpy as np
import pytest
from damaged import peak_memory, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lenet.errors import DataError
from lenet.formats.npz import read_arrays, write_arrays

MEBIBYTE = 2**20
LIMIT = 2**16
Arrays = dict[str, np.ndarray[Any, Any]]

PLAIN = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@st.composite
def plain_arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Any plain array: of any bits, byte order and layout, 0-d and empty ones among them."""
    dtype = draw(PLAIN)
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    size = int(np.prod(shape)) * dtype.itemsize
    bits = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "b":
        bits = bytes(byte % 2 for byte in bits)
    return np.ndarray(shape, dtype, bits, order=draw(st.sampled_from("CF")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for property tests to overwrite again and again."""
    return tmp_path_factory.mktemp("npz") / "some.npz"


def message(path: Path, limit: int = LIMIT) -> str:
    """The one line that says what is wrong; it names the file and what was expected and found."""
    text = refusal(lambda: read_arrays(path, limit), path)
    assert re.search(": expected .*, found", text)
    assert len(text) < len(str(path)) + 300
    return text


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def forged(descr: str = "<f4", shape: str = "(2,)", data: bytes = bytes(8), more: int = 0) -> bytes:
    """The content of an .npy file whose header says what it is told to."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}{' ' * more}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def zipped(*entries: tuple[str, bytes], method: int = 0) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(ZipInfo(name), content, method)
    return file.getvalue()


def patched(content: bytes, signature: bytes, offset: int, word: bytes) -> bytes:
    """A zip file with other bytes in each of its records of one kind."""
    first, *parts = content.split(signature)
    start, stop = offset - len(signature), offset - len(signature) + len(word)
    return signature.join([first, *(part[:start] + word + part[stop:] for part in parts)])


LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
ARRAYS: Arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(True), "c": np.arange(9)[::2]}
GOOD = zipped(*((f"{name}.npy", npy(array)) for name, array in ARRAYS.items()))
PACKED = zipped(
    *((f"{name}.npy", npy(array)) for name, array in ARRAYS.items()), method=ZIP_DEFLATED
)


def same_bits(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> bool:
    return (found.shape, found.dtype, found.tobytes()) == (
        expected.shape,
        expected.dtype,
        expected.tobytes(),
    )


@given(st.dictionaries(NAMES, plain_arrays(), max_size=4))
def test_any_plain_arrays_survive_bit_for_bit(scratch: Path, arrays: Arrays) -> None:
    """NaNs with their payloads, in the byte order and the layout that they had."""
    write_arrays(scratch, arrays)
    size = sum(array.nbytes for array in arrays.values())
    found = read_arrays(scratch, size)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert same_bits(found[name], array)
        assert found[name].flags.f_contiguous or not array.flags.f_contiguous
        assert found[name].flags.writeable
    if size:
        assert "expected at most " in message(scratch, size - 1)


@given(st.dictionaries(st.text("abc.", min_size=1), plain_arrays(), max_size=4))
def test_a_file_is_as_numpy_would_write_and_read_it(scratch: Path, arrays: Arrays) -> None:
    write_arrays(scratch, arrays)
    expected = io.BytesIO()
    np.savez(expected, allow_pickle=False, **arrays)
    assert scratch.read_bytes() == expected.getvalue()
    with np.load(scratch, allow_pickle=False) as archive:
        assert list(archive) == list(arrays)


@given(st.dictionaries(st.text("abc", min_size=1), plain_arrays(), max_size=4))
def test_compressed_files_are_read_too(scratch: Path, arrays: Arrays) -> None:
    np.savez_compressed(scratch, **arrays)
    found = read_arrays(scratch, LIMIT)
    assert all(same_bits(found[name], array) for name, array in arrays.items())
    assert len(found) == len(arrays)


def test_random_numbers_of_the_very_limit_are_read_compressed(path: Path) -> None:
    """They grow when they are packed."""
    noise = np.frombuffer(np.random.default_rng(0).bytes(2**24), np.uint8)
    np.savez_compressed(path, noise=noise)
    assert path.stat().st_size > noise.nbytes
    assert same_bits(read_arrays(path, noise.nbytes)["noise"], noise)


def test_objects_are_not_written(path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_arrays(path, {"a": np.array([None])})
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("error", [FileNotFoundError, IsADirectoryError, PermissionError])
def test_a_file_that_cannot_be_read_is_not_called_damaged(path: Path, error: type[OSError]) -> None:
    """What is on a disk that does not answer may be intact."""
    if error is IsADirectoryError:
        path.mkdir()
    elif error is PermissionError:
        if os.geteuid() == 0:
            pytest.skip("root may read every file")
        path.write_bytes(GOOD)
        path.chmod(0)
    with pytest.raises(error):
        read_arrays(path, LIMIT)


CUT = [GOOD[:-1], GOOD[:200]]


@pytest.mark.parametrize("content", [b"", b"PK", b"something else", npy(np.zeros(3)), *CUT])
def test_what_is_no_zip_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert message(path).endswith("found: File is not a zip file")


@pytest.mark.parametrize(
    "array",
    [
        np.array([None, "x"]),
        np.zeros(2, [("a", "f4")]),
        np.zeros(2, "V4"),
        np.array(["text"]),
        np.array([b"text"]),
        np.zeros(2, complex),
        np.zeros(2, np.longdouble),
        np.zeros(2, "M8[s]"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_what_is_no_plain_number_is_refused(path: Path, array: np.ndarray[Any, Any]) -> None:
    np.savez(path, a=array)
    assert "expected numbers (bool, int, uint or float)" in message(path)


class Exploding:
    def __reduce__(self) -> Any:
        return os._exit, (1,)


def test_nothing_is_unpickled(path: Path) -> None:
    np.savez(path, a=np.array([Exploding()]))
    message(path)


@pytest.mark.parametrize("name", ["a", "a.txt", "a.npy/", "", "x" * 60_000, "ü\x1b[0m\n"])
def test_what_is_no_array_is_refused(path: Path, name: str) -> None:
    path.write_bytes(zipped((name, npy(np.zeros(2)))))
    assert "expected .npy files only" in message(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x02\x00" + forged()[8:],
        forged()[:20],
        b"\x93NUMPY\x01\x00\xff\xff" + forged()[10:],
        forged(more=5000),
        forged(shape="(2**99,)"),
        forged(shape="(-2,)"),
        forged(shape=f"({'9' * 3000},)"),
        forged(shape="__import__('os')._exit(1)"),
        forged(descr="|O"),
        forged(descr="<f9"),
        forged(shape="(" * 3000),
    ],
)
def test_headers_that_numpy_would_not_write_are_refused(path: Path, content: bytes) -> None:
    path.write_bytes(zipped(("a.npy", content)))
    assert re.search("expected (an array|numbers)", message(path))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("(1000000000000,)", "expected at most 65536 more bytes, found an array of 4000000000000"),
        ("(16385,)", "expected at most 65536 more bytes, found an array of 65540"),
        ("(16384,)", "expected 65536 bytes of data from its header, found 8"),
        ("(1,)", "expected 4 bytes of data from its header, found 8"),
        ("()", "expected 4 bytes of data from its header, found 8"),
        ("(0,)", "expected 0 bytes of data from its header, found 8"),
    ],
)
def test_a_forged_shape_takes_no_memory(path: Path, shape: str, expected: str) -> None:
    path.write_bytes(zipped(("a.npy", forged(shape=shape))))
    assert peak_memory(lambda: message(path)) < 2 * MEBIBYTE
    assert expected in message(path)


@pytest.mark.parametrize("shape", [f"(0, {2**62}, {2**62})", f"({'1, ' * 65}2)"])
def test_shapes_that_numpy_cannot_have(path: Path, shape: str) -> None:
    path.write_bytes(zipped(("a.npy", forged(shape=shape, data=bytes(0 if "0" in shape else 8)))))
    assert "expected an intact .npz file" in message(path)


def test_a_name_that_comes_twice(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path.write_bytes(zipped(("a.npy", forged()), ("a.npy", forged())))
    assert "expected a name for each array, found one twice" in message(path)


def test_encrypted_arrays(path: Path) -> None:
    content = patched(patched(GOOD, LOCAL, 6, b"\x01"), CENTRAL, 8, b"\x01")
    path.write_bytes(content)
    assert "found it encrypted or packed in another way" in message(path)


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA, 99])
def test_other_ways_to_pack(path: Path, method: int) -> None:
    known = zipped(("a.npy", forged()), method=0 if method == 99 else method)
    word = struct.pack("<H", method)
    path.write_bytes(patched(patched(known, LOCAL, 8, word), CENTRAL, 10, word))
    assert "found it encrypted or packed in another way" in message(path)


@pytest.mark.parametrize("whole", [GOOD, PACKED])
def test_a_changed_number_is_noticed(path: Path, whole: bytes) -> None:
    place = whole.index(b"PK", 4) - 9
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert "expected an intact .npz file" in message(path)


@pytest.fixture(scope="module")
def zeros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip bomb: a gigabyte of zeros in a megabyte."""
    path = tmp_path_factory.mktemp("bomb") / "some.npz"
    header = forged(shape=f"({2**28},)", data=b"")
    with (
        ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.npy", "w") as file,
    ):
        file.write(header)
        for _ in range(2**10):
            file.write(bytes(MEBIBYTE))
    return path


@pytest.mark.slow
def test_a_zip_bomb_is_refused_before_it_goes_off(zeros: Path) -> None:
    assert zeros.stat().st_size < 8 * MEBIBYTE
    assert peak_memory(lambda: message(zeros)) < 2 * MEBIBYTE
    assert "expected at most 65536 bytes of arrays" in message(zeros)


@pytest.mark.parametrize("shape", ["(2,)", "(268435456,)", "(16384,)"])
def test_a_zip_bomb_that_lies_about_its_size(zeros: Path, path: Path, shape: str) -> None:
    header = forged(shape=shape, data=b"")
    bomb = zipped(("a.npy", header + bytes(64 * MEBIBYTE)), method=ZIP_DEFLATED)
    word = struct.pack("<L", len(header) + 2**16)
    path.write_bytes(patched(patched(bomb, LOCAL, 22, word), CENTRAL, 24, word))
    assert peak_memory(lambda: message(path)) < 4 * MEBIBYTE


@pytest.mark.parametrize("count", [2, 5000])
def test_arrays_that_share_their_bytes_are_refused(path: Path, count: int) -> None:
    """Entries that overlap: each one is small, and all of them together are a bomb."""
    one = zipped(("a.npy", forged(shape="(16384,)", data=bytes(2**16))), method=ZIP_DEFLATED)
    start = one.index(CENTRAL)
    record = one[start : one.index(b"PK\x05\x06")]
    directory = b"".join(record[:46] + b"%04d.npy" % i for i in range(count))
    directory = patched(directory, CENTRAL, 28, struct.pack("<H", 8))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    path.write_bytes(one[:start] + directory + end)
    assert peak_memory(lambda: message(path)) < 32 * MEBIBYTE
    assert "expected arrays one after another, found two in one place" in message(path)


@pytest.mark.slow
def test_a_directory_without_end_takes_no_memory(path: Path) -> None:
    """A million entries of 47 bytes, of which each would take ten times as much when it is read."""
    one = zipped(("a", b""))
    start = one.index(CENTRAL)
    record = one[start : one.index(b"PK\x05\x06")]
    count = 10**6
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, count * len(record), start, 0)
    path.write_bytes(one[:start] + record * count + end)
    assert peak_memory(lambda: message(path)) < 32 * MEBIBYTE


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """A file with some bytes changed, then a stretch of it replaced, inserted or cut off."""
    content = bytearray(original)
    for place in draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = draw(st.integers(0, 255))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    match draw(st.sampled_from(["flip", "replace", "insert", "cut"])):
        case "replace":
            content[start:stop] = draw(st.binary(max_size=24))
        case "insert":
            content[start:start] = draw(st.binary(max_size=24))
        case "cut":
            del content[stop:]
    return bytes(content)


def check(path: Path) -> None:
    """Reading a file gives arrays within the limit, or a DataError in one line that names it."""
    try:
        found = read_arrays(path, LIMIT)
    except DataError:
        message(path)
        return
    assert sum(array.nbytes for array in found.values()) <= LIMIT
    assert all(array.dtype.kind in "biuf" for array in found.values())


@pytest.mark.slow
@settings(max_examples=1000)
@given(st.binary(max_size=99) | damaged(GOOD) | damaged(PACKED))
def test_any_bytes_are_arrays_or_a_data_error(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    check(scratch)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [GOOD, PACKED])
def test_each_byte_may_be_another(scratch: Path, whole: bytes) -> None:
    """Each byte but the spaces that fill up headers: some of its bits turned, and its extremes."""
    for place in range(len(whole)):
        if whole[place] == ord(" "):
            continue
        for byte in {0, 255, whole[place] ^ 1, whole[place] ^ 8, whole[place] ^ 128}:
            scratch.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
            check(scratch)
