"""The figure of a study in which one change follows the other: errors, one below the other."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lenet.figures.drawing import Figure
from lenet.figures.legends import WIDTH
from lenet.figures.style import COLOURS, GREEN, VERMILION, entitle

ROW, AROUND = 0.42, 1.6  # inches: of a setting, and of what is above and below all


def draw(rows: pd.DataFrame, single: Mapping[str, Sequence[float]], about: str) -> Figure:
    """Return a row for each setting, from the first on top, and what it has changed in words.

    Args:
        rows: mean, low and high of the error in %, and the change to the row before, by setting.
        single: the errors of seeds in %, by setting.
        about: the rest of the title.

    """
    figure = Figure(figsize=(WIDTH, AROUND + ROW * len(rows)))
    axes = figure.subplots()
    places = range(len(rows))
    for place, errors in zip(places, single.values(), strict=True):
        axes.plot(errors, [place] * len(errors), ".", color="0.6", zorder=2)
    axes.plot(rows["mean"], places, color="0.8", zorder=1)
    half = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
    axes.errorbar(
        rows["mean"], places, xerr=half, fmt="o", color=COLOURS[0], markersize=5, capsize=3,
        zorder=3,
    )  # fmt: skip
    right = max(rows["high"].fillna(rows["mean"]).max(), max(map(max, single.values())))
    for place, change in zip(places, rows["change"], strict=True):
        if pd.notna(change):
            colour = GREEN if change < 0 else VERMILION
            axes.text(1.03 * right, place, f"{change:+.2f}", color=colour, va="center")
    axes.set_yticks(places, [word.partition("_")[2].replace("_", " ") for word in rows.index])
    axes.set(xlabel="Test error (%)", ylim=(len(rows) - 0.5, -0.5), xlim=(0, 1.15 * right))
    axes.grid(visible=False, axis="y")
    entitle(
        figure,
        f"{about}: one change after the other",
        "mean over seeds, its 95 % interval, each seed; at the right the change to the row above",
    )
    return figure
