"""Draw which pixels a network's predictions hang on: saliency.png and saliency.svg.

Below each image the gradient of the predicted class's score, its logit, by the pixels (Simonyan et
al. 2013), and how far that score falls when a grey square hides the pixels around a place (Zeiler
and Fergus 2014). The images are test images chosen at random, and the mistakes of highest loss.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.commands.arguments import add_output_folder, add_runs, add_seed, one_run, output_folder
from lenet.figures.images import subject
from lenet.figures.saliency import draw
from lenet.figures.style import save, style
from lenet.inspection.predictions import Predictions, predict
from lenet.nn.random import stream

EACH = 3  # images at random, and worst mistakes


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)
    add_seed(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    predictions = predict(run)
    indices = chosen(predictions, arguments.seed)
    with style():
        figure = draw(run.network(), predictions, indices, subject(run))
        return save(figure, output_folder(arguments, [run]) / "saliency")


def chosen(predictions: Predictions, seed: int) -> NDArray[np.intp]:
    """Return the indices of some images at random, then of the worst mistakes among the others."""
    at_random = stream(seed, "saliency").permutation(len(predictions.images))[:EACH]
    others = predictions.mistakes[~np.isin(predictions.mistakes, at_random)]
    return np.concatenate([at_random, others[:EACH]])
