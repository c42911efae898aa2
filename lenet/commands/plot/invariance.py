"""Draw how far digits may be distorted and still be recognized: invariance.png and invariance.svg.

The error on test images that are scaled, moved up and down, turned, and soiled by black and white
pixels, as in section III-E of LeCun et al. (1998). Runs that differ in nothing but their seed
become one line. Of a grey dataset with square images.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.errors import LenetError
from lenet.figures.invariance import draw
from lenet.figures.style import save, style
from lenet.formats.files import relative
from lenet.inspection.invariance import DISTORTIONS, errors
from lenet.nn.layers import Array
from lenet.runs.find import find_runs
from lenet.runs.groups import by_setting
from lenet.runs.run import Run

IMAGES = 2000  # of the test images, the first


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    runs = find_runs(arguments.runs)
    for one in runs:
        refuse_unless_grey_and_square(one)
    measured = {label: over_seeds(group) for label, group in by_setting(runs).items()}
    images = min(IMAGES, len(runs[0].data().test))
    with style():
        figure = draw(DISTORTIONS, measured, images)
        return save(figure, output_folder(arguments, runs) / "invariance")


def over_seeds(runs: list[Run]) -> list[Array]:
    """Return the errors (seeds, amounts) of runs for each distortion."""
    tested = [(run.network(), run.data().test[:IMAGES]) for run in runs]
    return [
        np.stack([errors(network, images, distortion) for network, images in tested])
        for distortion in DISTORTIONS
    ]


def refuse_unless_grey_and_square(run: Run) -> None:
    """Raise LenetError where images cannot be turned."""
    dataset = run.config.dataset
    if dataset.channels != 1 or dataset.size[0] != dataset.size[1]:
        raise LenetError(f"{relative(run.path)}: expected a dataset of grey and square images")
