"""Draw what a trained network makes of test images, as in the paper's Fig. 11.

Three figures, each as .png and .svg: predictions of images chosen at random, the mistakes of
highest loss, and the confusion matrix, which counts what was taken for what.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, add_seed, one_run, output_folder
from lenet.figures.images import subject
from lenet.figures.predictions import (
    confusion_figure,
    mistakes_figure,
    sample_figure,
)
from lenet.figures.style import save, style
from lenet.inspection.predictions import predict


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)
    add_seed(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    folder = output_folder(arguments, [run])
    predictions = predict(run)
    about = subject(run)
    with style():
        return [
            *save(sample_figure(predictions, about, arguments.seed), folder / "predictions"),
            *save(mistakes_figure(predictions, about), folder / "mistakes"),
            *save(confusion_figure(predictions, about), folder / "confusion"),
        ]
