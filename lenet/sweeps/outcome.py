"""Outcomes: what has become of a run, and why."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lenet.errors import LenetError, printable
from lenet.formats.layout import METRICS
from lenet.runs.record import Stopped, stopped
from lenet.runs.run import NEEDED, TIMES, Run

VALIDATION = ["validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class Outcome:
    """What has become of a run, whatever is missing or damaged in its folder."""

    run: Run
    status: str
    why: str
    last: "pd.Series[float] | None" = (
        None  # the last epoch of a finished run, or of one that was stopped; "seconds" of them all
    )
    stopped: Stopped | None = None  # what has ended it early


def is_configured(run: Run) -> bool:
    """Return whether a run says of which setting and seed it is."""
    try:
        check_configuration(run)
    except LenetError:
        return False
    return True


def check_configuration(run: Run) -> None:
    """Raise LenetError unless the run says of which setting and seed it is."""
    _ = run.seed, run.dataset


def outcome(run: Run) -> Outcome:
    """Return what has become of a run; "unknown" if it has finished but cannot be read."""
    status = run.status
    if not run.path.exists():
        return Outcome(run, status, "")
    try:
        check_configuration(run)
        if status not in ("finished", "stopped"):
            return Outcome(run, status, why(run))
        early = stopped(run.record)
        return Outcome(run, status, str(early or ""), last_epoch(run), early)
    except LenetError as error:
        text = str(error).replace(f"{run.path}/", "").replace(f"{run.path} ", "it ")
        return Outcome(run, "unknown" if status == "finished" else status, first_line(text))


def why(run: Run) -> str:
    """Return why a run did not finish, in a line; LenetError if its configuration is unreadable."""
    match run.status:
        case "failed":
            return first_line(str(run.record.get("error", "")))
        case "diverged":
            return f"in epoch {run.record.get('epoch', '?')}, step {run.record.get('step', '?')}"
        case "unknown":
            return "run.json is damaged"
    done = max(0, whole_lines(run.path / METRICS) - 1)
    return f"after {done} of {run.written.get('epochs', '?')} epochs"


def whole_lines(path: Path) -> int:
    """Return how many lines of a file have been written to their end; none if it is missing."""
    try:
        return path.read_bytes().count(b"\n")
    except OSError:
        return 0


def first_line(text: str) -> str:
    """Return the first line of a text that is not empty, if there is one, printable."""
    return printable(next(iter(text.strip().splitlines()), ""))


def row_after(run: Run, epochs: int) -> "pd.Series[float] | None":
    """Return the row of metrics.csv after so many epochs; None if the run has not come that far.

    Of a finished run that has stopped before, it is the last one.
    """
    try:
        table = run.metrics
    except LenetError:
        return None
    if len(table) < epochs and run.status != "finished":
        return None
    return table.iloc[min(epochs, len(table)) - 1]


def last_epoch(run: Run) -> "pd.Series[float]":
    """Return the last row of metrics.csv, and the mean seconds of all; DataError if damaged."""
    seconds = run.metrics[TIMES].sum(axis=1).mean()
    validation = VALIDATION if run.is_measured_on("validation") else []
    last = run.metrics[NEEDED + validation].iloc[-1]
    return pd.concat([last, pd.Series({"seconds": seconds})])
