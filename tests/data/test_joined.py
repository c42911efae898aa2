"""A dataset with the training images of another."""

from dataclasses import replace

import numpy as np
import pytest

from lenet.config.compose import configure
from lenet.config.identity import identity
from lenet.data import CIFAR10, Joined, Strokes
from lenet.data.door import check_data, check_dataset
from lenet.errors import ConfigError

BASE = Strokes(train_size=30, test_size=20, validation=10, seed=0)
ADDED = Strokes(train_size=40, test_size=20, validation=0, seed=1, hands="world", others=5)


def test_it_is_trained_on_both_and_tested_on_the_first() -> None:
    joined = Joined(BASE, ADDED)
    check_dataset(joined)
    data, base, added = joined.load(0), BASE.load(0), ADDED.load(0)
    check_data(data, joined)
    np.testing.assert_array_equal(data.train.images[:30], base.train.images)
    np.testing.assert_array_equal(data.train.images[30:], added.train.images)
    np.testing.assert_array_equal(
        data.train.labels, [*base.train.labels.tolist(), *added.train.labels.tolist()]
    )
    np.testing.assert_array_equal(data.test.images, base.test.images)
    assert data.validation is not None
    assert base.validation is not None
    np.testing.assert_array_equal(data.validation.images, base.validation.images)


def test_images_set_aside_of_the_second_would_be_lost() -> None:
    with pytest.raises(ValueError, match=r"added\.validation = 10: expected 0"):
        Joined(BASE, replace(ADDED, validation=10))


def test_the_checksums_tell_of_both() -> None:
    found = Joined(BASE, ADDED).load(0).checksums
    expected = [*BASE.load(0).checksums.values(), *ADDED.load(0).checksums.values()]
    assert list(found.values()) == expected


def test_it_is_as_the_first_in_all_else() -> None:
    joined = Joined(BASE, ADDED)
    assert joined.class_names == BASE.class_names
    assert (joined.size, joined.channels, joined.shows_characters) == ((28, 28), 1, True)
    assert joined.has_none
    assert not Joined(BASE, replace(BASE, validation=0)).has_none


def test_two_of_different_forms_are_refused() -> None:
    colour = CIFAR10(root=None, train_size=None, test_size=None, validation=0)
    with pytest.raises(ValueError, match=r"^expected two datasets of one form, found 1 x 28 x 28 "):
        Joined(BASE, colour)


def test_its_parts_are_set_key_by_key() -> None:
    words = ["dataset=mnist_and_strokes", "dataset.base.validation=5000", "dataset.added.others=7"]
    config = configure(*words)
    assert isinstance(config.dataset, Joined)
    assert config.dataset.base.validation == 5000  # type: ignore[attr-defined]
    assert config.dataset.added.others == 7  # type: ignore[attr-defined]
    assert identity(config) != identity(configure(*words[:2]))
    with pytest.raises(ConfigError, match=r"dataset\.added\.hands = 'mine': should be 'mnist' or"):
        configure("dataset=mnist_and_strokes", "dataset.added.hands=mine")
