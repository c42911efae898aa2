"""Sweeps: the same command again finishes them, and one bad job loses nothing and is seen."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from command import lenet, record, run_folders, start, started, wait_for

from lenet.runs.record import status

pytestmark = pytest.mark.slow

QUICK = ["dataset.train_size=256", "dataset.test_size=64", "epochs=1"]
LONGER = ["dataset.train_size=2000", "dataset.test_size=100", "epochs=3"]
JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
LAUNCHERS = pytest.mark.parametrize("launcher", [[], JOBLIB], ids=["serial", "joblib"])

FAULTY = """
from hydra.core.hydra_config import HydraConfig
from lenet.training.optimizers import SGD

class Faulty(SGD):
    def step(self, theta, g, state, t, eta):
        overrides = HydraConfig.get().overrides.task
        if "pooling=max" in overrides and "seed=1" in overrides:
            raise RuntimeError("made to raise")
        if "pooling=avg" in overrides and "seed=2" in overrides:
            theta[:] = float("inf")
        super().step(theta, g, state, t, eta)
"""


def table_of_runs(cwd: Path) -> pd.DataFrame:
    (path,) = cwd.rglob("runs.csv")
    return pd.read_csv(path)


def statuses(cwd: Path) -> list[str]:
    return sorted(record(folder)["status"] for folder in run_folders(cwd))


@pytest.mark.thorough
@LAUNCHERS
def test_bad_jobs_are_seen_and_only_they_run_again(tmp_path: Path, launcher: list[str]) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "conf" / "optimizer").mkdir(parents=True)
    (tmp_path / "conf" / "optimizer" / "faulty.yaml").write_text(
        "_target_: faulty.Faulty\nlr: 0.01\nmomentum: 0\nnesterov: false\n"
    )
    command = [
        "-m", "--config-dir=conf", *QUICK, *launcher,
        "optimizer=adam,rmsprop,faulty", "pooling=max,avg", "seed=range(3)",
    ]  # fmt: skip
    first = lenet(*command, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert first.returncode == 1, first.stderr
    assert statuses(tmp_path) == ["diverged", "failed", *["finished"] * 16]
    rows = table_of_runs(tmp_path)
    assert rows["status"].value_counts().to_dict() == {"finished": 16, "diverged": 1, "failed": 1}
    assert "made to raise" in first.stdout
    assert "epoch 1, step" in first.stdout
    (failed,) = (folder for folder in run_folders(tmp_path) if status(folder) == "failed")
    assert "Traceback" in (failed / "lenet.log").read_text()
    assert "made to raise" in (failed / "lenet.log").read_text()

    before, text = started(tmp_path), table_of_runs(tmp_path).to_csv()
    second = lenet(*command, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert second.returncode == 1
    assert "18 runs, 16 of them finished already" in second.stdout
    ran_again = {folder for folder, when in started(tmp_path).items() if when != before[folder]}
    assert len(ran_again) == 2
    assert failed in ran_again
    assert table_of_runs(tmp_path).to_csv() == text


@pytest.mark.thorough
@LAUNCHERS
def test_a_killed_sweep_goes_on_to_the_same_summary(tmp_path: Path, launcher: list[str]) -> None:
    command = ["-m", *LONGER, *launcher, "pooling=max,avg", "seed=range(3)"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    process = start(*command, cwd=killed)
    wait_for(lambda: "finished" in map(status, run_folders(killed)))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: "running" not in map(status, run_folders(killed)))
    finished = {folder for folder in run_folders(killed) if status(folder) == "finished"}
    assert len(finished) < 6, "killed too late to test anything"
    before = started(killed)

    again = lenet(*command, cwd=killed)
    assert again.returncode == 0, again.stderr
    assert all(started(killed)[folder] == before[folder] for folder in finished)
    assert lenet("-m", *LONGER, "pooling=max,avg", "seed=range(3)", cwd=whole).returncode == 0
    for name in ("settings.csv", "runs.csv"):
        (one,), (other,) = killed.rglob(name), whole.rglob(name)
        assert one.read_bytes() == other.read_bytes()
        assert one.parent.name == other.parent.name


@pytest.mark.thorough
def test_a_killed_worker_loses_no_other_jobs_result(tmp_path: Path) -> None:
    command = ["-m", *LONGER, "epochs=10", *JOBLIB, "seed=range(6)"]
    process = start(*command, cwd=tmp_path)
    wait_for(lambda: "finished" in map(status, run_folders(tmp_path)))
    running: list[Path] = []
    wait_for(
        lambda: (
            running.extend(f for f in run_folders(tmp_path) if status(f) == "running") or running
        )
    )
    os.kill(record(running[0])["process"]["pid"], signal.SIGKILL)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "the same command again" in errors
    assert "Traceback" not in out + errors
    assert table_of_runs(tmp_path)["status"].isin(["finished"]).any()
    again = lenet(*command, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert statuses(tmp_path) == ["finished"] * 6


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are threads")
def test_the_runs_of_a_sweep_in_one_process_have_workers_as_single_runs_have(
    tmp_path: Path,
) -> None:
    """Each is told of when it ends, though nobody watches from a thread of this process."""
    done = lenet("-m", *QUICK, "threads=2", "seed=0,1", cwd=tmp_path)
    assert "[2/2] finished  seed=1" in done.stdout
    for folder in run_folders(tmp_path):
        assert "threads:" not in (folder / "lenet.log").read_text()


def test_a_longer_sweep_runs_only_what_is_new(tmp_path: Path) -> None:
    assert lenet(*QUICK, "seed=1", cwd=tmp_path).returncode == 0
    done = lenet("-m", *QUICK, "seed=range(3)", cwd=tmp_path)
    assert "3 runs, 1 of them finished already" in done.stdout
    assert len(run_folders(tmp_path)) == 3
    assert len(table_of_runs(tmp_path)) == 3


def test_a_sweep_in_a_folder_of_its_own(tmp_path: Path) -> None:
    done = lenet("-m", *QUICK, "seed=0,1", "hydra.sweep.dir=my study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {folder.parent for folder in run_folders(tmp_path)} == {tmp_path / "my study"}
    assert list((tmp_path / "my study" / "sweeps").rglob("settings.csv"))


@pytest.mark.thorough
def test_a_preset_is_one_command_and_the_command_line_wins(tmp_path: Path) -> None:
    tiny = ["dataset=strokes", *QUICK]
    done = lenet("experiment=pooling", *tiny, "seed=7,8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 runs, 0 of them finished already" in done.stdout
    lines = [line for line in done.stdout.splitlines() if re.match(r"\[\d/4\] finished", line)]
    assert len(lines) == 4
    assert (tmp_path / "runs" / "sweeps").is_dir()
    assert next((tmp_path / "runs" / "sweeps").iterdir()).name.startswith("pooling-")


def test_ctrl_c_ends_a_sweep_in_few_words(tmp_path: Path) -> None:
    process = start("-m", *LONGER, "epochs=200", "seed=0,1", cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob("metrics.csv")))
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + errors
    assert "the same command again goes on" in errors
    assert statuses(tmp_path) == ["interrupted"]


@pytest.mark.thorough
def test_force_does_not_stop_the_progress(tmp_path: Path) -> None:
    command = ["-m", *QUICK, "seed=range(6)"]
    assert lenet(*command, cwd=tmp_path).returncode == 0
    again = lenet(*command, "force=true", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Traceback" not in again.stdout + again.stderr
    assert "6 runs, 0 of them finished already" in again.stdout
    assert "[6/6] finished" in again.stdout
    assert "6 of 6 runs finished" in again.stdout


def test_a_folder_of_another_run_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    numbered = ["hydra.sweep.subdir=${hydra.job.num}"]
    assert lenet("-m", *QUICK, "seed=0,1", *numbered, cwd=tmp_path).returncode == 0
    other = lenet("-m", *QUICK, "seed=2,3", *numbered, cwd=tmp_path)
    assert other.returncode == 2
    assert "holds another run" in other.stderr


def test_nobody_listening_stops_nothing(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lenet", "-m", *QUICK, "seed=0,1"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert statuses(tmp_path) == ["finished"] * 2
    assert list(table_of_runs(tmp_path)["status"]) == ["finished"] * 2


def test_a_record_without_a_result_is_run_again(tmp_path: Path) -> None:
    assert lenet(*QUICK, cwd=tmp_path).returncode == 0
    (folder,) = run_folders(tmp_path)
    (folder / "run.json").write_text('{"status": "finished"}')
    assert lenet("-m", *QUICK, "seed=0,1", cwd=tmp_path).returncode == 0
    assert statuses(tmp_path) == ["finished"] * 2
    assert all("test_accuracy" in record(folder)["result"] for folder in run_folders(tmp_path))


@pytest.mark.thorough
def test_a_damaged_result_is_told_in_the_exit_code(tmp_path: Path) -> None:
    command = ["-m", *QUICK, "seed=0,1"]
    assert lenet(*command, cwd=tmp_path).returncode == 0
    (run_folders(tmp_path)[0] / "metrics.csv").write_text("")
    again = lenet(*command, cwd=tmp_path)
    assert again.returncode == 1
    assert "1 run did not finish (1 unknown)" in again.stdout
