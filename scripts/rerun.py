"""Run a run again, from its config.yaml, with whatever else is to be different.

    python scripts/rerun.py RUN [OVERRIDE ...] [--dry-run] [--config-dir FOLDER]

RUN is the folder of a run, whatever has become of that, or its config.yaml. The command that gives
the same configuration is printed and run; what comes of it goes where lenet puts it, to a folder
below runs/ that has the configuration's name. The overrides are those of lenet, such as seed=1.
"""

import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from lenet.__main__ import main as lenet
from lenet.commands.arguments import add_overrides, command_line, run_script
from lenet.formats.layout import CONFIG
from lenet.runs.command import changed, command_of
from lenet.runs.run import Run


def main() -> Iterator[str]:
    arguments = rerun_parser().parse_intermixed_args()
    path: Path = arguments.run
    run = Run(path.parent if path.name == CONFIG else path)
    command = changed(command_of(run, arguments.config_dir), arguments.overrides)
    if arguments.config_dir:
        command = ["--config-dir", str(arguments.config_dir), *command]
    yield shlex.join(["lenet", *command])
    if not arguments.dry_run:
        sys.argv = ["lenet", *command]
        lenet()


def rerun_parser() -> ArgumentParser:
    """Return the command line."""
    arguments = command_line(__doc__)
    arguments.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    add_overrides(arguments)
    arguments.add_argument("--dry-run", action="store_true", help="print the command, and no more")
    return arguments


if __name__ == "__main__":
    run_script(main)
