"""Write one HTML file: draw a digit, and watch every number of the network that was trained.

RUN is the folder of a run; two are shown one below the other. The file needs no network
and no server. It has a slider over the epochs of a run with keep_weights=epochs.
"""

import logging
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import output_file, run_folder
from lenet.errors import DataError, LenetError
from lenet.figures.page.content import refuse_others, shown
from lenet.figures.page.page import page
from lenet.formats.files import write_text
from lenet.inspection.predictions import Predictions, predict
from lenet.runs.find import find_runs
from lenet.runs.run import Run

log = logging.getLogger(__name__)

MOST_RUNS = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="one or two run folders (default: the newest finished run below runs/)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="what to write (default: page.html in the folder of the first run)",
    )


def run(arguments: Namespace) -> list[Path]:
    """Write the page, and return its path."""
    if len(arguments.runs) > MOST_RUNS:
        raise LenetError(f"expected one run or two, found {len(arguments.runs)}")
    runs = [*map(run_folder, arguments.runs)] or find_runs([])
    first, *others = runs
    for other in others:
        refuse_others(first, other)
    text = page([*map(shown, runs)], [*map(predictions_of, runs)])
    path = output_file(arguments, first.path / "page.html")
    write_text(path, text)
    return [path]


def predictions_of(run: Run) -> Predictions | None:
    """Return what a run's network makes of its test images; None, and a warning, without those."""
    try:
        return predict(run)
    except (DataError, OSError) as error:
        log.warning("%s; the page has no test images of %s", error, run.path)
        return None
