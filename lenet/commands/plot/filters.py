"""Draw the filters that a trained network has learnt: filters.png and filters.svg.

The weights of C1 and C3, all on one scale: a column for each map that they make, a row for each
that they read, numbered from 0 as in Table I of LeCun et al. (1998).
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, one_run, output_folder
from lenet.figures.filters import draw
from lenet.figures.images import subject
from lenet.figures.style import save, style


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    run = one_run(arguments)
    network = run.network()
    parameters = network.architecture.views(network.theta)
    with style():
        c3 = network.architecture.c3.filters(parameters["c3.weight"])
        figure = draw(parameters["c1.weight"], c3, subject(run))
        return save(figure, output_folder(arguments, [run]) / "filters")
