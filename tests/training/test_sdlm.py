"""Stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998): its rates, and when they change."""

from dataclasses import replace

import numpy as np
import pytest
from trainings import LECUN1998, RECIPE, run

from lenet.data import Data
from lenet.nn.curvature import curvature
from lenet.nn.input import network_input
from lenet.training.batch import Batches
from lenet.training.loop import train
from lenet.training.optimizers import SDLM
from lenet.training.recipe import Recipe
from lenet.training.schedules import Progress, Stairs
from lenet.training.shares import Shares
from lenet.training.state import Metrics, TrainingState

ETAS = [0.0005] * 2 + [0.0002] * 3 + [0.0001] * 3 + [0.00005] * 4 + [0.00001] * 8
STAIRS = Stairs(factors=[1.0, 0.4, 0.2, 0.1, 0.02], epochs=[2, 3, 3, 4, 8])


def recipe_of_1998(**changes: object) -> Recipe:
    return replace(RECIPE, **LECUN1998, batch_size=100, **changes)  # type: ignore[arg-type]


def test_each_parameter_has_a_rate_of_its_own() -> None:
    theta, g, h = np.ones(3), np.array([1.0, -2.0, 1.0]), np.array([0.0, 0.08, 7.1])
    SDLM(lr=0.0005, mu=0.02, patterns=500).step(theta, g, {"h": h}, 1, 0.0005)
    np.testing.assert_allclose(1 - theta, [0.025, -0.01, 0.0005 / 7.12])


def test_the_twenty_rates_are_those_of_the_paper() -> None:
    found = [0.0005 * STAIRS.factor(Progress(t=60_000 * n + 7, steps=1, steps_per_epoch=60_000))
             for n in range(22)]  # fmt: skip
    np.testing.assert_allclose(found, [*ETAS, 0.00001, 0.00001])


def test_as_many_factors_as_epochs_are_asked_for() -> None:
    with pytest.raises(ValueError, match="found 2 and 1"):
        Stairs(factors=[1.0, 0.1], epochs=[2])


def test_second_derivatives_are_a_mean_over_some_training_images(bars: Data) -> None:
    recipe = recipe_of_1998()
    state = TrainingState.initial(recipe)
    network, before = recipe.network_of(state.theta.copy()), state.theta.copy()
    next(train(recipe, bars, state))
    seen = sum((len(piece) for piece in Shares(recipe, bars, state)._patterns(1)), 0)
    assert seen == 70
    pieces = Shares(recipe, bars, state)._patterns(1)
    images = np.concatenate([piece.images for piece in pieces])
    labels = np.concatenate([piece.labels for piece in pieces])
    network.theta[:] = before
    expected = curvature(network, recipe.loss, network_input(images, before.dtype), labels) / 70
    np.testing.assert_allclose(state.optimizer["h"], expected, rtol=1e-4, atol=1e-9)


def test_they_are_estimated_anew_before_each_epoch_and_then_stay(bars: Data) -> None:
    state = TrainingState.initial(recipe_of_1998(epochs=2))
    found = [
        state.optimizer["h"].copy()
        for event in train(recipe_of_1998(epochs=2), bars, state)
        if not isinstance(event, Metrics)
    ]
    assert [np.array_equal(one, found[0]) for one in found] == 3 * [True] + 3 * [False]
    assert all(np.array_equal(one, found[3]) for one in found[3:])


def test_they_do_not_depend_on_the_workers(bars: Data) -> None:
    alone, together = (run(bars, workers, **LECUN1998, batch_size=100) for workers in (1, 2))
    np.testing.assert_array_equal(alone.theta, together.theta)
    np.testing.assert_array_equal(alone.optimizer["h"], together.optimizer["h"])


def test_the_order_is_random_but_constant_where_that_is_asked_for(bars: Data) -> None:
    def labels(reshuffle: bool, epoch: int) -> list[int]:
        batches = Batches(bars.train, 300, parts=1, seed=0, reshuffle=reshuffle)
        return batches.part(epoch, 0).labels.tolist()

    assert labels(False, 1) == labels(False, 2) == labels(True, 1) != labels(True, 2)
    assert labels(False, 1) != bars.train.labels.tolist()


def test_a_step_of_one_image_is_worth_as_much_as_one_of_many_at_their_multiple(bars: Data) -> None:
    """A gradient is a mean: for the sum of a batch, the rate is multiplied by its size."""
    recipe = recipe_of_1998()
    moved = []
    for size in (1, 50):
        own = replace(recipe, batch_size=size)
        state = TrainingState.initial(own)
        before = state.theta.copy()
        next(train(own, replace(bars, train=bars.train[np.zeros(50, np.intp)]), state))
        moved.append(state.theta - before)
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-3, atol=1e-7)


@pytest.mark.slow
def test_it_learns(bars: Data) -> None:
    recipe = replace(recipe_of_1998(epochs=4), batch_size=1)
    state = TrainingState.initial(recipe)
    list(train(recipe, bars, state))
    assert state.metrics[-1].test_accuracy > 0.95
