"""Read trained networks' loss and accuracy on the test images of any dataset.

    python scripts/evaluate.py [RUN ...] [--dataset NAME]

Without --dataset each network is tested on its own run's test images.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from lenet.config import read_dataset
from lenet.evaluation import evaluate
from lenet.results import Run, find_runs
from lenet.scripting import parser, run_script


def main() -> Iterator[str]:
    arguments = evaluation_parser().parse_args()
    for run in find_runs(arguments.runs):
        yield line(run, arguments)


def line(run: Run, arguments: Namespace) -> str:
    """Return what one network reaches, as a line of text."""
    dataset = read_dataset(arguments.dataset) if arguments.dataset else run.config.dataset
    test = dataset.load(run.config.seed).test
    score = evaluate(run.network(), test)
    return f"{run.path}: loss {score.mean_loss:.4f}, accuracy {score.accuracy:.2%} of {len(test):,}"


def evaluation_parser() -> ArgumentParser:
    """Return the command line of the scripts, with a dataset."""
    arguments = parser(__doc__)
    arguments.add_argument(
        "--dataset", metavar="NAME", help="such as mnist (default: the run's own)"
    )
    return arguments


if __name__ == "__main__":
    run_script(main)
