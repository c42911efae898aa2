"""Curves of runs: means in bands that can be told apart."""

import math
from pathlib import Path

import numpy as np
import pytest
from fake_runs import fake_run
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scripted import Script

from lenet.figures import curves as plots
from lenet.figures.style import style
from lenet.runs.groups import by_setting
from lenet.runs.run import Run

pytestmark = pytest.mark.slow


def curves(runs: list[Run]) -> Figure:
    """Return the figure of some runs, laid out."""
    with style():
        figure = plots.curves(by_setting(runs))
        figure.draw_without_rendering()
    return figure


def legend_texts(figure: Figure) -> list[list[str]]:
    """Return what the legends say, that of the splits first."""
    return [[text.get_text() for text in legend.get_texts()] for legend in figure.legends[::-1]]


def visible_ticks(axes: Axes) -> list[float]:
    low, high = axes.get_xlim()
    return [tick for tick in axes.get_xticks() if low <= tick <= high]


def test_curves_are_means_in_bands(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / str(seed), seed=seed, accuracies=accuracies)
        for seed, accuracies in enumerate([(0.5, 0.75), (0.75, 0.75)])
    ]
    figure = curves(runs)
    loss, accuracy, alone = figure.axes
    train, test = accuracy.lines
    np.testing.assert_allclose(train.get_ydata(), [60.5, 73])
    np.testing.assert_allclose(test.get_ydata(), [62.5, 75])
    np.testing.assert_allclose([line.get_ydata() for line in alone.lines], [[62.5, 75]])
    np.testing.assert_allclose(loss.lines[1].get_ydata(), [0.475, 0.35])
    band = accuracy.collections[1].get_paths()[0].vertices[:, 1]
    std = 25 / math.sqrt(2)
    assert (band.min(), band.max()) == pytest.approx((62.5 - std, 62.5 + std))
    assert visible_ticks(accuracy) == [1, 2]
    title = figure.get_suptitle().split("\n")
    assert title == [
        "dataset=strokes, epochs=2",
        "lines: mean, bands: ± 1 standard deviation of 2 seeds",
    ]
    assert legend_texts(figure) == [["train (during the epoch)", "test"]]


def test_a_single_epoch_can_be_seen(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(i), seed=i, accuracies=(0.9 + i / 100,)) for i in range(2)]
    alone = curves(runs[:1])
    assert alone.get_suptitle() == "dataset=strokes, epochs=1\n1 seed"
    dots = [line.get_ydata() for line in alone.axes[1].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, [[88], [90]])
    assert visible_ticks(alone.axes[1]) == [1]
    _, (bar,) = [container[2] for container in curves(runs).axes[1].containers]
    ends = bar.get_segments()[0][:, 1]
    assert ends.tolist() == pytest.approx([90.5 - math.sqrt(0.5), 90.5 + math.sqrt(0.5)])


def test_the_papers_accuracies_are_drawn_by_its_recipe_as_far_as_the_runs_go(
    tmp_path: Path,
) -> None:
    accuracies = (0.95, 0.96, 0.97, 0.98)
    for epochs in (2, 4):
        run = fake_run(tmp_path / str(epochs), "dataset=mnist", accuracies=accuracies[:epochs])
        figure = curves([run])
        crosses = figure.axes[2].lines[-1]
        assert crosses.get_marker() == "x"
        np.testing.assert_array_equal(crosses.get_ydata(), [95.32, 97.35, 97.97][:epochs])
        assert legend_texts(figure) == [["train (during the epoch)", "test", "paper, Table I"]]
    other = fake_run(tmp_path / "other", "dataset=mnist", "activation=relu", validation=True)
    both = curves([run, other])
    assert legend_texts(both)[0] == ["train (during the epoch)", "validation", "test"]
    assert both.get_suptitle() == "dataset=mnist\n1 seed"


def test_what_tells_table_1_apart_can_be_seen(tmp_path: Path) -> None:
    """The axis of the test accuracies is theirs, not that of a first epoch's training."""
    runs = [
        fake_run(tmp_path / init, "dataset=mnist", f"init={init}", accuracies=(first, 0.98))
        for init, first in (("normal", 0.9516), ("glorot_uniform", 0.9768))
    ]
    low, high = curves(runs).axes[2].get_ylim()
    assert 94.9 < low < 95.16
    assert 98 < high < 98.3


SGD = [
    ["optimizer=sgd", f"optimizer.lr={lr}", f"optimizer.momentum={momentum}", f"pooling={pooling}"]
    for lr in (0.01, 0.05, 0.1)
    for momentum in (0.0, 0.9)
    for pooling in ("max", "avg")
]
WORDY = [
    ["dataset=mnist", "dataset.train_size=10000", "activation=leaky_relu", "init=he_normal"],
    ["schedule=constant", "optimizer=rmsprop", "optimizer.eps=1e-6", "pooling=avg", "epochs=9"],
]


@pytest.mark.parametrize(
    "choices",
    [[["init=normal"], ["init=he_normal"]], SGD[:6], SGD, [*WORDY, [*WORDY[0], *WORDY[1]]]],
    ids=["two", "six", "twelve", "long labels"],
)
def test_legends_hide_nothing_and_are_whole(tmp_path: Path, choices: list[list[str]]) -> None:
    runs = [fake_run(tmp_path / str(i), *overrides) for i, overrides in enumerate(choices)]
    figure = curves(runs)
    assert len(legend_texts(figure)[1]) == len(choices)
    panels = [axes.get_tightbbox() for axes in figure.axes]
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert not any(box.overlaps(panel) for panel in panels if panel)
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    assert all(axes.bbox.height > figure.dpi * 2.5 for axes in figure.axes)
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
    assert len(looks) == len(choices)


def test_the_same_runs_give_the_same_svg(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "run")
    once, again = (script("plot_curves", "run", "--output", name).paths[1] for name in "ab")
    assert Path(once).read_bytes() == Path(again).read_bytes()
