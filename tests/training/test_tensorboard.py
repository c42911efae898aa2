"""What TensorBoard reads is what the tables of the run say, each step once."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import lenet, record, results, run_folders, start, wait_for

INSTALLED = find_spec("tensorboard") is not None
pytestmark = [
    pytest.mark.tensorboard,
    pytest.mark.skipif(not INSTALLED, reason="lenet[tensorboard] is not installed"),
]

QUICK = ["dataset.train_size=500", "dataset.test_size=100", "tracker=tensorboard"]
LONG = [
    "dataset.train_size=3000", "dataset.test_size=100", "batch_size=4", "epochs=3",
    "checkpoint.every_steps=50", "tracker=tensorboard",
]  # fmt: skip


def accumulator(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def check_shows_the_tables(shown: Any, folder: Path) -> None:
    """Every figure of steps.csv and metrics.csv, in float32, and nothing else."""
    tags = set()
    for table, counter in (("steps.csv", "step"), ("metrics.csv", "epoch")):
        columns = pd.read_csv(folder / table).set_index(counter)
        for column in columns:
            tags.add(f"{counter}/{column}")
            scalars = shown.Scalars(f"{counter}/{column}")
            assert [scalar.step for scalar in scalars] == list(columns.index)
            values = [scalar.value for scalar in scalars]
            assert np.array_equal(np.float32(values), np.float32(columns[column]))
    assert set(shown.Tags()["scalars"]) == tags


def event_files(folder: Path) -> list[Path]:
    return list(folder.glob("events.out.tfevents.*"))


def test_an_event_file_has_the_figures_of_the_tables(tmp_path: Path) -> None:
    done = lenet(*QUICK, "dataset.validation=50", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = run_folders(tmp_path)
    check_shows_the_tables(accumulator(folder), folder)


def test_the_training_has_the_bits_of_one_that_is_not_tracked(tmp_path: Path) -> None:
    for tracker in ("tensorboard", "none"):
        (tmp_path / tracker).mkdir()
        done = lenet(*QUICK, f"tracker={tracker}", cwd=tmp_path / tracker)
        assert done.returncode == 0, done.stderr
    (tracked,), (untracked,) = map(run_folders, (tmp_path / "tensorboard", tmp_path / "none"))
    assert tracked.name == untracked.name
    assert results(tracked) == results(untracked)
    assert not event_files(untracked)


def killed(cwd: Path, when: Callable[[Path], object]) -> Path:
    process = start(*LONG, cwd=cwd)
    wait_for(lambda: run_folders(cwd) and when(run_folders(cwd)[0]))
    process.kill()
    process.communicate()
    (folder,) = run_folders(cwd)
    return folder


def test_a_run_that_is_killed_goes_on_in_the_sight_of_tensorboard(tmp_path: Path) -> None:
    folder = killed(tmp_path, when=event_files)
    assert record(folder)["status"] == "running"
    watching = accumulator(folder)
    assert watching.Scalars("step/loss")
    done = lenet(*LONG, cwd=tmp_path)
    assert "goes on after step" in done.stdout
    assert done.stderr == ""
    check_shows_the_tables(accumulator(folder), folder)
    check_shows_the_tables(watching.Reload(), folder)


def test_more_epochs_have_the_fewer_before_them(tmp_path: Path) -> None:
    assert lenet(*QUICK, "epochs=1", "tracker=none", cwd=tmp_path).returncode == 0
    assert "goes on after step 4" in lenet(*QUICK, "epochs=2", cwd=tmp_path).stdout
    (folder,) = (path for path in run_folders(tmp_path) if event_files(path))
    check_shows_the_tables(accumulator(folder), folder)


def test_a_new_start_puts_the_event_file_aside(tmp_path: Path) -> None:
    for _ in range(2):
        assert lenet(*QUICK, "epochs=1", "force=true", cwd=tmp_path).returncode == 0
    new, aside = sorted(run_folders(tmp_path))
    assert aside.name.endswith(".aside-1")
    for folder in (new, aside):
        (_,) = event_files(folder)
        check_shows_the_tables(accumulator(folder), folder)


def test_a_run_that_diverges_shows_the_steps_before(tmp_path: Path) -> None:
    options = ["optimizer=sgd", "optimizer.lr=1e38", "activation=relu"]
    assert lenet(*QUICK, *options, cwd=tmp_path).returncode == 1
    (folder,) = run_folders(tmp_path)
    shown = accumulator(folder).Tags()["scalars"]
    steps = len(accumulator(folder).Scalars("step/loss")) if shown else 0
    assert steps == record(folder)["step"] - 1


@pytest.mark.slow
def test_each_job_of_a_sweep_has_an_event_file_of_its_own(tmp_path: Path) -> None:
    sweep = ["hydra/launcher=joblib", "seed=0,1,2", "epochs=1"]
    done = lenet("-m", *QUICK, *sweep, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(run_folders(tmp_path)) == 3
    for folder in run_folders(tmp_path):
        check_shows_the_tables(accumulator(folder), folder)


def test_a_folder_in_the_place_of_an_event_file_is_left_alone(tmp_path: Path) -> None:
    """That a tracker which fails is told of once stands in test_trackers.py."""
    folder = killed(tmp_path, when=lambda folder: (folder / "checkpoint.npz").exists())
    (folder / "events.out.tfevents.1").mkdir()
    done = lenet(*LONG, cwd=tmp_path)
    assert done.returncode == 1
    assert "events.out.tfevents.1: expected a plain file" in done.stderr
