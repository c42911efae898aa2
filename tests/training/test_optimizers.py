"""Optimizers against PyTorch's, step by step; ``gold/make_optimizers.py`` made the gold values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lenet.training import optimizers
from lenet.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

GOLD = json.loads((Path(__file__).parents[1] / "gold" / "optimizers.json").read_text())
ALL = [
    SGD(lr=0.1, momentum=0.9, nesterov=True),
    RMSprop(lr=0.1, decay=0.9, eps=1e-8),
    Adam(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8),
    AdamW(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01),
]


def label(case: dict[str, Any]) -> str:
    return f"{case['optimizer']} {case['hyperparameters']}"


@pytest.mark.parametrize("case", GOLD["cases"], ids=label)
def test_ten_steps_agree_with_pytorch(case: dict[str, Any]) -> None:
    optimizer = getattr(optimizers, case["optimizer"])(**case["hyperparameters"])
    theta = np.array(GOLD["theta0"])
    state = optimizer.new_state(theta)
    for t, (g, expected) in enumerate(zip(GOLD["gradients"], case["theta"], strict=True), 1):
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
