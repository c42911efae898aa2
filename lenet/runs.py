"""The folder of a run, and the only place that knows what it holds.

config.yaml    the composed configuration
run.json       status, overrides, seed, versions, data checksums, git commit, times
metrics.csv    one row per epoch, written as it comes
weights.npz    the trained parameters by name, float32
lenet.log      what was logged (written by Hydra)
"""

import csv
import json
import platform
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from threadpoolctl import threadpool_info

from lenet.errors import LenetError
from lenet.model import LeNet5, views
from lenet.training import BLAS_THREADS, DivergedError, Metrics

METRICS = "metrics.csv"
WEIGHTS = "weights.npz"
RECORD = "run.json"
CONFIG = "config.yaml"


class RunFolder:
    """A folder in which one run, and no other, writes what it finds.

    Used as a context: leaving it writes to run.json whether the run finished, and if not, why.
    """

    def __init__(self, path: Path, config: str, **record: Any) -> None:
        """Claim the folder; write the configuration (YAML) and the record of a run that has begun.

        Raises:
            LenetError: the folder holds a run already.

        """
        self.path = path
        self.record: dict[str, Any] = {}
        path.mkdir(parents=True, exist_ok=True)
        try:
            (path / RECORD).touch(exist_ok=False)
        except FileExistsError:
            raise LenetError(
                f"{path} holds a run already; choose another hydra.run.dir (or hydra.sweep.dir)"
            ) from None
        self._replace(CONFIG, lambda file: file.write(config.encode()))
        self.note(status="running", started=now(), **record)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case None:
                outcome: dict[str, Any] = {"status": "finished"}
            case DivergedError():
                outcome = {"status": "diverged", "epoch": error.epoch, "step": error.step}
            case KeyboardInterrupt():
                outcome = {"status": "interrupted"}
            case _:
                outcome = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
        self.note(**outcome, finished=now())

    def note(self, **record: Any) -> None:
        """Add to run.json, or change what it says; a reader finds it whole at any moment."""
        self.record |= record
        text = json.dumps(self.record, indent=2) + "\n"
        self._replace(RECORD, lambda file: file.write(text.encode()))

    def append(self, metrics: Metrics) -> None:
        """Add a row to metrics.csv, without the columns that have no value."""
        row = {name: value for name, value in asdict(metrics).items() if value is not None}
        with (self.path / METRICS).open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(row)

    def save_weights(self, network: LeNet5) -> None:
        """Write weights.npz: each parameter under its name."""
        self._replace(
            WEIGHTS, lambda file: np.savez(file, allow_pickle=False, **views(network.theta))
        )

    def _replace(self, name: str, write: Callable[[BinaryIO], object]) -> None:
        """Write a file whole or not at all."""
        temporary = self.path / f"{name}.tmp"
        with temporary.open("wb") as file:
            write(file)
        temporary.replace(self.path / name)


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
