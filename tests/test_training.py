"""Training: it learns, its figures are what their names say, and chance is under control."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from lenet.datasets import Data, Split
from lenet.divergence import DivergedError
from lenet.evaluation import evaluate, network_input
from lenet.init import GlorotUniform, initial_theta
from lenet.layers import MaxPool, Tanh
from lenet.losses import cross_entropy, log_softmax
from lenet.model import LeNet5
from lenet.optimizers import SGD, Adam, Optimizer, RMSprop
from lenet.schedules import Constant, Moment, OneCycle, Plateau, Schedule
from lenet.streams import stream
from lenet.team import team
from lenet.training import (
    Metrics,
    Step,
    TrainingState,
    batches,
    cut,
    score_and_mean_gradient,
    train,
)

ADAM = Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8)


def new_network(seed: int = 0, dtype: Any = np.float32) -> LeNet5:
    return LeNet5(initial_theta(GlorotUniform(), seed).astype(dtype), MaxPool(), Tanh())


SETTINGS: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 32,
    "clip_norm": None,
    "parts": 2,
    "threads": 2,
    "seed": 0,
}


def events(
    state: TrainingState,
    optimizer: Optimizer,
    data: Data,
    schedule: Schedule = Constant(),  # noqa: B008
    **changes: Any,
) -> Iterator[Step | Metrics]:
    network = LeNet5(state.theta, MaxPool(), Tanh())
    return train(network, state, optimizer, schedule, data, **SETTINGS | changes)


def run(data: Data, **changes: Any) -> tuple[list[Metrics], LeNet5]:
    network = new_network(changes.get("seed", 0))
    state = TrainingState.initial(network.theta, ADAM)
    list(events(state, ADAM, data, **changes))
    return state.metrics, network


def without_times(rows: list[Metrics]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in asdict(row).items() if not key.endswith("seconds")}
        for row in rows
    ]


def test_it_learns(bars: Data) -> None:
    rows, _ = run(bars, epochs=12)
    assert rows[-1].test_accuracy > 0.95
    assert rows[-1].train_loss < rows[0].train_loss / 2


def test_one_row_for_each_epoch(bars: Data) -> None:
    rows, _ = run(bars, epochs=3)
    assert [row.epoch for row in rows] == [1, 2, 3]
    assert all(row.learning_rate == 0.001 for row in rows)


@pytest.mark.parametrize("size", [1, 7, 32, 250, 10_000])
def test_a_loss_is_the_mean_over_all_images(bars: Data, size: int) -> None:
    split = bars.train[:size]
    network = new_network(dtype=np.float64)
    logits = network.logits(network_input(split.images, np.dtype(np.float64)))
    score = evaluate(network, split)
    assert score.images == len(split)
    np.testing.assert_allclose(
        score.mean_loss, cross_entropy(log_softmax(logits), split.labels).mean()
    )
    assert score.accuracy == (logits.argmax(axis=0) == split.labels).mean()


def test_training_figures_are_running_means_over_every_image(bars: Data) -> None:
    """With a learning rate of (nearly) zero they are the figures of the first network."""
    still = SGD(lr=1e-30, momentum=0, nesterov=False)
    state = TrainingState.initial(new_network().theta, still)
    *steps, row = events(state, still, bars, epochs=1, batch_size=64)
    assert isinstance(row, Metrics)
    batch_losses = [step.loss for step in steps if isinstance(step, Step)]
    score = evaluate(new_network(), bars.train)
    assert row.train_accuracy == score.accuracy
    np.testing.assert_allclose(row.train_loss, score.mean_loss, rtol=1e-5)
    sizes = [len(batch) for batch in batches(bars.train, 64, stream(0, "order", 1))]
    np.testing.assert_allclose(np.average(batch_losses, weights=sizes), row.train_loss)


def test_test_and_validation_figures_are_those_of_the_network_after_the_epoch(bars: Data) -> None:
    rows, network = run(bars)
    with team(1):
        test, validation = evaluate(network, bars.test), evaluate(network, bars.validation)
    assert (rows[-1].test_loss, rows[-1].test_accuracy) == (test.mean_loss, test.accuracy)
    assert rows[-1].validation_loss == validation.mean_loss
    assert rows[-1].validation_accuracy == validation.accuracy


def test_the_test_images_teach_nothing(bars: Data) -> None:
    _, network = run(bars)
    other_test = Data(bars.train, bars.train[:10], bars.class_names)
    _, same_network = run(other_test)
    np.testing.assert_array_equal(network.theta, same_network.theta)


@pytest.mark.parametrize("batch_size", [1, 32, 299, 300, 1000])
def test_an_epoch_sees_every_image_once(batch_size: int) -> None:
    split = Split(np.zeros((300, 28, 28), np.uint8), np.arange(300).astype(np.uint8))
    split = Split(np.broadcast_to(np.arange(300)[:, None, None], (300, 1, 1)), split.labels)
    seen = list(batches(split, batch_size, stream(0, "order", 1)))
    assert sorted(int(i) for batch in seen for i in batch.images[:, 0, 0]) == list(range(300))
    assert all(len(batch) == batch_size for batch in seen[:-1])


def test_each_epoch_has_an_order_of_its_own(bars: Data) -> None:
    first, second = (next(batches(bars.train, 100, stream(0, "order", n))) for n in (1, 2))
    assert not np.array_equal(first.labels, second.labels)


@pytest.mark.parametrize(("size", "parts"), [(128, 2), (5, 2), (1, 2), (3, 4), (7, 1)])
def test_parts_hold_the_whole_batch_in_order(bars: Data, size: int, parts: int) -> None:
    batch = bars.train[:size]
    pieces = cut(batch, parts)
    assert len(pieces) == min(size, parts)
    assert all(len(piece) > 0 for piece in pieces)
    np.testing.assert_array_equal(np.concatenate([p.labels for p in pieces]), batch.labels)


def test_gradient_is_that_of_the_mean_loss_however_the_batch_is_cut(bars: Data) -> None:
    network, batch = new_network(dtype=np.float64), bars.train[:33]
    _, whole = score_and_mean_gradient(network, batch, parts=1)
    theta = network.theta.copy()
    v = np.random.default_rng(0).normal(size=theta.shape)
    losses = []
    for h in (1e-6, -1e-6):
        network.theta[:] = theta + h * v
        losses.append(evaluate(network, batch).mean_loss)
    network.theta[:] = theta
    np.testing.assert_allclose((losses[0] - losses[1]) / 2e-6, whole @ v, rtol=1e-6)
    for parts in (2, 3, 33):
        _, gradient = score_and_mean_gradient(network, batch, parts)
        np.testing.assert_allclose(gradient, whole, rtol=1e-9, atol=1e-12)


def test_the_same_seed_gives_the_same_bits(bars: Data) -> None:
    rows, network = run(bars)
    again, same_network = run(bars)
    assert without_times(rows) == without_times(again)
    np.testing.assert_array_equal(network.theta, same_network.theta)


def test_another_seed_gives_other_numbers_also_after_seed_0(bars: Data) -> None:
    rows, _ = run(bars, seed=0)
    others, _ = run(bars, seed=1)
    assert rows[0].train_loss != others[0].train_loss


def test_the_result_does_not_depend_on_the_number_of_threads(bars: Data) -> None:
    rows, network = run(bars, threads=1, parts=4)
    others, other_network = run(bars, threads=3, parts=4)
    assert without_times(rows) == without_times(others)
    np.testing.assert_array_equal(network.theta, other_network.theta)


def test_a_loss_that_is_not_finite_stops_the_training_before_the_step(bars: Data) -> None:
    wild = SGD(lr=1e38, momentum=0, nesterov=False)
    state = TrainingState.initial(new_network().theta, wild)
    with pytest.raises(DivergedError, match=r"epoch 1, step \d+; .*optimizer.lr") as caught:
        list(events(state, wild, bars, epochs=1, batch_size=100))
    assert caught.value.epoch == 1
    assert 2 <= caught.value.step <= 3


def test_pixels_become_numbers_from_0_to_1_with_a_margin_of_zeros(bars: Data) -> None:
    images = np.full((3, 28, 28), 102, np.uint8)
    images[1, 0, 27] = 51
    x = network_input(images, np.dtype(np.float32))
    assert x.shape == (1, 32, 32, 3)
    assert x.dtype == np.float32
    assert x[0, 2, 29, 1] == np.float32(0.2)
    assert x.max() == np.float32(0.4)
    np.testing.assert_array_equal(x[0, 2:30, 2:30, 0], np.float32(0.4))
    assert np.count_nonzero(x) == 3 * 28 * 28
    assert network_input(images + 153, np.dtype(np.float32)).max() == 1


@pytest.mark.parametrize("batch_size", [100, 300])
def test_a_step_that_ruins_the_network_is_the_one_that_is_named(
    bars: Data, batch_size: int
) -> None:
    """The loss of its batch is fine; it may also be the last of the epoch."""
    wild = SGD(lr=3e38, momentum=0, nesterov=False)
    state = TrainingState.initial(50 * new_network().theta, wild)
    with pytest.raises(DivergedError, match=r"parameter .* epoch 1, step 1;"):
        list(events(state, wild, bars, epochs=1, batch_size=batch_size))


OPTIMIZERS = [
    ADAM,
    SGD(lr=0.05, momentum=0.9, nesterov=False),
    RMSprop(lr=0.001, decay=0.9, eps=1e-8),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_a_copy_of_the_state_at_any_moment_goes_on_to_the_same_bits(
    bars: Data, optimizer: Optimizer
) -> None:
    """At every step, the last of an epoch included, and after every epoch."""
    state = TrainingState.initial(new_network().theta, optimizer)
    copies = [deepcopy(state)]
    copies += [deepcopy(state) for _ in events(state, optimizer, bars, batch_size=100)]
    assert [copy.t for copy in copies] == [0, 1, 2, 3, 3, 4, 5, 6, 6]
    for copy in copies:
        list(events(copy, optimizer, bars, batch_size=100))
        np.testing.assert_array_equal(copy.theta, state.theta)
        np.testing.assert_array_equal(copy.best, state.best)
        assert without_times(copy.metrics) == without_times(state.metrics)
        assert copy.steps == state.steps


def test_the_schedule_sets_learning_rate_and_momentum(bars: Data) -> None:
    """Both of a step are those of a plain optimizer that has them."""
    cycle = OneCycle(rise=0.5, start=0.5, final=0, momentum_low=0.5, momentum_high=0.9)
    state = TrainingState.initial(new_network(dtype=np.float64).theta, OPTIMIZERS[1])
    steps = events(state, OPTIMIZERS[1], bars, schedule=cycle, epochs=1, batch_size=100)
    expected = state.theta.copy()
    v = np.zeros_like(expected)
    for t, batch in enumerate(batches(bars.train, 100, stream(0, "order", 1)), start=1):
        network = LeNet5(expected, MaxPool(), Tanh())
        _, g = score_and_mean_gradient(network, batch, parts=2)
        moment = Moment(t, 3, 3)
        v = cycle.momentum(moment) * v + g
        expected -= 0.05 * cycle.factor(moment) * v
        next(steps)
        np.testing.assert_allclose(state.theta, expected, rtol=1e-9, atol=1e-15)


def test_a_plateau_of_the_loss_is_noticed_also_after_an_interruption(bars: Data) -> None:
    plateau = Plateau(gamma=0.5, patience=1, threshold=0.5)
    state = TrainingState.initial(new_network().theta, ADAM)
    copies = [
        deepcopy(state)
        for _ in events(state, ADAM, bars, schedule=plateau, epochs=4, batch_size=99)
    ]
    assert {row.learning_rate for row in state.metrics} > {0.001}
    list(events(copies[9], ADAM, bars, schedule=plateau, epochs=4, batch_size=99))
    assert copies[9].steps == state.steps


def test_more_epochs_continue_fewer(bars: Data) -> None:
    shorter, longer = (TrainingState.initial(new_network().theta, ADAM) for _ in range(2))
    list(events(shorter, ADAM, bars, epochs=1))
    list(events(shorter, ADAM, bars, epochs=3))
    list(events(longer, ADAM, bars, epochs=3))
    np.testing.assert_array_equal(shorter.theta, longer.theta)
    assert without_times(shorter.metrics) == without_times(longer.metrics)


def test_the_best_parameters_are_those_of_the_best_validation_accuracy(bars: Data) -> None:
    state = TrainingState.initial(new_network().theta, ADAM)
    after = [
        state.theta.copy()
        for event in events(state, ADAM, bars, epochs=4)
        if isinstance(event, Metrics)
    ]
    accuracies = [row.validation_accuracy for row in state.metrics]
    np.testing.assert_array_equal(state.best, after[np.argmax(accuracies)])


def test_without_validation_there_is_no_best(bars: Data) -> None:
    state = TrainingState.initial(new_network().theta, ADAM)
    list(events(state, ADAM, Data(bars.train, bars.test, bars.class_names)))
    assert state.best is None


def test_a_step_tells_loss_rate_and_the_norm_of_the_gradient(bars: Data) -> None:
    state = TrainingState.initial(new_network().theta, ADAM)
    step = next(events(state, ADAM, bars, batch_size=300, parts=1))
    score, g = score_and_mean_gradient(new_network(), bars.train, parts=1)
    assert isinstance(step, Step)
    assert step.learning_rate == 0.001
    np.testing.assert_allclose(step.loss, score.mean_loss, rtol=1e-5)
    np.testing.assert_allclose(step.gradient_norm, np.linalg.norm(g), rtol=1e-5)


def test_a_gradient_is_clipped_to_a_norm_and_keeps_its_direction(bars: Data) -> None:
    """With a learning rate of 1 a step of gradient descent is the gradient."""
    plain = SGD(lr=1.0, momentum=0, nesterov=False)
    steps = []
    for clip_norm in (None, 0.01, 1e6):
        state = TrainingState.initial(new_network(dtype=np.float64).theta, plain)
        before = state.theta.copy()
        next(events(state, plain, bars, clip_norm=clip_norm))
        steps.append(before - state.theta)
    free, clipped, long_enough = steps
    np.testing.assert_allclose(np.linalg.norm(clipped), 0.01, rtol=1e-12)
    np.testing.assert_allclose(clipped, free * 0.01 / np.linalg.norm(free), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(long_enough, free)
