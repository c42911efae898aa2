"""Sweeps as job arrays, on a SLURM cluster that must be there."""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from command import lenet, record, run_folders, start, wait_for
from launchers import check_bad_job, check_halving, check_same_bits

from lenet.runs.record import status

SLURM = [
    "hydra/launcher=slurm",
    "hydra.launcher.timeout_min=5",
    "hydra.launcher.cpus_per_task=1",
    "hydra.launcher.array_parallelism=2",
]


def what_is_missing() -> str:
    """Return what stands in the way of these tests, or nothing."""
    if find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        return "lenet[slurm] is not installed"
    if shutil.which("sbatch") is None:
        return "there is no sbatch here"
    up = ["sinfo", "--noheader", "--responding", "--format=%T"]
    try:
        states = subprocess.run(up, capture_output=True, text=True, timeout=10).stdout.split()
    except subprocess.TimeoutExpired:
        return "the SLURM controller does not answer"
    return "" if {"idle", "mixed", "allocated"} & set(states) else "no SLURM node is up"


MISSING = what_is_missing()
pytestmark = [pytest.mark.slurm, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


def test_slurm_gives_the_same_bits(tmp_path: Path) -> None:
    check_same_bits(tmp_path, *SLURM)


def test_halving_goes_from_rung_to_rung(tmp_path: Path) -> None:
    check_halving(tmp_path, *SLURM)


def test_a_bad_job_is_seen_and_only_it_runs_again(tmp_path: Path) -> None:
    check_bad_job(tmp_path, *SLURM)
    assert list((tmp_path / "runs" / ".submitit").rglob("*_log.out"))


def test_the_array_goes_on_without_who_submitted_it(tmp_path: Path) -> None:
    command = ["-m", "dataset.train_size=2000", "dataset.test_size=100", *SLURM, "seed=range(3)"]
    process = start(*command, cwd=tmp_path)
    wait_for(lambda: run_folders(tmp_path))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: [*map(status, run_folders(tmp_path))] == ["finished"] * 3)
    before = {folder: record(folder)["started"] for folder in run_folders(tmp_path)}
    again = lenet(*command, cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "3 runs, 3 of them finished already" in again.stdout
    assert {folder: record(folder)["started"] for folder in run_folders(tmp_path)} == before
