"""MNIST and its kin: four IDX files each, found on disk or downloaded once."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from platformdirs import user_cache_path

from lenet.datasets.base import Data, Dataset, Split
from lenet.datasets.download import fetch, sha256_of
from lenet.datasets.idx import read_images, read_labels
from lenet.errors import ConfigError, DataError
from lenet.preparation import digit, whole
from lenet.streams import stream

log = logging.getLogger(__name__)

SIZE = (28, 28)
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@dataclass(frozen=True)
class IdxDataset(Dataset):
    """A dataset of four IDX files; a subclass says which.

    ``root`` is the folder that holds the files; None looks in ``$LENET_DATA/<name>``, then in the
    user's cache, and then downloads them. ``validation`` training images are set aside, and
    ``train_size`` of the others and ``test_size`` test images are used (None: all), each chosen
    by the seed.
    """

    name: ClassVar[str]
    mirrors: ClassVar[tuple[str, ...]]
    sha256: ClassVar[tuple[str, str, str, str]]  # of the published files, in the order of FILES

    root: str | None
    train_size: Annotated[int, Gt(0)] | None
    test_size: Annotated[int, Gt(0)] | None
    validation: Annotated[int, Ge(0)]

    def load(self, seed: int) -> Data:
        """Return the data, every split in the order of its file.

        DataError if the files cannot be had or are wrong, ConfigError if they hold too few images.
        """
        folder = self._folder()
        checksums = _checksums(folder)
        train_images, train_labels, test_images, test_labels = (folder / file for file in FILES)
        train = self._read(train_images, train_labels)
        test = self._read(test_images, test_labels)
        if _checksums(folder) != checksums:
            raise DataError(f"{folder}: expected files at rest, found that they changed meanwhile")
        self._warn_of_others(folder, checksums)
        self._check_sizes(len(train), len(test))
        train, validation = _set_aside(train, self.validation, stream(seed, "validation"))
        return Data(
            train=_subset(train, self.train_size, stream(seed, "train subset")),
            test=_subset(test, self.test_size, stream(seed, "test subset")),
            class_names=self.class_names,
            validation=validation,
            checksums=checksums,
        )

    @property
    def _published(self) -> dict[str, str]:
        """The SHA-256 that each file should have."""
        return dict(zip(FILES, self.sha256, strict=True))

    def _folder(self) -> Path:
        """Return the folder that holds the files, which may have to be downloaded."""
        if self.root is not None:
            return self._chosen(self.root)
        cache = _cache()
        places = [os.environ.get("LENET_DATA"), cache]
        folders = [Path(place) / self.name for place in places if place]
        for folder in folders:
            if not _missing(folder):
                return folder
        if cache is None:
            raise DataError(
                f"{self.name}: expected its files in dataset.root or $LENET_DATA/{self.name}, "
                "found neither them nor a home folder to download them to"
            )
        return self._download(folders)

    def _chosen(self, name: str) -> Path:
        """Return the folder the user chose; if it lacks a file, no other takes its place."""
        try:
            root = Path(name).expanduser()
        except RuntimeError as error:
            raise DataError(f"dataset.root={name}: expected a folder, found: {error}") from error
        if missing := _missing(root):
            raise DataError(
                f"dataset.root={root}: expected the files of {self.name}, "
                f"found no {', no '.join(missing)}"
            )
        return root

    def _download(self, folders: list[Path]) -> Path:
        """Download what the last folder, the cache, lacks; return the cache."""
        cache = folders[-1]
        try:
            for file in _missing(cache):
                fetch(file, self._published[file], self.mirrors, cache)
        except DataError as error:
            raise DataError(
                f"{self.name} is not in {' or '.join(map(str, folders))}, and {error}\n"
                f"Put {', '.join(_missing(cache))} from one of these mirrors into {cache}, "
                "or use dataset=strokes, which needs no files."
            ) from error
        return cache

    def _read(self, images_path: Path, labels_path: Path) -> Split:
        """Return the images and labels of two files; DataError if they do not go together."""
        images, labels = read_images(images_path), read_labels(labels_path)
        if len(images) != len(labels):
            raise DataError(
                f"{images_path} holds {len(images)} images, "
                f"but {labels_path} holds {len(labels)} labels"
            )
        if images.shape[1:] != SIZE:
            found = "{} x {}".format(*images.shape[1:])
            raise DataError(f"{images_path}: expected images of 28 x 28 pixels, found {found}")
        if labels.max() >= len(self.class_names):
            raise DataError(
                f"{labels_path}: expected labels from 0 to {len(self.class_names) - 1} "
                f"for {images_path.name}, found {labels.max()}"
            )
        return Split(images, labels)

    def _check_sizes(self, train: int, test: int) -> None:
        """Raise ConfigError unless so many training and test images are enough."""
        left = train - self.validation
        if left < 1:
            raise ConfigError(
                f"dataset.validation={self.validation}: "
                f"{self.name} has {train} training images, and one must be left to train on"
            )
        if self.train_size is not None and self.train_size > left:
            raise ConfigError(
                f"dataset.train_size={self.train_size}: {self.name} has {train} training images, "
                f"and dataset.validation={self.validation} leaves {left}"
            )
        if self.test_size is not None and self.test_size > test:
            raise ConfigError(
                f"dataset.test_size={self.test_size}: {self.name} has {test} test images"
            )

    def _warn_of_others(self, folder: Path, checksums: dict[str, str]) -> None:
        """Warn of each file that is not as published."""
        for file, sha256 in checksums.items():
            if sha256 != self._published[file]:
                log.warning("%s is not the published file (sha256 %s)", folder / file, sha256)


def _cache() -> Path | None:
    """Return the user's cache; None for a user without a home folder."""
    try:
        return user_cache_path("lenet")
    except RuntimeError:
        return None


def _checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file; DataError if one cannot be read."""
    checksums = {}
    for path in (folder / file for file in FILES):
        try:
            checksums[path.name] = sha256_of(path)
        except OSError as error:
            raise DataError(f"{path}: expected a file to read, found: {error.strerror}") from error
    return checksums


def _missing(folder: Path) -> list[str]:
    """Return the files that are not in a folder."""
    try:
        return [file for file in FILES if not (folder / file).is_file()]
    except OSError as error:
        raise DataError(f"{folder}: expected a folder, found: {error.strerror}") from error


def _set_aside(
    split: Split, count: int, generator: np.random.Generator
) -> tuple[Split, Split | None]:
    """Return a split without ``count`` items chosen by chance, and these (None if 0)."""
    if count == 0:
        return split, None
    order = generator.permutation(len(split))
    return split[np.sort(order[count:])], split[np.sort(order[:count])]


def _subset(split: Split, size: int | None, generator: np.random.Generator) -> Split:
    """Return ``size`` items of a split chosen by chance, or the split itself if None."""
    if size is None:
        return split
    return split[np.sort(generator.permutation(len(split))[:size])]


@dataclass(frozen=True)
class MNIST(IdxDataset):
    """Handwritten digits: 60,000 to train on and 10,000 to test (LeCun, Cortes and Burges)."""

    name = "mnist"
    class_names = tuple("0123456789")
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    sha256 = (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    )

    def prepare(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the digit in a picture, or raise DataError."""
        return digit(picture)


@dataclass(frozen=True)
class FashionMNIST(IdxDataset):
    """Ten kinds of clothing in the format of MNIST (Xiao, Rasul and Vollgraf)."""

    name = "fashion-mnist"
    class_names = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    mirrors = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    )
    sha256 = (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    )

    def prepare(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the whole picture, grey on black."""
        return whole(picture)
