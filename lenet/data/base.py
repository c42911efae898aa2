"""Datasets: images and labels, split for training, validation and testing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lenet.nn.input import Images


@dataclass(frozen=True)
class Split:
    """Images (N, H, W), or (N, C, H, W) in colour, from 0 to 255, and their labels (N,).

    A dataset gives unsigned bytes; warped images are of a float type. Labels are whole numbers from
    0, as bytes or as other integers, and NONE (-1) for images of none of the classes.
    """

    images: Images
    labels: NDArray[Any]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: NDArray[np.intp] | slice) -> "Split":
        return Split(self.images[index], self.labels[index])

    def __add__(self, other: "Split") -> "Split":
        """Return the images of both, one after the other."""
        images = np.concatenate([self.images, other.images])
        return Split(images, np.concatenate([self.labels, other.labels]))


@dataclass(frozen=True)
class Data:
    """A dataset in memory; ``checksums`` maps each source to what identifies its content."""

    train: Split
    test: Split
    class_names: tuple[str, ...]
    validation: Split | None = None
    checksums: dict[str, str] = field(default_factory=dict)


class Dataset(ABC):
    """A source of data, as the ``dataset`` group of the configuration chooses it.

    A subclass has the attributes below, ``class_names`` and ``size`` without fail, and ``load``.
    """

    class_names: ClassVar[tuple[str, ...]]
    channels: ClassVar[int] = 1
    shows_characters: ClassVar[bool] = False  # each image one, framed as MNIST frames its digits
    has_none: ClassVar[bool] = False  # some images to train on are of none of the classes
    size: ClassVar[tuple[int, int]]  # height and width of the images, in pixels

    @property
    def set_aside(self) -> tuple[str, int]:
        """The key of how many training images are set aside to choose by, and how many are."""
        return "validation", getattr(self, "validation", 0)

    @abstractmethod
    def load(self, seed: int) -> Data:
        """Return the data; ``seed`` picks subsets and the validation split."""

    def prepare(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture of any size (H, W, 3) as an image like those of the dataset.

        DataError if there should be a character in it, and there is none.
        """
        from lenet.data.pictures.preparation import digit, in_colour, whole

        if self.shows_characters:
            return digit(picture)
        return whole(picture, self.size) if self.channels == 1 else in_colour(picture, self.size)
