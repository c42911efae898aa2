"""Draw loss and accuracy by epoch, as in the paper's Figs. 9 and 10: curves.png and curves.svg.

Runs that differ in nothing but their seed become one line: their mean, in a band of one standard
deviation to either side. The paper's Table I is drawn as crosses where all runs are by its recipe:
lenet dataset=mnist, from any initial weights.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.figures.curves import curves
from lenet.figures.style import save, style
from lenet.runs.find import find_runs
from lenet.runs.groups import by_setting


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
    runs = find_runs(arguments.runs)
    with style():
        return save(curves(by_setting(runs)), output_folder(arguments, runs) / "curves")
