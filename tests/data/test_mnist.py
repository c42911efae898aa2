"""MNIST and its kin: where the files are looked for, what they must hold, how they are split."""

import gzip
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from idx_files import TEST, TRAIN, numbered_images, write_dataset, write_idx

from lenet.data import mnist, published
from lenet.data.base import Data, Split
from lenet.data.download import sha256_of
from lenet.data.mnist import FILES, KMNIST, MNIST, UNPACKED, FashionMNIST, IdxDataset
from lenet.errors import ConfigError, DataError


def all_of(kind: type[IdxDataset], root: Path | None = None) -> IdxDataset:
    return kind(
        root=None if root is None else str(root), train_size=None, test_size=None, validation=0
    )


def numbers(split: Split) -> list[int]:
    """Which of the numbered images a split has; each must have come with its own label."""
    found = split.images[:, 0, 0]
    np.testing.assert_array_equal(split.labels, found % 10)
    return [int(number) for number in found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "root")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty; $LENET_DATA is not set, and nothing can be downloaded."""

    def fetch(name: str, sha256: str, length: int, mirrors: tuple[str, ...], folder: Path) -> Path:
        raise DataError(f"{name} could not be downloaded:", f"  {mirrors[0]}: no network")

    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr(published, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(published, "fetch", fetch)
    return tmp_path / "cache" / "lenet"


# Where the files are looked for


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST, KMNIST])
def test_search_order(
    kind: type[IdxDataset], tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "data"))
    in_cache = write_dataset(cache / kind.name)
    assert all_of(kind)._folder() == in_cache
    in_data = write_dataset(tmp_path / "data" / kind.name)
    assert all_of(kind)._folder() == in_data
    root = write_dataset(tmp_path / "root")
    assert all_of(kind, root)._folder() == root
    (in_data / FILES[3]).unlink()
    assert all_of(kind)._folder() == in_cache


def test_empty_variable_counts_as_unset(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "mnist")
    in_cache = write_dataset(cache / "mnist")
    monkeypatch.setenv("LENET_DATA", "")
    assert all_of(MNIST)._folder() == in_cache


def test_root_may_begin_with_the_home_folder(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert all_of(MNIST, Path("~/root"))._folder() == root


def test_root_without_a_file_is_not_replaced(root: Path, cache: Path) -> None:
    write_dataset(cache / "mnist")
    (root / FILES[0]).unlink()
    (root / FILES[3]).unlink()
    with pytest.raises(DataError) as caught:
        all_of(MNIST, root).load(0)
    assert str(caught.value) == (
        f"dataset.root={root}: expected the files of mnist in {root} or its folders raw, mnist, "
        f"mnist/raw, MNIST, MNIST/raw; found no {FILES[0]}, no {FILES[3]} in {root}; without "
        "dataset.root they are looked for, and downloaded"
    )


def test_root_that_cannot_be_looked_into() -> None:
    with pytest.raises(DataError, match=r"expected a folder at .*, found: File name too long"):
        all_of(MNIST, Path("x" * 1000)).load(0)


# Other names, other folders


def dotted(file: str) -> str:
    """A name that programs give what they unpack."""
    return file.removesuffix(".gz").replace("-idx", ".idx")


FORMS: dict[str, Callable[[str], str]] = {
    "packed": lambda file: file,
    "unpacked": lambda file: file.removesuffix(".gz"),
    "with a dot": dotted,
    "packed with a dot": lambda file: f"{dotted(file)}.gz",
    "in capitals": str.upper,
    "in folders of its name": lambda file: f"{file.removesuffix('.gz')}/{dotted(file)}",
    "in folders with a dot": lambda file: f"{dotted(file)}/{file.removesuffix('.gz')}",
}


def rename(root: Path, form: Callable[[str], str]) -> list[str]:
    """Give files another form; return their names."""
    forms = [form(file) for file in FILES]
    for file, name in zip(FILES, forms, strict=True):
        content = (root / file).read_bytes()
        (root / file).unlink()
        (root / name).parent.mkdir(exist_ok=True)
        packed = name.lower().endswith(".gz")
        (root / name).write_bytes(content if packed else gzip.decompress(content))
    return forms


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_files_are_found_in_every_form_and_checked(
    root: Path,
    form: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = [sha256_of(root / file) for file in FILES]
    unpacked = [
        hashlib.sha256(gzip.decompress((root / file).read_bytes())).hexdigest() for file in FILES
    ]
    monkeypatch.setattr(MNIST, "sha256", (*packed, *unpacked))
    forms = rename(root, form)
    data = all_of(MNIST, root).load(0)
    assert numbers(data.train) == list(range(TRAIN))
    assert numbers(data.test) == list(range(TEST))
    assert list(data.checksums) == forms
    assert caplog.records == []
    monkeypatch.setattr(MNIST, "sha256", ("0" * 64,) * 8)
    all_of(MNIST, root).load(0)
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [
        root / name for name in forms
    ]


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        (MNIST, "MNIST/raw"),
        (MNIST, "mnist"),
        (FashionMNIST, "FashionMNIST/raw"),
        (FashionMNIST, "fashion_mnist"),
        (KMNIST, "KMNIST/raw"),
    ],
)
def test_folders_that_other_programs_make_are_found(
    kind: type[IdxDataset], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as those of torchvision, whose root serves as ours."""
    for other in {MNIST, FashionMNIST, KMNIST} - {kind}:
        write_dataset(tmp_path / other.name)
    found = write_dataset(tmp_path / folder)
    rename(found, FORMS["unpacked"])
    assert all_of(kind, tmp_path)._folder() == found
    assert all_of(kind, found)._folder() == found
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert all_of(kind)._folder() == found


