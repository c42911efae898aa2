"""Searches: the study is kept, and a run that has failed counts as bad."""

import signal
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from command import lenet, record, run_folders, start, wait_for
from idx_files import write_dataset

INSTALLED = find_spec("hydra_plugins.hydra_optuna_sweeper") is not None
pytestmark = [
    pytest.mark.optuna,
    pytest.mark.skipif(not INSTALLED, reason="lenet[optuna] is not installed"),
]

SEARCH = [
    "experiment=search", "dataset=strokes",
    "dataset.train_size=256", "dataset.test_size=64", "dataset.validation=64", "epochs=1",
]  # fmt: skip


def states(cwd: Path) -> list[str]:
    """The state of each trial."""
    with closing(sqlite3.connect(cwd / "runs" / "optuna.db")) as study:
        return [state for (state,) in study.execute("select state from trials order by number")]


def trials(cwd: Path) -> list[tuple[str, float]]:
    """The state and the value of each trial, from the study's database."""
    with closing(sqlite3.connect(cwd / "runs" / "optuna.db")) as study:
        return study.execute(
            "select state, value from trials join trial_values using (trial_id) order by number"
        ).fetchall()


def test_a_search_keeps_its_study_and_the_same_command_finishes_it(tmp_path: Path) -> None:
    for asked in (4, 6, 6):
        done = lenet(*SEARCH, f"hydra.sweeper.n_trials={asked}", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [state for state, _ in trials(tmp_path)] == ["COMPLETE"] * asked
        assert len(run_folders(tmp_path)) == asked
    accuracies = [
        pd.read_csv(folder / "metrics.csv")["validation_accuracy"].iloc[-1]
        for folder in run_folders(tmp_path)
    ]
    assert {value for _, value in trials(tmp_path)} == set(accuracies)
    (path,) = tmp_path.rglob("runs.csv")
    assert len(pd.read_csv(path)) == 6


def test_a_search_that_was_killed_in_a_trial_goes_on_with_it(tmp_path: Path) -> None:
    options = ["epochs=8", "dataset.train_size=3000", "hydra.sweeper.n_trials=3"]
    process = start(*SEARCH, *options, cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob("checkpoint.npz")))
    process.kill()
    process.communicate()
    (folder,) = run_folders(tmp_path)
    done = lenet(*SEARCH, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert "goes on after step" in (folder / "lenet.log").read_text()
    assert [state for state, _ in trials(tmp_path)] == ["COMPLETE"] * 3
    assert len(run_folders(tmp_path)) == 3


def test_a_search_does_not_choose_by_the_test_set(tmp_path: Path) -> None:
    refused = lenet(*SEARCH, "dataset.validation=0", cwd=tmp_path)
    assert refused.returncode == 2
    assert "a search chooses by validation accuracy" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_without_a_database_the_same_command_finishes_a_search(tmp_path: Path) -> None:
    """The seed makes it choose as before, and what has been run is not run again."""
    started = {}
    for number in (3, 5):
        options = ["hydra.sweeper.storage=null", f"hydra.sweeper.n_trials={number}"]
        done = lenet(*SEARCH, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        runs = {folder: record(folder)["started"] for folder in run_folders(tmp_path)}
        assert len(runs) == number
        assert started.items() <= runs.items()
        started = runs


def test_a_run_that_something_outside_has_stopped_is_tried_again(tmp_path: Path) -> None:
    """It does not count as bad: here the data are missing, some of them for a while."""
    search = [
        "experiment=search", "dataset.root=data", "epochs=1", "hydra.sweeper.n_trials=3",
        "dataset.train_size=null", "dataset.validation=20", "dataset.test_size=null",
    ]  # fmt: skip
    failed = lenet(*search, cwd=tmp_path)
    assert failed.returncode == 1
    assert "no trial has come to a value" in failed.stderr
    assert "Return value" not in failed.stdout + failed.stderr
    assert states(tmp_path) == ["FAIL"] * 3
    write_dataset(tmp_path / "data")
    before = {folder.name for folder in run_folders(tmp_path)}

    done = lenet(*search, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(tmp_path) == ["FAIL"] * 3 + ["COMPLETE"] * 3
    assert {folder.name for folder in run_folders(tmp_path)} == before
    assert lenet(*search, cwd=tmp_path).returncode == 0
    assert states(tmp_path) == ["FAIL"] * 3 + ["COMPLETE"] * 3


def test_a_second_search_leaves_the_trials_of_the_first_alone(tmp_path: Path) -> None:
    options = ["epochs=8", "dataset.train_size=3000", "hydra.sweeper.n_trials=1"]
    first = start(*SEARCH, *options, cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob("checkpoint.npz")))
    first.send_signal(signal.SIGSTOP)
    lenet(*SEARCH, *options, cwd=tmp_path)
    first.send_signal(signal.SIGCONT)
    out, errors = first.communicate(timeout=120)
    assert first.returncode == 0, out + errors
    assert states(tmp_path)[0] == "COMPLETE"


def test_a_diverged_run_counts_as_bad(tmp_path: Path) -> None:
    values = ["optimizer=sgd", "optimizer.lr=choice(0.05,1e38)", "activation=tanh", "batch_size=64"]
    done = lenet(*SEARCH, *values, "hydra.sweeper.n_trials=6", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    statuses = {record(folder)["status"] for folder in run_folders(tmp_path)}
    assert statuses == {"diverged", "finished"}
    found = [value for _, value in trials(tmp_path)]
    assert len(found) == 6
    assert min(found) == 0 < max(found)
    best = (tmp_path / "runs" / "optimization_results.yaml").read_text()
    assert "optimizer.lr: 0.05" in best
