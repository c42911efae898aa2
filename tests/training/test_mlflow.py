"""What a client of MLflow reads is what the tables of the run say, each step once."""

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import lenet, record, results, run_folders, start, wait_for

INSTALLED = find_spec("mlflow") is not None
pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.skipif(not INSTALLED, reason="lenet[mlflow] is not installed"),
]

QUICK = ["dataset.train_size=500", "dataset.test_size=100", "epochs=2", "tracker=mlflow"]
LONG = [
    "dataset.train_size=3000", "dataset.test_size=100", "batch_size=2", "epochs=3",
    "checkpoint.every_steps=50", "tracker=mlflow",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def quiet_mlflow() -> Any:
    """Its makers are told nothing; the tests choose the store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


def client(cwd: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{cwd / 'runs' / 'mlflow.db'}")


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without runs, which takes MLflow seconds to make."""
    cwd = tmp_path_factory.mktemp("store")
    (cwd / "runs").mkdir()
    client(cwd)
    return cwd / "runs"


@pytest.fixture
def cwd(tmp_path: Path, empty_store: Path) -> Path:
    shutil.copytree(empty_store, tmp_path / "runs")
    return tmp_path


def runs(cwd: Path, experiment: str = "strokes") -> list[Any]:
    store = client(cwd)
    (found,) = [other for other in store.search_experiments() if other.name == experiment]
    return list(store.search_runs([found.experiment_id]))


def check_shows_the_tables(cwd: Path, run: Any, folder: Path) -> None:
    keys = set()
    for table, counter in (("steps.csv", "step"), ("metrics.csv", "epoch")):
        columns = pd.read_csv(folder / table).set_index(counter)
        for column in columns:
            keys.add(f"{counter}/{column}")
            history = client(cwd).get_metric_history(run.info.run_id, f"{counter}/{column}")
            shown = sorted((metric.step, metric.value) for metric in history)
            assert shown == list(columns[column].items())
    assert set(run.data.metrics) == keys


def test_a_run_has_the_figures_of_the_tables_its_configuration_and_weights(cwd: Path) -> None:
    done = lenet(*QUICK, "dataset.validation=50", "optimizer.lr=0.002", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = run_folders(cwd)
    (run,) = runs(cwd)
    check_shows_the_tables(cwd, run, folder)
    assert (run.info.run_name, run.info.status) == (folder.name, "FINISHED")
    expected = {"optimizer": "adam", "optimizer.lr": "0.002", "dataset.validation": "50"}
    assert expected.items() <= run.data.params.items()
    for name in ("config.yaml", "weights.npz", "best.npz"):
        path = client(cwd).download_artifacts(run.info.run_id, name, str(cwd))
        assert Path(path).read_bytes() == (folder / name).read_bytes()
    assert sorted(path.name for path in cwd.iterdir() if path.is_dir()) == ["runs"]


def test_a_database_is_made_where_there_is_none(tmp_path: Path) -> None:
    uri = "tracker.uri=sqlite:///a/b/c.db"
    done = lenet(*QUICK, uri, "tracker.experiment=mine", "hydra.run.dir=run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "MLflow" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "run"]
    (tmp_path / "runs").mkdir()
    (tmp_path / "a" / "b" / "c.db").rename(tmp_path / "runs" / "mlflow.db")
    (run,) = runs(tmp_path, "mine")
    check_shows_the_tables(tmp_path, run, tmp_path / "run")


def test_the_training_has_the_bits_of_one_that_is_not_tracked(cwd: Path) -> None:
    found = []
    for tracker in ("mlflow", "none"):
        options = [f"tracker={tracker}", f"hydra.run.dir={tracker}"]
        assert lenet(*QUICK, *options, cwd=cwd).returncode == 0
        found.append(results(cwd / tracker))
    assert found[0] == found[1]


def test_a_run_that_is_killed_goes_on_as_the_same_run(cwd: Path) -> None:
    process = start(*LONG, cwd=cwd)
    wait_for(lambda: list(cwd.rglob("metrics.csv")))
    wait_for(lambda: len(client(cwd).get_metric_history(mlflow_id(cwd), "step/loss")) > 0)
    process.kill()
    process.communicate()
    (folder,) = run_folders(cwd)
    (before,) = runs(cwd)
    assert (before.info.status, record(folder)["status"]) == ("RUNNING", "running")
    done = lenet(*LONG, cwd=cwd)
    assert "goes on after step" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    (after,) = runs(cwd)
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    check_shows_the_tables(cwd, after, folder)


def mlflow_id(cwd: Path) -> str:
    (path,) = cwd.rglob("mlflow.txt")
    return path.read_text().strip()


def test_a_run_that_is_interrupted_is_killed_until_it_goes_on(cwd: Path) -> None:
    process = start(*LONG, cwd=cwd)
    wait_for(lambda: list(cwd.rglob("checkpoint.npz")))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    (folder,) = run_folders(cwd)
    (run,) = runs(cwd)
    assert run.info.status == "KILLED"
    history = client(cwd).get_metric_history(run.info.run_id, "step/loss")
    log = (folder / "lenet.log").read_text()
    assert f"stopped after step {len(history)}\n" in log
    assert lenet(*LONG, cwd=cwd).returncode == 0
    (run,) = runs(cwd)
    assert run.info.status == "FINISHED"
    check_shows_the_tables(cwd, run, folder)


def test_a_run_that_diverges_has_failed_and_shows_the_steps_before(cwd: Path) -> None:
    options = ["optimizer=sgd", "optimizer.lr=1e4", "activation=relu", "schedule=warmup"]
    assert lenet(*QUICK, *options, cwd=cwd).returncode == 1
    (folder,) = run_folders(cwd)
    (run,) = runs(cwd)
    assert run.info.status == "FAILED"
    history = client(cwd).get_metric_history(run.info.run_id, "step/loss")
    assert len(history) == record(folder)["step"] - 1 > 0


def test_a_new_start_is_another_run(cwd: Path) -> None:
    for _ in range(2):
        assert lenet(*QUICK, "force=true", cwd=cwd).returncode == 0
    new, old = runs(cwd)
    assert new.info.run_id != old.info.run_id
    folder, aside = sorted(run_folders(cwd))
    check_shows_the_tables(cwd, new, folder)
    check_shows_the_tables(cwd, old, aside)


@pytest.mark.parametrize("written", ["", "0" * 32, "no id", "a" * 10_000, "\x00\u2028"])
def test_a_note_of_a_run_that_there_is_not_is_of_no_account(cwd: Path, written: str) -> None:
    process = start(*LONG, "tracker=none", cwd=cwd)
    wait_for(lambda: list(cwd.rglob("checkpoint.npz")))
    process.kill()
    process.communicate()
    (folder,) = run_folders(cwd)
    (folder / "mlflow.txt").write_text(written)
    done = lenet(*LONG, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = runs(cwd)
    check_shows_the_tables(cwd, run, folder)


def test_a_sweep_whose_jobs_make_the_database_side_by_side_loses_none(tmp_path: Path) -> None:
    sweep = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=4", "seed=range(4)"]
    done = lenet("-m", *QUICK, *sweep, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = {run.info.run_name: run for run in runs(tmp_path)}
    assert len(shown) == 4
    for folder in run_folders(tmp_path):
        check_shows_the_tables(tmp_path, shown[folder.name], folder)


def test_a_server_that_is_not_there_is_told_of_once(tmp_path: Path) -> None:
    done = lenet(*QUICK, "tracker.uri=http://127.0.0.1:9", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("the run goes on without it") == 1
    (folder,) = run_folders(tmp_path)
    assert record(folder)["status"] == "finished"


def test_a_store_that_breaks_in_the_middle_is_told_of_once(cwd: Path) -> None:
    process = start(*LONG, cwd=cwd)
    wait_for(lambda: list(cwd.rglob("checkpoint.npz")))
    os.truncate(cwd / "runs" / "mlflow.db", 1000)
    said, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert said.count("the run goes on without it") == 1
