"""Show a run: what it is, what came of it, and the command that makes it again."""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from lenet.commands.arguments import run_folder
from lenet.commands.records.list import duration, moment
from lenet.errors import LenetError
from lenet.formats.text import shortened
from lenet.runs.command import command_of
from lenet.runs.find import DEFAULT_ROOT
from lenet.runs.listing import Row, row, sweeps_of_runs
from lenet.runs.record import outcome
from lenet.runs.run import Run

SPLITS = ("train", "validation", "test")


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of a run")


def run(arguments: Namespace) -> Iterator[str]:
    """Yield what there is to say, a line for each thing."""
    run = run_folder(arguments.folder)
    sweeps = sweeps_of_runs([DEFAULT_ROOT, run.path.parent])
    found = row(run, sorted(set(sweeps.get(run.path.resolve(), []))))
    for name, text in facts(run, found).items():
        if text:
            yield f"{name:<12}{text}"


def facts(run: Run, found: Row) -> dict[str, str]:
    """Return the facts by name; what is not known is empty."""
    record = run.record
    ended = f", {outcome(record)}" if record else ""
    return {
        "run": found["run"],
        "status": f"{found['status']}{ended if found['status'] != 'running' else ''}",
        "command": command(run),
        "dataset": str(found.get("dataset") or ""),
        "differs": found["differs"] or "in nothing from the defaults",
        "seed": "" if found["seed"] is None else str(found["seed"]),
        **{split: score(found, split) for split in SPLITS},
        "sweep": ", ".join(found["sweep"]),
        "started": moment(found["started"]) if found["started"] else "",
        "took": duration(found["seconds"]) if found["seconds"] else "",
        "versions": versions(run),
        "code": str(record.get("git_commit") or ""),
        "data": checksums(run),
        "trouble": found["why"] or "",
    }


def command(run: Run) -> str:
    """Return the command that makes a run again, or why there is none."""
    try:
        return shlex.join(["lenet", *command_of(run)])
    except LenetError as error:
        return f"none: {str(error).splitlines()[0]}"


def score(found: Row, split: str) -> str:
    """Return loss and accuracy after the last epoch, if they are known."""
    loss, accuracy = (found[f"{split}_{measure}"] for measure in ("loss", "accuracy"))
    if not isinstance(loss, int | float) or not isinstance(accuracy, int | float):
        return ""
    return f"loss {loss:.4f}, accuracy {accuracy:.2%}"


def versions(run: Run) -> str:
    """Return the versions that a run has noted, and where it ran."""
    said = []
    match run.record.get("versions"):
        case dict(noted):
            said += [f"{name} {version}" for name, version in noted.items()]
    match run.record.get("blas"):
        case [{"internal_api": name, "version": version, "architecture": architecture}, *_]:
            said.append(f"{name} {version} for {architecture}")
    match run.record.get("process"):
        case {"host": host}:
            said.append(f"on {host}")
    return ", ".join(said)


def checksums(run: Run) -> str:
    """Return the files that the images came from, with the beginnings of their SHA-256."""
    match run.record.get("data"):
        case dict(noted):
            names = {Path(str(name)).name: str(checksum) for name, checksum in noted.items()}
            return ", ".join(f"{name} {shortened(text, 9)}" for name, text in names.items())
    return ""
