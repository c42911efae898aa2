"""Draw loss and accuracy by epoch, as in the paper's Figs. 9 and 10: curves.png and curves.svg.

    python scripts/plot_curves.py [RUN ...] [--output FOLDER]

Runs that differ in nothing but their seed become one line: their mean, in a band of one standard
deviation to either side. On MNIST, the accuracies of the paper's Table I are drawn as crosses.
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lenet.datasets import MNIST
from lenet.figures import looks, save, style
from lenet.results import PAPER_ACCURACY, Run, by_setting, find_runs, over_seeds
from lenet.scripting import output_folder, run_script, writing_parser

Settings = dict[str, list[Run]]
Look = dict[str, Any]  # keyword arguments of Line2D

WIDTH, HEIGHT, ROW_HEIGHT = 9.0, 4.2, 0.19  # inches; a row is one of the lower legend
ROW = 128  # characters, of which a line with its marker and the space around them take up KEY
KEY = 9
MARKS = 20  # on a line, at most

PANELS = {"loss": ("Loss (mean cross-entropy)", 1), "accuracy": ("Accuracy (%)", 100)}
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


def main() -> list[Path]:
    arguments = writing_parser(__doc__).parse_args()
    runs = find_runs(arguments.runs)
    with style():
        return save(curves(by_setting(runs)), output_folder(arguments, runs) / "curves")


def curves(settings: Settings) -> Figure:
    """Return the figure: a panel of losses and one of accuracies, with legends around them."""
    labels = ["\n".join(wrap(label, ROW - KEY)) for label in settings]
    columns = legend_columns(labels)
    rows = ceil(sum(label.count("\n") + 1 for label in labels) / columns)
    figure = Figure(figsize=(WIDTH, HEIGHT + ROW_HEIGHT * rows))
    loss, accuracy = figure.subplots(1, 2)
    draw_panel(loss, "loss", settings)
    draw_panel(accuracy, "accuracy", settings)
    keys = split_keys(settings)
    if datasets(settings) == [MNIST.__name__]:
        draw_paper(accuracy, settings)
        keys.append(Line2D([], [], **PAPER))
    figure.suptitle(title(settings), x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys))
    if len(settings) > 1:
        figure.legend(handles=setting_keys(labels), loc="outside lower center", ncols=columns)
    return figure


def draw_panel(axes: Axes, measure: str, settings: Settings) -> None:
    """Draw the lines of all settings for one measure, loss or accuracy."""
    label, scale = PANELS[measure]
    for runs, look in zip(settings.values(), setting_looks(), strict=False):
        for split in splits(runs):
            values = over_seeds(runs, f"{split}_{measure}") * scale
            draw_line(axes, values, look | SPLITS[split])
    axes.set(xlabel="Epoch", ylabel=label)
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
    epochs = [epoch for epoch in PAPER_ACCURACY if epoch <= last]
    axes.plot(epochs, [PAPER_ACCURACY[epoch] for epoch in epochs], zorder=3, **PAPER)


def title(settings: Settings) -> str:
    """Return what data and how many seeds the figure is about."""
    counts = [len(runs) for runs in settings.values()]
    fewest, most = min(counts), max(counts)
    seeds = f"{fewest} to {most} seeds" if fewest < most else f"{most} seeds"
    spread = f"mean ± 1 standard deviation of {seeds}" if most > 1 else "1 seed"
    return f"{', '.join(datasets(settings))}\n{spread}"


def datasets(settings: Settings) -> list[str]:
    """Return the names of the datasets that the runs are on."""
    runs = [run for group in settings.values() for run in group]
    return list(dict.fromkeys(run.settings["dataset"] for run in runs))


def splits(runs: list[Run]) -> list[str]:
    """Return the splits that the runs have been measured on."""
    return [split for split in SPLITS if f"{split}_loss" in runs[0].metrics]


def split_keys(settings: Settings) -> list[Line2D]:
    """Return the legend's keys of the splits."""
    drawn = {split for runs in settings.values() for split in splits(runs)}
    neutral: Look = {"color": "0.3", "marker": "o", "markersize": 5}
    return [
        Line2D([], [], label=KEYS[split], **neutral | look)
        for split, look in SPLITS.items()
        if split in drawn
    ]


def setting_keys(labels: list[str]) -> list[Line2D]:
    """Return the legend's keys of the settings."""
    return [
        Line2D([], [], label=label, **look)
        for label, look in zip(labels, setting_looks(), strict=False)
    ]


def setting_looks() -> Iterator[Look]:
    """Yield what a setting is drawn in."""
    for colour, marker in looks():
        yield {"color": colour, "marker": marker, "markersize": 5}


def legend_columns(labels: list[str]) -> int:
    """Return how many settings fit side by side below the panels."""
    longest = max(len(line) for label in labels for line in label.split("\n"))
    return min(len(labels), ROW // (longest + KEY))


if __name__ == "__main__":
    run_script(main)
