"""Tell two runs apart: keys, results and circumstances in which they differ.

A line has the key, what the first run has, and what the second one has. Times and places are not
compared.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lenet.commands.arguments import run_folder
from lenet.commands.records.show import checksums, versions
from lenet.errors import LenetError
from lenet.formats.layout import STEPS, WEIGHTS
from lenet.runs.listing import RESULT, row
from lenet.runs.run import Run

FILES = (STEPS, WEIGHTS)  # that have the same bytes if two runs have done the same


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    for name in ("one", "other"):
        parser.add_argument(name, type=Path, metavar="RUN", help="folder of a run")


def run(arguments: Namespace) -> Iterator[str]:
    """Yield a line for each difference."""
    one, other = (facts(run_folder(path)) for path in (arguments.one, arguments.other))
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    width = max(map(len, keys), default=0)
    first = max((len(said(one, key)) for key in keys), default=0)
    for key in keys:
        yield f"{key:{width}}  {said(one, key):{first}}  {said(other, key)}"
    if not keys:
        yield "they are the same"


def facts(run: Run) -> dict[str, Any]:
    """Return what is compared, by name."""
    found = row(run, [])
    try:
        keys = {**run.words, "seed": run.seed}
    except LenetError as error:
        raise LenetError(f"{run.path}: {error}") from error
    return {
        **keys,
        "status": found["status"],
        **{name: found[name] for name in RESULT},
        **{name: content(run.path / name) for name in FILES},
        "versions": versions(run).partition(", on ")[0],
        "code": run.record.get("git_commit"),
        "data": checksums(run),
    }


def content(path: Path) -> bytes:
    """Return the bytes of a file; none if it is missing."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def said(facts: dict[str, Any], key: str) -> str:
    """Return what stands for a fact in a line."""
    value = facts.get(key)
    match value:
        case None | "":
            return "–"
        case bytes():
            return f"{len(value):,} bytes" if value else "–"
        case bool():
            return str(value).lower()
        case float() if key.endswith("accuracy"):
            return f"{value:.2%}"
        case float() if key in RESULT:
            return f"{value:.4f}"
    return str(value)
