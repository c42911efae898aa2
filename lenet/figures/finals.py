"""Figures of the last epoch, by setting and seed.

Settings are given by their labels, best first. Figures are drawn in the current style, see
``figures.style``.
"""

from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd

from lenet.figures.curves import draw_line
from lenet.figures.drawing import Axes, Figure, NullLocator
from lenet.figures.legends import ROW_HEIGHT, WIDTH, figure_with_legend, setting_looks
from lenet.figures.style import COLOURS, entitle, logarithmic

LABEL = 50  # characters of a setting's label beside a row
AROUND = 1.5  # inches above and below all rows
CLOSEST = 0.08  # of an axis, between two ticks whose labels do not touch


def accuracies(single: pd.Series, means: pd.DataFrame, split: str, about: str = "") -> Figure:
    """Return a row for each setting: its mean in an interval, and a dot for each seed.

    Args:
        single: accuracies (fractions) of seeds, by the label of their setting.
        means: mean, low and high (fractions) and whether it differs from the best, by label.
        split: the images that they were measured on.
        about: the rest of the title.

    """
    points = 100 * means[["mean", "low", "high"]]
    figure = draw_rows(100 * single, points, means["differs"])
    (axes,) = figure.axes
    axes.set_xlabel("Accuracy (%)")
    axes.set_xlim(*limits(100 * single, points))
    axes.ticklabel_format(axis="x", useOffset=False)
    entitle(figure, f"Accuracy on {split} images after the last epoch", about)
    return figure


def limits(single: pd.Series, means: pd.DataFrame) -> tuple[float, float]:
    """Return where an axis in % begins and ends: all seeds fit, and intervals of a like width."""
    low, high = single.min(), single.max()
    span = (high - low) or 1
    ends = np.append(means[["low", "high"]].dropna().to_numpy(), [low, high])
    left, right = max(low - span, ends.min(), 0), min(high + span, ends.max(), 100)
    margin = 0.06 * (right - left) or 1
    return within_percent(left - margin, right + margin)


def within_percent(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis in %, which needs no more than some room below 0 and above 100."""
    room = 0.05 * (high - low)
    return max(low, -room), min(high, 100 + room)


def seconds(single: pd.Series, means: pd.DataFrame, about: str = "") -> Figure:
    """Return a row for each setting: the time of an epoch, as ``accuracies`` has it."""
    figure = draw_rows(single, means[["mean", "low", "high"]], pd.Series(False, means.index))
    (axes,) = figure.axes
    axes.set_xlabel("Seconds per epoch (training and evaluation)")
    axes.set_xlim(0, 1.06 * single.max() or 1)
    entitle(figure, "Time of an epoch", about)
    return figure


def draw_rows(single: pd.Series, means: pd.DataFrame, differs: pd.Series) -> Figure:
    """Return a row for each setting, the first on top: dots, and a mean in its interval."""
    labels = ["\n".join(wrap(label, LABEL)) for label in means.index]
    lines = sum(label.count("\n") + 1 for label in labels)
    figure = Figure(figsize=(WIDTH, AROUND + ROW_HEIGHT * (lines + len(labels) / 2)))
    axes = figure.subplots()
    places = pd.Series(range(len(means)), means.index)
    axes.plot(single, places[single.index], ".", color="0.5", zorder=3, label="one seed")
    for mark, label, inside, colour in (
        (False, "mean, 95 % interval", COLOURS[0], COLOURS[0]),
        (True, "the same, differs from the best", "white", COLOURS[3]),
    ):
        chosen = means[differs == mark]
        if len(chosen):
            axes.errorbar(
                chosen["mean"],
                places[chosen.index],
                xerr=[chosen["mean"] - chosen["low"], chosen["high"] - chosen["mean"]],
                fmt="s" if mark else "o",
                color=colour,
                markerfacecolor=inside,
                markersize=5,
                capsize=3,
                zorder=4,
                label=label,
            )
    if any(labels):
        axes.set_yticks(places, labels)
    else:
        axes.set_yticks([])
    axes.set_ylim(len(means) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def accuracy_by(
    key: str,
    lines: Mapping[str, pd.DataFrame],
    others: Mapping[str, pd.DataFrame],
    split: str,
    about: str = "",
) -> Figure:
    """Return accuracy against a number that was swept: lines by their labels, others in grey.

    Args:
        key: what the number is called.
        lines: mean and std (fractions) by the number.
        others: the same of those that are not named.
        split: the images that they were measured on.
        about: the rest of the title.

    """
    figure = figure_with_legend(lines)
    axes = figure.subplots()
    for values in others.values():
        axes.plot(100 * values["mean"], color="0.8", marker=".", linewidth=1, zorder=1)
    for values, look in zip(lines.values(), setting_looks(), strict=False):
        draw_line(axes, 100 * values, look)
    number_axis(
        axes, sorted({x for values in [*lines.values(), *others.values()] for x in values.index})
    )
    axes.set(xlabel=key, ylabel="Accuracy (%)")
    axes.set_ylim(*within_percent(*axes.get_ylim()))
    axes.ticklabel_format(axis="y", useOffset=False)
    spread = any(values["std"].notna().any() for values in lines.values())
    entitle(
        figure,
        f"Accuracy on {split} images after the last epoch, by {key}",
        about,
        "mean ± 1 standard deviation over seeds" if spread else "",
    )
    return figure


def number_axis(axes: Axes, values: list[float]) -> None:
    """Make the x axis logarithmic where the values ask for it; they are its ticks if they fit."""
    places = np.array(values)
    if values[0] > 0 and values[-1] / values[0] >= 10:
        logarithmic(axes, "x")
        places = np.log(places)
    if np.diff(places).min() > CLOSEST * np.ptp(places):
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.xaxis.set_minor_locator(NullLocator())
