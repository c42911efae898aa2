"""``lenet-runs``: what is done with runs that have been trained."""

import logging
import os
import shlex
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from lenet import __version__
from lenet.commands.arguments import add_import
from lenet.errors import LenetError, printable, suggestion
from lenet.formats.files import relative
from lenet.formats.text import LineFormatter
from lenet.runs.process import prepare_streams, until_the_reader_leaves

NAME = "lenet-runs"
COMPLETING = "_ARGCOMPLETE"  # is set where a shell asks what may come next
HELP = f"""\
usage: {NAME} COMMAND [--help] ...

What is done with runs that have been trained. A RUN is a run folder, or one that
contains some. COMMAND --help says what is taken without one: for most commands it
is the newest finished run below runs/.

"""


class Command(NamedTuple):
    """A command: the module below this package that carries it out, and what it does.

    The module is imported when it is asked for, so that no command waits for what others need.
    """

    module: str
    help: str


class Module(Protocol):
    """What the module of a command has; its docstring describes the command."""

    __doc__: str | None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""

    def run(self, arguments: Namespace) -> Iterable[Path | str]:
        """Carry it out; lines of text are printed, and paths of what was written."""


COMMANDS = {
    "plot curves": Command("plot.curves", "loss and accuracy by epoch, as in Figs. 9 and 10"),
    "plot predictions": Command("plot.predictions", "predictions, mistakes, confusion matrix"),
    "plot filters": Command("plot.filters", "the filters of C1 and C3"),
    "plot features": Command("plot.features", "what each layer makes of an image"),
    "plot saliency": Command("plot.saliency", "which pixels a prediction depends on"),
    "plot invariance": Command(
        "plot.invariance", "how far digits may be distorted and still be recognized"
    ),
    "plot changes": Command("plot.changes", "what one change after the other gives, in a study"),
    "plot embedding": Command("plot.embedding", "where F6 puts the test images, by PCA"),
    "plot training": Command("plot.training", "what went on inside, of a run with inside=true"),
    "plot schedule": Command("plot.schedule", "learning rates by epoch, before any run"),
    "table1": Command("table1", "the paper's Table I beside runs by its recipe"),
    "compare": Command("compare", "runs ranked over seeds: tables, tests, figures"),
    "table": Command("table", "accuracies by keys of the configuration, ready for a paper"),
    "report": Command("report", "one page with all that came of a sweep, for any browser"),
    "evaluate": Command("evaluate", "loss and accuracy on the test images of any dataset"),
    "predict": Command("predict", "what is on your own pictures"),
    "page": Command("page", "draw a digit, and watch every number of a network"),
    "list": Command("records.list", "runs, the newest first, or those that are like this"),
    "show": Command("records.show", "what a run is, what came of it, the command that makes it"),
    "diff": Command("records.diff", "what two runs have done differently, and what came of it"),
    "rerun": Command("records.rerun", "run a run again, with whatever is to be different"),
    "remove": Command("records.remove", "move runs to the trash, or empty that"),
    "export onnx": Command("export.onnx", "a network for ONNX Runtime and its kin"),
    "export torch": Command("export.torch", "a network as a state_dict of PyTorch"),
    "from-torch": Command("from_torch", "a run folder of a state_dict of PyTorch"),
}
REMEDIES = {"onnx": "pip install -e '.[onnx]'", "torch": "pip install torch"}


def main() -> None:
    """Run the command line; without a command, or with a part of one, show those that there are."""
    prepare_streams()
    words = sys.argv[1:]
    typed = [word for word in words if word not in ("-h", "--help")]
    if COMPLETING in os.environ:
        complete(shlex.split(os.environ["COMP_LINE"])[1:])
    elif name := chosen(words):
        carry_out(name, f"{NAME} {name}", words[len(name.split()) :])
    elif typed == ["--version"]:
        print(f"lenet {__version__}")
    elif beginning(typed):
        with until_the_reader_leaves():
            print(overview(beginning(typed)))
    else:
        print(f"{NAME}: {refusal(typed)}", file=sys.stderr)
        sys.exit(2)


def script(name: str) -> None:
    """Run a command as the script that was started."""
    prepare_streams()
    carry_out(name, Path(sys.argv[0]).name, sys.argv[1:])


def chosen(words: Sequence[str]) -> str | None:
    """Return the command that some words begin with, if they do."""
    return next(
        (name for name in COMMANDS if name.split() == list(words[: name.count(" ") + 1])), None
    )


def beginning(words: Sequence[str]) -> list[str]:
    """Return the commands that begin with some words; with none all do."""
    return [name for name in COMMANDS if name.split()[: len(words)] == list(words)]


def overview(names: Iterable[str]) -> str:
    """Return a page with a line for each command."""
    return HELP + "\n".join(f"  {name:18}{COMMANDS[name].help}" for name in names)


def refusal(words: Sequence[str]) -> str:
    """Return what is wrong with words that begin no command, and which would."""
    right = next(n for n in range(len(words)) if not beginning(words[: n + 1]))
    wrong = " ".join(words[: right + 1])
    valid = {" ".join(name.split()[: right + 1]) for name in beginning(words[:right])}
    return f"there is no command '{printable(wrong)}'{suggestion(wrong, valid)}"


def complete(words: Sequence[str]) -> None:
    """Tell the shell what may come after some words; see argcomplete."""
    import argcomplete

    tree = ArgumentParser(NAME)
    levels = {"": tree.add_subparsers()}
    for name in COMMANDS:
        group, _, last = name.rpartition(" ")
        if group not in levels:
            levels[group] = levels[""].add_parser(group).add_subparsers()
        own = levels[group].add_parser(last)
        if name == chosen(words):
            fill(own, module(name))
    argcomplete.autocomplete(tree)


def carry_out(name: str, program: str, words: Sequence[str]) -> None:
    """Run a command with its arguments, and print its lines, or the paths that it has written.

    Errors end it in few words. So does a reader who wants no more, such as ``head``: without a
    word, as for any Unix command.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(f"{program}: %(message)s"))
    logging.basicConfig(handlers=[handler])
    try:
        with until_the_reader_leaves():
            command = module(name)
            arguments = parser(command, program).parse_intermixed_args(words)
            for line in command.run(arguments):
                print(printable(relative(line) if isinstance(line, Path) else line))
    except ModuleNotFoundError as error:
        if error.name not in REMEDIES:
            raise
        sys.exit(f"{program}: {error.name} is not installed; {REMEDIES[error.name]}")
    except (LenetError, OSError) as error:
        sys.exit("\n".join(f"{program}: {line}" for line in str(error).splitlines()))
    except KeyboardInterrupt:
        sys.exit(130)


def module(name: str) -> Module:
    """Import the module of a command."""
    return cast(Module, import_module(f"lenet.commands.{COMMANDS[name].module}"))


def parser(command: Module, program: str) -> ArgumentParser:
    """Return the command line of a command."""
    parser = ArgumentParser(
        program, description=command.__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    fill(parser, command)
    return parser


def fill(parser: ArgumentParser, command: Module) -> None:
    """Have a command line take what a command takes, and what all do."""
    command.add_arguments(parser)
    add_import(parser)
