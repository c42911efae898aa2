"""The folder of a run, and the only place that knows what it holds.

config.yaml    the composed configuration
run.json       status, overrides, seed, versions, data checksums, git commit, times
metrics.csv    one row per epoch, written as it comes
steps.csv      one row per step of the optimizer: loss of its batch, learning rate, gradient's norm
weights.npz    the parameters by name after the last epoch, float32
inside.npz     what goes on inside the network, by epoch, where the configuration asks for it
best.npz       those after the epoch of the best validation accuracy, where there is one
checkpoint.npz     all that is needed to go on (checkpoints.py); the file that counts
checkpoint.previous.npz    the one before, while the run is not finished
checkpoint.damaged.npz     one that could not be used, if there ever was one
lenet.log      what was logged (written by Hydra)
events.out.tfevents.*    what TensorBoard shows, and
mlflow.txt     the id of the run in MLflow, where these are chosen (trackers/)
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

from lenet.architecture import LENET5, Architecture
from lenet.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from lenet.divergence import DivergedError
from lenet.errors import DataError, LenetError
from lenet.files import replacing, write_text
from lenet.inside import Rows, extended, read_rows
from lenet.npz import write_arrays
from lenet.records import LOCK, RECORD, has_result, holder, read_record
from lenet.state import Metrics, Step, TrainingState
from lenet.weights import write_weights

log = logging.getLogger(__name__)

METRICS = "metrics.csv"
STEPS = "steps.csv"
WEIGHTS = "weights.npz"
BEST = "best.npz"
INSIDE = "inside.npz"
CHECKPOINT = "checkpoint.npz"
PREVIOUS = "checkpoint.previous.npz"
DAMAGED = "checkpoint.damaged.npz"
CONFIG = "config.yaml"
LOG = "lenet.log"
EVENTS = "events.out.tfevents.*"
MLFLOW_RUN = "mlflow.txt"
WRITTEN = (
    RECORD, CHECKPOINT, PREVIOUS, DAMAGED, CONFIG, METRICS, STEPS, INSIDE, WEIGHTS, BEST, LOG,
    EVENTS, MLFLOW_RUN,
)  # fmt: skip
RUN_LIST = "runs.txt"  # in a folder that is about runs elsewhere
LOCK_PATIENCE = 1  # s: whoever only looks whether a folder is held, holds it for a moment
ASIDE = ".aside-"

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
        self,
        path: Path,
        config: str,
        *,
        architecture: Architecture = LENET5,
        identity: str = "",
        force: bool = False,
        **record: Any,
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
        self.architecture = architecture
        path.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path / LOCK)
        try:
            self._lock.acquire(timeout=LOCK_PATIENCE)
        except Timeout:
            raise HeldError(f"{relative(path)} is held by {holder(path)}") from None
        self.record: dict[str, Any] = {}
        self._last: Checkpoint | None = None
        self._begun = perf_counter()
        self._steps_written = 0
        try:
            self._make_room(identity, force)
            write_text(path / CONFIG, config)
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
        self._last = self._last_checkpoint()
        if self._last is not None and self._last.identity != identity:
            raise self._holds_another_run()
        for remnant in (path for name in WRITTEN for path in self.path.glob(f"{name}.*.part")):
            remnant.unlink()

    def _last_checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint that is intact; one that is not is told of and renamed."""
        for path in (self.path / CHECKPOINT, self.path / PREVIOUS):
            if not path.exists():
                continue
            try:
                return read_checkpoint(path)
            except DataError as error:
                log.warning("%s; it is not used", error)
                path.replace(self.path / DAMAGED)
        return None

    def _holds_another_run(self) -> LenetError:
        return LenetError(
            f"{relative(self.path)} holds another run; "
            "choose another folder (hydra.run.dir or hydra.sweep.dir)"
        )

    def _put_aside(self) -> None:
        """Move what a run has written to a folder beside this one.

        First what says that it has finished, and from where it could go on.
        """
        found = [path for name in WRITTEN for path in self.path.glob(name)]
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
        write_text(self.path / RECORD, f"{json.dumps(self.record, indent=2)}\n")

    def restore(self, data: dict[str, str]) -> TrainingState | None:
        """Return what the last intact checkpoint of an earlier attempt holds; None without one.

        Raises:
            LenetError: it is that of a training on other ``data`` (checksums).

        """
        if self._last is None:
            return None
        if self._last.data != data:
            raise LenetError(
                f"the data are not those that {relative(self.path)} has begun with; put them "
                "back, or start over with force=true"
            )
        return self._last.state

    def begin(self, state: TrainingState) -> None:
        """Have the tables say what the state says, whatever an earlier attempt has left in them."""
        self._write_tables(state)
        self._steps_written = state.t

    def continue_from(self, path: Path) -> None:
        """Note from which run this one goes on, and take over what no state has."""
        self.note(continues=path.name)
        with suppress(FileNotFoundError):
            seen = (path / INSIDE).read_bytes()
            with replacing(self.path / INSIDE) as file:
                file.write(seen)

    def add_inside(self, row: Rows) -> None:
        """Add a row of what goes on inside, in place of what an earlier attempt has left of it.

        It is safe before the checkpoint that has its step.
        """
        rows: Rows = {}
        if (self.path / INSIDE).exists():
            try:
                rows = read_rows(self.path / INSIDE)
            except DataError as error:
                log.warning("%s; it begins anew", error)
        write_arrays(self.path / INSIDE, extended(rows, row))

    def end_epoch(self, state: TrainingState) -> None:
        """Add an epoch to the tables, and write its weights and a checkpoint."""
        self._append(METRICS, metrics_rows(state.metrics[-1:]))
        self._append(STEPS, step_rows(state.steps, self._steps_written))
        self._steps_written = state.t
        self._write_weights(state)
        self.save(state)

    def save(self, state: TrainingState) -> None:
        """Write a checkpoint; the one before stays until this one is safe, and a while longer."""
        with suppress(FileNotFoundError):
            (self.path / CHECKPOINT).replace(self.path / PREVIOUS)
        checkpoint = Checkpoint(state, self.record["identity"], self.record["data"])
        write_checkpoint(self.path / CHECKPOINT, checkpoint)

    def finish(self, state: TrainingState) -> None:
        """Write all that the training has come to, safely, whatever is there already."""
        self._write_tables(state)
        self._write_weights(state)
        self.note(result=asdict(state.metrics[-1]))
        (self.path / PREVIOUS).unlink(missing_ok=True)

    def _write_weights(self, state: TrainingState) -> None:
        write_weights(self.path / WEIGHTS, state.trained, self.architecture)
        if state.best is not None:
            write_weights(self.path / BEST, state.best, self.architecture)

    def _write_tables(self, state: TrainingState) -> None:
        tables = {METRICS: metrics_rows(state.metrics), STEPS: step_rows(state.steps)}
        for name, rows in tables.items():
            if rows:
                write_text(self.path / name, csv_text(rows, header=True))
            else:
                (self.path / name).unlink(missing_ok=True)

    def _append(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; they need not be safe, as the next checkpoint has them too."""
        if not rows:
            return
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(csv_text(rows, header=file.tell() == 0))


def metrics_rows(metrics: Sequence[Metrics]) -> list[Row]:
    """Return the rows of metrics.csv, without the columns that have no value."""
    rows = map(asdict, metrics)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def step_rows(steps: Sequence[Step], written: int = 0) -> list[Row]:
    """Return the rows of steps.csv, without those that have been written."""
    return [{"step": t, **step._asdict()} for t, step in enumerate(steps[written:], written + 1)]


def csv_text(rows: Sequence[Row], *, header: bool) -> str:
    """Return rows as CSV, each number in the fewest digits that give it back."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def is_aside(path: Path) -> bool:
    """Return whether a folder holds what was put aside."""
    return ASIDE in path.name


def relative(path: Path) -> Path:
    """Return the path as seen from the current folder, where it lies below that."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody has removed it
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


def now() -> str:
    """Return the time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