def test_files_in_lenet_data_itself_are_taken_if_their_checksums_say_whose_they_are(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The four names are those of several datasets."""
    data = write_dataset(tmp_path / "data")
    monkeypatch.setenv("LENET_DATA", str(data))
    monkeypatch.setattr(MNIST, "sha256", tuple(sha256_of(data / file) for file in FILES))
    assert all_of(MNIST)._folder() == data
    for kind in (FashionMNIST, KMNIST):
        with pytest.raises(DataError, match="could not be downloaded"):
            all_of(kind)._folder()


@pytest.mark.parametrize("text", ["~/data", "$HOME/data", "${HOME}/data", "data"])
def test_lenet_data_is_read_as_a_shell_reads_it(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quotes keep a shell from it; a relative folder is one of the current folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_DATA", text)
    folder = write_dataset(tmp_path / "data" / "mnist")
    assert all_of(MNIST)._folder().absolute() == folder


def test_a_lenet_data_that_is_not_there_is_warned_of(
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_DATA", "dta")
    found = write_dataset(cache / "mnist")
    assert all_of(MNIST)._folder() == found
    assert caplog.messages == [
        f"LENET_DATA=dta: expected a folder at {tmp_path}/dta, found: No such file or directory"
    ]


def test_a_root_that_is_not_there_is_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        all_of(MNIST, Path("dta")).load(0)
    assert str(caught.value) == (
        f"dataset.root=dta: expected a folder at {tmp_path}/dta, found: No such file or directory"
    )


def test_a_root_with_the_images_in_another_form_is_told_so(root: Path) -> None:
    for file in FILES:
        (root / file).unlink()
    (root / "mnist.npz").touch()
    with pytest.raises(DataError, match=r"mnist.npz has another form, which is not read\)"):
        all_of(MNIST, root).load(0)


def test_a_damaged_file_of_the_cache_may_be_removed(cache: Path) -> None:
    folder = write_dataset(cache / "mnist")
    (folder / FILES[1]).write_bytes(b"")
    with pytest.raises(DataError, match=f"{FILES[1]}: .*; remove it, and it is downloaded again"):
        all_of(MNIST).load(0)


def test_what_another_process_has_downloaded_meanwhile_is_not_downloaded_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def alone_after_another(folder: Path) -> Iterator[None]:
        write_dataset(folder)
        yield

    monkeypatch.setattr(published, "alone_in", alone_after_another)
    assert len(all_of(MNIST).load(0).train) == TRAIN


def test_only_missing_files_are_downloaded(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_dataset(tmp_path / "source")
    folder = write_dataset(cache / "fashion-mnist")
    (folder / FILES[1]).unlink()
    (folder / FILES[2]).unlink()
    asked = []

    def fetch(name: str, sha256: str, length: int, mirrors: tuple[str, ...], folder: Path) -> Path:
        asked.append((name, sha256, length, mirrors))
        return (source / name).rename(folder / name)

    monkeypatch.setattr(published, "fetch", fetch)
    assert len(all_of(FashionMNIST).load(0).train) == TRAIN
    kind = FashionMNIST
    assert asked == [(FILES[i], kind.sha256[i], kind.lengths[i], kind.mirrors) for i in (1, 2)]


def test_failed_download_says_what_to_do(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("LENET_DATA", str(data))
    write_dataset(cache / "mnist")
    (cache / "mnist" / FILES[0]).unlink()
    (cache / "mnist" / FILES[3]).unlink()
    with pytest.raises(DataError) as caught:
        all_of(MNIST).load(0)
    assert str(caught.value) == (
        f"mnist is not in {data} or its folders raw, mnist, mnist/raw, MNIST, MNIST/raw, "
        f"nor in {cache / 'mnist'}, and {FILES[0]} could not be downloaded:\n"
        f"  {MNIST.mirrors[0]}: no network\n"
        f"Put {FILES[0]}, {FILES[3]} from {' or '.join(MNIST.mirrors)} into {cache / 'mnist'}, "
        "or into a folder that dataset.root names; dataset=strokes needs no files."
    )


# What the files must hold


def test_load(root: Path) -> None:
    data = all_of(FashionMNIST, root).load(0)
    assert numbers(data.train) == list(range(TRAIN))
    assert numbers(data.test) == list(range(TEST))
    assert data.train.images.shape == (TRAIN, 28, 28)
    assert data.train.images.dtype == data.train.labels.dtype == np.uint8
    assert data.validation is None
    assert data.class_names[9] == "Ankle boot"
    assert data.checksums == {file: sha256_of(root / file) for file in FILES}


def test_files_of_the_users_own_are_used_with_a_warning(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = list(all_of(MNIST, root).load(0).checksums.values())
    monkeypatch.setattr(MNIST, "sha256", ("0" * 64, *found[1:]))
    caplog.clear()
    all_of(MNIST, root).load(0)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"{root / FILES[0]} is not the published file (sha256 {found[0]})"
    )


def unpack(root: Path, *files: str) -> None:
    for path in (root / file for file in files):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()


@pytest.mark.parametrize("count", [1, 4])
def test_files_that_were_unpacked_are_read_as_well(root: Path, count: int) -> None:
    unpack(root, *FILES[:count])
    data = all_of(MNIST, root).load(0)
    assert numbers(data.train) == list(range(TRAIN))
    assert numbers(data.test) == list(range(TEST))
    assert list(data.checksums) == [*UNPACKED[:count], *FILES[count:]]


def test_a_file_as_it_was_published_goes_before_the_unpacked_one(root: Path) -> None:
    (root / UNPACKED[0]).write_bytes(b"another")
    assert list(all_of(MNIST, root).load(0).checksums) == list(FILES)


def test_files_whose_checksums_are_not_known_are_used_without_a_warning(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unpack(root, *FILES)
    all_of(KMNIST, root).load(0)
    assert caplog.records == []


@pytest.mark.parametrize(("images", "labels"), [(FILES[0], FILES[1]), (FILES[2], FILES[3])])
def test_as_many_labels_as_images(root: Path, images: str, labels: str) -> None:
    write_idx(root / labels, np.zeros(17, dtype=np.uint8))
    count = TRAIN if images == FILES[0] else TEST
    with pytest.raises(DataError) as caught:
        all_of(MNIST, root).load(0)
    assert str(caught.value) == (
        f"{root / images} holds {count} images, but {root / labels} holds 17 labels"
    )


def test_size_of_the_images(root: Path) -> None:
    write_idx(root / FILES[2], np.zeros((TEST, 32, 30), dtype=np.uint8))
    with pytest.raises(DataError) as caught:
        all_of(MNIST, root).load(0)
    assert str(caught.value) == (
        f"{root / FILES[2]}: expected images of 28 x 28 pixels, found 32 x 30"
    )


def test_labels_above_nine(root: Path) -> None:
    write_idx(root / FILES[1], np.arange(TRAIN, dtype=np.uint8))
    with pytest.raises(DataError) as caught:
        all_of(MNIST, root).load(0)
    assert str(caught.value) == f"{root / FILES[1]}: expected labels from 0 to 9, found 49"


def test_damaged_file_is_named(root: Path) -> None:
    (root / FILES[1]).write_bytes(b"<html>")
    with pytest.raises(DataError, match=f"{FILES[1]}: .* web page"):
        all_of(MNIST, root).load(0)


# How they are split


def split(root: Path, seed: int, train: int | None, test: int | None, validation: int) -> Data:
    return MNIST(str(root), train_size=train, test_size=test, validation=validation).load(seed)


@pytest.mark.parametrize("train", [None, 1, 10, 38])
@pytest.mark.parametrize("validation", [1, 12])
@pytest.mark.parametrize("test", [None, 1, TEST])
def test_sizes_are_exact_and_splits_disjoint(
    root: Path, train: int | None, test: int | None, validation: int
) -> None:
    data = split(root, 3, train, test, validation)
    assert data.validation is not None
    trained, validated, tested = map(numbers, (data.train, data.validation, data.test))
    assert len(trained) == len(set(trained)) == (TRAIN - validation if train is None else train)
    assert len(validated) == len(set(validated)) == validation
    assert len(tested) == len(set(tested)) == (TEST if test is None else test)
    assert not set(trained) & set(validated)


@pytest.mark.parametrize("part", ["train", "test", "validation"])
def test_splits_are_those_of_the_seed(root: Path, part: str) -> None:
    first, again, other = (
        numbers(getattr(split(root, seed, 10, 10, 10), part)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_subsets_do_not_change_the_validation_split(root: Path) -> None:
    some, every = split(root, 1, 10, 10, 10), split(root, 1, None, None, 10)
    assert some.validation is not None
    assert every.validation is not None
    assert numbers(some.validation) == numbers(every.validation)
    assert set(numbers(some.train)) < set(numbers(every.train))


@pytest.mark.parametrize(
    ("train", "test", "validation", "expected"),
    [
        (
            51,
            None,
            0,
            "dataset.train_size=51: mnist has 50 training images, "
            "and dataset.validation=0 leaves 50",
        ),
        (
            41,
            None,
            10,
            "dataset.train_size=41: mnist has 50 training images, "
            "and dataset.validation=10 leaves 40",
        ),
        (None, 21, 0, "dataset.test_size=21: mnist has 20 test images"),
        (
            None,
            None,
            50,
            "dataset.validation=50: mnist has 50 training images, and one must be left to train on",
        ),
        (
            1,
            None,
            60,
            "dataset.validation=60: mnist has 50 training images, and one must be left to train on",
        ),
    ],
)
def test_impossible_sizes(
    root: Path, train: int | None, test: int | None, validation: int, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        split(root, 0, train, test, validation)
    assert str(caught.value) == expected


# The real files


@pytest.mark.mnist
@pytest.mark.skipif("LENET_DATA" not in os.environ, reason="LENET_DATA is not set")
@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_published_files(kind: type[IdxDataset], caplog: pytest.LogCaptureFixture) -> None:
    data = all_of(kind, Path(os.environ["LENET_DATA"]) / kind.name).load(0)
    assert data.train.images.shape == (60_000, 28, 28)
    assert data.test.images.shape == (10_000, 28, 28)
    assert tuple(data.checksums.values()) == kind.sha256[:4]
    assert caplog.records == []
    counts = [np.bincount(part.labels).tolist() for part in (data.train, data.test)]
    if kind is MNIST:
        assert counts == [
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ]
    else:
        assert counts == [[6000] * 10, [1000] * 10]


@pytest.mark.mnist
@pytest.mark.skipif("LENET_DATA" not in os.environ, reason="LENET_DATA is not set")
@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_published_files_unpacked(
    kind: type[IdxDataset], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for file in FILES:
        shutil.copy(Path(os.environ["LENET_DATA"]) / kind.name / file, tmp_path)
    unpack(tmp_path, *FILES)
    data = all_of(kind, tmp_path).load(0)
    assert len(data.train) == 60_000
    assert tuple(data.checksums.values()) == kind.sha256[4:]
    assert caplog.records == []


# Files that change, and what only looks like a file


@pytest.mark.parametrize("change", ["truncated", "replaced", "removed"])
def test_files_are_read_once_so_that_a_later_change_is_not_seen(root: Path, change: str) -> None:
    data = all_of(MNIST, root).load(seed=0)
    before = data.train.images.copy()
    file = root / FILES[0]
    match change:
        case "truncated":
            os.truncate(file, 20)
        case "replaced":
            write_idx(file, 255 - numbered_images(TRAIN))
        case "removed":
            file.unlink()
    np.testing.assert_array_equal(data.train.images, before)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen after labels are read, while other files are yet to be."""

    def arrange(happen: Callable[[], object]) -> None:
        def read_labels_while_it_happens(path: Path) -> np.ndarray:
            labels = read_labels(path)
            happen()
            return labels

        read_labels = mnist.read_labels
        monkeypatch.setattr(mnist, "read_labels", read_labels_while_it_happens)

    return arrange


@pytest.mark.parametrize("file", FILES)
def test_a_file_replaced_while_the_others_are_read_is_noticed(
    root: Path, meanwhile: Callable[[Callable[[], object]], None], file: str
) -> None:
    """Else the checksums in the record would be those of other images than were trained on."""

    def replace() -> None:
        with (root / file).open("ab") as changed:
            changed.write(gzip.compress(b""))

    meanwhile(replace)
    with pytest.raises(DataError, match="expected files at rest, found that they changed"):
        all_of(MNIST, root).load(seed=0)


@pytest.mark.parametrize("file", FILES)
def test_a_file_removed_while_the_others_are_read_is_named(
    root: Path, meanwhile: Callable[[Callable[[], object]], None], file: str
) -> None:
    meanwhile(lambda: (root / file).unlink(missing_ok=True))
    with pytest.raises(DataError, match=f"{file}: expected .* found: No such file"):
        all_of(MNIST, root).load(seed=0)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (2, 3), (0, 3), (0, 2), (1, 3)])
