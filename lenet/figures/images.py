"""Figures made of images and maps: how one is drawn, and how many stand side by side."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.figures.drawing import Axes, AxesImage, Figure
from lenet.figures.style import VERMILION
from lenet.formats.text import caption
from lenet.runs.run import Run

COLUMNS = 6
CELL, TITLE = (1.75, 1.9), 0.5  # inches
DIVERGING, GAP = "RdBu_r", "0.87"  # red is positive


def subject(run: Run) -> str:
    """Return what a figure of a single run is about, for its title."""
    return f"{caption(run.dataset)}, seed {run.seed}"


def grid(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure and so many axes in rows."""
    rows = max(ceil(count / COLUMNS), 1)
    figure = Figure(figsize=(COLUMNS * CELL[0], rows * CELL[1] + TITLE))
    cells = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for spare in cells[count:]:
        spare.remove()
    return figure, cells[:count]


def show(axes: Axes, image: NDArray[np.uint8], text: str = "") -> None:
    """Draw an image below a text: ink on paper (H, W), or colours (3, H, W)."""
    pixels = image if image.ndim == 2 else np.moveaxis(image, 0, -1)
    axes.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
    axes.set_title(text, size=9)
    frame(axes)


def show_signed(axes: Axes, values: NDArray[Any], most: float) -> AxesImage:
    """Draw values (H, W) from -most in blue over 0 in white to most in red; nan is a gap."""
    axes.set_facecolor(GAP)
    return axes.imshow(values, cmap=DIVERGING, vmin=-most, vmax=most)


def frame(axes: Axes) -> None:
    """Put a thin frame around an image in place of an axis."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set(visible=True, color="0.8")


def mark_as_wrong(axes: Axes) -> None:
    """Make a wrongly predicted image stand out, in colour and without."""
    axes.set_title(f"✗ {axes.get_title()}", size=9, color=VERMILION)
    axes.spines[:].set(color=VERMILION, linewidth=3)


def abreast(maps: NDArray[Any], columns: int) -> NDArray[Any]:
    """Put maps (C, H, W) in rows of so many, (rows, columns, H, W); nan fills the last one."""
    spare = -len(maps) % columns
    filled = np.pad(maps.astype(float), ((0, spare), (0, 0), (0, 0)), constant_values=np.nan)
    return filled.reshape(-1, columns, *maps.shape[1:])


def mosaic(maps: NDArray[Any]) -> NDArray[Any]:
    """Lay out maps (rows, columns, H, W) as one, with a gap of one nan between neighbours."""
    rows, columns, H, W = maps.shape
    gaps = ((0, 0), (0, 0), (0, 1), (0, 1))
    tiles = np.pad(maps.astype(float), gaps, constant_values=np.nan)
    return tiles.swapaxes(1, 2).reshape(rows * (H + 1), columns * (W + 1))[:-1, :-1]
