"""The folder of a run, and the only place that knows what it holds.

config.yaml    the composed configuration
run.json       status, overrides, seed, versions, data checksums, git commit, times
metrics.csv    one row per epoch, written as it comes
steps.csv      one row per step of the optimizer: loss of its batch, learning rate, gradient's norm
weights.npz    the parameters by name after the last epoch, float32
best.npz       those after the epoch of the best validation accuracy, where there is one
checkpoint.npz     all that is needed to go on (checkpoints.py); the file that counts
checkpoint.previous.npz    the one before, while the run is not finished
lenet.log      what was logged (written by Hydra)
lock           held by the process that is at work on the run; the system frees it when that dies
"""

import csv
import json
import logging
import os
import platform
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from filelock import FileLock, Timeout

from lenet.checkpoints import Checkpoint, DamagedError, read_checkpoint, write_checkpoint
from lenet.divergence import DivergedError
from lenet.errors import LenetError
from lenet.files import replacing
from lenet.training import TrainingState
from lenet.weights import write_weights

log = logging.getLogger(__name__)

METRICS = "metrics.csv"
STEPS = "steps.csv"
WEIGHTS = "weights.npz"
BEST = "best.npz"
CHECKPOINT = "checkpoint.npz"
PREVIOUS = "checkpoint.previous.npz"
NEXT = "checkpoint.next.npz"
RECORD = "run.json"
CONFIG = "config.yaml"
LOG = "lenet.log"
WRITTEN = (RECORD, CONFIG, METRICS, STEPS, WEIGHTS, BEST, CHECKPOINT, PREVIOUS, NEXT, LOG)
LOCK = "lock"
RUN_LIST = "runs.txt"  # in a folder that is about runs elsewhere
LOCK_PATIENCE = 1  # s: whoever only looks whether a folder is held, holds it for a moment
ASIDE = ".aside-"
STATUSES = ("running", "finished", "diverged", "failed", "interrupted")

Row = dict[str, Any]


class HeldError(LenetError):
    """Another process is writing to the run folder."""


class FinishedError(LenetError):
    """The run has been carried out already; ``record`` is what run.json says of it."""

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        super().__init__(f"{relative(path)} is finished already")
        self.record = record


