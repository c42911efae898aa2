"""Tables of figures over seeds, in Markdown to be read and as CSV beside it."""

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path

import pandas as pd

from lenet.formats.files import write_text

NONE = "–"


def markdown_table(columns: Mapping[str, Sequence[str]]) -> str:
    """Return columns of cells, by their titles, as a Markdown table, to the right."""
    padded = [_padded([title, *cells]) for title, cells in columns.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in zip(*padded, strict=True))


def _padded(column: list[str]) -> list[str]:
    """Bring a title and its cells to one width, with Markdown's rule for a column between them."""
    width = max(map(len, column))
    title, *cells = [text.rjust(width) for text in column]
    return [title, "-" * (width - 1) + ":", *cells]


def percent(value: float) -> str:
    """Return a figure to the hundredth, which is one of MNIST's test images."""
    return NONE if isnan(value) else f"{value:.2f}"


def interval(low: float, high: float) -> str:
    """Return the two ends of an interval."""
    return NONE if isnan(low) else f"{low:.2f} to {high:.2f}"


def p_value(p: float) -> str:
    """Return a p-value to the thousandth."""
    if isnan(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def write_tables(name: str, text: str, rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write a table as it is read, ``name``.md, and with all its digits, ``name``.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    csv = rows.to_csv(float_format="%.4f", lineterminator="\n")
    paths = [folder / f"{name}.md", folder / f"{name}.csv"]
    for path, content in zip(paths, (text, csv), strict=True):
        write_text(path, content)
    return paths
