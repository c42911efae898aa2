"""Write report.html: a sweep on one page, which needs no network and no scripts.

RUN is the folder of a sweep, or one that contains runs. A sweep leaves such a page at its end
beside its tables, unless it has report=false.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.runs.find import all_runs, find_runs
from lenet.sweeps.report.page import write_page
from lenet.sweeps.report.tables import write_tables
from lenet.sweeps.summary import summarise


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)


def run(arguments: Namespace) -> list[Path]:
    """Write the page, and the tables that are in it; return their paths."""
    runs = all_runs(arguments.runs) if arguments.runs else find_runs([])
    folder = output_folder(arguments, runs)
    folder.mkdir(parents=True, exist_ok=True)
    summary = summarise(runs)
    tables = write_tables(summary, folder)
    return [*tables, write_page(summary, folder, tables)]
