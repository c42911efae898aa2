"""One run: its folder, its record, how it goes on; and many of them as a table."""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load(*folders: "str | PathLike[str]") -> "pd.DataFrame":
    """Return a tidy table with a row for each run at or below some folders, the newest first.

    Each key of the configuration has a column, named as it is typed in full, and so have ``run``
    (the folder), ``status``, ``seed``, ``sweep``, what the last epoch has come to, and the times.

    Args:
        folders: of runs, or that contain some; none: ``runs``.

    Raises:
        LenetError: there is no run in one of them.

    """
    from lenet.runs.frame import frame  # with pandas, for which no help and no shell waits

    return frame(folders)
