"""A run folder as a run fills it."""

import json
import logging
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from lenet.errors import DataError, LenetError
from lenet.formats.files import relative, replacing, write_text
from lenet.formats.layout import (
    ASIDE,
    BEST,
    CHECKPOINT,
    CONFIG,
    DAMAGED,
    INSIDE,
    METRICS,
    PREVIOUS,
    RECORD,
    STEPS,
    WEIGHTS,
    epoch_file,
    epoch_files,
    files_by_our_names,
)
from lenet.formats.npz import write_arrays
from lenet.formats.rows import Row, csv_text
from lenet.formats.weights import write_weights
from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.layers import Array
from lenet.runs.claim import Hold, examine, other_run
from lenet.runs.record import now, read_record
from lenet.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from lenet.training.divergence import DivergedError
from lenet.training.histograms import Rows, extended, read_rows
from lenet.training.state import TrainingState, metrics_rows, step_rows

log = logging.getLogger(__name__)


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
        """Claim the folder; write the record of a run that has begun, and its configuration (YAML).

        What an earlier attempt of the same run has left stays, so that this one can go on from it.
        With ``force`` it is put aside, into a folder of its own.

        Raises:
            FinishedError: this run has finished here.
            HeldError: another process is at work on it.
            LenetError: the folder is another run's, or has files that are no run's.

        """
        self.path = path
        self.architecture = architecture
        self.record: dict[str, Any] = {}
        self._last: Checkpoint | None = None
        self._begun = perf_counter()
        self._over = True  # once it has a result
        self._steps_written = 0
        examine(path, identity, force=force)  # before anything is written
        path.mkdir(parents=True, exist_ok=True)
        self._hold = Hold(path)
        try:
            examine(path, identity, force=force)  # another process may have ended meanwhile
            if not force:
                self._last = self._last_checkpoint(identity)
            process = {"host": platform.node(), "pid": os.getpid()}
            with self._put_aside() if force else nullcontext():
                self.note(
                    status="running", identity=identity, process=process, started=now(), **record
                )
            write_text(self._file(CONFIG), config)
        except BaseException:
            self._hold.release()
            raise

    def _last_checkpoint(self, identity: str) -> Checkpoint | None:
        """Return the newest checkpoint that is intact; one that is not is told of and renamed."""
        for path in (self.path / CHECKPOINT, self.path / PREVIOUS):
            if not path.exists():
                continue
            try:
                checkpoint = read_checkpoint(path)
            except DataError as error:
                log.warning("%s; it is not used", error)
                path.replace(self.path / DAMAGED)
                continue
            if checkpoint.identity != identity:
                raise other_run(self.path)
            return checkpoint
        return None

    @contextmanager
    def _put_aside(self) -> Iterator[None]:
        """Move what a run has written to a folder beside this one.

        The new record is written in the meantime: this folder never lacks one by which it is known
        as a run's, and never has that of a finished run without its results.
        """
        found = files_by_our_names(self.path)
        if not found:
            yield
            return
        numbers = (f"{self.path.name}{ASIDE}{number}" for number in count(1))
        aside = next(path for path in map(self.path.with_name, numbers) if not path.exists())
        aside.mkdir()
        with suppress(FileNotFoundError):
            shutil.copy2(self.path / RECORD, aside)
        yield
        for path in found:
            if path.name != RECORD:
                shutil.move(path, aside / path.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case _ if error is None or "result" in self.record:
                outcome: dict[str, Any] = {"status": "finished" if self._over else "stopped"}
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
        except (OSError, LenetError):
            if error is None:
                raise
        finally:
            self._hold.release()

    def _file(self, name: str) -> Path:
        """Return the path of a file to write, once it is sure that the folder is still this run's.

        Raises:
            LenetError: somebody has removed it, or another process has taken it over.

        """
        if not self._hold.lasts:
            if read_record(self.path).get("started") != self.record["started"]:
                raise LenetError(
                    f"{relative(self.path)} was removed or taken over while its run was at work; "
                    "the same command goes on with what there is"
                )
            self._hold = Hold(self.path)
        return self.path / name

    def note(self, **record: Any) -> None:
        """Add to run.json, or change what it says; a reader finds it whole at any moment."""
        self.record |= record
        write_text(self._file(RECORD), f"{json.dumps(self.record, indent=2)}\n")

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
        for source in (path / INSIDE, *epoch_files(path).values()):
            with suppress(FileNotFoundError):
                content = source.read_bytes()
                with replacing(self._file(source.name)) as file:
                    file.write(content)

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
        write_arrays(self._file(INSIDE), extended(rows, row))

    def keep_epoch(self, state: TrainingState) -> None:
        """Keep the weights after the last epoch, before there is a checkpoint that has it."""
        path = self._file(epoch_file(len(state.metrics)))
        write_weights(path, state.trained, self.architecture)

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
            self._file(CHECKPOINT).replace(self.path / PREVIOUS)
        checkpoint = Checkpoint(state, self.record["identity"], self.record["data"])
        write_checkpoint(self._file(CHECKPOINT), checkpoint)

    def finish(
        self,
        state: TrainingState,
        calibrated: Callable[[Array], float] | None = None,
        *,
        over: bool = True,
    ) -> None:
        """Write all that the training has come to, safely, whatever is there already.

        ``calibrated`` gives the temperature that is kept with a network (P,). Unless it is
        ``over``, the run was stopped and can go on from there.
        """
        self._over = over
        self._write_tables(state)
        self._write_weights(state, calibrated)
        self.note(result=asdict(state.metrics[-1]))
        self._file(PREVIOUS).unlink(missing_ok=True)

    def _write_weights(
        self, state: TrainingState, calibrated: Callable[[Array], float] | None = None
    ) -> None:
        for name, theta in {WEIGHTS: state.trained, BEST: state.best}.items():
            if theta is not None:
                temperature = calibrated(theta) if calibrated else None
                write_weights(self._file(name), theta, self.architecture, temperature)

    def _write_tables(self, state: TrainingState) -> None:
        tables = {METRICS: metrics_rows(state.metrics), STEPS: step_rows(state.steps)}
        for name, rows in tables.items():
            if rows:
                write_text(self._file(name), csv_text(rows, header=True))
            else:
                self._file(name).unlink(missing_ok=True)

    def _append(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows to a table; they need not be safe, as the next checkpoint has them too."""
        if not rows:
            return
        with self._file(name).open("a", encoding="utf-8") as file:
            file.write(csv_text(rows, header=file.tell() == 0))
