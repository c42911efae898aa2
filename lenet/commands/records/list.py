"""List runs, the newest first.

A RUN is a folder that is or contains runs (default: runs/), or a filter: a key of the
configuration, of the result, or status, sweep, seed, started, then = or != with values between
commas or a pattern, or one of < <= > >=. Keys below a component may be given by their last part.

    lenet-runs list optimizer=adam 'test_accuracy>0.985'
    lenet-runs list status=failed,killed sweep=optimizers
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from csv import writer
from io import StringIO
from pathlib import Path
from typing import Any

from lenet.commands.arguments import add_selection, selected
from lenet.formats.text import plural
from lenet.runs.filters import selection
from lenet.runs.find import DEFAULT_ROOT
from lenet.runs.listing import Row, sweep_rows
from lenet.sweeps.report.tables import cell
from lenet.sweeps.report.terminal import justify


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_selection(parser)
    parser.add_argument("--sweeps", action="store_true", help="sweeps in place of runs")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="all that is known of each, as JSON")
    form.add_argument("--csv", action="store_true", help="the same as a table")


def run(arguments: Namespace) -> Iterator[str]:
    """Yield the lines of the list."""
    rows, show = selected(arguments), table
    if arguments.sweeps:
        rows, show = sweeps_of(rows, arguments), sweep_table
    if arguments.json:
        yield from json.dumps(rows, indent=1).splitlines()
    elif arguments.csv:
        yield from csv_lines(rows)
    elif rows:
        yield from show(rows)
    else:
        yield f"no {'sweep' if arguments.sweeps else 'run'} is like this"


def sweeps_of(rows: Sequence[Row], arguments: Namespace) -> list[Row]:
    """Return the sweeps that any of some runs belongs to."""
    folders, _ = selection(arguments.words)
    names = {name for row in rows for name in row["sweep"]}
    return [
        row for row in sweep_rows(folders or [DEFAULT_ROOT]) if Path(row["sweep"]).name in names
    ]


def sweep_table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the sweeps in columns, for people, and how many there are."""
    cells = [
        justify("started (UTC)", [moment(row["started"]) for row in rows], str.ljust),
        justify("finished", [f"{row['ended']} of {row['runs']}" for row in rows]),
        justify("sweep", [row["sweep"] for row in rows], str.ljust),
        ["command", *(row["command"] or "–" for row in rows)],
    ]
    for line in zip(*cells, strict=True):
        yield "  ".join(line).rstrip()
    yield plural(len(rows), "sweep")


def csv_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows as CSV, below the keys that any of them has."""
    text = StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = writer(text, lineterminator="\n")
    lines.writerow(names)
    for row in rows:
        lines.writerow([as_cell(row.get(name)) for name in names])
    yield from text.getvalue().splitlines()


def as_cell(value: Any) -> Any:
    """Return what stands for a value in CSV."""
    if isinstance(value, list):
        return cell(" ".join(value))
    return "" if value is None else cell(value)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows in columns, for people, and how many there are."""
    cells = [
        justify("started (UTC)", [moment(row["started"]) for row in rows], str.ljust),
        justify("status", [ended(row) for row in rows], str.ljust),
        justify("dataset", [row.get("dataset") or "–" for row in rows], str.ljust),
        justify("test", [percent(row["test_accuracy"]) for row in rows]),
        justify("time", [duration(row["seconds"]) for row in rows]),
        justify("run", [row["run"] for row in rows], str.ljust),
        ["differs from the defaults in", *(row["differs"] or "–" for row in rows)],
    ]
    for line in zip(*cells, strict=True):
        yield "  ".join(line).rstrip()
    yield plural(len(rows), "run")


def ended(row: Row) -> str:
    """Return the status of a run, and what has stopped it early if anything has."""
    return " ".join(filter(None, (row["status"], row["stopped"])))


def moment(time: object) -> str:
    """Return a time of a record, to the minute."""
    return str(time)[:16].replace("T", " ") if time else "–"


def percent(accuracy: object) -> str:
    """Return an accuracy in percent, if there is one."""
    return f"{accuracy:.2%}" if isinstance(accuracy, int | float) else "–"


def duration(seconds: object) -> str:
    """Return a time that something took, if it is known."""
    if not isinstance(seconds, int | float):
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
