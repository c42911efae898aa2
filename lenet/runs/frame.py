"""Runs as a table of pandas."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import pandas as pd

from lenet.runs.find import DEFAULT_ROOT
from lenet.runs.listing import columns, rows


def frame(folders: Sequence[str | PathLike[str]]) -> pd.DataFrame:
    """Return a row for each run at or below some folders; see ``lenet.runs.load``."""
    found = rows([Path(folder) for folder in folders] or [DEFAULT_ROOT])
    table = pd.DataFrame(found, columns=columns(found))
    for moment in ("started", "finished"):
        table[moment] = pd.to_datetime(table[moment], utc=True, errors="coerce")
    return table
