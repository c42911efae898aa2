"""How the project's figures look, and where they go."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

from lenet.figures.drawing import (
    Axes,
    Figure,
    FuncFormatter,
    LogLocator,
    Text,
    rc_context,
    rcParams,
    rcParamsDefault,
)
from lenet.formats.files import replacing
from lenet.formats.text import printable_lines

# Okabe and Ito's colours, which everybody can tell apart, and three more that are as far from them
# and from each other; ordered so that neighbours also differ in lightness, for printing in grey.
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000",
    "#B0A850", "#782800", "#7828F0",
)  # fmt: skip
GREEN, VERMILION = COLOURS[2], COLOURS[3]
# One marker less than colours, so that together they repeat only after all 90 pairs.
MARKERS = ("o", "s", "^", "D", "v", "P", "<", ">", "X")

STYLE: dict[Any, Any] = {
    "figure.dpi": 150,
    "figure.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.wspace": 0.04,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.parse_math": False,  # a name with $ in it is no formula
    "svg.hashsalt": "lenet",
}
DECADES = 4  # at most, where 2 and 5 are named between powers of ten
MOST_PIXELS = 10_000  # pixels, of the longer side of a figure
UNKNOWN_SCRIPT = "Glyph .* missing|Matplotlib currently does not support"

TITLE = 110  # characters of a line across a figure
LINE = 0.17  # inches from line to line


def looks() -> Iterator[tuple[str, str]]:
    """Yield a colour and a marker for one thing to be drawn after the other, without end."""
    return zip(cycle(COLOURS), cycle(MARKERS), strict=False)


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style, whatever the user has set for figures of their own.

    Raises:
        FiguresError: there is no matplotlib to draw with.

    """
    with rc_context():
        rcParams.update({key: rcParamsDefault[key] for key in rcParamsDefault if key != "backend"})
        rcParams.update(STYLE)
        yield


def entitle(figure: Figure, *lines: str, width: int = TITLE) -> None:
    """Put a title above a figure, from its left edge, in lines of at most so many characters.

    The figure grows by what is more than two lines.
    """
    title = "\n".join(fill(line, width, break_on_hyphens=False) for line in lines if line)
    figure.set_figheight(figure.get_figheight() + LINE * max(0, title.count("\n") - 1))
    figure.suptitle(title, x=0.01, ha="left")


def logarithmic(axes: Axes, which: str) -> None:
    """Make the x or the y axis logarithmic, with numbers as one writes them, 0.05 and no 5e-2."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axis.set(major_formatter=plain, minor_formatter=plain)
    axis.set_minor_locator(LogLocator(subs=(2, 5), numticks=DECADES))


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write the figure as PNG and SVG beside each other, each whole or not at all; return them.

    The same figure gives the same SVG, byte for byte, in ``style()``. Whatever its texts hold, they
    are drawn: a box stands for a character that the font lacks, an escape for one to obey.
    """
    for text in figure.findobj(Text):
        text.set_text(printable_lines(text.get_text()))
    dpi = min(figure.dpi, MOST_PIXELS / max(figure.get_size_inches()))
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, metadata in (("png", None), ("svg", {"Date": None})):
        path = stem.with_name(f"{stem.name}.{kind}")
        with replacing(path) as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", UNKNOWN_SCRIPT)
            figure.savefig(file, format=kind, dpi=dpi, metadata=metadata)
        paths.append(path)
    return paths