class RunFolder:
    """A folder in which one run, and one process at a time, writes what it finds.

    Used as a context: leaving it writes to run.json whether the run finished, and if not, why.
    """

    def __init__(
        self, path: Path, config: str, *, identity: str = "", force: bool = False, **record: Any
    ) -> None:
        """Claim the folder; write the configuration (YAML) and the record of a run that has begun.

        What an earlier attempt of the same run has left stays, so that this one can go on from it.
        With ``force`` it is put aside, into a folder of its own.

        Raises:
            FinishedError: this run has finished here.
            HeldError: another process is at work on it.
            LenetError: the folder holds another run.

        """
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path / LOCK)
        try:
            self._lock.acquire(timeout=LOCK_PATIENCE)
        except Timeout:
            raise HeldError(f"{relative(path)} is held by {holder(path)}") from None
        self.record: dict[str, Any] = {}
        self._begun = perf_counter()
        self._steps_written = 0
        try:
            self._make_room(identity, force)
            for remnant in path.glob("*.part"):
                remnant.unlink()
            with replacing(path / CONFIG) as file:
                file.write(config.encode())
            process = {"host": platform.node(), "pid": os.getpid()}
            self.note(status="running", identity=identity, process=process, started=now(), **record)
        except BaseException:
            self._lock.release()
            raise

    def _make_room(self, identity: str, force: bool) -> None:
        """Refuse a folder that is not to be written to; with ``force`` put aside what it holds."""
        earlier = read_record(self.path)
        if earlier.get("identity", identity) != identity:
            raise self._holds_another_run()
        if force:
            self._put_aside()
        elif has_result(earlier):
            raise FinishedError(self.path, earlier)

    def _holds_another_run(self) -> LenetError:
        return LenetError(
            f"{relative(self.path)} holds another run; "
            "choose another hydra.run.dir (or hydra.sweep.dir)"
        )

    def _put_aside(self) -> None:
        """Move what a run has written to a folder beside this one, run.json first."""
        found = [path for name in WRITTEN if (path := self.path / name).exists()]
        if not found:
            return
        numbers = (f"{self.path.name}{ASIDE}{number}" for number in count(1))
        aside = next(path for path in map(self.path.with_name, numbers) if not path.exists())
        aside.mkdir()
        for path in found:
            shutil.move(path, aside / path.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case _ if error is None or "result" in self.record:
                outcome: dict[str, Any] = {"status": "finished"}
            case DivergedError():
                outcome = {
                    "status": "diverged",
                    "epoch": error.epoch,
                    "step": error.step,
                    "origin": error.origin,
                }
            case KeyboardInterrupt() | SystemExit():
                outcome = {"status": "interrupted"}
            case _:
                outcome = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
        try:
            self.note(**outcome, finished=now(), seconds=perf_counter() - self._begun)
        except OSError:
            if error is None:
                raise
        finally:
            self._lock.release()

    def note(self, **record: Any) -> None:
        """Add to run.json, or change what it says; a reader finds it whole at any moment."""
        self.record |= record
        with replacing(self.path / RECORD) as file:
            file.write(f"{json.dumps(self.record, indent=2)}\n".encode())

    def restore(self, data: dict[str, str]) -> TrainingState | None:
        """Return what the last intact checkpoint holds; None if there is none.

        Raises:
            LenetError: it is that of another run, or of a training on other ``data`` (checksums).

        """
        for name in (CHECKPOINT, PREVIOUS):
            try:
                checkpoint = read_checkpoint(self.path / name)
            except FileNotFoundError:
                continue
            except DamagedError as error:
                log.warning("%s; it is not used", error)
                continue
            if checkpoint.identity != self.record["identity"]:
                raise self._holds_another_run()
            if checkpoint.data != data:
                raise LenetError(
                    f"the data are not those that {relative(self.path)} has begun with; put them "
                    "back, or start over with force=true"
                )
            return checkpoint.state
        return None

    def begin(self, state: TrainingState) -> None:
        """Have the tables say what the state says, whatever an earlier attempt has left in them."""
        self._write_tables(state)
        self._steps_written = state.t

    def end_epoch(self, state: TrainingState) -> None:
        """Add an epoch to the tables, and write its weights and a checkpoint."""
        self._append(METRICS, metrics_rows(state)[-1:])
        self._append(STEPS, step_rows(state)[self._steps_written :])
        self._steps_written = state.t
        write_weights(self.path / WEIGHTS, state.theta)
        if state.best is not None:
            write_weights(self.path / BEST, state.best)
        self.save(state)

    def save(self, state: TrainingState) -> None:
        """Write a checkpoint; the one before stays until this one is safe, and a while longer."""
        checkpoint = Checkpoint(state, self.record["identity"], self.record["data"])
        write_checkpoint(self.path / NEXT, checkpoint)
        with suppress(FileNotFoundError):
            (self.path / CHECKPOINT).replace(self.path / PREVIOUS)
        (self.path / NEXT).replace(self.path / CHECKPOINT)

    def finish(self, state: TrainingState) -> None:
        """Write the tables once more, safely, and what the training has come to."""
        self._write_tables(state)
        self.note(result=asdict(state.metrics[-1]))
        (self.path / PREVIOUS).unlink(missing_ok=True)

    def _write_tables(self, state: TrainingState) -> None:
        for name, rows in ((METRICS, metrics_rows(state)), (STEPS, step_rows(state))):
            if not rows:
                (self.path / name).unlink(missing_ok=True)
                continue
            with replacing(self.path / name) as file:
                file.write(csv_text(rows, header=True).encode())

    def _append(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; they need not be safe, as the next checkpoint has them too."""
        if not rows:
            return
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(csv_text(rows, header=file.tell() == 0))


def metrics_rows(state: TrainingState) -> list[Row]:
    """Return the rows of metrics.csv, without the columns that have no value."""
    rows = map(asdict, state.metrics)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def step_rows(state: TrainingState) -> list[Row]:
    """Return the rows of steps.csv."""
    return [{"step": t, **vars(step)} for t, step in enumerate(state.steps, start=1)]


def csv_text(rows: Sequence[Row], *, header: bool) -> str:
    """Return rows as CSV, each number in the fewest digits that give it back."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_record(path: Path) -> dict[str, Any]:
    """Return what run.json says; nothing if it is missing or damaged."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def has_result(record: dict[str, Any]) -> bool:
    """Return whether a record is that of a finished run, with the accuracies to choose it by."""
    match record:
        case {"status": "finished", "result": {"test_accuracy": int() | float(), **others}}:
            return isinstance(others.get("validation_accuracy"), int | float | None)
    return False


def status(path: Path) -> str:
    """Return what has become of the run in a folder.

    "finished", "diverged", "failed" or "interrupted", as it has noted itself; "running" while a
    process holds the folder, "killed" if that is gone without a word; "not begun" without a
    run.json, "unknown" if that is damaged.
    """
    if not (path / RECORD).exists():
        return "not begun"
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
    """Return whether a process is at work in a run folder."""
    if not (path / LOCK).exists():
        return False
    try:
        with FileLock(path / LOCK, timeout=0):
            return False
    except (Timeout, PermissionError):  # whoever may not lock it cannot know
        return True


def holder(path: Path) -> str:
    """Return who is at work in a run folder, as far as it has said so."""
    record = read_record(path)
    match record.get("process"):
        case {"host": host, "pid": pid}:
            return f"process {pid} on {host}, since {record.get('started')}"
    return "another process"


def relative(path: Path) -> Path:
    """Return the path as seen from the current folder, where it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def now() -> str:
    """Return the time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
