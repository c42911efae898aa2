"""Splits: images that are set aside, and subsets, chosen by chance."""

from typing import Protocol

import numpy as np

from lenet.data.base import Split
from lenet.errors import ConfigError
from lenet.nn.random import stream


class Wanted(Protocol):
    """How many images a dataset is to have, as its keys say."""

    @property
    def train_size(self) -> int | None:
        """Of those that are left to train on; None: all."""

    @property
    def test_size(self) -> int | None:
        """Of those to test; None: all."""

    @property
    def validation(self) -> int:
        """Training images that are set aside."""


def divided(
    wanted: Wanted, name: str, train: Split, test: Split, seed: int
) -> tuple[Split, Split, Split | None]:
    """Return training, test and validation images of a dataset, each split in its order.

    Which images are used, and which are set aside, is chosen by the seed.

    Raises:
        ConfigError: there are too few.

    """
    train_size, test_size, validation = wanted.train_size, wanted.test_size, wanted.validation
    left = len(train) - validation
    if left < 1:
        raise ConfigError(
            f"dataset.validation={validation}: "
            f"{name} has {len(train)} training images, and one must be left to train on"
        )
    if train_size is not None and train_size > left:
        raise ConfigError(
            f"dataset.train_size={train_size}: {name} has {len(train)} training images, "
            f"and dataset.validation={validation} leaves {left}"
        )
    if test_size is not None and test_size > len(test):
        raise ConfigError(f"dataset.test_size={test_size}: {name} has {len(test)} test images")
    train, aside = set_aside(train, validation, stream(seed, "validation"))
    return (
        subset(train, train_size, stream(seed, "train subset")),
        subset(test, test_size, stream(seed, "test subset")),
        aside,
    )


def set_aside(
    split: Split, count: int, generator: np.random.Generator
) -> tuple[Split, Split | None]:
    """Return a split without ``count`` items chosen by chance, and these (None if 0)."""
    if count == 0:
        return split, None
    order = generator.permutation(len(split))
    return split[np.sort(order[count:])], split[np.sort(order[:count])]


def subset(split: Split, size: int | None, generator: np.random.Generator) -> Split:
    """Return ``size`` items of a split chosen by chance, or the split itself if None."""
    if size is None:
        return split
    return split[np.sort(generator.permutation(len(split))[:size])]
