"""Arguments that commands of ``lenet-runs`` share, and where they write."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lenet.config.components import import_from
from lenet.errors import ConfigError, LenetError
from lenet.formats.layout import CONFIG, RECORD

if TYPE_CHECKING:
    from lenet.runs.listing import Row
    from lenet.runs.run import Run


def add_import(parser: ArgumentParser) -> None:
    """Have a command line take what all take: the user's word for classes of his own."""
    parser.add_argument(
        "--import",
        type=own_module,
        action="append",
        dest="imported",
        metavar="MODULE",
        help="import a module whose classes a run may name; it may be in the current folder",
    )


def own_module(name: str) -> ModuleType:
    """Import a module of the user's own; the command is wrong where that fails."""
    try:
        return import_from([str(Path.cwd())], name)
    except ConfigError as error:
        raise ArgumentTypeError(str(error)) from error


def add_config_dir(parser: ArgumentParser) -> None:
    """Have a command line take the folder of a user's own configuration files."""
    parser.add_argument(
        "--config-dir",
        type=Path,
        metavar="FOLDER",
        help="of choices of your own, as that of lenet --config-dir",
    )


def add_overrides(parser: ArgumentParser) -> None:
    """Have a command line take the overrides of ``lenet``, and a folder of further choices."""
    parser.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="of lenet")
    add_config_dir(parser)


def add_runs(parser: ArgumentParser) -> None:
    """Have a command line take run folders."""
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folder of a run or of a sweep (default: the newest finished run below runs/)",
    )


def add_selection(parser: ArgumentParser) -> None:
    """Have a command line take folders of runs and filters; see ``selected``."""
    parser.add_argument(
        "words", nargs="*", metavar="RUN", help="folder of a run or of several, or KEY=VALUE"
    )


def selected(arguments: Namespace) -> "list[Row]":
    """Return the rows of the runs that were asked for, the newest first; LenetError if none are."""
    from lenet.runs.filters import filtered, selection
    from lenet.runs.find import DEFAULT_ROOT
    from lenet.runs.listing import rows

    folders, filters = selection(arguments.words)
    found = rows(folders or [DEFAULT_ROOT], must_exist=bool(folders))
    if not found:
        raise LenetError(f"there is no run in {DEFAULT_ROOT}: train one with lenet")
    return filtered(found, filters)


def run_folder(path: Path) -> "Run":
    """Return the run in a folder, finished or not, or of its config.yaml."""
    from lenet.runs.run import Run

    folder = path.parent if path.name == CONFIG else path
    if not any((folder / name).exists() for name in (CONFIG, RECORD)):
        raise LenetError(f"there is no run in {folder}")
    return Run(folder)


def add_output_folder(parser: ArgumentParser) -> None:
    """Have a command line take ``--output``, a folder; see ``output_folder``."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where to write (default: the folder given, or what several have in common)",
    )


def add_output_file(parser: ArgumentParser, name: str) -> None:
    """Have a command line take ``--output``, a file."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"what to write (default: {name} in the run's folder)",
    )


def output_file(arguments: Namespace, default: Path) -> Path:
    """Return the file that ``--output`` names, or the default one; its folder is there then."""
    path: Path = arguments.output or default
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def add_seed(parser: ArgumentParser) -> None:
    """Have a command line take ``--seed``."""
    parser.add_argument(
        "--seed", type=natural, default=0, help="of the choice of images (default: 0)"
    )


def natural(text: str) -> int:
    """Return the whole number, at least 0, that a text stands for; ValueError if it is none."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def one_run(arguments: Namespace) -> "Run":
    """Return the one run that was asked for; LenetError if there are more to choose from."""
    from lenet.runs.find import find_runs  # with pandas, for which no help and no shell waits

    runs = find_runs(arguments.runs)
    if len(runs) > 1:
        raise LenetError(f"{len(runs)} runs found: name the folder of one, such as {runs[0].path}")
    return runs[0]


def output_folder(arguments: Namespace, runs: Iterable["Run"]) -> Path:
    """Return the folder to write to: the one that was asked for, or the one of all the runs."""
    if arguments.output:
        return Path(arguments.output)
    given = arguments.runs or [run.path for run in runs]
    return Path(os.path.commonpath([path.resolve() for path in given]))
