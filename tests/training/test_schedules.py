"""Schedules: the factor and the momentum of each step, in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet.training.schedules import (
    Constant,
    Cosine,
    OneCycle,
    Plateau,
    Progress,
    Schedule,
    StepDecay,
    WarmUp,
)

ONE_CYCLE = OneCycle(rise=0.3, start=0.04, final=1e-4, momentum_low=0.85, momentum_high=0.95)
ALL = [
    Constant(),
    StepDecay(period=1, gamma=0.3),
    WarmUp(warmup=1.5),
    Cosine(warmup=0.5, final=0.1),
    ONE_CYCLE,
    Plateau(gamma=0.3, patience=1, threshold=0.99),
]


def factors(schedule: Schedule, epochs: int = 10, per_epoch: int = 10) -> np.ndarray:
    steps = epochs * per_epoch
    return np.array([schedule.factor(Progress(t, steps, per_epoch)) for t in range(1, steps + 1)])


@given(
    schedule=st.sampled_from(ALL),
    epochs=st.integers(1, 30),
    per_epoch=st.integers(1, 500),
    share=st.floats(0, 1, exclude_max=True),
    losses=st.lists(st.floats(0, 10), max_size=9),
)
def test_no_step_is_longer_than_the_learning_rate_or_backwards(
    schedule: Schedule, epochs: int, per_epoch: int, share: float, losses: list[float]
) -> None:
    steps = epochs * per_epoch
    progress = Progress(1 + int(share * steps), steps, per_epoch, losses)
    assert 0 <= schedule.factor(progress) <= 1
    momentum = schedule.momentum(progress)
    assert momentum is None or 0 <= momentum < 1


def test_a_constant_schedule_leaves_the_learning_rate_alone() -> None:
    assert set(factors(Constant())) == {1.0}


def test_step_decay_multiplies_after_each_period() -> None:
    found = factors(StepDecay(period=2, gamma=0.5), epochs=5, per_epoch=3)
    np.testing.assert_allclose(found, np.repeat([1, 0.5, 0.25], [6, 6, 3]))


def test_a_warm_up_rises_in_equal_steps_to_1_and_stays() -> None:
    found = factors(WarmUp(warmup=2), epochs=3, per_epoch=2)
    np.testing.assert_allclose(found, [0.25, 0.5, 0.75, 1, 1, 1])


def test_a_cosine_falls_from_1_to_nearly_0_along_half_a_period() -> None:
    found = factors(Cosine(warmup=0, final=0))
    assert found[0] == 1
    assert found[50] == pytest.approx(0.5)
    assert 0 < found[-1] < 0.001
    assert (np.diff(found) < 0).all()
    np.testing.assert_allclose(found[1:] + found[:0:-1], 1)  # odd about the middle


def test_a_cosine_can_end_above_0_and_begin_with_a_warm_up() -> None:
    found = factors(Cosine(warmup=2, final=0.2))
    assert found[0] == pytest.approx(1 / 20)
    assert found[-1] == pytest.approx(0.2, abs=0.001)
    np.testing.assert_allclose(found[20:], factors(Cosine(warmup=0, final=0.2))[20:])


def test_one_cycle_rises_to_1_and_falls_while_the_momentum_does_the_reverse() -> None:
    points = [Progress(t, 1000, 100) for t in range(1, 1001)]
    rates = np.array([ONE_CYCLE.factor(progress) for progress in points])
    momenta = np.array([ONE_CYCLE.momentum(progress) for progress in points])
    assert rates[0] == pytest.approx(0.04)
    assert rates.argmax() == momenta.argmin() == 300
    assert (rates[300], momenta[300]) == pytest.approx((1, 0.85))
    assert rates[-1] == pytest.approx(1e-4, abs=1e-5)
    assert (momenta[0], momenta[-1]) == pytest.approx((0.95, 0.95), abs=1e-5)
    assert (np.diff(rates[:301]) > 0).all()
    assert (np.diff(rates[300:]) < 0).all()


@pytest.mark.parametrize(
    ("losses", "factor"),
    [
        ([], 1),
        ([1.0, 0.9, 0.8], 1),
        ([1.0, 1.1], 1),
        ([1.0, 1.1, 1.2], 0.1),
        ([1.0, 0.995, 0.99], 0.1),  # falls, but by too little
        ([1.0, 1.1, 0.5, 0.6], 1),
        ([1.0, 1.1, 1.2, 1.3, 1.4], 0.01),
        ([1.0, float("nan"), float("nan")], 0.1),
    ],
)
def test_a_plateau_is_so_many_epochs_without_a_lower_loss(
    losses: list[float], factor: float
) -> None:
    plateau = Plateau(gamma=0.1, patience=2, threshold=0.9)
    assert plateau.factor(Progress(1, 10, 1, losses)) == pytest.approx(factor)


@pytest.mark.parametrize("schedule", ALL, ids=lambda schedule: type(schedule).__name__)
def test_a_schedule_says_whether_it_depends_on_the_length_of_the_training(
    schedule: Schedule,
) -> None:
    shorter, longer = factors(schedule, epochs=5), factors(schedule, epochs=10)
    assert np.array_equal(shorter, longer[:50]) != schedule.depends_on_length
