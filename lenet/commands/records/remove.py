"""Move runs to the trash, where no other command looks, or empty that.

RUN and the filters are those of list: lenet-runs remove status=failed. What is moved lies below
runs/trash, in a folder with the date; moving it back brings it back. Of a run elsewhere it is a
trash beside the run. A run that a process is at work on stays. --empty-trash deletes for good what
was moved to runs/trash.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from lenet.commands.arguments import add_selection, selected
from lenet.errors import LenetError
from lenet.formats.files import relative
from lenet.runs.claim import HeldError
from lenet.runs.find import DEFAULT_ROOT
from lenet.runs.trash import empty, throw_away, thrown_away


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_selection(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and no more")
    parser.add_argument(
        "--empty-trash", action="store_true", help="delete what is in the trash of runs/"
    )


def run(arguments: Namespace) -> Iterator[str]:
    """Yield a line for each folder that goes; LenetError if one had to stay."""
    if arguments.empty_trash:
        yield from empty_trash(arguments)
        return
    if not arguments.words:
        raise LenetError("say which runs are to go: folders, or filters such as status=failed")
    held = []
    moment = datetime.now()
    rows = selected(arguments)
    for row in rows:
        folder = Path(row["run"])
        if arguments.dry_run:
            yield f"would move {row['run']}"
            continue
        try:
            yield f"{row['run']} -> {relative(throw_away(folder, moment))}"
        except HeldError as error:
            held.append(str(error))
    if held:
        raise LenetError(*held)
    if not rows:
        yield "no run is like this"


def empty_trash(arguments: Namespace) -> Iterator[str]:
    """Delete what is in the trash; yield a line for each time that something was moved there."""
    if arguments.words:
        raise LenetError("--empty-trash takes no runs: it deletes all that is in the trash")
    places = thrown_away(DEFAULT_ROOT)
    for place in places:
        if not arguments.dry_run:
            empty(place)
        yield f"{'would delete' if arguments.dry_run else 'deleted'} {place}"
    if not places:
        yield "there is nothing in the trash"
