"""Draw where a network puts test images before it decides: embedding.png and embedding.svg.

The 84 activations of F6, on the two axes along which they vary most over all test images (principal
component analysis). Some images, chosen at random, are drawn; the name of a class stands at the
mean of its images.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, add_seed, one_run, output_folder
from lenet.figures.embedding import draw
from lenet.figures.images import subject
from lenet.figures.style import save, style
from lenet.formats.text import caption
from lenet.inspection.embedding import activations, principal_components
from lenet.nn.random import stream

DRAWN = 2000


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)
    add_seed(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    data = run.data()
    places, shares = principal_components(activations(run.network(), data.test), 2)
    drawn = stream(arguments.seed, "embedding").permutation(len(data.test))[:DRAWN]
    with style():
        names = list(map(caption, data.class_names))
        figure = draw(places, shares, data.test.labels, names, drawn, subject(run))
        return save(figure, output_folder(arguments, [run]) / "embedding")
