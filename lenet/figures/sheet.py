"""The figure of pictures beside what the network has seen of them."""

from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.figures.drawing import Axes, Figure
from lenet.figures.images import show
from lenet.figures.style import entitle
from lenet.formats.text import caption
from lenet.inspection.classifier import Prediction

NAMED = 3  # classes
SHOWN, COLUMNS = 20, 5
CELL, TITLE = (2.6, 1.75), 0.5  # inches
DRAWN = 300  # pixels of the larger side of a picture on the sheet


def sheet(predictions: dict[Path, Prediction], total: int) -> Figure:
    """Return each picture beside what the network has seen, below the likeliest classes."""
    columns = min(COLUMNS, len(predictions))
    rows = ceil(len(predictions) / columns)
    figure = Figure(figsize=(columns * CELL[0], rows * CELL[1] + TITLE))
    cells = figure.subfigures(rows, columns, squeeze=False).flat
    for cell, (path, prediction) in zip(cells, predictions.items(), strict=False):
        left, right = cell.subplots(1, 2)
        show_in_square(left, drawn(prediction.picture))
        show_in_square(right, prediction.image)
        cell.suptitle(caption(path.name), size=9)
        lines = [f"{caption(name)} {p:.1%}" for name, p in prediction.top(NAMED)]
        left.set_xlabel("picture", size=9)
        right.set_xlabel("\n".join(lines), size=9)
    part = f"the first {len(predictions)} of " if len(predictions) < total else ""
    entitle(figure, f"{part}{total:,} pictures: as they are, and as the network sees them")
    return figure


def show_in_square(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw an image (H, W) or (3, H, W) in the middle of a square."""
    show(axes, image)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_box_aspect(1)


def drawn(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) as (3, h, w), no larger than it needs to be on the sheet."""
    few = Image.fromarray(picture).reduce(ceil(max(picture.shape) / DRAWN))
    return np.moveaxis(np.asarray(few), -1, 0)
