"""Initial weights have the spread that their names promise."""

from math import sqrt

import numpy as np
import pytest

from lenet.nn.architecture import LENET5
from lenet.nn.init import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Init,
    LecunUniform,
    Normal,
    fans,
    initial_theta,
)

FAN_IN, FAN_OUT = 6 * 25, 160 * 25
LARGE = (160, 6, 5, 5)


def test_fans_of_dense_and_convolution() -> None:
    assert fans((84, 120)) == (120, 84)
    assert fans(LARGE) == (FAN_IN, FAN_OUT)


@pytest.mark.parametrize(
    ("init", "std", "limit"),
    [
        (Normal(std=0.01), 0.01, None),
        (GlorotNormal(), sqrt(2 / (FAN_IN + FAN_OUT)), None),
        (GlorotUniform(), sqrt(2 / (FAN_IN + FAN_OUT)), sqrt(6 / (FAN_IN + FAN_OUT))),
        (HeNormal(), sqrt(2 / FAN_IN), None),
        (HeUniform(), sqrt(2 / FAN_IN), sqrt(6 / FAN_IN)),
        (LecunUniform(), 2.4 / FAN_IN / sqrt(3), 2.4 / FAN_IN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_spread(init: Init, std: float, limit: float | None) -> None:
    weights = init.draw(LARGE, np.random.default_rng(0))
    assert weights.shape == LARGE
    np.testing.assert_allclose(weights.std(), std, rtol=0.02)
    np.testing.assert_allclose(weights.mean(), 0, atol=0.02 * std)
    largest = np.abs(weights).max()
    if limit is None:
        assert largest > 3 * std
    else:
        assert 0.99 * limit < largest <= limit


def test_biases_are_zero_and_weights_are_not() -> None:
    for name, view in LENET5.views(initial_theta(GlorotUniform(), seed=0)).items():
        assert view.any() == name.endswith("weight")


def test_seeds_differ_also_from_seed_0() -> None:
    first, again, other = (initial_theta(GlorotUniform(), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[first != 0] == other[first != 0]).mean() < 1e-3


def test_every_layer_draws_from_a_stream_of_its_own() -> None:
    weights = LENET5.views(initial_theta(Normal(std=1), seed=0))
    starts = [weights[name].ravel()[0] for name in LENET5.shapes if name.endswith("weight")]
    assert len(set(starts)) == 5
