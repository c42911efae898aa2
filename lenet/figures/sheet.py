"""The figure of pictures beside what the network has seen of them."""

from math import ceil
from pathlib import Path
from textwrap import fill

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.figures.drawing import Axes, Figure
from lenet.figures.images import show
from lenet.figures.style import VERMILION, entitle
from lenet.formats.text import caption, plural
from lenet.inspection.classifier import Prediction

NAMED = 3  # classes
SHOWN, COLUMNS = 20, 5
CELL, TITLE = (2.6, 2.1), 0.5  # inches
WORDS, ABOVE = 15, 34  # characters in a line, below a picture and above a column
REASON = 60  # characters
DRAWN = 300  # pixels of the larger side of a picture on the sheet


def sheet(pictures: dict[Path, list[Prediction]], total: int) -> Figure:
    """Return each picture beside what the network has seen, below the likeliest classes.

    Of several digits in a row, the row is drawn with their boxes, and all of them beside it.
    """
    columns = min(COLUMNS, len(pictures))
    rows = ceil(len(pictures) / columns)
    figure = Figure(figsize=(columns * CELL[0], rows * CELL[1] + TITLE))
    cells = figure.subfigures(rows, columns, squeeze=False).flat
    for cell, (path, predictions) in zip(cells, pictures.items(), strict=False):
        left, right = cell.subplots(1, 2)
        picture, scale = drawn(predictions[0].picture)
        show_in_square(left, picture)
        show_in_square(right, np.concatenate([p.image for p in predictions], axis=-1))
        cell.suptitle(caption(path.name), size=9)
        left.set_xlabel("picture", size=9)
        right.set_xlabel(said(predictions), size=9)
        if len(predictions) > 1:
            for prediction in predictions:
                draw_box(left, prediction.box, scale)
    part = f"the first {len(pictures)} of " if len(pictures) < total else ""
    title = f"{part}{plural(total, 'picture')}: as they are, and as the network sees them"
    entitle(figure, title, width=ABOVE * columns)
    return figure


def said(predictions: list[Prediction]) -> str:
    """Return the likeliest classes of a digit, all digits of a row, or why there is none."""
    first = predictions[0]
    if len(predictions) > 1:
        return " ".join(caption(p.top(1)[0][0]) if p.is_digit else "?" for p in predictions)
    if first.refusal is not None:
        return "refused:\n" + fill(caption(first.refusal, REASON), WORDS)
    return "\n".join(f"{caption(name)} {p:.1%}" for name, p in first.top(NAMED))


def draw_box(axes: Axes, box: tuple[int, ...] | None, scale: int) -> None:
    """Draw the box of a digit into a picture that is so many times as small as it was."""
    if box is None:
        return
    top, left, bottom, right = (side / scale - 0.5 for side in box)
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=VERMILION)


def show_in_square(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw an image (H, W) or (3, H, W) in the middle of a square."""
    show(axes, image)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_box_aspect(1)
    axes.set_anchor("N")


def drawn(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Return a picture (H, W, 3) as (3, h, w), no larger than it needs to be on the sheet.

    The second is how many pixels have become one.
    """
    scale = ceil(max(picture.shape) / DRAWN)
    return np.moveaxis(np.asarray(Image.fromarray(picture).reduce(scale)), -1, 0), scale
