"""CIFAR-10: read from the archive or from its folder, and whatever else there is, is refused."""

import gzip
import io
import logging
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from command import lenet, metrics, run_folders
from damaged import peak_memory, refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.data import CIFAR10, published
from lenet.data.cifar import ARCHIVE, BATCHES, FOLDER, MEMBERS, MOST, RECORD, SHAPE, UNPACKED
from lenet.data.download import sha256_of
from lenet.errors import DataError
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import read_weights
from lenet.runs.run import Run
from lenet.training.evaluation import evaluate

EACH = 12  # records in a batch
MEBIBYTE = 2**20


def batch(seed: int) -> bytes:
    records = np.random.default_rng(seed).integers(0, 256, (EACH, RECORD), dtype=np.uint8)
    records[:, 0] = np.arange(EACH) % 10
    return records.tobytes()


FILES = {name: batch(seed) for seed, name in enumerate(MEMBERS)}


def plain(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def packed(
    files: Mapping[str, bytes], *others: tarfile.TarInfo, form: int = tarfile.USTAR_FORMAT
) -> bytes:
    """An archive of some files, after members that have no content of their own."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=form) as archive:
        for info in others:
            archive.addfile(info)
        for name, data in files.items():
            archive.addfile(plain(name, len(data)), io.BytesIO(data))
    return content.getvalue()


TAR = packed(FILES)
GOOD = gzip.compress(TAR, 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ARCHIVE).write_bytes(GOOD)
    return tmp_path


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for property tests to overwrite again and again."""
    return tmp_path_factory.mktemp("cifar")


def dataset(root: Path | None, **keys: int | None) -> CIFAR10:
    sizes = {"train_size": None, "test_size": None, "validation": 0} | keys
    return CIFAR10(root=None if root is None else str(root), **sizes)  # type: ignore[arg-type]


def message(root: Path, content: bytes) -> str:
    """The one line that says what is wrong with an archive."""
    (root / ARCHIVE).write_bytes(content)
    return refusal(lambda: dataset(root).load(0), root / ARCHIVE)


def expected(*names: str) -> tuple[np.ndarray, np.ndarray]:
    records = np.frombuffer(b"".join(FILES[name] for name in names), np.uint8).reshape(-1, RECORD)
    return records[:, 1:].reshape(-1, *SHAPE), records[:, 0]


# What is read


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_archive_is_read(tmp_path: Path, form: int) -> None:
    folder = tarfile.TarInfo(FOLDER)
    folder.type = tarfile.DIRTYPE
    long = plain("x" * 300, 0)  # has a header of its own in the newer forms
    others = [folder] if form == tarfile.USTAR_FORMAT else [folder, long]
    shuffled = dict(reversed(FILES.items())) | {f"{FOLDER}/readme.html": b"<html>"}
    (tmp_path / ARCHIVE).write_bytes(gzip.compress(packed(shuffled, *others, form=form), 1))
    data = dataset(tmp_path).load(0)
    for split, names in ((data.train, MEMBERS[:5]), (data.test, MEMBERS[5:])):
        images, labels = expected(*names)
        np.testing.assert_array_equal(split.images, images)
        np.testing.assert_array_equal(split.labels, labels)
        assert split.images.dtype == split.labels.dtype == np.uint8
    assert data.class_names[9] == "truck"
    assert data.checksums == {ARCHIVE: sha256_of(tmp_path / ARCHIVE)}


@pytest.mark.parametrize("names", [MEMBERS, BATCHES], ids=["in their folder", "by themselves"])
def test_the_files_of_the_archive_are_read(root: Path, names: tuple[str, ...]) -> None:
    archived = dataset(root).load(0)
    (root / ARCHIVE).unlink()
    (root / FOLDER).mkdir()
    for name, content in zip(names, FILES.values(), strict=True):
        (root / name).write_bytes(content)
    data = dataset(root).load(0)
    assert list(data.checksums) == list(names)
    for split in ("train", "test"):
        np.testing.assert_array_equal(getattr(data, split).images, getattr(archived, split).images)


def test_the_archive_is_warned_of_if_it_is_not_as_published(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset(root).load(0)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{ARCHIVE} is not the published file" in record.getMessage()


def test_an_archive_that_a_browser_has_unpacked_is_read(root: Path) -> None:
    archived = dataset(root).load(0)
    (root / ARCHIVE).unlink()
    (root / UNPACKED).write_bytes(gzip.decompress(GOOD))
    np.testing.assert_array_equal(dataset(root).load(0).train.images, archived.train.images)


def test_the_files_of_the_archive_have_published_checksums_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    dataset(tmp_path).load(0)
    assert len(caplog.messages) == len(MEMBERS)
    assert f"{MEMBERS[0]} is not the published file" in caplog.messages[0]


@pytest.mark.parametrize("name", ["cifar-10-batches-py", "cifar-10-python.tar.gz"])
def test_pickled_batches_are_told_from_those_that_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=rf"\({tmp_path}/{name} is not read, .* {ARCHIVE} is\)"):
        dataset(tmp_path).load(0)


def test_subsets_and_validation_are_those_of_every_dataset(root: Path) -> None:
    data = dataset(root, train_size=20, test_size=3, validation=30).load(0)
    assert data.validation is not None
    sizes = [len(split) for split in (data.train, data.test, data.validation)]
    assert sizes == [20, 3, 30]
    rows = {image.tobytes() for image in (*data.train.images, *data.validation.images)}
    assert len(rows) == 50


def test_the_archive_is_what_is_downloaded(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to a cache that has some files of the folder."""
    cache = tmp_path / "cache" / "cifar-10"
    (cache / FOLDER).mkdir(parents=True)
    (cache / MEMBERS[0]).write_bytes(FILES[MEMBERS[0]])

    def fetch(name: str, sha256: str, length: int, mirrors: tuple[str, ...], folder: Path) -> Path:
        assert (name, sha256, length) == (ARCHIVE, CIFAR10.sha256, CIFAR10.length)
        assert mirrors == CIFAR10.mirrors
        return (root / name).rename(folder / name)

    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr(published, "user_cache_path", lambda _: tmp_path / "cache")
    monkeypatch.setattr(published, "fetch", fetch)
    assert len(dataset(None).load(0).train) == 5 * EACH


# What is refused


def test_a_file_of_the_folder_that_is_missing_is_named(root: Path) -> None:
    (root / ARCHIVE).unlink()
    (root / FOLDER).mkdir()
    for name in MEMBERS[1:]:
        (root / name).write_bytes(FILES[name])
    with pytest.raises(DataError, match=f"files of cifar-10 .*; found no {MEMBERS[0]} in {root};"):
        dataset(root).load(0)


CONTENTS = {
    b"": "expected 1 to 10000 records of 3073 bytes, found 0 bytes",
    bytes(RECORD - 1): "expected 1 to 10000 records of 3073 bytes, found 3072 bytes",
    bytes((MOST + 1) * RECORD): "expected 1 to 10000 records of 3073 bytes, found more",
    b"\x0c" + bytes(RECORD - 1): "expected labels from 0 to 9, found 12",
}


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)} bytes")
def test_a_batch_that_is_none_is_named(root: Path, content: bytes) -> None:
    files = FILES | {MEMBERS[2]: content}
    found = message(root, gzip.compress(packed(files), 1))
    assert found == f"{root / ARCHIVE}, {MEMBERS[2]}: {CONTENTS[content]}"

    (root / ARCHIVE).unlink()
    for name, data in zip(BATCHES, files.values(), strict=True):
        (root / name).write_bytes(data)
    found = refusal(lambda: dataset(root).load(0), root / BATCHES[2])
    assert found == f"{root / BATCHES[2]}: {CONTENTS[content]}"


def test_files_that_the_archive_lacks_are_named(root: Path) -> None:
    few = {name: FILES[name] for name in (MEMBERS[0], *MEMBERS[3:])}
    assert message(root, gzip.compress(packed(few), 1)).endswith(
        f"expected 6 files, found no {MEMBERS[1]}, no {MEMBERS[2]}"
    )


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_a_link_is_not_followed(root: Path, kind: bytes) -> None:
    link = tarfile.TarInfo(MEMBERS[0])
    link.type, link.linkname = kind, "/etc/passwd"
    others = {name: FILES[name] for name in MEMBERS[1:]}
    assert "expected a plain file, found" in message(root, gzip.compress(packed(others, link), 1))


@pytest.mark.parametrize(
    "name", [f"/{MEMBERS[0]}", f"../{MEMBERS[0]}", f"{FOLDER}/../{MEMBERS[0]}"]
)
def test_files_of_other_names_are_passed_over(root: Path, name: str) -> None:
    files = FILES | {name: b"\xff" * 5000}
    (root / ARCHIVE).write_bytes(gzip.compress(packed(files), 1))
    dataset(root).load(0)
    assert [path.name for path in root.iterdir()] == [ARCHIVE]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>Not found</html>", "found what looks like a web page"),
        (b"", "found no cifar-10-batches-bin/data_batch_1.bin"),
        (GOOD[:-1], "expected a whole gzip file, found it cut short"),
        (GOOD[: len(GOOD) // 2], "expected a whole gzip file, found it cut short"),
        (GOOD[:-8] + bytes(8), "CRC check failed"),
        (gzip.compress(b"no tar file" * 100), "found a block that is no header"),
        (gzip.compress(TAR[:700]), "data_batch_1.bin: expected 36876 bytes, found it cut"),
        (gzip.compress(TAR[:100]), "found a block that is no header"),
    ],
    ids=[
        "a web page",
        "nothing",
        "a byte short",
        "half of it",
        "another checksum",
        "no tar file",
        "cut in a file",
        "cut in a header",
    ],
)
def test_a_damaged_archive(root: Path, content: bytes, expected: str) -> None:
    assert expected in message(root, content)


def header(name: str, size: bytes) -> bytes:
    """A header of a tar file with a checksum that is right, whatever the size."""
    block = bytearray(plain(name, 0).tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (b"-0000003073\0", "found a block that is no header"),
        (b"\xff" * 11 + b"\xf0", "found a block that is no header"),  # -16 in base 256
        (b"\x80" + b"\x7f" * 11, "found a block that is no header"),
        (b" " * 12, "found a block that is no header"),
        (b"777777777777", "found no cifar-10-batches-bin/data_batch_1.bin"),
        (b"00200000000\0", "data_batch_1.bin: expected 33554432 bytes, found it cut short"),
    ],
)
def test_a_forged_size_takes_no_memory_and_no_time(root: Path, size: bytes, expected: str) -> None:
    content = gzip.compress(header(MEMBERS[0], size) + bytes(10_000))
    assert peak_memory(lambda: message(root, content)) < 4 * MEBIBYTE
    assert expected in message(root, content)


BOMB = b"".join([gzip.compress(bytes(16 * MEBIBYTE), 1)] * 20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (BOMB, "expected at most 268435456 bytes of files, found more"),
        (GOOD + BOMB, "expected at most 268435456 bytes of files, found more"),
        (gzip.compress(header("other", b"02000000000\0")) + BOMB, "found more"),
        (gzip.compress(header("x", b"0" * 12) * 20_000), "found no cifar-10-batches-bin"),
    ],
    ids=["from the start", "after the files", "as another file", "empty files"],
)
def test_a_bomb_takes_no_memory(root: Path, content: bytes, expected: str) -> None:
    few = peak_memory(lambda: dataset(root).load(0))
    assert peak_memory(lambda: message(root, content)) < few + 4 * MEBIBYTE
    assert expected in message(root, content)


@st.composite
def mutations(draw: st.DrawFn, original: bytes) -> bytes:
    """``original`` with a short stretch near a header replaced by other bytes."""
    start = draw(st.sampled_from(range(0, len(original) - 600, 512))) + draw(st.integers(0, 600))
    stop = start + draw(st.integers(0, 20))
    return original[:start] + draw(st.binary(max_size=20)) + original[stop:]


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.binary(max_size=2000).map(gzip.compress)
    | mutations(GOOD)
    | mutations(TAR).map(lambda tar: gzip.compress(tar, 1))
)
def test_any_bytes_are_images_or_a_data_error(scratch: Path, content: bytes) -> None:
    (scratch / ARCHIVE).write_bytes(content)
    try:
        data = dataset(scratch).load(0)
    except DataError:
        message(scratch, content)
        return
    assert data.train.images.shape[1:] == SHAPE
    assert data.train.labels.max() <= 9


# What is trained


def coloured(count: int, seed: int) -> bytes:
    """Ten classes that anything can learn: a square of one of five colours, high or low."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 60, (count, *SHAPE))
    for image, label in zip(images, labels, strict=True):
        row, column = 16 * (label // 5) + rng.integers(6), rng.integers(22)
        image[COLOURS[label % 5], row : row + 10, column : column + 10] = 255
    return np.c_[labels, images.reshape(count, -1)].astype(np.uint8).tobytes()


COLOURS = [[0], [1], [2], [0, 1], [0, 1, 2]]


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", ["none", "affine", "elastic"])
def test_a_network_learns_from_colour_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, augmentation: str
) -> None:
    content = {name: coloured(200, seed) for seed, name in enumerate(MEMBERS)}
    (tmp_path / "cifar-10").mkdir()
    (tmp_path / "cifar-10" / ARCHIVE).write_bytes(gzip.compress(packed(content), 1))
    keys = ["dataset=cifar10", "epochs=4", "batch_size=20", f"augmentation={augmentation}"]
    flip = [] if augmentation == "none" else ["augmentation.flip=0.5"]
    done = lenet(*keys, *flip, cwd=tmp_path, LENET_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    (folder,) = run_folders(tmp_path)
    accuracy = float(metrics(folder)["test_accuracy"].iloc[-1])
    assert accuracy > 0.8

    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    run = Run(folder)
    weights = run.config.architecture.views(read_weights(folder / WEIGHTS, run.config.architecture))
    assert weights["c1.weight"].shape == (6, 3, 5, 5)
    assert evaluate(run.network(), run.data().test).accuracy == accuracy
