"""Sweeps with several jobs at a time on this machine; test_sweep.py has what may go wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command import run_folders, start, wait_for
from launchers import QUICK, check_halving, check_same_bits

from lenet.runs.record import status

pytestmark = pytest.mark.thorough

LONG = ["dataset.train_size=3000", "dataset.test_size=100", "epochs=200"]


def test_joblib_gives_the_same_bits(tmp_path: Path) -> None:
    check_same_bits(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def test_halving_with_joblib(tmp_path: Path) -> None:
    check_halving(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("everybody", [True, False], ids=["all of them", "the first process"])
def test_no_worker_outlives_a_sweep_that_is_ended(
    tmp_path: Path, number: signal.Signals, everybody: bool
) -> None:
    """Jobs that are stopped keep a checkpoint of where they are; no other is begun."""
    two = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    process = start("-m", *two, *LONG, "seed=0,1,2,3", cwd=tmp_path)
    wait_for(lambda: len(list(tmp_path.rglob("checkpoint.npz"))) >= 2)
    if everybody:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    process.communicate(timeout=60)  # ends when nobody is left who could write to its output
    folders = run_folders(tmp_path)
    assert len(folders) == 2
    expected = "killed" if everybody and number == signal.SIGKILL else "interrupted"
    assert [status(folder) for folder in folders] == [expected] * 2


@pytest.mark.parametrize("command", [["-m", "lenet"], ["-P", "-m", "lenet"]], ids=" ".join)
def test_no_file_of_the_current_folder_stands_for_a_library(
    tmp_path: Path, command: list[str]
) -> None:
    """Neither in the command, with or without the folder on its path, nor in its workers."""
    for library in ("numpy", "signal", "random", "joblib"):
        (tmp_path / f"{library}.py").write_text("raise SystemExit('this is not the library')")
    done = subprocess.run(
        [sys.executable, *command, "-m", "hydra/launcher=joblib", *QUICK, "seed=0,1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(run_folders(tmp_path)) == 2
