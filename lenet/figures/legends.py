"""Legends: settings, their colours and marks, and the room they take."""

from collections.abc import Iterable, Iterator
from math import ceil
from textwrap import wrap
from typing import Any

from lenet.figures.drawing import Figure, Line2D
from lenet.figures.style import looks

Look = dict[str, Any]  # keyword arguments of Line2D
WIDTH, WIDE, HEIGHT, ROW_HEIGHT = 9.0, 12.6, 4.2, 0.19  # inches; a row is a line of a label
ROW = 14  # characters to an inch of a row, which has one or more keys of the legend
KEY = 9  # characters that a line with its marker and the space around them take up
BESIDE_KEYS = 80  # characters of a title beside a legend
MARKS = 20  # on a line, at most


def figure_with_legend(labels: Iterable[str], width: float = WIDTH) -> Figure:
    """Return an empty figure with a legend of the settings below it, where there are several."""
    row = int(ROW * width)
    wrapped = ["\n".join(wrap(label, row - KEY)) for label in labels]
    columns = legend_columns(wrapped, row)
    rows = ceil(sum(label.count("\n") + 1 for label in wrapped) / columns)
    figure = Figure(figsize=(width, HEIGHT + ROW_HEIGHT * rows))
    if any(wrapped):
        figure.legend(handles=setting_keys(wrapped), loc="outside lower center", ncols=columns)
    return figure


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


def legend_columns(labels: list[str], row: int) -> int:
    """Return how many settings fit side by side into a row of so many characters."""
    longest = max(len(line) for label in labels for line in label.split("\n"))
    return min(len(labels), row // (longest + KEY))
