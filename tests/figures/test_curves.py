"""The figures of a sweep: what they show, and that it can be read. Curves: test_plot_curves.py."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_runs import fake_run
from matplotlib.figure import Figure
from matplotlib.text import Text

from lenet.figures.curves import POINTS, steps
from lenet.figures.finals import accuracies, accuracy_by, seconds
from lenet.figures.style import style
from lenet.formats.layout import STEPS

LONG = "train_size=20000, activation=scaled_tanh, init=glorot_uniform, momentum=0.9, eps=1e-06"


def values(labels: list[str], seeds: int = 3) -> tuple[pd.Series, pd.DataFrame]:
    """Accuracies of 0.9 and more, a hundredth apart from seed to seed."""
    index = [label for label in labels for _ in range(seeds)]
    single = pd.Series([0.9 + 0.01 * seed for _ in labels for seed in range(seeds)], index)
    mean = single.groupby(level=0, sort=False).mean()
    half = 0.02 if seeds > 1 else np.nan
    means = pd.DataFrame({"mean": mean, "low": mean - half, "high": mean + half})
    return single, means.assign(differs=[place % 2 == 1 for place in range(len(labels))])


def laid_out(figure: Figure) -> Figure:
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("labels", [["a", "b", "c"], [f"{LONG}{i}" for i in range(30)]])
@pytest.mark.parametrize("seeds", [1, 3])
def test_rows_are_labelled_and_whole(labels: list[str], seeds: int) -> None:
    with style():
        single, means = values(labels, seeds)
        for figure in (accuracies(single, means, "test", LONG), seconds(single, means, LONG)):
            (axes,) = laid_out(figure).axes
            shown = [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()]
            assert shown == labels
            boxes = [text.get_window_extent() for text in axes.get_yticklabels()]
            assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
            assert min(box.x0 for box in boxes) >= 0
            assert axes.bbox.width > figure.bbox.width / 3
            (title,) = figure.texts
            assert title.get_text().replace("\n", " ").endswith(LONG)
            assert title.get_window_extent().x1 <= figure.bbox.x1
            assert title.get_window_extent().y0 >= axes.bbox.y1


def test_a_single_setting_is_not_named() -> None:
    with style():
        (axes,) = laid_out(accuracies(*values([""]), "test")).axes
    assert not axes.get_yticklabels()


def test_the_best_is_on_top_and_what_differs_is_marked() -> None:
    with style():
        figure = laid_out(accuracies(*values(["a", "b", "c"]), "test"))
    (axes,) = figure.axes
    best, worst = axes.transData.transform([(91, 0), (91, 2)])
    assert best[1] > worst[1]
    dots, alike, differs = axes.lines[0], *[bar[0] for bar in axes.containers]
    assert len(dots.get_xdata()) == 9
    assert list(alike.get_ydata()) == [0, 2]
    assert list(differs.get_ydata()) == [1]
    assert alike.get_marker() != differs.get_marker()


def test_an_interval_that_is_far_wider_than_the_seeds_does_not_hide_them() -> None:
    single, means = values(["a"], seeds=2)
    means[["low", "high"]] = [0.0, 2.0]
    with style():
        (axes,) = accuracies(single, means, "test").axes
    low, high = axes.get_xlim()
    assert 88 < low < 90
    assert 91 < high < 93


def test_values_too_close_to_be_named_one_by_one_are_not() -> None:
    with style():
        (axes,) = laid_out(accuracy_by("lr", {"": line(0.001, 0.0011, 0.1)}, {}, "test")).axes
    assert axes.get_xscale() == "log"
    assert not touching(axes.get_xticklabels())


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 1.0])
def test_an_axis_of_one_accuracy_names_it(accuracy: float) -> None:
    single, means = pd.Series([accuracy], ["a"]), values(["a"], seeds=1)[1]
    means["mean"] = accuracy
    same = pd.DataFrame({"mean": accuracy, "std": np.nan}, index=[1, 2, 3])
    with style():
        (row,) = laid_out(accuracies(single, means, "test")).axes
        (by,) = laid_out(accuracy_by("lr", {"": same}, {}, "test")).axes
    for axis, ends in ((row.xaxis, row.get_xlim()), (by.yaxis, by.get_ylim())):
        assert -5 < ends[0] < 100 * accuracy < ends[1] < 105
        assert not axis.get_offset_text().get_text()


def touching(texts: list[Text]) -> bool:
    """Return whether any of the texts, from left to right, meet."""
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    return any(left.x1 >= right.x0 for left, right in pairwise(boxes))


def line(*numbers: float) -> pd.DataFrame:
    return pd.DataFrame({"mean": 0.9, "std": 0.01}, index=list(numbers))


@pytest.mark.parametrize(
    ("numbers", "scale", "ticks"),
    [
        ((0.001, 0.01, 0.03), "log", ["0.001", "0.01", "0.03"]),
        (
            (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1),
            "log",
            ["0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"],
        ),
        ((1, 2, 3), "linear", ["1", "2", "3"]),
        ((0, 0.01, 100), "linear", None),
        ((-1, 1, 100), "linear", None),
    ],
)
def test_the_axis_is_logarithmic_where_numbers_ask_for_it(
    numbers: tuple[float, ...], scale: str, ticks: list[str] | None
) -> None:
    with style():
        figure = laid_out(accuracy_by("lr", {"": line(*numbers)}, {}, "test"))
    (axes,) = figure.axes
    assert axes.get_xscale() == scale
    assert not figure.legends
    if ticks:
        assert [text.get_text() for text in axes.get_xticklabels()] == ticks
    assert not touching(axes.get_xticklabels())


def test_lines_are_named_and_others_are_grey() -> None:
    with style():
        lines = {"a": line(1, 2), "b": line(1)}
        figure = laid_out(accuracy_by("lr", lines, {"c": line(2, 3)}, "test"))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    grey, *_ = figure.axes[0].lines
    assert grey.get_color() == "0.8"
    np.testing.assert_allclose(grey.get_ydata(), [90, 90])


def test_losses_by_step_are_running_means_over_seeds(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), seed=seed) for seed in range(3)]
    for run in runs:
        rows = [f"{step},{run.seed + 100 / step}\n" for step in range(1, 101)]
        (run.path / STEPS).write_text("step,loss\n" + "".join(rows))
    (axes,) = steps({"": runs}).axes
    (line,) = axes.lines
    x, y = line.get_data()
    assert (x[0], x[-1]) == (5, 100)
    assert y[-1] == pytest.approx(1 + np.mean([100 / step for step in range(96, 101)]))
    assert axes.get_yscale() == "log"


def test_a_line_of_many_steps_has_not_a_point_for_each(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "run", seed=0)
    rows = [f"{step},1\n" for step in range(1, 10001)]
    (run.path / STEPS).write_text("step,loss\n" + "".join(rows))
    (axes,) = steps({"": [run]}).axes
    x = np.asarray(axes.lines[0].get_xdata())
    assert POINTS / 2 < len(x) <= POINTS
    assert x[-1] > 0.99 * 10000