def test_files_that_have_changed_places_are_noticed(root: Path, one: int, other: int) -> None:
    first, second, spare = root / FILES[one], root / FILES[other], root / "spare"
    first.rename(spare)
    second.rename(first)
    spare.rename(second)
    with pytest.raises(DataError, match=r"expected (images|labels) .* found|holds \d+ images, but"):
        all_of(MNIST, root).load(seed=0)


@pytest.mark.parametrize("file", FILES)
def test_a_pipe_or_a_device_is_no_file(root: Path, file: str) -> None:
    """Reading the one would wait for ever, the other would never end."""
    (root / file).unlink()
    os.mkfifo(root / file)
    with pytest.raises(DataError, match=f"found no {file}"):
        all_of(MNIST, root).load(seed=0)
    (root / file).unlink()
    (root / file).symlink_to("/dev/zero")
    with pytest.raises(DataError, match=f"found no {file}"):
        all_of(MNIST, root).load(seed=0)


# Users without a home


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_error(*_: object) -> None:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr(published, "user_cache_path", raise_error)
    monkeypatch.setattr(Path, "home", raise_error)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_files_are_found_by_lenet_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path / "data" / "mnist")
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "data"))
    assert len(all_of(MNIST).load(seed=0).train) == TRAIN


@pytest.mark.usefixtures("homeless")
def test_without_a_home_it_is_said_where_files_may_be() -> None:
    with pytest.raises(DataError, match=r"dataset.root or \$LENET_DATA/mnist, .* home folder"):
        all_of(MNIST).load(seed=0)


@pytest.mark.usefixtures("homeless")
def test_a_root_below_a_home_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match=r"dataset.root=~/data: expected a folder, found: Could"):
        all_of(MNIST, Path("~/data")).load(seed=0)
