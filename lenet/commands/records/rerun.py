"""Run a run again, from its config.yaml, with whatever else is to be different.

RUN is the folder of a run, whatever has become of that, or its config.yaml. The command that gives
the same configuration is printed and run; what comes of it goes where lenet puts it, to a folder
below runs/ that has the configuration's name. The overrides are those of lenet, such as seed=1.
"""

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from lenet.commands import train
from lenet.commands.arguments import add_overrides, run_folder
from lenet.runs.command import changed, command_of


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of a run")
    add_overrides(parser)
    parser.add_argument("--dry-run", action="store_true", help="print the command, and no more")


def run(arguments: Namespace) -> Iterator[str]:
    """Yield the command, then run it."""
    run = run_folder(arguments.folder)
    command = changed(command_of(run, arguments.config_dir), arguments.overrides)
    if arguments.config_dir:
        command = ["--config-dir", str(arguments.config_dir), *command]
    yield shlex.join(["lenet", *command])
    if not arguments.dry_run:
        sys.argv = ["lenet", *command]
        train.main()
