"""Run folders, found on disk."""

import logging
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from lenet.errors import DataError, LenetError
from lenet.formats.layout import RECORD, RUN_LIST, is_aside
from lenet.runs.run import Run

log = logging.getLogger(__name__)

DEFAULT_ROOT = Path("runs")


def find_runs(paths: Sequence[Path]) -> list[Run]:
    """Return the finished runs at or below the given folders; with none given, the newest one.

    A warning names each run of a given folder that has not finished. A folder that has a network
    alone, as a published one, is taken for a run that has.

    Raises:
        LenetError: there is no finished run.

    """
    runs = all_runs(paths or [DEFAULT_ROOT], must_exist=bool(paths))
    finished = []
    for run in runs:
        if run.status == "finished" or run.is_network_alone:
            finished.append(run)
        elif paths:
            log.warning("%s left out: its status is %s", run.path, run.status)
    if not finished:
        places = ", ".join(map(str, paths or [DEFAULT_ROOT]))
        raise LenetError(f"no finished run in {places}: train one with lenet, or name its folder")
    return finished if paths else [max(finished, key=finishing_time)]


def all_runs(roots: Iterable[Path], *, must_exist: bool = True) -> list[Run]:
    """Return the runs at or below the given folders, and those that runs.txt lists in one.

    Runs that were put aside are only found if they are named themselves.

    Raises:
        LenetError: ``must_exist``, and there is no run in one of the folders.

    """
    folders: dict[Path, Path] = {}
    for root in roots:
        found = [*listed_folders(root), *folders_below(root)]
        if not found and Run(root).is_network_alone:
            found = [root]
        if must_exist and not found:
            raise LenetError(f"there is no run in {root}")
        folders |= {folder.resolve(): folder for folder in reversed(found)}
    return [Run(folder) for folder in sorted(folders.values(), key=natural_order)]


def listed_folders(root: Path) -> list[Path]:
    """Return the folders that runs.txt names, a line each, as seen from where it lies."""
    path = root / RUN_LIST
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a list of folders, found: {error}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if not can_be_path(line):
            raise DataError(f"{path}: expected a folder in each line, found {line[:40]!r}")
    return [Path(os.path.normpath(root / line)) for line in lines]


def can_be_path(text: str) -> bool:
    """Return whether a text could be typed as a path, and the system would look for it."""
    return text.isprintable() and all(len(os.fsencode(part)) < 256 for part in Path(text).parts)


def folders_below(root: Path) -> list[Path]:
    """Return the folders of runs at or below another, without those that were put aside."""
    folders = (record.parent for record in root.rglob(RECORD))
    return [folder for folder in folders if not is_aside(folder.relative_to(root))]


def natural_order(path: Path) -> list[str | int]:
    """Return a key that sorts the jobs of a sweep as 0, 1, 2, 10 rather than 0, 1, 10, 2."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(path))]


def finishing_time(run: Run) -> str:
    """Return the time in UTC when the run finished, in a form that sorts."""
    return str(run.record.get("finished", ""))
