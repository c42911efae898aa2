"""What is seen inside a network while it is trained: right, complete, and without any effect."""

import logging
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from damaged import refusal
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_limits
from trainings import LOSS, RECIPE, batch_result, new_network

from lenet.data import Data
from lenet.figures.histograms import draw_histograms, draw_movement
from lenet.figures.style import style
from lenet.formats.layout import INSIDE
from lenet.formats.npz import write_arrays
from lenet.nn.architecture import LENET5
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.nn.losses import MAP, MSE, CrossEntropy, Loss
from lenet.runs.folder import RunFolder
from lenet.training.histograms import (
    BINS,
    IMAGES,
    Rows,
    by_layer,
    extended,
    histogram,
    look,
    magnitudes,
    of_kind,
    read_rows,
    watched,
)
from lenet.training.loop import train
from lenet.training.state import TrainingState

QUICK = replace(RECIPE, batch_size=10, epochs=2)
SIZE, STEPS = 30, 3  # training images, steps per epoch


def watch(data: Data, state: TrainingState, rows: Rows, events: int | None = None) -> Rows:
    """Train on from a state, for so many events or to the end, and return all rows."""

    def keep(row: Rows) -> None:
        nonlocal rows
        rows = extended(rows, row)

    for _ in islice(watched(train(QUICK, data, state), QUICK, data.train, state, keep), events):
        pass
    return rows


def assert_same(found: Rows, expected: Rows) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


@pytest.fixture(scope="module")
def data(bars: Data) -> Data:
    """So few images that a training takes no time."""
    return replace(bars, train=bars.train[:SIZE], test=bars.test[:10], validation=None)


@pytest.fixture(scope="module")
def whole(data: Data) -> Rows:
    """The rows of a training that nothing interrupts."""
    return watch(data, TrainingState.initial(QUICK), {})


def test_a_row_for_each_epoch_and_for_the_beginning(whole: Rows) -> None:
    assert whole["epoch"].tolist() == [0, 1, 2]
    assert list(of_kind(whole, "activations.")) == ["C1", "S2", "C3", "S4", "C5", "F6", "output"]
    assert list(of_kind(whole, "gradients.")) == ["c1", "c3", "c5", "f6", "output"]
    assert list(of_kind(whole, "movement.")) == list(LENET5.views(RECIPE.initial_theta()))


def test_to_be_watched_changes_no_bit_of_a_training(data: Data) -> None:
    alone, seen = (TrainingState.initial(QUICK) for _ in range(2))
    for _ in train(QUICK, data, alone):
        pass
    watch(data, seen, {})
    np.testing.assert_array_equal(seen.theta, alone.theta)
    assert seen.steps == alone.steps


def test_the_first_row_too_is_the_same_however_many_threads_blas_has(data: Data) -> None:
    """It is made before there is a team, whose BLAS has one thread."""
    first = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            first.append(watch(data, TrainingState.initial(QUICK), {}, events=1))
    assert_same(*first)


@pytest.mark.parametrize("events", range(1, 2 * (STEPS + 1)))
def test_a_training_that_goes_on_has_the_rows_of_one_that_was_not_interrupted(
    data: Data, whole: Rows, events: int
) -> None:
    """Whatever came last, a step or the end of an epoch; and though an attempt had come further."""
    state = TrainingState.initial(QUICK)
    rows = watch(data, state, {}, events)
    kept = deepcopy(state)
    assert_same(watch(data, kept, rows), whole)
    assert_same(watch(data, state, whole), whole)


def test_movement_is_that_of_the_parameters(data: Data, whole: Rows) -> None:
    state = TrainingState.initial(QUICK)
    thetas = [state.theta.copy()]
    for _ in train(QUICK, data, state):
        thetas.append(state.theta.copy())  # an epoch's end repeats its last step
    for epoch, last in ((1, STEPS), (2, 2 * STEPS + 1)):
        now, before = (LENET5.views(thetas[t]) for t in (last, last - 1))
        for name, initial in LENET5.views(thetas[0]).items():
            expected = [now[name], now[name] - initial, now[name] - before[name]]
            np.testing.assert_allclose(
                whole[f"movement.{name}"][epoch],
                [np.linalg.norm(array) for array in expected],
                rtol=1e-5,
            )
    assert all((rows[0, 1:] == 0).all() for rows in of_kind(whole, "movement.").values())


