"""Runs as rows: what a list of them shows, and what it can be searched by."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lenet.config.settings import DATASET, describe, goes_unsaid, is_default
from lenet.errors import DataError, LenetError
from lenet.formats.files import relative
from lenet.formats.layout import RUN_LIST, SWEEP
from lenet.runs.find import all_runs, listed_folders
from lenet.runs.record import read_record, status, stopped
from lenet.runs.run import Run

Row = dict[str, Any]

FIRST = ("run", "status", "sweep", "differs", "seed")  # keys of a row, before those that are typed
RESULT = (
    "train_loss", "train_accuracy", "test_loss", "test_accuracy", "validation_loss",
    "validation_accuracy",
)  # fmt: skip
LAST = (*RESULT, "seconds", "started", "finished", "stopped", "why")


def rows(roots: Sequence[Path], *, must_exist: bool = True) -> list[Row]:
    """Return a row for each run at or below some folders, the newest first.

    A row has what is typed of the run's configuration, each key in full; its folder, status and
    sweeps, what differs from the defaults, in words; and what ``RESULT`` and ``LAST`` name, as far
    as its record says it.

    Raises:
        LenetError: ``must_exist``, and there is no run in one of the folders.

    """
    runs = all_runs(roots, must_exist=must_exist)
    sweeps = sweeps_of_runs(roots)
    found = [row(run, sweeps.get(run.path.resolve(), [])) for run in runs]
    return sorted(found, key=lambda row: str(row["started"] or ""), reverse=True)


def row(run: Run, sweeps: list[str]) -> Row:
    """Return the row of a run, whatever is missing or damaged in its folder."""
    words, seed, why, early = {}, None, run.record.get("error"), stopped(run.record)
    try:
        words, seed = dict(run.words), run.seed
    except LenetError as error:
        why = str(error)
    noted = run.record.get("result")
    result = noted if isinstance(noted, dict) else {}
    known = {key: result.get(key) for key in RESULT}
    known |= {key: run.record.get(key) for key in ("seconds", "started", "finished")}
    return {
        "run": str(relative(run.path)),
        "status": run.status,
        "sweep": sweeps,
        "differs": describe(words, [key for key in words if not goes_without_saying(key, words)]),
        "seed": seed,
        **words,
        **{key: value if is_plain(value) else None for key, value in known.items()},
        "stopped": str(early) if early else None,
        "why": why,
    }


def goes_without_saying(key: str, words: dict[str, Any]) -> bool:
    """Return whether a key is the default, or has a column of its own."""
    return key == DATASET or goes_unsaid(key, words) or is_default(key, words)


def is_plain(value: Any) -> bool:
    """Return whether a value that a record has can be shown and compared."""
    return isinstance(value, int | float | str)


def sweeps_of_runs(roots: Iterable[Path]) -> dict[Path, list[str]]:
    """Return the names of the sweeps that each run belongs to, by its folder in full."""
    names: dict[Path, list[str]] = defaultdict(list)
    for view in sweeps_below(roots):
        with suppress(DataError):
            for folder in listed_folders(view):
                names[folder.resolve()].append(view.name)
    return names


def sweeps_below(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of sweeps at or below some folders."""
    for root in roots:
        yield from sorted(path.parent for path in root.rglob(RUN_LIST))


def sweep_rows(roots: Iterable[Path]) -> list[Row]:
    """Return a row for each sweep at or below some folders, the newest first."""
    found = [sweep_row(view) for view in dict.fromkeys(sweeps_below(roots))]
    return sorted(found, key=lambda row: str(row["started"] or ""), reverse=True)


def sweep_row(view: Path) -> Row:
    """Return what is known of a sweep, by the folder with its runs.txt."""
    record = read_record(view, SWEEP)
    folders: list[Path] = []
    with suppress(DataError):
        folders = listed_folders(view)
    command = record.get("command")
    return {
        "sweep": str(relative(view)),
        "runs": len(folders),
        "ended": sum(status(folder) == "finished" for folder in folders),
        "command": shlex.join(map(str, command)) if isinstance(command, list) else None,
        "started": record.get("started"),
        "finished": record.get("finished"),
    }


def columns(found: Iterable[Row]) -> list[str]:
    """Return the keys of all rows: what a run is, how it was configured, what came of it."""
    keys = dict.fromkeys(key for row in found for key in row)
    return [*FIRST, *(key for key in keys if key not in (*FIRST, *LAST)), *LAST]
