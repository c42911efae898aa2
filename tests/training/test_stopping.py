"""A training that stops before its last epoch: when, and that it began as a whole one does."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from states import ROW
from trainings import RECIPE, run

from lenet.data import Data, Strokes
from lenet.training.loop import train
from lenet.training.schedules import Constant, Cosine, Schedule
from lenet.training.state import Metrics, TrainingState
from lenet.training.stopping import is_over, stopped_by

VALIDATED = replace(
    RECIPE, dataset=Strokes(train_size=1, test_size=1, validation=1, seed=0), epochs=9
)


def rows(*accuracies: float) -> list[Metrics]:
    """Epochs of 4 s of training and 0.5 s of tests."""
    return [
        replace(ROW, epoch=epoch, validation_accuracy=accuracy)
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]


@pytest.mark.parametrize(
    ("accuracies", "since"),
    [
        ([0.5], 0),
        ([0.5, 0.6], 0),
        ([0.5, 0.6, 0.6], 1),
        ([0.6, 0.5, 0.6], 2),
        ([0.6, 0.5, 0.5, 0.7], 0),
        ([0.0, 0.0], 1),
    ],
)
def test_patience_counts_epochs_without_a_better_validation_accuracy(
    accuracies: list[float], since: int
) -> None:
    for patience in (1, 2, 3):
        recipe = replace(VALIDATED, patience=patience)
        stopped = f"patience={patience}" if since >= patience else ""
        assert stopped_by(recipe, rows(*accuracies)) == stopped


def test_no_epoch_begins_after_so_many_seconds_of_training() -> None:
    recipe = replace(VALIDATED, max_seconds=8)
    assert not stopped_by(recipe, rows())
    assert not stopped_by(recipe, rows(0.5))
    assert stopped_by(recipe, rows(0.5, 0.6)) == "max_seconds=8"
    assert stopped_by(recipe, rows(0.5, 0.6, 0.7)) == "max_seconds=8"


def test_what_has_come_to_its_last_epoch_was_not_stopped() -> None:
    recipe = replace(VALIDATED, epochs=3, patience=1, max_seconds=1)
    assert stopped_by(recipe, rows(0.9, 0.8))
    assert not stopped_by(recipe, rows(0.9, 0.8, 0.7))
    assert is_over(recipe, rows(0.9, 0.8, 0.7))
    assert not is_over(replace(recipe, patience=None, max_seconds=None), rows(0.9, 0.8))


@pytest.mark.parametrize("changes", [{}, {"schedule": Cosine(warmup=0, final=0)}], ids=str)
def test_a_stopped_training_is_the_beginning_of_a_whole_one(
    bars: Data, changes: dict[str, Any]
) -> None:
    """The schedule is that of all epochs, whether they are reached or not."""
    recipe = replace(VALIDATED, **changes)
    ends: list[TrainingState] = []
    whole = TrainingState.initial(recipe)
    for event in train(recipe, bars, whole):
        if isinstance(event, Metrics):
            ends.append(deepcopy(whole))
    state = TrainingState.initial(recipe)
    stopping = replace(recipe, patience=1)
    list(train(stopping, bars, state))
    assert 1 < len(state.metrics) < 9, "nothing is tested"
    assert stopped_by(stopping, state.metrics) == "patience=1"
    assert (state.theta == ends[len(state.metrics) - 1].theta).all()


def test_wherever_it_was_interrupted_it_stops_at_the_same_epoch(bars: Data) -> None:
    recipe = replace(VALIDATED, patience=1, batch_size=100)
    state = TrainingState.initial(recipe)
    copies = [deepcopy(state), *(deepcopy(state) for _ in train(recipe, bars, state))]
    for copy in copies[::5]:  # in the middle of epochs, and between two
        list(train(recipe, bars, copy))
        assert copy.t == state.t
        assert (copy.theta == state.theta).all()


@pytest.mark.parametrize("schedule", [Constant(), Cosine(warmup=0, final=0)], ids=str)
def test_a_training_that_pauses_goes_on_to_the_same_bits(bars: Data, schedule: Schedule) -> None:
    """By the schedule of all epochs; where it has been already, it takes no step."""
    recipe = replace(VALIDATED, epochs=3, schedule=schedule)
    state, whole = TrainingState.initial(recipe), TrainingState.initial(recipe)
    for until, epochs in ((1, 1), (1, 1), (2, 2), (None, 3)):
        list(train(recipe, bars, state, until=until))
        assert len(state.metrics) == epochs
    list(train(recipe, bars, whole))
    assert (state.theta == whole.theta).all()
    assert state.steps == whole.steps


def test_a_training_that_is_over_takes_no_step(bars: Data) -> None:
    state = run(bars, epochs=1)
    for changes in ({}, {"epochs": 5, "max_seconds": 1e-9}):
        assert not list(train(replace(RECIPE, **({"epochs": 1} | changes)), bars, state))


def test_to_stop_by_the_test_images_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^patience = 3: .* such as dataset.validation=5000$"):
        replace(RECIPE, patience=3)
