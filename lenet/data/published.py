"""Datasets that were published as files: found on disk or downloaded once, and split by a seed."""

import logging
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from platformdirs import user_cache_path

from lenet.data.base import Data, Dataset, Split
from lenet.data.download import alone_in, fetch, sha256_of
from lenet.data.folders import names_in, typed_folder
from lenet.data.splits import divided
from lenet.errors import DataError

log = logging.getLogger(__name__)

NOT_READ = "has another form, which is not read"


@dataclass(frozen=True)
class PublishedDataset(Dataset):
    """A dataset of files; a subclass says which, and reads them.

    ``root`` is the folder that holds the files; None looks below ``$LENET_DATA``, then in the
    user's cache, and then downloads them. They may lie in ``parts`` of a folder, or in one of the
    dataset's name, also of that which other programs give it. ``validation`` training images are
    set aside, and ``train_size`` of the others and ``test_size`` test images are used (None: all),
    each chosen by the seed.
    """

    name: ClassVar[str]
    other_names: ClassVar[tuple[str, ...]] = ()  # of its folder
    parts: ClassVar[tuple[str, ...]] = ("", "raw")
    other_forms: ClassVar[Mapping[str, str]] = {}  # files that are no use, and what is to be said
    mirrors: ClassVar[tuple[str, ...]]
    first_label: ClassVar[int] = 0  # of the classes, as the files number them

    root: str | None
    train_size: Annotated[int, Gt(0)] | None
    test_size: Annotated[int, Gt(0)] | None
    validation: Annotated[int, Ge(0)]

    def load(self, seed: int) -> Data:
        """Return the data, every split in the order of its files.

        DataError if the files cannot be had or are wrong, ConfigError if they hold too few images.
        """
        folder = self._folder()
        files = self._files(folder)
        checksums = checksums_of(folder, files)
        try:
            train, test = self._read([folder / file for file in files])
        except DataError as error:
            if folder.parent != _cache():
                raise
            raise DataError(f"{error}; remove it, and it is downloaded again") from error
        if checksums_of(folder, files) != checksums:
            raise DataError(f"{folder}: expected files at rest, found that they changed meanwhile")
        self._warn_of_others(folder, checksums)
        train, test, validation = divided(self, self.name, train, test, seed)
        return Data(train, test, self.class_names, validation, checksums)

    @property
    @abstractmethod
    def _published(self) -> Mapping[str, str]:
        """The SHA-256 by name of the files of which it is known."""

    @property
    @abstractmethod
    def _lengths(self) -> Mapping[str, int]:
        """The length in bytes by name of the files that can be downloaded."""

    @abstractmethod
    def _files(self, folder: Path) -> Sequence[str]:
        """Return the names of the files to read, in the form that a folder has them in."""

    @abstractmethod
    def _read(self, paths: Sequence[Path]) -> tuple[Split, Split]:
        """Return the training and the test images; DataError if the files hold anything else."""

    def _published_as(self, file: str) -> str:
        """Return the name that a file was published by."""
        return file

    def _is_ours(self, folder: Path) -> bool:
        """Return whether files are this dataset's where no folder of its name says so."""
        return True

    def _wanted(self, cache: Path) -> Sequence[str]:
        """Return the names of the files to download to the cache."""
        return self._missing(cache)

    def _missing(self, folder: Path) -> list[str]:
        """Return the names of the files that a folder lacks."""
        names_in(folder)  # which says why, where it cannot be looked into
        try:
            return [file for file in self._files(folder) if not (folder / file).is_file()]
        except OSError as error:
            raise DataError(f"{folder}: expected a folder, found: {error.strerror}") from error

    def _folder(self) -> Path:
        """Return the folder that holds the files, which may have to be downloaded."""
        if self.root is not None:
            return self._chosen(self.root)
        place, cache = _lenet_data(), _cache()
        for folder in self._folders_below(place) if place else []:
            if not self._missing(folder):
                return folder
        for folder in self._parts(place) if place else []:
            if not self._missing(folder) and self._is_ours(folder):
                return folder
        if cache is None:
            raise DataError(
                f"{self.name}: expected its files in dataset.root or $LENET_DATA/{self.name}, "
                "found neither them nor a home folder to download them to"
            )
        return self._cached(cache / self.name, place)

    def _chosen(self, name: str) -> Path:
        """Return the folder the user chose, or one in it; no other takes its place."""
        root = typed_folder("dataset.root", name)
        folder = min(self._candidates(root), key=lambda folder: len(self._missing(folder)))
        if missing := self._missing(folder):
            raise DataError(
                f"dataset.root={name}: expected the files of {self.name} in {self._within(root)}; "
                f"found no {', no '.join(missing)} in {folder.absolute()}{self._advice(root)}; "
                "without dataset.root they are looked for, and downloaded"
            )
        return folder

    def _cached(self, cache: Path, place: Path | None) -> Path:
        """Return the cache with all files in it; ``place`` is where else they were looked for."""
        if self._missing(cache):
            with alone_in(cache):
                try:
                    self._complete(cache)
                except DataError as error:
                    reason, *of_mirrors = error.args
                    raise DataError(
                        f"{self.name} is not in "
                        f"{f'{self._within(place)}{self._advice(place)}, nor in ' if place else ''}"
                        f"{cache}, and {reason}",
                        *of_mirrors,
                    ) from error
        return cache

    def _candidates(self, place: Path) -> list[Path]:
        """Return the folders below a place, itself included, that may hold the files."""
        return [*self._parts(place), *self._folders_below(place)]

    def _folders_below(self, place: Path) -> list[Path]:
        """Return the folders of the dataset's names below another."""
        names = (self.name, *self.other_names)
        return [part for name in names for part in self._parts(place / name)]

    def _parts(self, folder: Path) -> list[Path]:
        """Return the folder itself and those in it in which the files may lie."""
        return [folder / part for part in self.parts]

    def _within(self, place: Path) -> str:
        """Return in words where below a place the files were looked for."""
        inner = (str(path.relative_to(place)) for path in self._candidates(place) if path != place)
        return f"{place.absolute()} or its folders {', '.join(inner)}"

    def _advice(self, place: Path) -> str:
        """Return what is to be said of a file below a place that is no use, if there is one."""
        paths = (path / name for path in self._candidates(place) for name in self.other_forms)
        found = next((path for path in paths if path.exists()), None)
        return f" ({found} {self.other_forms[found.name]})" if found else ""

    def _complete(self, cache: Path) -> None:
        """Download what the cache lacks."""
        for file in self._wanted(cache):
            log.info("%s: downloading %s to %s", self.name, file, cache)
            try:
                fetch(file, self._published[file], self._lengths[file], self.mirrors, cache)
            except DataError as error:
                raise DataError(
                    *error.args,
                    f"Put {', '.join(self._wanted(cache))} from "
                    f"{' or '.join(self.mirrors)} into {cache}, or into a folder that dataset.root "
                    "names; dataset=strokes needs no files.",
                ) from error

    def _check_labels(self, source: Path | str, labels: NDArray[np.uint8]) -> None:
        """Raise DataError unless every label is the number of a class, as they are published."""
        first = self.first_label
        last = first + len(self.class_names) - 1
        for label in (labels.min(), labels.max()):
            if not first <= label <= last:
                raise DataError(f"{source}: expected labels from {first} to {last}, found {label}")

    def _warn_of_others(self, folder: Path, checksums: Mapping[str, str]) -> None:
        """Warn of each file that is not as published, as far as that is known."""
        for file, sha256 in checksums.items():
            if self._published.get(self._published_as(file), sha256) != sha256:
                log.warning("%s is not the published file (sha256 %s)", folder / file, sha256)


def _lenet_data() -> Path | None:
    """Return the folder that LENET_DATA names; None if it is not set, or names none (a warning)."""
    text = os.path.expandvars(os.environ.get("LENET_DATA", ""))
    try:
        return typed_folder("LENET_DATA", text) if text else None
    except DataError as error:
        log.warning("%s", error)
        return None


def _cache() -> Path | None:
    """Return the user's cache; None for a user without a home folder."""
    try:
        return user_cache_path("lenet")
    except RuntimeError:
        return None


def checksums_of(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of each file; DataError if one cannot be read."""
    checksums = {}
    for file in files:
        try:
            checksums[file] = sha256_of(folder / file)
        except OSError as error:
            raise DataError(
                f"{folder / file}: expected a file to read, found: {error.strerror}"
            ) from error
    return checksums
