"""Schedules: the factor of each step, in closed form."""

import numpy as np
import pytest

from lenet.schedules import Constant, Cosine


@pytest.mark.parametrize("steps", [1, 2, 1407])
def test_a_constant_schedule_leaves_the_learning_rate_alone(steps: int) -> None:
    assert {Constant().factor(t, steps) for t in range(1, steps + 1)} == {1.0}


def test_a_cosine_schedule_falls_from_1_to_nearly_0_along_half_a_period() -> None:
    factors = [Cosine().factor(t, 100) for t in range(1, 101)]
    assert factors[0] == 1
    assert factors[50] == pytest.approx(0.5)
    assert 0 < factors[-1] < 0.001
    assert (np.diff(factors) < 0).all()
    np.testing.assert_allclose(np.add(factors[1:], factors[:0:-1]), 1)  # odd about the middle
