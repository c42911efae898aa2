"""Softmax cross-entropy: exact, and finite for any logits."""

import numpy as np
import pytest
from gradients import assert_gradient
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import normal

from lenet.nn.losses import (
    NONE,
    CrossEntropy,
    cross_entropy,
    cross_entropy_gradient,
    log_softmax,
)

LABELS = np.array([3, 0, 9], np.uint8)


def test_gradient_is_the_derivative_of_the_sum_of_losses() -> None:
    z = normal(10, 3)
    gradient = cross_entropy_gradient(log_softmax(z), LABELS)
    assert_gradient(lambda: cross_entropy(log_softmax(z), LABELS).sum(), z, gradient)


def test_loss_of_equal_logits_is_the_logarithm_of_the_number_of_classes() -> None:
    np.testing.assert_allclose(cross_entropy(log_softmax(np.zeros((10, 3))), LABELS), np.log(10))


@given(arrays(np.float32, (10, 3), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_loss_and_gradient_are_finite_for_any_logits(z: np.ndarray) -> None:
    loss = cross_entropy(log_softmax(z), LABELS)
    assert np.isfinite(loss).all()
    assert (loss >= 0).all()
    gradient = cross_entropy_gradient(log_softmax(z), LABELS)
    assert (np.abs(gradient) <= 1).all()
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-5)


@given(arrays(np.float64, (10, 2), elements=st.floats(-50, 50)), st.floats(-1e3, 1e3))
def test_softmax_does_not_change_when_all_logits_are_shifted(z: np.ndarray, shift: float) -> None:
    np.testing.assert_allclose(log_softmax(z + shift), log_softmax(z), atol=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_for_an_image_of_no_class_all_are_to_be_as_likely(smoothing: float) -> None:
    loss, z = CrossEntropy(smoothing), normal(10, 4)
    labels = np.array([3, NONE, 9, NONE])
    log_y_hat = log_softmax(z)
    y = np.full((10, 4), 0.1)
    y[:, ::2] = (1 - smoothing) * np.eye(10)[:, [3, 9]] + smoothing / 10
    np.testing.assert_allclose(loss(log_y_hat, labels), -np.sum(y * log_y_hat, axis=0))
    np.testing.assert_allclose(loss.gradient(log_y_hat, labels), np.exp(log_y_hat) - y)
    even = loss.gradient(log_softmax(np.zeros((10, 4))), labels)
    np.testing.assert_allclose(even[:, 1::2], 0, atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_gradient_of_the_loss_to_smoothed_labels(smoothing: float) -> None:
    loss, z = CrossEntropy(smoothing), np.random.default_rng(0).normal(size=(10, 3))
    gradient = loss.gradient(z, LABELS)
    assert_gradient(lambda: float(loss(z, LABELS).sum()), z, gradient)


def test_the_loss_to_smoothed_labels_is_cross_entropy_to_their_mixture() -> None:
    z = np.random.default_rng(0).normal(size=(10, 3))
    y = 0.8 * np.eye(10)[:, LABELS] + 0.2 / 10
    loss = CrossEntropy(smoothing=0.2)(z, LABELS)
    np.testing.assert_allclose(loss, -np.sum(y * log_softmax(z), axis=0))


def test_without_smoothing_it_is_the_cross_entropy_bit_for_bit() -> None:
    z = np.random.default_rng(0).normal(size=(10, 3))
    gradient = CrossEntropy(smoothing=0.0).gradient(z, LABELS)
    np.testing.assert_array_equal(gradient, cross_entropy_gradient(log_softmax(z), LABELS))
