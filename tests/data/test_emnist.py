"""EMNIST: unpacked from its zip file once, upright, with the names of its classes."""

import logging
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from damaged import peak_memory, refusal
from idx_files import write_idx
from numpy.typing import NDArray

from lenet.config.compose import configure
from lenet.data import EMNISTBalanced, EMNISTDigits, EMNISTLetters, published
from lenet.data.download import LOCK, sha256_of
from lenet.data.emnist import ARCHIVE, EMNIST, extract
from lenet.errors import DataError
from lenet.training.evaluation import logits_of
from lenet.training.loop import train
from lenet.training.state import TrainingState

KINDS = [EMNISTDigits, EMNISTLetters, EMNISTBalanced]
TRAIN, TEST = 60, 30
MEBIBYTE = 2**20
MEMBER = "gzip/some-file.gz"
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (TRAIN, 28, 28), dtype=np.uint8)


def labels_of(kind: type[EMNIST]) -> NDArray[np.uint8]:
    """The numbers of the classes, from 0."""
    return (np.arange(TRAIN) % len(kind.class_names)).astype(np.uint8)


def write_files(folder: Path, kind: type[EMNIST]) -> Path:
    """The four files as they are published: images lie on their side, mirrored."""
    folder.mkdir(parents=True, exist_ok=True)
    train_images, train_labels, test_images, test_labels = kind.files
    labels = labels_of(kind) + np.uint8(kind.first_label)
    for images_file, labels_file, count in (
        (train_images, train_labels, TRAIN),
        (test_images, test_labels, TEST),
    ):
        write_idx(folder / images_file, np.ascontiguousarray(IMAGES[:count].swapaxes(1, 2)))
        write_idx(folder / labels_file, labels[:count])
    return folder


def write_archive(folder: Path) -> Path:
    """The zip file with the files of all parts."""
    with ZipFile(folder / ARCHIVE, "w", ZIP_DEFLATED) as archive:
        for kind in KINDS:
            files = write_files(folder / "files", kind)
            for file in kind.files:
                archive.write(files / file, f"gzip/{file}")
    return folder / ARCHIVE


