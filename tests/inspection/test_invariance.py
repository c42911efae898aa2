"""Invariance: images are distorted by as much as is said, and errors are those of the network."""

import numpy as np
import pytest
from trainings import new_network

from lenet.data import Split
from lenet.inspection.invariance import (
    DISTORTIONS,
    Distortion,
    errors,
    padded,
    rotated,
    scaled,
    shifted,
    soiled,
)
from lenet.nn.input import Images, network_input
from lenet.training.evaluation import evaluate


def bar() -> Images:
    """An upright bar, 8 high and 2 wide, in the middle of a field of 32."""
    image = np.zeros((1, 32, 32), np.uint8)
    image[0, 12:20, 15:17] = 255
    return image


def box(images: Images) -> tuple[int, int, int, int]:
    """The first and last row and column of what is bright."""
    rows, columns = np.nonzero(images[0] > 127)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def test_images_are_distorted_by_as_much_as_is_said() -> None:
    assert box(bar()) == (12, 19, 15, 16)
    assert box(shifted(bar(), 5)) == (17, 24, 15, 16)
    assert box(scaled(bar(), 2.0)) == (8, 23, 14, 17)
    assert box(rotated(bar(), 90)) == (15, 16, 12, 19)


def test_a_turn_is_to_the_left() -> None:
    """The upper end of an upright bar goes to the left."""
    turned = rotated(bar(), 30)[0]
    upper, lower = turned[:16], turned[16:]
    centre = [np.average(np.arange(32), weights=half.sum(axis=0)) for half in (upper, lower)]
    assert centre[0] < centre[1]


@pytest.mark.parametrize("distort", [scaled, shifted, rotated, soiled])
def test_nothing_is_done_by_an_amount_that_says_so(distort: object) -> None:
    nothing = 1.0 if distort is scaled else 0.0
    np.testing.assert_allclose(distort(bar(), nothing), bar())  # type: ignore[operator]


def test_a_share_of_the_pixels_is_black_or_white() -> None:
    grey = np.full((20, 32, 32), 100, np.uint8)
    soil = soiled(grey, 0.3)
    assert set(np.unique(soil)) == {0, 100, 255}
    assert np.mean(soil != 100) == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(soil, soiled(grey, 0.3))


def test_errors_are_those_of_distorted_images() -> None:
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (30, 28, 28), np.uint8), rng.integers(0, 10, 30, np.uint8))
    network = new_network()
    turned = Distortion("rotation", (0.0, 40.0), rotated)
    found = errors(network, split, turned)
    assert found[0] == pytest.approx(1 - evaluate(network, split).accuracy)
    x = network_input(rotated(padded(split.images), 40.0), np.dtype(np.float32))
    assert found[1] == pytest.approx(np.mean(network.logits(x).argmax(axis=0) != split.labels))
    assert len(DISTORTIONS) == 4
