"""The flags of the command line: Hydra's, wherever among the overrides they stand."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from platform import python_version
from typing import Any, NoReturn

import numpy as np
from hydra._internal.utils import get_args_parser

from lenet import __version__
from lenet.config.complaints import complain
from lenet.errors import ConfigError

VERSIONS = f"lenet {__version__} (Python {python_version()}, NumPy {np.__version__})"


class Flags(ArgumentParser):
    """Hydra's flags, but for those that lenet has a way of its own for."""

    def __init__(self) -> None:
        with help_of_any_kind():
            hydras = get_args_parser()
        super().__init__("lenet", parents=[hydras], add_help=False, conflict_handler="resolve")
        self.add_argument(
            "--version", action="version", version=VERSIONS, help="Show versions and exit"
        )
        self.add_argument(
            "--config-dir",
            "-cd",
            "--config-path",
            "-cp",
            type=Path,
            help="Folder of your own configurations, which is looked into before the packaged ones",
        )
        self.set_defaults(config_name="config")

    def read(self) -> Namespace:
        """Return what was typed; a command that cannot be meant ends in one line."""
        arguments, unknown = self.parse_known_intermixed_args()
        if unknown:
            self.error(f"{unknown[0]}: no such flag{self._hint(unknown[0])}")
        if arguments.config_dir and (reason := unreadable(arguments.config_dir)):
            self.error(f"--config-dir {arguments.config_dir}: expected a folder ({reason})")
        if arguments.experimental_rerun:
            self.error("--experimental-rerun: lenet-runs rerun RUN trains a run again")
        commands = ("run", "multirun", "cfg", "info", "shell_completion")
        if sum(bool(getattr(arguments, command)) for command in commands) > 1:
            self.error("one of --run, --multirun, --cfg, --info and --shell-completion at a time")
        if (arguments.resolve or arguments.package) and not (arguments.cfg or arguments.help):
            self.error("--resolve and --package go with --cfg")
        return arguments

    def error(self, message: str) -> NoReturn:
        """End with one line, without the usage of all flags."""
        complain(ConfigError(message))

    def _hint(self, flag: str) -> str:
        """Return what may have been meant by a flag that there is not."""
        if "=" in flag:
            return "; a key is set without dashes, as in seed=1"
        nearest = get_close_matches(flag, self._option_string_actions, n=1)
        return f"; did you mean {nearest[0]}?" if nearest else "; lenet --hydra-help has them all"


def unreadable(folder: Path) -> str:
    """Return why the files of a folder cannot be listed, or nothing."""
    try:
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        return error.strerror or "" if isinstance(error, OSError) else str(error)
    return ""


@contextmanager
def help_of_any_kind() -> Iterator[None]:
    """Let a flag's help be no text, as Hydra 1.3 has it, which Python 3.14 takes for an error."""
    argparse: Any = ArgumentParser
    check = getattr(argparse, "_check_help", None)
    argparse._check_help = lambda parser, action: None
    try:
        yield
    finally:
        if check:
            argparse._check_help = check
        else:
            del argparse._check_help
