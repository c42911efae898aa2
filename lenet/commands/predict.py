"""Tell what is on your own pictures, with a trained network.

WEIGHTS is a run folder, or a file of weights in one. Each IMAGE is a file (PNG, JPEG, or whatever
else Pillow reads) or a folder of them. A line for each picture names the likeliest classes with
their probabilities, or says why the picture is refused: there is no digit in it, or several, or no
class is probable enough. With --several there is a line for each digit of a row, with its box.
sheet.png and .svg show what the network has seen of the first of them. The exit status is 1 if a
picture was refused or could not be used.
"""

import logging
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lenet.data.pictures.reading import suffixes
from lenet.errors import DataError, LenetError, printable
from lenet.figures.sheet import NAMED, SHOWN, sheet
from lenet.figures.style import save, style
from lenet.inspection.classifier import REJECT, Classifier, Prediction
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
        "--reject",
        type=share,
        default=REJECT,
        metavar="CONFIDENCE",
        help=f"refuse what is less probable, from 0 to 1 (default: {REJECT})",
    )
    parser.add_argument(
        "--several", action="store_true", help="read digits in a row, from the left to the right"
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
    shown: dict[Path, list[Prediction]] = {}
    unfit = refused = 0
    for path in paths:
        try:
            if arguments.several:
                predictions = classifier.predict_several(path, arguments.reject)
            else:
                predictions = classifier.predict([path], arguments.reject)
        except DataError as error:
            log.warning("%s", error)
            unfit += 1
            continue
        for prediction in predictions:
            place = f"  {boxed(prediction):20}" if arguments.several else ""
            yield f"{printable(path):{width}}{place}  {told(prediction)}"
        refused += not all(prediction.is_digit for prediction in predictions)
        if len(shown) < SHOWN:
            shown[path] = predictions
    if shown:
        folder = arguments.output or folder_of(arguments.weights)
        with style():
            yield from save(sheet(shown, len(paths) - unfit), folder / "sheet")
    ends = ((unfit, "could not be used"), (refused, "were refused"))
    if unfit or refused:
        raise LenetError(*(f"{n} of {len(paths)} pictures {end}" for n, end in ends if n))


def pictures_in(path: Path) -> list[Path]:
    """Return the files of pictures in a folder, or the path itself if it is none."""
    if not path.is_dir():
        return [path]
    known = suffixes()
    found = [file for file in path.iterdir() if file.suffix.lower() in known and file.is_file()]
    return sorted(found, key=natural_order) or [path]


def told(prediction: Prediction) -> str:
    """Return the likeliest classes and their probabilities, or the refusal, as a part of a line."""
    width = max(map(len, prediction.class_names))
    top = prediction.top(NAMED)
    classes = "  ".join(f"{name:{width}} {probability:6.1%}" for name, probability in top).rstrip()
    if prediction.refusal is None:
        return classes
    return f"refused: {prediction.refusal}"


def boxed(prediction: Prediction) -> str:
    """Return where a digit is, in pixels from the upper left corner."""
    if prediction.box is None:
        return ""
    top, left, bottom, right = prediction.box
    return f"x {left}-{right} y {top}-{bottom}"


def share(text: str) -> float:
    """Return a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"expected a number from 0 to 1, found {printable(text)}")
    return number


def folder_of(weights: Path) -> Path:
    """Return the run folder that weights belong to."""
    return weights if weights.is_dir() else weights.parent
