"""The folder of a run, and the only place that knows what it holds.

config.yaml    the composed configuration
run.json       status, overrides, seed, versions, data checksums, git commit, times
metrics.csv    one row per epoch, written as it comes
steps.csv      one row per step of the optimizer: the mean loss of its batch
weights.npz    the trained parameters by name, float32
lenet.log      what was logged (written by Hydra)
lock           held by the process that is at work on the run; the system frees it when that dies
"""

import csv
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_info

from lenet.errors import LenetError
from lenet.files import replacing
from lenet.model import LeNet5, views
from lenet.training import BLAS_THREADS, DivergedError, Metrics

METRICS = "metrics.csv"
STEPS = "steps.csv"
WEIGHTS = "weights.npz"
RECORD = "run.json"
CONFIG = "config.yaml"
LOG = "lenet.log"
LOCK = "lock"
RUN_LIST = "runs.txt"  # in a folder that is about runs elsewhere
LOCK_PATIENCE = 1  # s: whoever only looks whether a folder is held, holds it for a moment
ASIDE = ".aside-"


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

        What an earlier attempt of the same run has left is replaced, unless it has finished. With
        ``force`` a finished run is put aside, into a folder of its own.

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
        try:
            self._make_room(identity, force)
            with replacing(path / CONFIG) as file:
                file.write(config.encode())
            process = {"host": platform.node(), "pid": os.getpid()}
            self.note(status="running", identity=identity, process=process, started=now(), **record)
        except BaseException:
            self._lock.release()
            raise

    def _make_room(self, identity: str, force: bool) -> None:
        """Remove what an unfinished attempt has left, or put aside what a finished one has."""
        earlier = read_record(self.path)
        if earlier.get("identity", identity) != identity:
            raise LenetError(
                f"{relative(self.path)} holds another run; "
                "choose another hydra.run.dir (or hydra.sweep.dir)"
            )
        if earlier.get("status") == "finished" and "test_accuracy" in earlier.get("result", ()):
            if not force:
                raise FinishedError(self.path, earlier)
            self._put_aside()
        for name in (METRICS, STEPS, WEIGHTS):
            (self.path / name).unlink(missing_ok=True)

    def _put_aside(self) -> None:
        """Move what the run has written to a folder beside this one, run.json first."""
        numbers = (f"{self.path.name}{ASIDE}{number}" for number in count(1))
        aside = next(path for path in map(self.path.with_name, numbers) if not path.exists())
        aside.mkdir()
        for name in (RECORD, CONFIG, METRICS, STEPS, WEIGHTS, LOG):
            if (self.path / name).exists():
                (self.path / name).rename(aside / name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case None:
                outcome: dict[str, Any] = {"status": "finished"}
            case DivergedError():
                outcome = {"status": "diverged", "epoch": error.epoch, "step": error.step}
            case KeyboardInterrupt() | SystemExit():
                outcome = {"status": "interrupted"}
            case _:
                outcome = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
        try:
            self.note(**outcome, finished=now())
        finally:
            self._lock.release()

    def note(self, **record: Any) -> None:
        """Add to run.json, or change what it says; a reader finds it whole at any moment."""
        self.record |= record
        with replacing(self.path / RECORD) as file:
            file.write(f"{json.dumps(self.record, indent=2)}\n".encode())

    def append(self, metrics: Metrics) -> None:
        """Add a row to metrics.csv, without the columns that have no value."""
        row = {name: value for name, value in asdict(metrics).items() if value is not None}
        self._append(METRICS, [row])

    def append_steps(self, epoch: int, losses: Sequence[float]) -> None:
        """Add a row to steps.csv for each batch of an epoch; all epochs have as many."""
        first = (epoch - 1) * len(losses) + 1
        rows = [{"step": step, "loss": loss} for step, loss in enumerate(losses, start=first)]
        self._append(STEPS, rows)

    def _append(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        with (self.path / name).open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            if file.tell() == 0:
                writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())

    def save_weights(self, network: LeNet5) -> None:
        """Write weights.npz: each parameter under its name."""
        with replacing(self.path / WEIGHTS) as file:
            np.savez(file, allow_pickle=False, **views(network.theta))


def read_record(path: Path) -> dict[str, Any]:
    """Return what run.json says; nothing if it is missing or damaged."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


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
    return str(read_record(path).get("status", "unknown"))


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


def provenance() -> dict[str, Any]:
    """Return what the figures of a run may depend on beside its configuration."""
    return {
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "machine": platform.machine(),
        "blas": [
            {key: library.get(key) for key in ("internal_api", "version", "architecture")}
            | {"threads": BLAS_THREADS}
            for library in threadpool_info()
            if library["user_api"] == "blas"
        ],
        "git_commit": git_commit(),
    }


def git_commit() -> str | None:
    """Return the commit of the checkout that this code runs from, "+" added if it was changed.

    None for an installed package, or where there is no git.
    """
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
