"""How the project's figures look, and where they go."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from lenet.files import replacing

# Okabe and Ito's colours can be told apart by everybody; ordered so that neighbours also differ in
# lightness, for printing in grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
# One marker more than colours, so that together they repeat only after all 56 pairs.
MARKERS = ("o", "s", "^", "D", "v", "P", "<", ">")

STYLE: dict[Any, Any] = {
    "figure.dpi": 150,
    "figure.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "svg.hashsalt": "lenet",
}

TITLE = 110  # characters of a line across a figure
LINE = 0.17  # inches from line to line


def looks() -> Iterator[tuple[str, str]]:
    """Yield a colour and a marker for one thing to be drawn after the other, without end."""
    return zip(cycle(COLOURS), cycle(MARKERS), strict=False)


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style, without a display."""
    with matplotlib.rc_context(STYLE):
        yield


def entitle(figure: Figure, *lines: str, width: int = TITLE) -> None:
    """Put a title above a figure, from its left edge, in lines of at most so many characters.

    The figure grows by what is more than two lines.
    """
    title = "\n".join(fill(line, width, break_on_hyphens=False) for line in lines if line)
    figure.set_figheight(figure.get_figheight() + LINE * max(0, title.count("\n") - 1))
    figure.suptitle(title, x=0.01, ha="left")


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write the figure as PNG and SVG beside each other, each whole or not at all; return them.

    The same figure gives the same SVG, byte for byte, in ``style()``.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, metadata in (("png", None), ("svg", {"Date": None})):
        path = stem.with_name(f"{stem.name}.{kind}")
        with replacing(path) as file:
            figure.savefig(file, format=kind, metadata=metadata)
        paths.append(path)
    return paths
