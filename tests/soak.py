"""Short runs, one after the other, in one process and in many: nothing may grow.

    python tests/soak.py MINUTES

Each round trains, interrupts, resumes and evaluates in this process, and starts a sweep of two
processes. Prints memory, open files and threads of this process, and the peak memory of the sweep,
as CSV; the exit code is 1 if something has grown.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from lenet.config.compose import configure
from lenet.config.identity import identity
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import read_weights
from lenet.runs.experiment import run
from lenet.runs.folder import RunFolder
from lenet.training.evaluation import evaluate
from lenet.training.schedules import Constant, Progress

TINY = ["dataset.train_size=2000", "dataset.test_size=200", "epochs=2"]
LEAST_ROUNDS = 8
RUNS_PER_ROUND = 10
SWEEP = [sys.executable, "-m", "lenet", "-m", "hydra/launcher=joblib", *TINY, "seed=0,1"]
TOLERANCES = {"memory": 4.0, "sweep_memory": 4.0, "files": 0, "threads": 0}


class Sample(NamedTuple):
    """What this process holds after a round, and the most memory its sweep has needed, in MB."""

    minutes: float
    runs: int
    memory: float
    files: int
    threads: int
    sweep_memory: float


def soak(minutes: float) -> Iterator[Sample]:
    """Yield a sample after each round."""
    began = time.monotonic()
    runs = 0
    least = LEAST_ROUNDS * RUNS_PER_ROUND
    while (elapsed := (time.monotonic() - began) / 60) < minutes or runs < least:
        for seed in range(RUNS_PER_ROUND):
            with TemporaryDirectory() as folder:
                interrupt_and_resume(Path(folder), seed)
            runs += 1
        with TemporaryDirectory() as folder:
            sweep_memory = peak_of_sweep(folder)
        yield Sample(
            round(elapsed, 2),
            runs,
            resident_memory(),
            len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            threading.active_count(),
            sweep_memory,
        )


def interrupt_and_resume(path: Path, seed: int) -> None:
    """Train, be interrupted in the middle, go on, and evaluate what has come of it."""
    config = configure(*TINY, f"seed={seed}")
    with suppress(InterruptedError), RunFolder(path, "", identity=identity(config)) as folder:
        run(replace(config, schedule=Interrupting()), folder, threads=2)
    with RunFolder(path, "", identity=identity(config)) as folder:
        run(config, folder, threads=2)
    data = config.dataset.load(config.seed)
    evaluate(config.network_of(read_weights(path / WEIGHTS)), data.test)


class Interrupting(Constant):
    """A learning rate that cannot be had after some steps."""

    def factor(self, moment: Progress) -> float:
        if moment.t == 20:
            raise InterruptedError
        return super().factor(moment)


def peak_of_sweep(cwd: str) -> float:
    """Return the most memory that a process of a sweep has held at once."""
    process = subprocess.Popen(SWEEP, cwd=cwd, stdout=subprocess.DEVNULL)
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = code
    assert code == 0
    return usage.ru_maxrss / 1024


def resident_memory() -> float:
    """Return the memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def growth(samples: list[Sample]) -> list[str]:
    """Say what has grown from the first half, without its first rounds, to the second."""
    warm = samples[len(samples) // 10 + 1 :]
    first, second = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    found = []
    for name, tolerance in TOLERANCES.items():
        before, after = (max(getattr(sample, name) for sample in half) for half in (first, second))
        if after > before + tolerance:
            found.append(f"{name}: from {before} to {after}")
    return found


if __name__ == "__main__":
    print(",".join(Sample._fields))
    samples = []
    for sample in soak(float(sys.argv[1])):
        samples.append(sample)
        print(*sample, sep=",", flush=True)
    grown = growth(samples)
    print(*(grown or ["nothing has grown"]), sep="\n")
    sys.exit(bool(grown))
