"""Draw and tell what one change after the other gives: changes.png, .svg, .md and .csv.

Of a study whose settings are files of one folder, in the order of their names, each with all that
those before it have changed, such as experiment=from_1998_to_2025. The table is printed.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.figures.changes import draw
from lenet.figures.style import save, style
from lenet.runs.find import find_runs
from lenet.sweeps.report.changes import NOTE, by_change, errors, markdown, table, write


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path | str]:
    """Draw, and return the lines of the table and the paths that were written."""
    runs = find_runs(arguments.runs)
    groups = by_change(runs)
    rows, folder = table(groups), output_folder(arguments, runs)
    single = {word: of_seeds.tolist() for word, of_seeds in errors(groups).items()}
    text = f"{markdown(rows)}\n{NOTE}"
    with style():
        figure = draw(rows, single, runs[0].dataset)
        return [*text.split("\n"), *write(rows, text, folder), *save(figure, folder / "changes")]
