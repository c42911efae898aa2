"""Classes of the user's own: found where he works, in every process, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import run_folders

from lenet.config.components import imported
from lenet.config.compose import configure
from lenet.errors import ConfigError
from lenet.training.optimizers import SGD, Optimizer

LION = """
from dataclasses import dataclass
from typing import Annotated
import numpy as np
from annotated_types import Ge
from lenet.training.optimizers import Optimizer

@dataclass(frozen=True)
class Lion(Optimizer):
    beta: Annotated[float, Ge(0)]

    def step(self, theta, g, state, t, eta):
        theta -= eta * np.sign(g)
"""
CHOICE = "_target_: lion.Lion\nlr: 0.001\nbeta: 0.9\n"
QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder conf with a choice, and beside it the module that has its class."""
    (tmp_path / "lion.py").write_text(LION)
    (tmp_path / "conf" / "optimizer").mkdir(parents=True)
    (tmp_path / "conf" / "optimizer" / "lion.yaml").write_text(CHOICE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "lion", raising=False)
    return tmp_path


def by_command(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command as it is installed: without the current folder among Python's."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "lenet", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_module_in_a_folder_of_the_users_is_found_after_all_that_is_installed(
    folder: Path,
) -> None:
    before = [*sys.path]
    kind = imported("lion.Lion", Optimizer, [str(folder), str(folder)])
    assert issubclass(kind, Optimizer)
    assert sys.path == [*before, str(folder)]


def test_no_folder_is_added_for_what_is_installed(folder: Path) -> None:
    before = [*sys.path]
    assert imported("lenet.training.optimizers.SGD", Optimizer, [str(folder)]) is SGD
    assert sys.path == before


def test_a_name_that_a_module_lacks_is_said_with_its_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match=f"no such class .none in {folder}/lion.py"):
        imported("lion.Tiger", Optimizer, [str(folder)])
    with pytest.raises(ConfigError, match=r"no such class .*no module 'tiger' is installed, nor"):
        imported("tiger.Tiger", Optimizer, [str(folder)])
    with pytest.raises(ConfigError, match="is no Optimizer to use"):
        imported("lion.dataclass", Optimizer, [str(folder)])


def test_python_reaches_a_folder_of_choices_and_the_modules_in_it(folder: Path) -> None:
    (folder / "lion.py").rename(folder / "conf" / "lion.py")
    config = configure("optimizer=lion", "optimizer.beta=0.5", config_dir=folder / "conf")
    assert type(config.optimizer).__name__ == "Lion"
    assert vars(config.optimizer) == {"lr": 0.001, "beta": 0.5}
    assert configure("optimizer=sgd", config_dir=folder / "conf").optimizer.lr == 0.05


def test_a_file_of_the_users_comes_before_one_of_the_same_name(folder: Path) -> None:
    adam = (
        "_target_: lenet.training.optimizers.Adam\nlr: 0.5\nbeta1: 0.9\nbeta2: 0.999\neps: 1e-8\n"
    )
    (folder / "conf" / "optimizer" / "adam.yaml").write_text(adam)
    assert configure(config_dir=folder / "conf").optimizer.lr == 0.5


def test_the_command_finds_a_class_in_the_current_folder_and_no_library_there(folder: Path) -> None:
    (folder / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    words = ["optimizer._target_=lion.Lion", "+optimizer.beta=0.9"]
    rest = [f"~optimizer.{key}" for key in ("beta1", "beta2", "eps")]
    done = by_command(*QUICK, *words, *rest, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.thorough
def test_jobs_in_other_processes_find_what_the_command_finds(folder: Path) -> None:
    (folder / "lion.py").rename(folder / "conf" / "lion.py")
    sweep = ["-m", "hydra/launcher=joblib", "optimizer=lion,sgd"]
    done = by_command("--config-dir", "conf", *sweep, *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(run_folders(folder)) == 2
