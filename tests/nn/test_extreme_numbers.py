"""Images, labels and weights at their extremes: every number stays finite, nothing warns."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import ACTIVATIONS, POOLINGS, name
from trainings import LOSS, RECIPE, batch_result

from lenet.data import Data, Split
from lenet.nn.architecture import LENET5
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import Activation, Pooling, ReLU
from lenet.nn.losses import cross_entropy, cross_entropy_gradient, log_softmax
from lenet.nn.model import LeNet5
from lenet.training.divergence import DivergedError
from lenet.training.evaluation import evaluate
from lenet.training.loop import train
from lenet.training.optimizers import SGD
from lenet.training.state import TrainingState

TYPES = [np.float32, np.float64]
IMAGES = {
    "black": np.zeros((4, 28, 28), np.uint8),
    "white": np.full((4, 28, 28), 255, np.uint8),
    "one dot": np.eye(1, 784, 400, dtype=np.uint8).reshape(1, 28, 28) * 255,
    "noise": np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8),
}
WEIGHTS = {
    "zero": np.zeros(LENET5.size),
    "Glorot's": initial_theta(GlorotUniform(), 0),
    "a thousand": np.full(LENET5.size, 1e3),
    "tiny": np.full(LENET5.size, 1e-45),
}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_any_image_has_a_finite_loss_and_gradient(
    activation: Activation, pooling: Pooling, weights: str, dtype: Any
) -> None:
    network = LeNet5(WEIGHTS[weights].astype(dtype), pooling, activation)
    for images in IMAGES.values():
        batch = Split(images, np.full(len(images), 7, np.uint8))
        outcome = batch_result(network, LOSS, batch, 2)
        score, gradient = outcome.score, outcome.gradient
        assert np.isfinite(score.loss)
        assert score.loss >= 0
        assert np.isfinite(gradient).all()
        assert gradient.dtype == dtype
        assert evaluate(network, batch).loss == pytest.approx(score.loss, rel=1e-5)


@pytest.mark.parametrize("dtype", TYPES)
def test_equal_images_of_one_class_are_as_likely_each(dtype: Any) -> None:
    """A batch of four equal images has the loss and gradient of one of them alone."""
    network = LeNet5(WEIGHTS["Glorot's"].astype(dtype), POOLINGS[0], ACTIVATIONS[0])
    white = Split(IMAGES["white"], np.zeros(4, np.uint8))
    four = batch_result(network, LOSS, white, parts=2)
    one = batch_result(network, LOSS, white[:1], parts=2)
    assert four.score.mean_loss == pytest.approx(one.score.mean_loss, rel=1e-5)
    np.testing.assert_allclose(four.gradient, one.gradient, rtol=1e-3, atol=1e-5)


def test_a_network_of_zeros_gives_every_class_the_same_chance() -> None:
    network = LeNet5(np.zeros(LENET5.size), POOLINGS[0], ACTIVATIONS[0])
    score = evaluate(network, Split(IMAGES["noise"], np.arange(4, dtype=np.uint8)))
    assert score.mean_loss == pytest.approx(np.log(10), rel=1e-15)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shift", [1e38, -1e38, 2.0**100, -(2.0**100), 0])
def test_log_softmax_of_huge_equal_logits_is_that_of_zeros(shift: float, dtype: Any) -> None:
    z = np.full((10, 3), shift, dtype)
    np.testing.assert_array_equal(log_softmax(z), log_softmax(np.zeros((10, 3), dtype)))


@pytest.mark.parametrize("dtype", TYPES)
def test_log_softmax_of_logits_far_apart_is_their_difference(dtype: Any) -> None:
    """Where one logit is far above the others, their probabilities are exp(z - max) itself."""
    z = np.full((10, 2), -1e38, dtype)
    z[3] = 1e38
    expected = np.full((10, 2), dtype(-1e38) - dtype(1e38))
    expected[3] = 0
    np.testing.assert_array_equal(log_softmax(z), expected)


@given(
    arrays(np.float64, (10, 1), elements=st.integers(-30, 30).map(float)),
    st.integers(-(2**40), 2**40),
)
def test_log_softmax_is_exact_to_the_last_digits_however_far_it_is_shifted(
    z: np.ndarray, shift: int
) -> None:
    """Whole numbers are shifted without rounding, so that no digit may change at all."""
    shifted = log_softmax(z + shift)
    np.testing.assert_array_equal(shifted, log_softmax(z))
    wide = z.astype(np.longdouble)
    exact = wide - np.log(np.exp(wide).sum(axis=0))
    np.testing.assert_allclose(shifted, exact.astype(np.float64), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("scale", [0, 1, 1e4, 1e38])
def test_the_gradients_of_the_logits_of_an_image_add_up_to_zero(scale: float, dtype: Any) -> None:
    z = (scale * np.random.default_rng(0).uniform(-1, 1, (10, 50))).astype(dtype)
    labels = np.arange(50, dtype=np.uint8) % 10
    log_y_hat = log_softmax(z)
    gradient = cross_entropy_gradient(log_y_hat, labels)
    exact = [sum(map(Fraction, map(float, column))) for column in gradient.T]
    assert max(map(abs, exact)) < 20 * np.finfo(dtype).eps
    assert np.isfinite(cross_entropy(log_y_hat, labels)).all()


def test_a_network_that_fails_on_validation_images_alone_has_diverged() -> None:
    """Black images keep clear of the filters of C1, which the white ones overflow."""
    still = SGD(lr=1e-30, momentum=0, nesterov=False)
    recipe = replace(RECIPE, activation=ReLU(), optimizer=still, batch_size=4)
    state = TrainingState.initial(recipe)
    LENET5.views(state.theta)["c1.weight"][...] = 3e37
    black, white = (Split(IMAGES[name], np.zeros(4, np.uint8)) for name in ("black", "white"))
    data = Data(black, black, tuple("0123456789"), validation=white)
    with pytest.raises(DivergedError, match="the output of C1"):
        list(train(recipe, data, state))
