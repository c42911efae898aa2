"""Draw what has gone on inside a network while it was trained, by epoch.

Three figures, each as .png and .svg, of a run that was trained with inside=true: histograms of the
activations of each layer and of the gradients by its parameters, on a fixed handful of training
images, and how far the parameters have moved. Epoch 0 is the network before its first step.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, one_run, output_folder
from lenet.figures.histograms import draw_activations, draw_gradients, draw_movement
from lenet.figures.images import subject
from lenet.figures.style import save, style
from lenet.training.histograms import ACTIVATIONS, EPOCH, GRADIENTS, MOVEMENT, of_kind


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    folder, about = output_folder(arguments, [run]), subject(run)
    epochs = run.inside[EPOCH]
    activations, gradients, movement = (
        of_kind(run.inside, kind) for kind in (ACTIVATIONS, GRADIENTS, MOVEMENT)
    )
    with style():
        return [
            *save(draw_activations(epochs, activations, about), folder / "activations"),
            *save(draw_gradients(epochs, gradients, about), folder / "gradients"),
            *save(draw_movement(epochs, movement, about), folder / "movement"),
        ]