def dataset(kind: type[EMNIST], root: Path | None = None) -> EMNIST:
    name = None if root is None else str(root)
    return kind(root=name, train_size=None, test_size=None, validation=0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty."""
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr(published, "user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache" / "emnist"


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been downloaded; the archive can be, once."""
    archive = write_archive(tmp_path)
    names = []

    def fetch(name: str, sha256: str, length: int, mirrors: tuple[str, ...], folder: Path) -> Path:
        assert (sha256, length) == (EMNIST.archive_sha256, EMNIST.archive_length)
        assert mirrors == EMNIST.mirrors
        names.append(name)
        return archive.rename(folder / name)

    monkeypatch.setattr(published, "fetch", fetch)
    return names


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_the_users_own_are_read_upright(
    kind: type[EMNIST], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_files(tmp_path, kind)
    data = dataset(kind, root).load(0)
    np.testing.assert_array_equal(data.train.images, IMAGES)
    np.testing.assert_array_equal(data.test.images, IMAGES[:TEST])
    np.testing.assert_array_equal(data.train.labels, labels_of(kind))
    np.testing.assert_array_equal(data.test.labels, labels_of(kind)[:TEST])
    assert data.train.images.flags.c_contiguous
    assert data.checksums == {file: sha256_of(root / file) for file in kind.files}
    assert caplog.records == []


@pytest.mark.parametrize("folder", ["EMNIST/raw", "gzip", "emnist", "raw"])
def test_folders_that_other_programs_make_are_found(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = write_files(tmp_path / folder, EMNISTDigits)
    assert dataset(EMNISTDigits, tmp_path)._folder() == found
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert dataset(EMNISTDigits)._folder() == found


def test_a_zip_file_that_was_not_unpacked_is_told_of(tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).touch()
    with pytest.raises(DataError, match=rf"{ARCHIVE} has to be unpacked there first\)"):
        dataset(EMNISTDigits, tmp_path).load(0)


def test_classes_are_named_in_the_order_of_the_published_mapping() -> None:
    """Lines such as ``36 97``: a class, and the character it stands for."""
    code = [*range(48, 58), *range(65, 91), 97, 98, 100, 101, 102, 103, 104, 110, 113, 114, 116]
    assert list(map(ord, EMNISTBalanced.class_names)) == code
    assert list(map(ord, EMNISTDigits.class_names)) == code[:10]
    assert list(map(ord, EMNISTLetters.class_names)) == code[10:36]


def test_labels_beyond_the_classes_are_refused(tmp_path: Path) -> None:
    root = write_files(tmp_path, EMNISTBalanced)
    labels = EMNISTBalanced.files[1]
    write_idx(root / labels, np.full(TRAIN, 47, np.uint8))
    assert refusal(lambda: dataset(EMNISTBalanced, root).load(0), root / labels).endswith(
        "expected labels from 0 to 46, found 47"
    )


@pytest.mark.parametrize("label", [0, 27])
def test_letters_are_labelled_from_1_to_26_in_their_files(tmp_path: Path, label: int) -> None:
    root = write_files(tmp_path, EMNISTLetters)
    labels = EMNISTLetters.files[3]
    write_idx(root / labels, np.full(TEST, label, np.uint8))
    assert refusal(lambda: dataset(EMNISTLetters, root).load(0), root / labels).endswith(
        f"expected labels from 1 to 26, found {label}"
    )


def test_a_network_learns_letters_with_an_output_for_each(tmp_path: Path) -> None:
    root = write_files(tmp_path, EMNISTLetters)
    config = configure("dataset=emnist_letters", f"dataset.root={root}", "epochs=1")
    state = TrainingState.initial(config)
    data = config.load()
    list(train(config, data, state))
    network = config.network_of(state.trained)
    assert logits_of(network, data.test).shape == (26, TEST)
    assert set(data.test.labels) <= set(range(26))


# The zip file


def test_the_archive_is_downloaded_once_for_all_parts(
    cache: Path, fetched: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for kind in (*KINDS, *KINDS):
        data = dataset(kind).load(0)
        np.testing.assert_array_equal(data.train.images, IMAGES)
        assert list(data.checksums) == list(kind.files)
    assert fetched == [ARCHIVE]
    files = [file for kind in KINDS for file in kind.files]
    assert sorted(path.name for path in cache.iterdir()) == sorted([*files, ARCHIVE, LOCK])
    assert "gzip.zip is not the published file" in caplog.records[0].getMessage()
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.usefixtures("fetched")
def test_only_files_that_are_missing_are_unpacked(cache: Path) -> None:
    dataset(EMNISTDigits).load(0)
    kept, lost = (cache / file for file in EMNISTDigits.files[:2])
    before = kept.stat().st_mtime_ns
    lost.unlink()
    dataset(EMNISTDigits).load(0)
    assert lost.is_file()
    assert kept.stat().st_mtime_ns == before


def test_without_a_network_it_is_said_which_file_to_put_where(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, *_: object) -> Path:
        raise DataError(f"{name} could not be downloaded:", "  somewhere: no network")

    monkeypatch.setattr(published, "fetch", fetch)
    with pytest.raises(DataError, match=f"Put {ARCHIVE} from {EMNIST.mirrors[0]} into {cache}"):
        dataset(EMNISTDigits).load(0)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / ARCHIVE


def message(archive: Path) -> str:
    """The one line about an archive that cannot be unpacked, which leaves nothing behind."""
    text = refusal(lambda: extract(archive, MEMBER, archive.parent / "some-file.gz"), archive)
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    return text


def write_zip(path: Path, files: dict[str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    with ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


def test_files_of_other_names_are_left_in_the_archive(archive: Path) -> None:
    names = ["some-file.gz", f"/{MEMBER}", f"../{MEMBER}", f"gzip/../{MEMBER}", f"{MEMBER}/more"]
    write_zip(archive, dict.fromkeys(names, b"content"))
    assert f"expected {MEMBER} in it, found no such file" in message(archive)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda content: b"<html>" + content[:20], "File is not a zip file"),
        (lambda content: content[:-30], "File is not a zip file"),
        (lambda content: content.replace(b"content", b"c0ntent"), "Bad CRC-32"),
        (lambda content: b"", "File is not a zip file"),
    ],
)
def test_a_damaged_archive(archive: Path, damage: Callable[[bytes], bytes], expected: str) -> None:
    content = write_zip(archive, {MEMBER: b"content"}, compression=0)
    archive.write_bytes(damage(content))
    assert expected in message(archive)


def test_an_archive_packed_in_another_way(archive: Path) -> None:
    write_zip(archive, {MEMBER: b"content"}, ZIP_BZIP2)
    assert "expected gzip/some-file.gz stored or deflated" in message(archive)


def test_a_bomb_is_not_unpacked(archive: Path) -> None:
    with ZipFile(archive, "w", ZIP_DEFLATED) as bomb, bomb.open(MEMBER, "w") as member:
        for _ in range(257):
            member.write(bytes(MEBIBYTE))
    assert "of at most 268435456 bytes, found 269484032 bytes" in message(archive)


def test_no_more_is_unpacked_than_an_archive_promises(archive: Path) -> None:
    content = write_zip(archive, {MEMBER: bytes(64 * MEBIBYTE)})
    small = zlib.crc32(bytes(100))
    sizes = struct.pack("<II", 64 * MEBIBYTE, zlib.crc32(bytes(64 * MEBIBYTE)))
    forged = content.replace(sizes[:4], struct.pack("<I", 100)).replace(
        sizes[4:], struct.pack("<I", small)
    )
    assert forged != content
    archive.write_bytes(forged)
    path = archive.parent / "some-file.gz"
    assert peak_memory(lambda: extract(archive, MEMBER, path)) < 4 * MEBIBYTE
    assert path.read_bytes() == bytes(100)


def test_an_archive_that_is_not_there(archive: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        extract(archive, MEMBER, archive.parent / "some-file.gz")
