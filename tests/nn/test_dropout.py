"""Dropout: by chance of the run's own stream, in training only."""

from dataclasses import replace

import numpy as np
import pytest
from gradients import assert_gradient
from hypothesis import given
from hypothesis import strategies as st
from oracles import normal
from trainings import LOSS, RECIPE, batch_result, run

from lenet.data import Data
from lenet.nn.layers import Dropout
from lenet.training.optimizers import SGD


@given(st.floats(0, 0.99), st.integers(0, 100))
def test_a_share_is_dropped_and_the_mean_stays(rate: float, seed: int) -> None:
    x = np.ones((200, 100))
    y, _ = Dropout(rate).forward(x, np.random.default_rng(seed))
    kept = y != 0
    np.testing.assert_allclose(y[kept], 1 / (1 - rate))
    assert kept.mean() == pytest.approx(1 - rate, abs=0.02)


def test_the_gradient_goes_where_the_numbers_went() -> None:
    layer, x, dy = Dropout(0.4), normal(5, 6), normal(5, 6, seed=1)

    def forward() -> tuple[np.ndarray, np.ndarray]:
        y, mask = layer.forward(x, np.random.default_rng(7))
        assert mask is not None
        return y, mask

    _, mask = forward()
    assert_gradient(lambda: float(np.sum(dy * forward()[0])), x, layer.backward(dy, mask))


def test_tested_networks_drop_nothing() -> None:
    x = normal(5, 6)
    np.testing.assert_array_equal(Dropout(0.9).inference().forward(x)[0], x)


def test_of_a_rate_of_zero_nothing_is_seen(bars: Data) -> None:
    network = replace(RECIPE, dropout=Dropout(0.0)).network_of(run(bars).theta)
    assert not [name for name in network.layers if "dropout" in name]


def test_a_training_has_the_same_bits_whatever_the_number_of_workers(bars: Data) -> None:
    ends = []
    for workers in (1, 2, 3):
        ends.append(run(bars, workers, dropout=Dropout(0.3), parts=3).theta)
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


def test_every_step_drops_others(bars: Data) -> None:
    """Equal images and a learning rate of almost 0: only chance makes a difference."""
    equal = Data(bars.train[np.zeros(300, int)], bars.test, bars.class_names)
    still = SGD(lr=1e-30, momentum=0, nesterov=False)
    changes = {"optimizer": still, "epochs": 2, "batch_size": 300}
    first, second = run(equal, dropout=Dropout(0.5), **changes).steps
    assert first.loss != pytest.approx(second.loss, rel=1e-4)
    first, second = run(equal, **changes).steps
    assert first.loss == second.loss


def test_the_seed_decides_what_is_dropped(bars: Data) -> None:
    network = replace(RECIPE, dropout=Dropout(0.5)).network_of(run(bars).theta)
    norms = [
        np.linalg.norm(
            batch_result(
                network, LOSS, bars.train, parts=1, rngs=[np.random.default_rng(seed)]
            ).gradient
        )
        for seed in (0, 0, 1)
    ]
    assert norms[0] == norms[1] != norms[2]
