"""Sweeps with several jobs at a time on this machine; test_sweep.py has what may go wrong."""

import os
import signal
from pathlib import Path

import pytest
from command import run_folders, start, wait_for
from launchers import check_same_bits

from lenet.records import status

LONG = ["dataset.train_size=3000", "dataset.test_size=100", "epochs=200"]


@pytest.mark.thorough
def test_joblib_gives_the_same_bits(tmp_path: Path) -> None:
    check_same_bits(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("everybody", [True, False], ids=["all of them", "the first process"])
def test_no_worker_outlives_a_sweep_that_is_ended(
    tmp_path: Path, number: signal.Signals, everybody: bool
) -> None:
    """Jobs that are stopped keep a checkpoint of where they are; no other is begun."""
    process = start("-m", "hydra/launcher=joblib", *LONG, "seed=0,1,2,3", cwd=tmp_path)
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
