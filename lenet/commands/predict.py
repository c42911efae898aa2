"""Tell what is on your own pictures, with a trained network.

Each IMAGE is a file (PNG, JPEG, or whatever else Pillow reads) or a folder of them. In the place of
the first there may be a run folder, or a file of weights in one, to read the others with; without
it the weights of experiment=reader are used, which come with the program, and a line says so. A
line for each picture names the likeliest classes with their probabilities, or says why the picture
is refused: there is no digit in it, or several, or no class is probable enough. With --several
there is a line for each digit of a row, with its box. sheet.png and .svg show what the network has
seen of the first of them.
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
from lenet.formats.files import relative
from lenet.formats.layout import CONFIG, WEIGHTS
from lenet.formats.text import plural
from lenet.inspection.classifier import REJECT, Classifier, Prediction
from lenet.inspection.reader import READER
from lenet.runs.find import natural_order

log = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="a picture, or a folder of some; the first may be a run folder, or weights in one",
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
        help="where the sheet goes (default: the run folder; without one the current folder)",
    )


def run(arguments: Namespace) -> Iterator[Path | str]:
    """Yield a line for each picture, the paths of the sheet, and which weights come by default."""
    weights, images = parted(arguments.paths)
    classifier = Classifier.read(weights or READER)
    paths = list(chain.from_iterable(map(pictures_in, images)))
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
        folder = arguments.output or folder_of(weights)
        with style():
            yield from save(sheet(shown, len(paths) - unfit), folder / "sheet")
    if not weights:
        yield f"read with the weights of experiment=reader, {relative(READER)}"
    if refused:
        yield f"{refused} of {plural(len(paths), 'picture')} refused"
    if unfit:
        raise LenetError(f"{unfit} of {len(paths)} pictures could not be used")


def parted(paths: list[Path]) -> tuple[Path | None, list[Path]]:
    """Return the weights that come first, if they do, and the pictures.

    Raises:
        LenetError: there are weights, and no picture.

    """
    first = paths[0]
    is_run = any((first / name).exists() for name in (CONFIG, WEIGHTS))
    if not is_run and first.suffix != Path(WEIGHTS).suffix:
        return None, paths
    if len(paths) == 1:
        raise LenetError(f"{first}: expected pictures after the weights, found none")
    return first, paths[1:]


def pictures_in(path: Path) -> list[Path]:
    """Return the files of pictures in a folder, or the path itself if it is none."""
    if not path.is_dir():
        return [path]
    known = suffixes()
    found = [file for file in path.iterdir() if file.suffix.lower() in known and file.is_file()]
    return sorted(found, key=natural_order) or [path]


def told(prediction: Prediction) -> str:
    """Return the likeliest classes and their probabilities, or the refusal, as a part of a line."""
    if prediction.refusal is not None:
        return f"refused: {prediction.refusal}"
    width = max(map(len, prediction.class_names))
    top = prediction.top(NAMED)
    return "  ".join(f"{name:{width}} {probability:6.1%}" for name, probability in top).rstrip()


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


def folder_of(weights: Path | None) -> Path:
    """Return the run folder that weights belong to; the current folder without any."""
    if weights is None:
        return Path()
    return weights if weights.is_dir() else weights.parent
