"""Compare runs: tables of settings, runs and pairs, and figures, as a sweep leaves them at its end.

A RUN is a folder of a run, one that contains some, or one whose runs.txt lists some. Runs that
differ in nothing but their seed are put together; those that did not finish are named.
"""

from argparse import ArgumentParser, Namespace

from lenet.commands.arguments import add_output_folder, add_runs, output_folder
from lenet.runs.find import all_runs, find_runs
from lenet.sweeps.report.folder import write_summary


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_folder(parser)
    parser.add_argument(
        "--seconds",
        action="store_true",
        help="draw the time of an epoch as well, which depends on what else the machine had to do",
    )


def run(arguments: Namespace) -> list[str]:
    """Write tables and figures; return what to tell of them."""
    runs = all_runs(arguments.runs) if arguments.runs else find_runs([])
    folder = output_folder(arguments, runs)
    return write_summary(runs, folder, seconds=arguments.seconds).split("\n")
