"""Optimizers against PyTorch's, step by step; ``gold/make_optimizers.py`` made the gold values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lenet.training import optimizers
from lenet.training.optimizers import SGD, Adam, AdamW, Muon, Optimizer, RMSprop, orthogonalized

GOLD = json.loads((Path(__file__).parents[1] / "gold" / "optimizers.json").read_text())
ALL = [
    SGD(lr=0.1, momentum=0.9, nesterov=True),
    RMSprop(lr=0.1, decay=0.9, eps=1e-8),
    Adam(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8),
    AdamW(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01),
    Muon(0.1, 0.9, 0.999, 1e-8, weight_decay=0.01, adamw_lr=0.1, momentum=0.9),
]


def label(case: dict[str, Any]) -> str:
    return f"{case['optimizer']} {case['hyperparameters']}"


@pytest.mark.parametrize("case", GOLD["cases"], ids=label)
def test_ten_steps_agree_with_pytorch(case: dict[str, Any]) -> None:
    optimizer = getattr(optimizers, case["optimizer"])(**case["hyperparameters"])
    theta = np.array(case.get("theta0", GOLD["theta0"]))
    state = optimizer.new_state(theta, hidden=np.full(theta.shape, theta.ndim > 1))
    gradients = case.get("gradients", GOLD["gradients"])
    for t, (g, expected) in enumerate(zip(gradients, case["theta"], strict=True), 1):
        optimizer.step(theta, np.array(g), state, t, optimizer.lr)
        np.testing.assert_allclose(theta, expected, rtol=0, atol=1e-12)


def test_gold_values_cover_every_optimizer() -> None:
    assert {case["optimizer"] for case in GOLD["cases"]} == {type(each).__name__ for each in ALL}
    assert all(len(case["theta"]) == 10 for case in GOLD["cases"])


@pytest.mark.parametrize("optimizer", ALL, ids=lambda each: type(each).__name__)
def test_theta_is_changed_in_place_and_stays_float32(optimizer: Optimizer) -> None:
    theta = np.ones(3, np.float32)
    view = theta[1:]
    state = optimizer.new_state(theta)
    optimizer.step(theta, np.ones(3, np.float32), state, 1, optimizer.lr)
    assert (view < 1).all()
    assert theta.dtype == np.float32
    assert all(vector.dtype == np.float32 for vector in state.values())


@pytest.mark.parametrize("optimizer", ALL, ids=lambda each: type(each).__name__)
def test_each_training_has_a_state_of_its_own(optimizer: Optimizer) -> None:
    theta = np.zeros(2)
    one, other = optimizer.new_state(theta), optimizer.new_state(theta)
    optimizer.step(theta, np.ones(2), one, 1, optimizer.lr)
    assert not any(other[name].any() for name in optimizer.remembers)


@pytest.mark.parametrize("shape", [(6, 25), (16, 150), (120, 400), (84, 120), (9, 2), (1, 4)])
def test_a_matrix_keeps_its_directions_and_gets_lengths_near_one(shape: tuple[int, int]) -> None:
    """As the polynomial of its singular values says."""
    M = np.random.default_rng(0).standard_normal(shape)
    U, S, Vt = np.linalg.svd(M, full_matrices=False)
    x = S / np.linalg.norm(S)
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    assert (x > 0.6).all()
    assert (x < 1.25).all()
    np.testing.assert_allclose(orthogonalized(M), U * x @ Vt, atol=1e-12)
    found = orthogonalized(M.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, U * x @ Vt, atol=1e-4)


def test_a_matrix_of_zeros_has_no_direction() -> None:
    assert not orthogonalized(np.zeros((3, 4))).any()


MUON = Muon(0.02, 0.8, 0.95, 1e-8, weight_decay=0.1, adamw_lr=0.005, momentum=0.9)


def test_muon_takes_filters_for_a_matrix_with_a_row_for_each() -> None:
    rng = np.random.default_rng(0)
    filters, g = rng.standard_normal((2, 4, 3, 5, 5))
    matrix, hidden = filters.reshape(4, -1).copy(), np.ones((4, 75), bool)
    of_filters = MUON.new_state(filters, hidden=hidden.reshape(filters.shape))
    MUON.step(filters, g, of_filters, 1, MUON.lr)
    MUON.step(matrix, g.reshape(4, -1), MUON.new_state(matrix, hidden=hidden), 1, MUON.lr)
    np.testing.assert_array_equal(filters.reshape(4, -1), matrix)


def test_what_is_no_hidden_weight_takes_steps_of_adamw_at_its_own_rate() -> None:
    """Which a schedule changes as it changes the other."""
    adamw = AdamW(0.005, 0.8, 0.95, 1e-8, weight_decay=0.1)
    rng = np.random.default_rng(0)
    one, g = rng.standard_normal((2, 10, 84))
    other = one.copy()
    MUON.step(one, g, MUON.new_state(one), 1, 0.5 * MUON.lr)
    adamw.step(other, g, adamw.new_state(other), 1, 0.5 * adamw.lr)
    np.testing.assert_allclose(one, other, rtol=1e-15)
