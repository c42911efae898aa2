"""Two datasets as one to train on."""

from dataclasses import dataclass

from lenet.data.base import Data, Dataset


@dataclass(frozen=True)
class Joined(Dataset):
    """A dataset, with the training images of another of the same form beside its own.

    Images to test and to choose by are those of ``base`` alone.
    """

    base: Dataset
    added: Dataset

    def __post_init__(self) -> None:
        key, images = self.added.set_aside
        if images:
            raise ValueError(
                f"added.{key} = {images}: expected 0; images to choose by are those of base alone"
            )
        if form(self.base) != form(self.added):
            raise ValueError(
                f"expected two datasets of one form, found {form(self.base)} and {form(self.added)}"
            )

    @property
    def class_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the classes of both."""
        return tuple(self.base.class_names)

    @property
    def size(self) -> tuple[int, int]:  # type: ignore[override]
        """The size of the images of both."""
        return self.base.size

    @property
    def channels(self) -> int:  # type: ignore[override]
        """The number of channels of both."""
        return self.base.channels

    @property
    def has_none(self) -> bool:  # type: ignore[override]
        """Whether either has images of none of the classes."""
        return self.base.has_none or self.added.has_none

    @property
    def shows_characters(self) -> bool:  # type: ignore[override]
        """Whether the images of the first show characters."""
        return self.base.shows_characters

    @property
    def set_aside(self) -> tuple[str, int]:
        """The key of how many images of the first are set aside to choose by, and how many are."""
        key, images = self.base.set_aside
        return f"base.{key}", images

    def load(self, seed: int) -> Data:
        """Return the data, the training images of ``base`` first."""
        base, added = self.base.load(seed), self.added.load(seed)
        of_added = {f"added {source}": sha256 for source, sha256 in added.checksums.items()}
        return Data(
            train=base.train + added.train,
            test=base.test,
            class_names=base.class_names,
            validation=base.validation,
            checksums=base.checksums | of_added,
        )


def form(dataset: Dataset) -> str:
    """Return what the images of a dataset are, in words."""
    size = " x ".join(map(str, dataset.size))
    names = ", ".join(dataset.class_names)
    return f"{dataset.channels} x {size} pixels of {names}"
