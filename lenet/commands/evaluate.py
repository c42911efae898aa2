"""Read trained networks' loss and accuracy on the test images of any dataset.

Without --dataset each network is tested on its own run's test images.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from lenet.commands.arguments import add_config_dir, add_runs
from lenet.config.compose import configure
from lenet.data import Dataset
from lenet.errors import LenetError
from lenet.formats.text import plural
from lenet.runs.find import find_runs
from lenet.runs.run import Run
from lenet.training.evaluation import evaluate


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    parser.add_argument("--dataset", metavar="NAME", help="such as mnist (default: the run's own)")
    add_config_dir(parser)


def run(arguments: Namespace) -> Iterator[str]:
    """Yield a line for each run."""
    other = chosen_dataset(arguments)
    for run in find_runs(arguments.runs):
        if other:
            check_fits(run, other, arguments.dataset)
        yield line(run, other or run.config.dataset)


def chosen_dataset(arguments: Namespace) -> Dataset | None:
    """Return the dataset that was asked for, if any was."""
    if not arguments.dataset:
        return None
    return configure(f"dataset={arguments.dataset}", config_dir=arguments.config_dir).dataset


def line(run: Run, dataset: Dataset) -> str:
    """Return what one network reaches on a dataset, as a line of text."""
    test = dataset.load(run.config.seed).test
    score = evaluate(run.network(), test)
    return f"{run.path}: loss {score.mean_loss:.4f}, accuracy {score.accuracy:.2%} of {len(test):,}"


def check_fits(run: Run, dataset: Dataset, name: str) -> None:
    """Raise LenetError unless a run's network has the channels and the classes of a dataset."""
    network, images = shape(run.config.dataset), shape(dataset)
    if network != images:
        raise LenetError(
            f"{run.path}: a network for {network} cannot be tested on {name}, which has {images}"
        )


def shape(dataset: Dataset) -> str:
    """Return what a network for a dataset depends on, in words."""
    return f"{plural(dataset.channels, 'channel')} and {len(dataset.class_names)} classes"
