"""What every dataset gives: images and labels, split for training, validation and testing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8] | NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Split:
    """Images (N, H, W), unsigned bytes with 0 as background, and their labels (N,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: NDArray[np.intp] | slice) -> "Split":
        return Split(self.images[index], self.labels[index])

    @property
    def seen(self) -> Images:
        """The images as a network sees them, from 0 to 255."""
        return self.images


@dataclass(frozen=True)
class Data:
    """A dataset in memory; ``checksums`` maps each source to what identifies its content."""

    train: Split
    test: Split
    class_names: tuple[str, ...]
    validation: Split | None = None
    checksums: dict[str, str] = field(default_factory=dict)


class Dataset(ABC):
    """A source of data, as the ``dataset`` group of the configuration chooses it."""

    class_names: ClassVar[tuple[str, ...]]

    @abstractmethod
    def load(self, seed: int) -> Data:
        """Return the data; ``seed`` picks subsets and the validation split."""

    @abstractmethod
    def prepare(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture of any size (H, W, 3) as an image like those of the dataset.

        DataError if there is nothing in it.
        """
