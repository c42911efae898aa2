"""Data of a user's own: pictures in folders, arrays in an .npz file, tables of pixels.

What is there is checked at the door; how it was cut up does not depend on a run's seed.
"""

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray
from tqdm import tqdm

from lenet.data.base import Data, Dataset, Split
from lenet.data.door import check_split
from lenet.data.download import sha256_of
from lenet.data.folders import names_in, typed_folder
from lenet.data.framing import IMAGE_SIZE
from lenet.data.splits import divided, set_aside
from lenet.errors import DataError
from lenet.formats.npz import read_arrays
from lenet.nn.input import INPUT_SIDE, fits
from lenet.nn.random import stream

log = logging.getLogger(__name__)

MOST_BYTES = 2**32  # bytes of all arrays of an .npz file
HIDDEN = (".", "_", "Thumbs.db", "desktop.ini")  # how names begin of what systems leave in folders
PARTS = ("train", "test")


class Found(NamedTuple):
    """What there is: training images, test images if they have a place of their own, checksums."""

    train: Split
    test: Split | None
    checksums: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class OwnDataset(Dataset):
    """Images that a user has; a subclass says in which form, and reads them.

    ``root`` is where they lie, ``class_names`` what the labels 0, 1, ... mean, ``size`` height and
    width in pixels, ``channels`` 1 for grey and 3 for colour. With ``characters`` each image shows
    one, framed as MNIST frames its digits. Where no images are there to test, ``test_share`` of all
    are, chosen by chance once and for all. The others are as for published datasets.
    """

    root: str
    class_names: list[str]  # type: ignore[assignment, misc]
    size: list[int]  # type: ignore[assignment, misc]
    channels: Annotated[int, Ge(1)]  # type: ignore[misc]
    characters: bool
    test_share: Annotated[float, Gt(0), Lt(1)]
    train_size: Annotated[int, Gt(0)] | None
    test_size: Annotated[int, Gt(0)] | None
    validation: Annotated[int, Ge(0)]

    def __post_init__(self) -> None:
        side = IMAGE_SIZE
        if len(set(self.class_names)) < len(self.class_names):
            raise ValueError("dataset.class_names: expected a name of its own for each class")
        if not fits(self.size):
            raise ValueError(
                f"dataset.size = {list(self.size)}: expected sides of at most {INPUT_SIDE} pixels"
            )
        if self.characters and (self.channels, list(self.size)) != (1, [side, side]):
            raise ValueError(f"characters=true needs channels=1 and size=[{side},{side}]")

    @property
    def shows_characters(self) -> bool:  # type: ignore[override]
        """Whether pictures are brought into the form of MNIST's digits."""
        return self.characters

    def load(self, seed: int) -> Data:
        """Return the data.

        DataError if they cannot be had or are wrong, ConfigError if there are too few.
        """
        train, test, checksums = self._read()
        for split, name in ((train, "train"), (test, "test")):
            if split is not None:
                classes = len(self.class_names)
                height, width = self.size
                check_split(split, self.channels, classes, (height, width), f"{self.root}, {name}")
        if test is None:
            count = max(1, round(self.test_share * len(train)))
            if count >= len(train):
                raise DataError(
                    f"{self.root}: expected images to train on beside {count} to test, "
                    f"found {len(train)} in all"
                )
            train, test = set_aside(train, count, stream(0, "test"))
            assert test is not None
        train, test, validation = divided(self, self.root, train, test, seed)
        return Data(train, test, tuple(self.class_names), validation, checksums)

    @abstractmethod
    def _read(self) -> Found:
        """Return what there is; DataError if that is anything else than it should be."""

    def _images(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return arrays of images with the channels before the rows, and none if there is one."""
        if self.channels == 1 and pixels.ndim == 2 and pixels.shape[1] == prod(self.size):
            pixels = pixels.reshape(-1, *self.size)
        if pixels.ndim == 4 and pixels.shape[-1] == self.channels:
            pixels = np.moveaxis(pixels, -1, 1)
        if pixels.ndim == 4 and pixels.shape[1] == 1:
            pixels = pixels[:, 0]
        return np.ascontiguousarray(pixels)


@dataclass(frozen=True, kw_only=True)
class Folder(OwnDataset):
    """Pictures in a folder for each class, or in such folders below ``train`` and ``test``."""

    def _read(self) -> Found:
        root = typed_folder("dataset.root", self.root)
        parts = [root / name for name in parts_in(root)] or [root]
        digest = sha256()
        splits = [self._split(part, digest) for part in parts]
        train, test = (*splits, None)[:2]
        assert train is not None
        return Found(train, test, {"pictures": digest.hexdigest()})

    def _split(self, folder: Path, digest: Any) -> Split:
        """Return the pictures of all classes in a folder; what is read goes into the digest."""
        for name in folders_in(folder):
            if name not in self.class_names:
                log.warning("%s is no class of dataset.class_names, and left out", folder / name)
        paths = [
            (label, path)
            for label, name in enumerate(self.class_names)
            for path in pictures_in(folder / name)
        ]
        images = []
        for _, path in tqdm(paths, f"reading {folder}", leave=False, disable=None):
            images.append(self._image(path))
            digest.update(path.relative_to(folder.parent).as_posix().encode() + path.read_bytes())
        labels = np.array([label for label, _ in paths], np.min_scalar_type(len(self.class_names)))
        return Split(np.stack(images), labels)

    def _image(self, path: Path) -> NDArray[np.uint8]:
        """Return a picture as the network is to see it."""
        from lenet.data.pictures.reading import read_picture

        picture = read_picture(path)
        try:
            return self.prepare(picture)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Npz(OwnDataset):
    """Arrays x_train, y_train, x_test and y_test in an .npz file, such as Keras's mnist.npz."""

    def _read(self) -> Found:
        path = typed_file(self.root)
        arrays = read_arrays(path, MOST_BYTES)
        train = self._split(path, arrays, "train")
        test = self._split(path, arrays, "test") if "x_test" in arrays else None
        return Found(train, test, {path.name: sha256_of(path)})

    def _split(self, path: Path, arrays: Mapping[str, NDArray[Any]], name: str) -> Split:
        images, labels = f"x_{name}", f"y_{name}"
        for key in (images, labels):
            if key not in arrays:
                raise DataError(
                    f"{path}: expected arrays x_train and y_train, and x_test and y_test if they "
                    f"are to be tested, found {', '.join(arrays) or 'none'}"
                )
        column = arrays[labels]
        if column.ndim == 2 and column.shape[1] == 1:
            column = column[:, 0]
        return Split(self._images(arrays[images]), column)


@dataclass(frozen=True, kw_only=True)
class Csv(OwnDataset):
    """Tables of a label and the pixels of an image in each line, such as Kaggle's train.csv.

    The channels of a pixel lie side by side.
    ``root`` is such a file, or a folder with one whose name ends in train.csv and one in test.csv.
    """

    def _read(self) -> Found:
        path = Path(self.root).expanduser()
        if path.is_dir():
            paths = [table_in(path, "train"), table_in(path, "test")]
        else:
            paths = [typed_file(self.root), None]
        splits = [self._split(path) if path else None for path in paths]
        train, test = splits
        if train is None:
            raise DataError(f"{paths[0]}: expected labels before the pixels, found none")
        return Found(train, test, {path.name: sha256_of(path) for path in paths if path})

    def _split(self, path: Path) -> Split | None:
        """Return the images of a table; None if it has no labels, as those of competitions."""
        from lenet.formats.tables import read_numbers  # with pandas

        pixels = self.channels * prod(self.size)
        numbers = read_numbers(path)
        if numbers.shape[1] == pixels:
            log.warning("%s has no labels, and is left out", path)
            return None
        if numbers.shape[1] != pixels + 1:
            raise DataError(
                f"{path}: expected a label and {pixels} pixels in each line, "
                f"found {numbers.shape[1]} numbers"
            )
        if (numbers[:, 1:] < 0).any() or (numbers[:, 1:] > 255).any():
            raise DataError(f"{path}: expected pixels from 0 to 255")
        labels: NDArray[Any] = numbers[:, 0]
        images = numbers[:, 1:].astype(np.uint8).reshape(-1, *self.size, self.channels)
        return Split(self._images(images), labels)


def classes_in(root: str) -> list[str]:
    """Return the names of the folders of pictures at a place, or in its ``train``, in their order.

    Raises:
        DataError: there is no such place, or there are none.

    """
    place = typed_folder("dataset.root", root)
    place = place / PARTS[0] if parts_in(place) else place
    names = folders_in(place)
    if not names:
        raise DataError(f"dataset.root={root}: expected a folder of pictures for each class")
    return names


def parts_in(root: Path) -> Sequence[str]:
    """Return the folders of pictures to train on and to test, where they are apart.

    ``train`` may be the only one; beside others it is the folder of a class.
    """
    there = folders_in(root)
    return PARTS if {*PARTS} <= {*there} else [name for name in PARTS[:1] if there == [name]]


def folders_in(place: Path) -> list[str]:
    """Return the names of the folders in a folder."""
    return [name for name in visible(place) if (place / name).is_dir()]


def pictures_in(folder: Path) -> Sequence[Path]:
    """Return the pictures in the folder of a class; DataError if there is none, or other files."""
    from lenet.data.pictures.reading import suffixes

    paths = [folder / name for name in visible(folder)]
    others = [path for path in paths if path.suffix.lower() not in suffixes()]
    if others:
        kind = "a folder" if others[0].is_dir() else "a file of another kind"
        raise DataError(f"{others[0]}: expected a picture, found {kind}")
    if not paths:
        raise DataError(f"{folder}: expected pictures of a class, found none")
    return paths


def visible(folder: Path) -> list[str]:
    """Return what lies in a folder, without what systems leave there."""
    return [name for name in names_in(folder) if not name.startswith(HIDDEN)]


def typed_file(text: str) -> Path:
    """Return the file that dataset.root names, in which ~ is the user's home."""
    path = Path(text).expanduser()
    if not path.is_file():
        raise DataError(f"dataset.root={text}: expected a file at {path.absolute()}, found none")
    return path


def table_in(folder: Path, name: str) -> Path | None:
    """Return the table of a part; None if there is none to test, DataError if there are several."""
    found = [folder / file for file in names_in(folder) if file.lower().endswith(f"{name}.csv")]
    if len(found) > 1 or (not found and name == PARTS[0]):
        there = ", ".join(path.name for path in found) or "none"
        raise DataError(f"dataset.root={folder}: expected one file *{name}.csv, found {there}")
    return found[0] if found else None
