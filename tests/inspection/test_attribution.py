"""Saliency and occlusion, against what they are defined to be."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import ACTIVATIONS, POOLINGS, name, random_theta

from lenet.data import Split
from lenet.inspection.attribution import GREY, occlusion, saliency
from lenet.nn.input import network_input
from lenet.nn.layers import Activation, AveragePool, MaxPool, Pooling, Tanh
from lenet.nn.model import LeNet5
from lenet.training.evaluation import logits_of

NETWORK = LeNet5(random_theta(), MaxPool(), Tanh())
H = 1e-6


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def logits(network: LeNet5, image: np.ndarray) -> Any:
    return logits_of(network, Split(image[None], np.zeros(1, np.uint8)))[:, 0]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
def test_saliency_is_how_much_a_pixel_changes_the_logit(
    pooling: Pooling, activation: Activation
) -> None:
    """Against central differences, pixel by pixel; images of 27 x 26 pixels have margins."""
    network = LeNet5(random_theta(), pooling, activation)
    images = noise(3, 27, 26)
    found = saliency(network, images)
    assert found.shape == images.shape
    x = network_input(images, np.dtype(np.float64))
    predicted = network.logits(x).argmax(axis=0)
    for n, row, column in [(0, 0, 0), (1, 13, 12), (2, 26, 25), (2, 5, 20)]:
        pixel = x[0, row + 2, column + 3]
        origin = pixel[n]
        logits = []
        for shift in (H, -H):
            pixel[n] = origin + shift
            logits.append(network.logits(x)[predicted[n], n])
        pixel[n] = origin
        slope = abs(logits[0] - logits[1]) / (2 * H)
        assert found[n, row, column] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_saliency_of_an_image_does_not_depend_on_the_others() -> None:
    images = noise(3, 28, 28)
    together = saliency(NETWORK, images)
    for n in range(3):
        np.testing.assert_allclose(saliency(NETWORK, images[n : n + 1])[0], together[n], rtol=1e-9)


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(1, 9))
def test_hiding_nothing_changes_nothing(rows: int, columns: int) -> None:
    image = noise(rows, columns)
    found = occlusion(NETWORK, image, side=0)
    assert found.shape == (10, *image.shape)
    for place in np.ndindex(rows, columns):
        np.testing.assert_allclose(found[:, *place], logits(NETWORK, image), rtol=1e-9)


def test_hiding_all_is_the_same_as_a_grey_image() -> None:
    image = noise(28, 28)
    grey = logits(NETWORK, np.full((28, 28), GREY, np.uint8))
    found = occlusion(NETWORK, image, side=99)
    np.testing.assert_allclose(found[:, 20, 3], grey, rtol=1e-9)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (14, 9), (27, 27), (0, 27)])
def test_the_square_lies_around_its_place(row: int, column: int) -> None:
    network = LeNet5(random_theta(), AveragePool(), Tanh())
    image = noise(28, 28)
    hidden = image.copy()
    near = np.abs(np.arange(28) - row) <= 3, np.abs(np.arange(28) - column) <= 3
    hidden[np.ix_(*near)] = GREY
    found = occlusion(network, image, side=7)
    np.testing.assert_allclose(found[:, row, column], logits(network, hidden))


def test_the_image_itself_stays() -> None:
    image = noise(28, 28)
    before = image.copy()
    occlusion(NETWORK, image, side=5)
    np.testing.assert_array_equal(image, before)
