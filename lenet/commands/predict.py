"""Tell what is on your own pictures, with a trained network.

WEIGHTS is a run folder, or a file of weights in one. Each IMAGE is a file (PNG, JPEG, or whatever
else Pillow reads) or a folder of them. A line for each picture names the likeliest classes with
their probabilities; sheet.png and .svg show what the network has seen of the first of them.
"""

import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lenet.data.pictures.reading import suffixes
from lenet.errors import DataError, LenetError, printable
from lenet.figures.sheet import NAMED, SHOWN, sheet
from lenet.figures.style import save, style
from lenet.inspection.classifier import Classifier, Prediction
from lenet.runs.find import natural_order

log = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "weights", type=Path, metavar="WEIGHTS", help="a run folder, or weights in one"
    )
    parser.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of some"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where the sheet goes (default: the run folder)",
    )


def run(arguments: Namespace) -> Iterator[Path | str]:
    """Yield a line for each picture, and the paths of the sheet."""
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
