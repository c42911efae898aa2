r"""Print a table of accuracies over seeds, ready for a paper: mean ± spread in %.

RUN is the folder of a sweep, or one that contains runs. The best setting is bold; a dagger marks
those that are not told apart from it, a double one those that have too few seeds in common with it
to be compared. The formats are markdown, latex (which needs \usepackage{booktabs}) and csv.

    lenet-runs table runs/optimizers --rows optimizer --columns pooling --format latex
"""

from argparse import ArgumentParser, Namespace

from lenet.commands.arguments import add_runs
from lenet.runs.find import all_runs, find_runs
from lenet.sweeps.report.grid import FORMATS, SPREADS, grid
from lenet.sweeps.summary import summarise


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    for name, where in (("rows", "down"), ("columns", "across")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="KEY",
            help=f"a key whose values go {where}; may be given several times",
        )
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="(markdown)")
    parser.add_argument(
        "--spread",
        choices=SPREADS,
        default="std",
        help="standard deviation over seeds, or half of the mean's 95 %% interval (std)",
    )


def run(arguments: Namespace) -> list[str]:
    """Return the lines of the table."""
    runs = all_runs(arguments.runs) if arguments.runs else find_runs([])
    found = grid(summarise(runs), arguments.rows, arguments.columns, arguments.spread)
    return FORMATS[arguments.format](found).split("\n")
