"""What the scripts have in common: their arguments, where they write, and how they end."""

import logging
import os
import sys
from argparse import (
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lenet.config.components import import_from
from lenet.errors import ConfigError, LenetError, printable
from lenet.formats.files import relative
from lenet.formats.text import LineFormatter
from lenet.runs.find import find_runs
from lenet.runs.process import open_closed_streams, until_the_reader_leaves
from lenet.runs.run import Run


def command_line(description: str | None) -> ArgumentParser:
    """Return a command line that takes what all take: the user's word for classes of his own."""
    arguments = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--import",
        type=own_module,
        action="append",
        dest="imported",
        metavar="MODULE",
        help="import a module whose classes a run may name; it may be in the current folder",
    )
    return arguments


def own_module(name: str) -> ModuleType:
    """Import a module of the user's own; the command is wrong where that fails."""
    try:
        return import_from([str(Path.cwd())], name)
    except ConfigError as error:
        raise ArgumentTypeError(str(error)) from error


def add_config_dir(arguments: ArgumentParser) -> None:
    """Have a command line take the folder of a user's own configuration files."""
    arguments.add_argument(
        "--config-dir",
        type=Path,
        metavar="FOLDER",
        help="of choices of your own, as that of lenet --config-dir",
    )


def add_overrides(arguments: ArgumentParser) -> None:
    """Have a command line take the overrides of ``lenet``, and a folder of further choices.

    It is to be parsed by ``parse_intermixed_args``, so that options may stand anywhere.
    """
    arguments.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="of lenet")
    add_config_dir(arguments)


def parser(description: str | None) -> ArgumentParser:
    """Return a command line that takes run folders."""
    arguments = command_line(description)
    arguments.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folder of a run or of a sweep (default: the newest finished run below runs/)",
    )
    return arguments


def writing_parser(description: str | None) -> ArgumentParser:
    """Return a command line that takes run folders and ``--output``."""
    arguments = parser(description)
    arguments.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where to write (default: the folder given, or what several have in common)",
    )
    return arguments


def exporting_parser(description: str | None, name: str) -> ArgumentParser:
    """Return a command line that takes a run folder and ``--output``, the file to write."""
    arguments = parser(description)
    arguments.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"what to write (default: {name} in the run's folder)",
    )
    return arguments


def seeded_parser(description: str | None) -> ArgumentParser:
    """Return a command line that takes a run folder, ``--output`` and ``--seed``."""
    arguments = writing_parser(description)
    arguments.add_argument(
        "--seed", type=natural, default=0, help="of the choice of images (default: 0)"
    )
    return arguments


def natural(text: str) -> int:
    """Return the whole number, at least 0, that a text stands for; ValueError if it is none."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def one_run(arguments: Namespace) -> Run:
    """Return the one run that was asked for; LenetError if there are more to choose from."""
    runs = find_runs(arguments.runs)
    if len(runs) > 1:
        raise LenetError(f"{len(runs)} runs found: name the folder of one, such as {runs[0].path}")
    return runs[0]


def output_folder(arguments: Namespace, runs: Iterable[Run]) -> Path:
    """Return the folder to write to: the one that was asked for, or the one of all the runs."""
    if arguments.output:
        return Path(arguments.output)
    given = arguments.runs or [run.path for run in runs]
    return Path(os.path.commonpath([path.resolve() for path in given]))


@contextmanager
def optional(remedy: str) -> Iterator[None]:
    """Import what need not be installed; the script ends with the remedy where it is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error.name} is not installed; {remedy}")


def run_script(main: Callable[[], Iterable[Path | str]]) -> None:
    """Run a script and print its lines, or the paths it has written; errors end it in few words.

    So does a reader who wants no more, such as ``head``: without a word, as for any Unix command.
    """
    open_closed_streams()
    name = Path(sys.argv[0]).name
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(f"{name}: %(message)s"))
    logging.basicConfig(handlers=[handler])
    try:
        with until_the_reader_leaves():
            for line in main():
                print(printable(relative(line) if isinstance(line, Path) else line))
    except (LenetError, OSError) as error:
        sys.exit("\n".join(f"{name}: {line}" for line in str(error).splitlines()))
