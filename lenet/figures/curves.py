"""Figures of trainings, by epoch and by step.

Settings are given by their labels, best first. Figures are drawn in the current style, see
``figures.style``.
"""

from collections.abc import Collection
from math import ceil

import pandas as pd

from lenet.config.settings import in_common
from lenet.figures import paper
from lenet.figures.drawing import Axes, Figure, Line2D, MaxNLocator
from lenet.figures.legends import BESIDE_KEYS, MARKS, WIDE, Look, figure_with_legend, setting_looks
from lenet.figures.style import entitle, logarithmic
from lenet.runs.groups import in_words, over_seeds
from lenet.runs.run import Run

Settings = dict[str, list[Run]]

RUNNING = 0.05  # of the steps, for a running mean
POINTS = 2000  # of a line, at most

LOSS = "Loss (mean cross-entropy)"
SPLITS: dict[str, Look] = {
    "train": {"linestyle": "--", "linewidth": 1, "markerfacecolor": "white"},
    "validation": {"linestyle": ":", "fillstyle": "bottom", "markerfacecoloralt": "white"},
    "test": {"linestyle": "-"},
}
KEYS = {"train": "train (during the epoch)", "validation": "validation", "test": "test"}
PAPER: Look = {
    "color": "black",
    "linestyle": "",
    "marker": "x",
    "markersize": 8,
    "markeredgewidth": 2,
    "label": "paper, Table I",
}


def curves(settings: Settings, note: str = "") -> Figure:
    """Return panels of losses, of accuracies and of the test accuracy alone, by epoch.

    The last has an axis of its own, as one with the accuracy of a first epoch's training hides what
    tells the settings apart. The note, such as how many of them are left out, is part of the title.
    """
    figure = figure_with_legend(settings, WIDE)
    loss, accuracy, test = figure.subplots(1, 3)
    draw_panel(loss, "loss", settings)
    draw_panel(accuracy, "accuracy", settings, scale=100)
    draw_panel(test, "accuracy", settings, scale=100, only=["test"])
    loss.set_ylabel(LOSS)
    accuracy.set_ylabel("Accuracy (%)")
    test.set_ylabel("Test accuracy (%)")
    keys = split_keys(settings)
    if all(paper.follows_paper(run) for runs in settings.values() for run in runs):
        draw_paper(test, settings)
        keys.append(Line2D([], [], **PAPER))
    entitle(figure, *title(settings, note), width=BESIDE_KEYS)
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys))
    return figure


def steps(settings: Settings, note: str = "") -> Figure:
    """Return the loss of the batches by step, as a running mean."""
    figure = figure_with_legend(settings)
    axes = figure.subplots()
    for runs, look in zip(settings.values(), setting_looks(), strict=False):
        count = len(runs[0].steps)
        window, apart = ceil(count * RUNNING), ceil(count / POINTS)
        losses = [run.steps["loss"].rolling(window).mean().dropna()[::apart] for run in runs]
        values = pd.concat(losses).groupby(level="step").agg(["mean", "std"])
        draw_line(axes, values, look)
    logarithmic(axes, "y")
    axes.set(xlabel="Step", ylabel=LOSS)
    entitle(figure, *title(settings, note), f"running mean over {RUNNING:.0%} of the steps")
    return figure


def draw_panel(
    axes: Axes,
    measure: str,
    settings: Settings,
    *,
    scale: int = 1,
    only: Collection[str] = tuple(SPLITS),
) -> None:
    """Draw the lines of all settings for one measure, loss or accuracy, on some splits."""
    for runs, look in zip(settings.values(), setting_looks(), strict=False):
        for split in splits(runs):
            if split in only:
                values = over_seeds(runs, f"{split}_{measure}") * scale
                draw_line(axes, values, look | SPLITS[split])
    axes.set_xlabel("Epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def draw_line(axes: Axes, values: pd.DataFrame, look: Look) -> None:
    """Draw the mean by epoch, and one standard deviation to either side where there is one."""
    mean, std = values["mean"], values["std"]
    axes.plot(mean.index, mean, markevery=ceil(len(values) / MARKS), **look)
    if len(values) == 1:
        axes.errorbar(mean.index, mean, std, color=look["color"], capsize=4)
    else:
        band = (mean - std, mean + std)
        axes.fill_between(mean.index, *band, color=look["color"], alpha=0.15, linewidth=0)


def draw_paper(axes: Axes, settings: Settings) -> None:
    """Draw the paper's Table I, as far as the runs go."""
    last = max(len(run.metrics) for runs in settings.values() for run in runs)
    epochs = [epoch for epoch in paper.ACCURACY if epoch <= last]
    axes.plot(epochs, [paper.ACCURACY[epoch] for epoch in epochs], zorder=3, **PAPER)


def title(settings: Settings, note: str = "") -> tuple[str, str]:
    """Return what all runs have in common, and how many seeds there are with the note."""
    counts = [len(runs) for runs in settings.values()]
    fewest, most = min(counts), max(counts)
    seeds = f"{fewest} to {most} seeds" if fewest < most else f"{most} seeds"
    spread = f"lines: mean, bands: ± 1 standard deviation of {seeds}" if most > 1 else "1 seed"
    return in_common(in_words(settings.values())), spread + note


def splits(runs: list[Run]) -> list[str]:
    """Return the splits that all of the runs have been measured on."""
    return [split for split in SPLITS if all(run.is_measured_on(split) for run in runs)]


def split_keys(settings: Settings) -> list[Line2D]:
    """Return the legend's keys of the splits."""
    drawn = {split for runs in settings.values() for split in splits(runs)}
    neutral: Look = {"color": "0.3", "marker": "o", "markersize": 5}
    return [
        Line2D([], [], label=KEYS[split], **neutral | look)
        for split, look in SPLITS.items()
        if split in drawn
    ]
