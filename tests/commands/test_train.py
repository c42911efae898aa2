"""The command line, as a user meets it."""

import json
import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import lenet, metrics, record, run_folders, start, wait_for
from refused import Refused

from lenet.config.loader import Loader
from lenet.runs.record import is_held, status

pytestmark = pytest.mark.slow

QUICK = ["dataset.train_size=256", "dataset.test_size=64", "epochs=2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["optimizer.lrr=1"], "optimizer.lrr: no such key; did you mean 'lr'?"),
        (["+optimizer.lrr=1"], "optimizer.lrr: no such key; did you mean 'lr'?"),
        (["lr=0.1"], "lr: no such key; did you mean 'optimizer.lr'?"),
        (["sead=3"], "sead: no such key; did you mean 'seed'?"),
        (["optimizer=adm"], "optimizer = 'adm': no such choice; did you mean 'adam'?"),
        (["optimizer=lion"], "no such choice; there are adam, adamw, muon, rmsprop, sdlm, sgd"),
        (["optimzer=sgd"], "optimzer: no such key; did you mean 'optimizer'?"),
        (
            ["optimizer=null"],
            "optimizer=null: expected the name of a choice; there are adam, adamw",
        ),
        (["optimizer=[1]"], "optimizer=[1]: expected the name of a choice; there are adam, adamw"),
        (["pooling=[max,avg]"], "pooling=[max,avg]: expected the name of a choice"),
        (["setting=optimizers/sdg"], "no such choice; did you mean 'optimizers/sgd'?"),
        (["setting/optimizers=sgd"], "setting/optimizers: type setting=optimizers/<name>"),
        (["+experiment=table1"], "experiment has a choice already; type experiment=<name>"),
        (["++experiment=table1"], "++experiment=table1: type experiment=table1"),
        (["+optimizer.lr=1"], "+optimizer.lr=1: type optimizer.lr=1"),
        (["~seed"], "~seed: no key can be left out; key=value sets one"),
        (["hydra/launcher=null"], "hydra/launcher=null: expected the name of a choice"),
        (["-m", "hydra.launcher=joblib"], "a choice is made by hydra/launcher=<name>"),
        (["experiment=tabel1"], "did you mean 'table1'?"),
        (["optimizer.lr=fast"], "optimizer.lr = 'fast': should be a valid number"),
        (["epochs=0"], "epochs = 0: should be greater than 0"),
        (["epochs='3"], "epochs='3"),
        (["seed=1,2"], "seed=1,2: several values, where one is expected; lenet -m runs each"),
        (["-m", "seed=1,range(3)"], "a function of several values stands alone"),
        (["-m", "seed=[range(3)]"], "a function of several values stands alone"),
        (["-m", "seed=0,1", "epochs=-1"], "epochs = -1: should be greater than 0"),
        (["-m", "optimizer=adam,sdg"], "optimizer = 'sdg': no such choice; did you mean 'sgd'?"),
        (["-m", "optimizer.lr=0.1,0.01,-1"], "optimizer.lr = -1: should be greater than 0"),
        (
            ["-m", "optimizer=adam,sgd", "optimizer.momentum=0.9"],
            "with optimizer=adam: optimizer.momentum: no such key",
        ),
        (
            ["-m", "setting=optimizers/sgd,optimizers/adam", "optimizer.momentum=0.9"],
            "with setting=optimizers/adam: optimizer.momentum: no such key",
        ),
        (
            ["-m", "seed=0,1", "dataset.validation=100,0", "patience=2"],
            "lenet: with dataset.validation=0: patience = 2: when to stop is chosen on validation",
        ),
        (
            ["-m", "loss=cross_entropy,mse", "output=rbf,linear"],
            "lenet: with output=linear: loss = MSE: expected output=rbf",
        ),
        (["-m", "+optimizer.lrr=1,2"], "optimizer.lrr: no such key; did you mean 'lr'?"),
        (["hydra.verbos=true"], "hydra.verbos: no such key; did you mean 'verbose'?"),
        (["hydra.run.dir=null"], "hydra.run.dir"),
        (["--config-name=confg"], "--config-name confg: there is no confg.yaml"),
        (["-m", "seed=glob(*)"], "there is nothing to run: seed=glob(*)"),
        (["-m", "seed=range(3,0)"], "there is nothing to run: seed=range(3,0)"),
        (["-m", "optimizer.lr=interval(0.1,1)"], "needs hydra/sweeper=optuna; a list is a,b,c"),
        (["-m", "experiment=pooling,inits"], "experiment: one at a time"),
        (["-m", "seed=0,1", "hydra.sweep.subdir=one"], "two jobs have the same folder, runs/one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_on_the_command_line_is_refused(
    refused: Refused, arguments: list[str], message: str
) -> None:
    assert message in refused(*arguments)


def test_a_slip_in_a_users_own_yaml_file_is_refused(refused: Refused) -> None:
    experiments = refused.folder / "conf" / "experiment"
    experiments.mkdir(parents=True)
    (experiments / "mine.yaml").write_text("# @package _global_\noptimizer: {lrr: 1}\n")
    message = refused("--config-dir=conf", "experiment=mine")
    assert "optimizer.lrr: no such key; did you mean 'lr'?" in message


@pytest.mark.parametrize(
    ("word", "plugin", "extra"),
    [
        ("hydra/launcher=slurm", "submitit_launcher", "slurm"),
        ("hydra/launcher=submitit_slurm", "submitit_launcher", "slurm"),
        ("hydra/launcher=ray_cpu", "ray_launcher", "ray"),
        ("hydra/launcher=ray", "ray_launcher", "ray"),
        ("hydra/sweeper=optuna", "optuna_sweeper", "optuna"),
        ("experiment=search", "optuna_sweeper", "optuna"),
    ],
)
def test_what_is_not_installed_is_named(
    refused: Refused, word: str, plugin: str, extra: str
) -> None:
    if find_spec(f"hydra_plugins.hydra_{plugin}"):
        pytest.skip("it is installed here")
    assert f"is not installed; pip install -e '.[{extra}]'" in refused("-m", word, "seed=0,1")


def test_a_run_leaves_what_it_promises(tmp_path: Path) -> None:
    done = lenet(*QUICK, "pooling=avg", "seed=3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = run_folders(tmp_path)
    assert folder.parent == tmp_path / "runs"
    tables = {"metrics.csv", "steps.csv"}
    others = {"checkpoint.npz", "config.yaml", "lenet.log", "lock", "run.json", "weights.npz"}
    assert {path.name for path in folder.iterdir()} == tables | others
    assert pd.read_csv(folder / "metrics.csv")["epoch"].tolist() == [1, 2]
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["seed"] == 3
    assert record["data"].keys() == {"strokes-train", "strokes-test"}
    assert record["overrides"] == [*QUICK, "pooling=avg", "seed=3"]
    assert "AveragePool" in (folder / "config.yaml").read_text()
    assert f"wrote {folder.relative_to(tmp_path)}/metrics.csv" in done.stdout
    assert "train accuracy" in (folder / "lenet.log").read_text()


def weights(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "weights.npz") as archive:
        return dict(archive)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bits_whatever_the_number_of_threads(tmp_path: Path) -> None:
    for name, seed, threads in (("first", 0, 1), ("again", 0, 2), ("other", 1, 1)):
        arguments = [f"hydra.run.dir={name}", f"seed={seed}", f"threads={threads}"]
        assert lenet(*QUICK, *arguments, cwd=tmp_path).returncode == 0
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    assert metrics(first).equals(metrics(again))
    assert not metrics(first).equals(metrics(other))
    for name, array in weights(first).items():
        np.testing.assert_array_equal(array, weights(again)[name])
    assert not np.array_equal(weights(first)["c1.weight"], weights(other)["c1.weight"])


def test_the_same_configuration_is_run_once_however_it_is_written(tmp_path: Path) -> None:
    assert lenet(*QUICK, "optimizer.lr=0.01", cwd=tmp_path).returncode == 0
    (folder,) = run_folders(tmp_path)
    before = contents(folder)
    for same in (
        ["optimizer.lr=1e-2"],
        ["threads=1", "optimizer.lr=0.01"],
        ["-m", "optimizer.lr=0.01"],
    ):
        again = lenet(*same, *QUICK, cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert "finished already" in again.stdout
        assert contents(folder) == before
    assert run_folders(tmp_path) == [folder]


def test_a_finished_run_gives_its_result_at_once(tmp_path: Path) -> None:
    lenet(*QUICK, cwd=tmp_path)
    again = lenet(*QUICK, cwd=tmp_path)
    (folder,) = run_folders(tmp_path)
    accuracy = pd.read_csv(folder / "metrics.csv")["test_accuracy"].iloc[-1]
    assert f"finished already: test accuracy {accuracy:.2%}" in again.stdout
    assert "force=true" in again.stdout


def test_force_starts_over_and_keeps_the_old_folder_aside(tmp_path: Path) -> None:
    lenet(*QUICK, cwd=tmp_path)
    (folder,) = run_folders(tmp_path)
    old = contents(folder)
    assert lenet(*QUICK, "force=true", cwd=tmp_path).returncode == 0
    assert lenet(*QUICK, "force=true", cwd=tmp_path).returncode == 0
    new, first, second = sorted(run_folders(tmp_path))
    assert new == folder
    assert [first.name, second.name] == [f"{folder.name}.aside-{number}" for number in (1, 2)]
    assert {name: old[name] for name in old if name != "lock"} == contents(first)
    assert metrics(new).equals(metrics(first))


def test_a_folder_that_holds_another_run_is_not_written_to(tmp_path: Path) -> None:
    where = "hydra.run.dir=out/my run"
    assert lenet(*QUICK, where, cwd=tmp_path).returncode == 0
    before = contents(tmp_path / "out" / "my run")
    second = lenet(*QUICK, where, "seed=1", cwd=tmp_path)
    assert second.returncode == 1
    assert "holds another run" in second.stderr
    assert "Traceback" not in second.stdout + second.stderr
    assert contents(tmp_path / "out" / "my run") == before


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    first = start("epochs=1000", "dataset.train_size=2000", cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob("metrics.csv")))
    second = lenet("epochs=1000", "dataset.train_size=2000", cwd=tmp_path)
    assert second.returncode == 1
    assert f"is held by process {first.pid} on " in second.stderr
    first.kill()
    first.communicate()
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "killed"
    assert not is_held(folder)


def test_a_diverging_run_stops_and_says_where(tmp_path: Path) -> None:
    done = lenet(*QUICK, "optimizer=sgd", "optimizer.lr=1e38", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    (folder,) = run_folders(tmp_path)
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "diverged"
    assert record["step"] >= 1
    assert "no longer finite" in (folder / "lenet.log").read_text()


def test_missing_data_is_explained(tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    done = lenet("dataset=mnist", "dataset.root=nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert "nowhere" in done.stdout
    assert "train-images-idx3-ubyte.gz" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (folder,) = run_folders(tmp_path)
    assert json.loads((folder / "run.json").read_text())["status"] == "failed"


def test_an_error_of_the_program_itself_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(
        "from lenet.nn.layers import Tanh\n"
        "class Faulty(Tanh):\n"
        "    def forward(self, x):\n"
        "        raise RuntimeError('made to raise')\n"
    )
    faulty = "activation._target_=faulty.Faulty"
    done = lenet(*QUICK, faulty, "hydra.run.dir=.", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "Traceback" in (tmp_path / "lenet.log").read_text()
    assert record(tmp_path)["error"] == "RuntimeError: made to raise"


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_run_and_is_recorded(tmp_path: Path, number: int, code: int) -> None:
    process = start("epochs=1000", "dataset.train_size=2000", cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob("metrics.csv")))
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "interrupted"


@pytest.mark.parametrize("module", ["numpy", "omegaconf"])
def test_ctrl_c_while_all_is_imported_ends_without_a_word(tmp_path: Path, module: str) -> None:
    process = start("epochs=1000", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert process.stderr is not None
    for line in process.stderr:
        if line.endswith(f" {module}\n"):
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert all(line.startswith("import time:") for line in errors.splitlines()[:-1])
    assert "Traceback" not in errors


def test_a_single_run_is_composed_once(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = []
    load = Loader.load_configuration

    def noting(loader: Loader, *arguments: Any, **named: Any) -> Any:
        composed.append(arguments)
        return load(loader, *arguments, **named)

    monkeypatch.setattr(Loader, "load_configuration", noting)
    refused("epochs=-1")
    assert len(composed) == 1


def test_help_names_the_groups_and_gives_examples(tmp_path: Path) -> None:
    done = lenet("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in (
        "optimizer: adam, adamw, muon, rmsprop, sdlm, sgd",
        "pooling: avg, max",
        "experiment=table1",
    ):
        assert word in done.stdout


@pytest.mark.parametrize("part", ["job", "hydra", "all"])
def test_the_configuration_can_be_shown_with_all_it_stands_for(tmp_path: Path, part: str) -> None:
    shown = lenet("--cfg", part, "--resolve", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert ("subdir: " in shown.stdout) == (part != "job")
    assert ("batch_size: 128" in shown.stdout) == (part != "hydra")
    assert not list(tmp_path.iterdir())


def test_a_reader_who_leaves_is_left_in_peace(tmp_path: Path) -> None:
    for arguments in (["--help"], ["--cfg", "all"]):
        with start(*arguments, cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 128 + signal.SIGPIPE


def test_tracebacks_can_be_asked_for(tmp_path: Path) -> None:
    done = lenet("optimizer.lrr=1", cwd=tmp_path, HYDRA_FULL_ERROR="1")
    assert "Traceback" in done.stderr


@pytest.mark.mnist
def test_one_epoch_of_mnist_by_the_papers_recipe(tmp_path: Path) -> None:
    if "LENET_DATA" not in os.environ:
        pytest.skip("LENET_DATA is not set")
    done = lenet("dataset=mnist", "init=normal", "epochs=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = run_folders(tmp_path)
    accuracy = pd.read_csv(folder / "metrics.csv")["test_accuracy"].item()
    assert 0.94 < accuracy < 0.98
