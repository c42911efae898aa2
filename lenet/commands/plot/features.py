"""Draw what each layer of a network makes of an image: features.png and features.svg.

A row for each image: the input, the maps of C1 to S4, the vectors of C5 and F6, and the
probabilities of the classes, side by side as in Fig. 2 of LeCun et al. (1998). Without --image the
first test images of three classes.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lenet.commands.arguments import add_output_folder, add_runs, natural, one_run, output_folder
from lenet.data import Split
from lenet.errors import LenetError
from lenet.figures.features import (
    INPUT,
    draw,
)
from lenet.figures.images import subject
from lenet.figures.style import save, style
from lenet.formats.text import caption
from lenet.nn.features import features
from lenet.nn.input import network_input

IMAGES = 3  # where none are asked for


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)
    parser.add_argument(
        "--image",
        type=natural,
        nargs="+",
        metavar="INDEX",
        help="of test images, from 0 (default: the first of three classes)",
    )


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    data = run.data()
    images = chosen(data.test, arguments.image)
    network = run.network()
    x = network_input(images.images, network.theta.dtype)
    seen = {INPUT: x, **features(network, x)}
    with style():
        figure = draw(images, seen, list(map(caption, data.class_names)), subject(run))
        return save(figure, output_folder(arguments, [run]) / "features")


def chosen(images: Split, indices: Sequence[int] | None) -> Split:
    """Return the images that were asked for, else the first of each class.

    Raises:
        LenetError: there is no image of such an index.

    """
    if indices is None:
        _, first = np.unique(images.labels, return_index=True)
        return images[first[:IMAGES]]
    for index in indices:
        if index >= len(images):
            raise LenetError(f"--image {index}: the test images are 0 to {len(images) - 1}")
    return images[np.array(indices)]
