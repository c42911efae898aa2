"""The trash: where runs go that are in the way, until it is emptied."""

import shutil
from datetime import datetime
from pathlib import Path

from lenet.formats.layout import TRASH
from lenet.runs.claim import Hold
from lenet.runs.find import DEFAULT_ROOT


def throw_away(folder: Path, moment: datetime) -> Path:
    """Move the folder of a run to the trash, and return where it lies there.

    Raises:
        HeldError: a process is at work in it.

    """
    hold = Hold(folder)
    try:
        root = root_of(folder)
        place = root / TRASH / f"{moment:%Y-%m-%dT%H%M%S}" / folder.resolve().relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, place)
    finally:
        hold.release()
    return place


def root_of(folder: Path) -> Path:
    """Return the folder that the trash of a run lies in: ``runs`` here, else the one around it."""
    here = DEFAULT_ROOT.resolve()
    return here if folder.resolve().is_relative_to(here) else folder.resolve().parent


def thrown_away(root: Path) -> list[Path]:
    """Return what lies in the trash of a folder, by the times at which it was moved there."""
    return sorted((root / TRASH).glob("*"))


def empty(place: Path) -> None:
    """Delete what lies in a place of the trash."""
    shutil.rmtree(place)