def test_the_handful_is_seen_as_the_network_sees_it(bars: Data) -> None:
    network, handful = new_network(), bars.train[:IMAGES]
    activations, gradient = look(network, LOSS, handful)
    expected = features(network, network_input(handful.images, np.dtype(np.float32)))
    assert_same(activations, expected)
    summed = batch_result(network, LOSS, handful, parts=1).gradient
    np.testing.assert_allclose(gradient, summed, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("loss", [CrossEntropy(smoothing=0.5), MSE(), MAP(j=0.5)])
def test_the_gradient_of_the_handful_is_that_of_the_loss_that_is_trained(
    bars: Data, loss: Loss
) -> None:
    network, handful = new_network(dtype=np.float64), bars.train[:IMAGES]
    _, gradient = look(network, loss, handful)
    x = network_input(handful.images, network.theta.dtype)

    def mean_loss(k: int, change: float) -> float:
        kept = network.theta[k]
        network.theta[k] += change
        losses = loss(network.logits(x), handful.labels)
        network.theta[k] = kept
        return float(losses.mean())

    for k in (0, 100, 3000, -1):
        slope = (mean_loss(k, 1e-7) - mean_loss(k, -1e-7)) / 2e-7
        np.testing.assert_allclose(gradient[k], slope, rtol=1e-3, atol=1e-6)


def test_histograms_count_every_activation_of_the_handful(whole: Rows) -> None:
    units = {"C1": 4704, "S2": 1176, "C3": 1600, "S4": 400, "C5": 120, "F6": 84, "output": 10}
    for name, count in units.items():
        assert (whole[f"activations.{name}"][:, 2:].sum(axis=1) == count * SIZE).all()
    for layer, count in {"c1": 156, "c3": 2416, "c5": 48120, "f6": 10164, "output": 850}.items():
        assert (whole[f"gradients.{layer}"][:, 2:].sum(axis=1) <= count).all()


@given(arrays(np.float32, st.integers(0, 200), elements=st.floats(width=32)))
def test_a_histogram_counts_what_is_finite_between_its_ends(values: np.ndarray) -> None:
    low, high, *counts = histogram(values)
    finite = values[np.isfinite(values)]
    assert len(counts) == BINS
    assert sum(counts) == len(finite)
    assert low < high
    assert not len(finite) or low <= finite.min() <= finite.max() <= high


@given(st.lists(st.integers(-30, 30), min_size=1))
def test_magnitudes_are_decimal_exponents(exponents: list[int]) -> None:
    g = np.array([*(10.0**exponent for exponent in exponents), 0.0], np.float32)
    low, high, *counts = magnitudes(np.where(np.arange(len(g)) % 2, g, -g))
    assert sum(counts) == len(exponents)
    assert low - 1e-6 <= min(exponents) <= max(exponents) <= high + 1e-6


def test_the_parameters_of_a_layer_are_together() -> None:
    theta = np.arange(61_706.0)
    layers = by_layer(LENET5.views(theta))
    np.testing.assert_array_equal(np.concatenate(list(layers.values())), theta)
    assert {name: len(vector) for name, vector in layers.items()} == {
        "c1": 156,
        "c3": 2416,
        "c5": 48120,
        "f6": 10164,
        "output": 850,
    }


def test_rows_are_kept_in_a_folder(tmp_path: Path, whole: Rows) -> None:
    with RunFolder(tmp_path, "") as folder:
        for place in (0, 1, 2, 1, 2):  # an epoch over again
            folder.add_inside({name: array[place] for name, array in whole.items()})
    assert_same(read_rows(tmp_path / INSIDE), whole)


def test_a_damaged_file_is_told_of_and_begun_anew(
    tmp_path: Path, whole: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    row = {name: array[2] for name, array in whole.items()}
    with caplog.at_level(logging.WARNING), RunFolder(tmp_path, "") as folder:
        (tmp_path / INSIDE).write_bytes(b"half a f")
        folder.add_inside(row)
    assert f"{tmp_path / INSIDE}: expected" in caplog.text
    assert read_rows(tmp_path / INSIDE)["epoch"].tolist() == [2]


DAMAGES: dict[str, Callable[[Rows], Rows]] = {
    "nothing": lambda rows: {},
    "no epochs": lambda rows: {name: rows[name] for name in rows if name != "epoch"},
    "no rows": lambda rows: {name: array[:0] for name, array in rows.items()},
    "one number": lambda rows: rows | {"epoch": np.array(1)},
    "epochs backwards": lambda rows: rows | {"epoch": rows["epoch"][::-1].astype(np.uint64)},
    "an epoch twice": lambda rows: rows | {"epoch": np.array([0, 1, 1])},
    "a row less": lambda rows: rows | {"gradients.c1": rows["gradients.c1"][1:]},
    "other bins": lambda rows: rows | {"activations.C1": rows["activations.C1"][:, 1:]},
    "nan": lambda rows: rows | {"movement.c1.bias": np.full((3, 3), np.nan)},
    "no movement": lambda rows: {name: rows[name] for name in rows if "movement" not in name},
    "something else": lambda rows: rows | {"x\n" * 99: np.zeros(3)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_anything_else_than_rows_is_refused(tmp_path: Path, whole: Rows, damage: str) -> None:
    write_arrays(tmp_path / INSIDE, DAMAGES[damage](whole))
    text = refusal(lambda: read_rows(tmp_path / INSIDE), tmp_path / INSIDE)
    assert "expected what inside=true has a run write" in text


def test_every_file_cut_short_is_refused(tmp_path: Path, whole: Rows) -> None:
    path = tmp_path / INSIDE
    write_arrays(path, whole)
    content = path.read_bytes()
    for end in range(0, len(content), 997):
        path.write_bytes(content[:end])
        refusal(lambda: read_rows(path), path)
    path.unlink()
    assert "No such file" in refusal(lambda: read_rows(path), path)


def many(whole: Rows, epochs: int) -> Rows:
    rows = {name: array[np.arange(epochs) % 3] for name, array in whole.items()}
    return rows | {"epoch": np.arange(epochs)}


@pytest.mark.parametrize("epochs", [1, 3, 100])
def test_epochs_are_drawn_below_each_other(whole: Rows, epochs: int) -> None:
    """At most 16 of them, the first and the last among these."""
    rows = many(whole, epochs)
    with style():
        figure = draw_histograms(rows["epoch"], of_kind(rows, "activations."), "activation")
        figure.draw_without_rendering()
    assert [axes.get_title() for axes in figure.axes][:2] == ["C1", "S2"]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert (names[0], names[-1]) == ("0", str(epochs - 1))
    assert len(names) == len(figure.axes[0].patches) == min(epochs, 16)
    ridge = figure.axes[0].patches[-1].get_data()
    low, high, *counts = rows["activations.C1"][-1]
    heights = ridge.values - ridge.baseline
    np.testing.assert_allclose(heights, heights.max() * np.sqrt(counts / max(counts)), atol=1e-9)
    assert (ridge.edges[0], ridge.edges[-1]) == (low, high)


@pytest.mark.parametrize("epochs", [1, 3])
def test_movement_is_drawn_for_each_parameter(whole: Rows, epochs: int) -> None:
    rows = many(whole, epochs)
    with style():
        figure = draw_movement(rows["epoch"], of_kind(rows, "movement."), "")
        figure.draw_without_rendering()
    norms, distances, updates = figure.axes
    movement_of_c3 = rows["movement.c3.weight"]
    for axes, expected in (
        (norms, movement_of_c3[:, 0]),
        (distances, movement_of_c3[:, 1]),
        (updates, movement_of_c3[:, 2] / movement_of_c3[:, 0]),
    ):
        assert len(axes.lines) == 10
        drawn = np.nan_to_num(axes.lines[2].get_ydata())
        np.testing.assert_allclose(drawn, expected)
    assert [text.get_text() for text in figure.legends[0].get_texts()][2] == "C3 weight"
