"""Records: run.json, which says what has become of a run, and the lock of who is at work."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from lenet.formats.files import plain, read_at_most
from lenet.formats.layout import RECORD

LOCK = "lock"
MOST_BYTES = 2**20  # bytes of a record; one of ours has some thousands
STATUSES = ("running", "finished", "stopped", "diverged", "failed", "interrupted")
EVERY_STATUS = (*STATUSES, "killed", "not begun", "unknown")  # also those that no record can say


class Stopped(NamedTuple):
    """What has stopped a run before its last epoch, such as ``patience=3``, and after how many."""

    by: str
    epochs: int
    of: int

    def __str__(self) -> str:
        return f"by {self.by} after {self.epochs} of {self.of} epochs"


def read_record(path: Path, name: str = RECORD) -> dict[str, Any]:
    """Return what run.json says; nothing if it is missing, damaged, or no such file at all."""
    try:
        with open(path / name, "rb", opener=plain) as file:
            record = json.loads(read_at_most(file, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def has_result(record: dict[str, Any]) -> bool:
    """Return whether a record is that of a finished run, with the accuracies to choose it by."""
    return record.get("status") == "finished" and has_accuracies(record)


def has_accuracies(record: dict[str, Any]) -> bool:
    """Return whether a record has accuracies to choose its run by, be it finished or stopped."""
    match record:
        case {"result": {"test_accuracy": int() | float(), **others}}:
            return isinstance(others.get("validation_accuracy"), int | float | None)
    return False


def status(path: Path) -> str:
    """Return what has become of the run in a folder.

    "finished", "stopped" (it may go on), "diverged", "failed" or "interrupted", as it has noted
    itself; "running" while a process holds the folder, "killed" if that is gone without a word;
    "not begun" without a run.json, "unknown" if that is damaged or cannot be looked at.
    """
    try:
        (path / RECORD).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "not begun"
    except OSError:
        return "unknown"
    noted = noted_status(path)
    if noted != "running" or is_held(path):
        return noted
    noted = noted_status(path)  # it may have ended meanwhile
    return "killed" if noted == "running" else noted


def noted_status(path: Path) -> str:
    """Return what run.json says of the status, "unknown" if it is damaged."""
    noted = read_record(path).get("status")
    return str(noted) if noted in STATUSES else "unknown"


def is_held(path: Path) -> bool:
    """Return whether a process is at work in a run folder, be its lock removed or not."""
    if not (path / LOCK).exists():
        return is_alive(read_record(path).get("process"))
    try:
        with FileLock(path / LOCK, timeout=0):
            return False
    except (Timeout, PermissionError):  # whoever may not lock it cannot know
        return True
    except OSError:  # a disk that nobody can write to
        return False


def is_alive(process: object) -> bool:
    """Return whether another process of this host has the number that a record names."""
    match process:
        case {"host": str(host), "pid": int(pid)} if host == platform.node() and pid > 0:
            try:
                os.kill(pid, 0)
            except PermissionError:  # it is another user's
                return True
            except (ProcessLookupError, OverflowError):
                return False
            return pid != os.getpid()
    return False


def holder(path: Path) -> str:
    """Return who is at work in a run folder, as far as it has said so."""
    record = read_record(path)
    match record.get("process"):
        case {"host": host, "pid": pid}:
            return f"process {pid} on {host}, since {record.get('started')}"
    return "another process"


def stopped(record: dict[str, Any]) -> Stopped | None:
    """Return what has stopped a run early, if anything has."""
    match record.get("stopped"):
        case {"by": str(by), "epochs": int(epochs), "of": int(of)}:
            return Stopped(by, epochs, of)
    return None


def times_tried_again(record: dict[str, Any]) -> int:
    """Return how often sweeps have tried a run again after it had failed."""
    noted = record.get("tried_again")
    return noted if type(noted) is int else 0


def outcome(record: dict[str, Any]) -> str:
    """Say in a few words what has come of a run: its accuracy and time, or what went wrong."""
    if has_accuracies(record):
        split, accuracy = accuracy_to_choose_by(record["result"])
        early = stopped(record)
        end = f", stopped {early}" if early else ""
        return f"{split} accuracy {accuracy:.2%}{time_taken(record)}{end}"
    match record:
        case {"status": "finished"}:
            return "without an accuracy in run.json"
        case {"status": "diverged", "epoch": epoch, "step": step}:
            return f"at epoch {epoch}, step {step}"
    return str(record.get("error", "before its end"))


def accuracy_to_choose_by(result: dict[str, Any]) -> tuple[str, float]:
    """Return the accuracy on validation images, else that on test images, and which it is."""
    validation = result.get("validation_accuracy")
    return ("test", result["test_accuracy"]) if validation is None else ("validation", validation)


def time_taken(record: dict[str, Any]) -> str:
    """Say how long a run has taken; nothing if its record does not tell."""
    seconds = record.get("seconds")
    return f" in {seconds:.1f} s" if isinstance(seconds, int | float) else ""


def now() -> str:
    """Return the time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
