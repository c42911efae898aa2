"""Set the paper's Table I beside runs by its recipe: the test accuracy after each epoch.

The recipe is that of lenet dataset=mnist, with any initial weights, seed and number of epochs. Runs
that differ in nothing but their seed are put together. The table is printed, and written as
table1.md and table1.csv.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pandas as pd

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.runs.find import find_runs
from lenet.runs.groups import by_setting
from lenet.sweeps.report.table1 import NOTE, markdown, refuse_other_recipe, summary, write


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path | str]:
    """Write the table; return its lines, and the paths."""
    runs = find_runs(arguments.runs)
    for run in runs:
        refuse_other_recipe(run)
    groups = {label: summary(group) for label, group in by_setting(runs).items()}
    rows = pd.concat(groups, names=["setting"]).reset_index()
    text = f"{markdown(rows)}\n{NOTE}"
    paths = write(rows, text, output_folder(arguments, runs))
    return [*text.split("\n"), *paths]
