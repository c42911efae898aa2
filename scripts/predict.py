"""Tell what is on your own pictures, with a trained network.

    python scripts/predict.py WEIGHTS IMAGE ... [--output FOLDER]

WEIGHTS is a run folder, or a file of weights in one. Each IMAGE is a file (PNG, JPEG, or whatever
else Pillow reads) or a folder of them. A line for each picture names the likeliest classes with
their probabilities; sheet.png and .svg show what the network has seen of the first of them.
"""

import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import chain
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.commands.arguments import command_line, run_script
from lenet.data.pictures.reading import suffixes
from lenet.errors import DataError, LenetError, printable
from lenet.figures.drawing import Axes, Figure
from lenet.figures.images import show
from lenet.figures.style import entitle, save, style
from lenet.formats.text import caption
from lenet.inspection.classifier import Classifier, Prediction
from lenet.runs.find import natural_order

log = logging.getLogger(__name__)

NAMED = 3  # classes
SHOWN, COLUMNS = 20, 5
CELL, TITLE = (2.6, 1.75), 0.5  # inches
DRAWN = 300  # pixels of the larger side of a picture on the sheet


def main() -> Iterator[Path | str]:
    arguments = prediction_parser().parse_args()
    classifier = Classifier.read(arguments.weights)
    paths = list(chain.from_iterable(map(pictures_in, arguments.images)))
    width = max(len(printable(path)) for path in paths)
    shown: dict[Path, Prediction] = {}
    unfit = 0
    for path in paths:
        try:
            (prediction,) = classifier.predict([path])
        except DataError as error:
            log.warning("%s", error)
            unfit += 1
            continue
        yield f"{printable(path):{width}}  {told(prediction)}"
        if len(shown) < SHOWN:
            shown[path] = prediction
    if shown:
        folder = arguments.output or folder_of(arguments.weights)
        with style():
            yield from save(sheet(shown, len(paths) - unfit), folder / "sheet")
    if unfit:
        raise LenetError(f"{unfit} of {len(paths)} pictures could not be used")


def pictures_in(path: Path) -> list[Path]:
    """Return the files of pictures in a folder, or the path itself if it is none."""
    if not path.is_dir():
        return [path]
    known = suffixes()
    found = [file for file in path.iterdir() if file.suffix.lower() in known and file.is_file()]
    return sorted(found, key=natural_order) or [path]


def told(prediction: Prediction) -> str:
    """Return the likeliest classes and their probabilities, as a part of a line."""
    width = max(map(len, prediction.class_names))
    top = prediction.top(NAMED)
    return "  ".join(f"{name:{width}} {probability:6.1%}" for name, probability in top).rstrip()


def folder_of(weights: Path) -> Path:
    """Return the run folder that weights belong to."""
    return weights if weights.is_dir() else weights.parent


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


def prediction_parser() -> ArgumentParser:
    """Return the command line."""
    arguments = command_line(__doc__)
    arguments.add_argument(
        "weights", type=Path, metavar="WEIGHTS", help="a run folder, or weights in one"
    )
    arguments.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of some"
    )
    arguments.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where the sheet goes (default: the run folder)",
    )
    return arguments


if __name__ == "__main__":
    run_script(main)
