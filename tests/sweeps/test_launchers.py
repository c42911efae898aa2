"""What no launcher can work with is refused before a sweep begins."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from refused import Refused

from lenet.errors import ConfigError
from lenet.sweeps.launchers import refuse_launcher

QUICK = ["-m", "dataset.train_size=64", "dataset.test_size=16", "epochs=1", "seed=1,2"]


def joblib(**options: Any) -> dict[str, Any]:
    return {
        "_target_": "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
        "n_jobs": -1,
    } | options


def refuse(launcher: dict[str, Any], **sweeper: Any) -> None:
    refuse_launcher(OmegaConf.create({"launcher": launcher, "sweeper": sweeper}))


@pytest.mark.parametrize("n_jobs", [0, -1000])
def test_as_many_jobs_as_nobody_can_run_are_refused(n_jobs: int) -> None:
    with pytest.raises(ConfigError, match=rf"n_jobs = {n_jobs}: should be at least 1, or from -1"):
        refuse(joblib(n_jobs=n_jobs))


@pytest.mark.parametrize("options", [{"batch_size": "0"}, {"pre_dispatch": "x"}, {"prefer": "y"}])
def test_what_joblib_does_not_take_is_refused_in_its_words(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"hydra\.launcher: .*(batch_size|'x'|prefer)"):
        refuse(joblib(**options))


def ray(**remote: Any) -> dict[str, Any]:
    return {"ray": {"init": {"address": None, "num_cpus": 2}, "remote": remote}}


@pytest.mark.parametrize("num_cpus", [-1, "two", True, 3])
def test_as_many_cores_as_no_job_can_have_are_refused(num_cpus: object) -> None:
    with pytest.raises(ConfigError, match=r"hydra\.launcher\.ray\.remote\.num_cpus = "):
        refuse(ray(num_cpus=num_cpus))


@pytest.mark.parametrize("name", ["numpy.py", "random.py", "curses/__init__.py"])
def test_files_that_would_stand_for_libraries_in_workers_of_ray_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A user's own modules are not, whether they are loaded or not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_own_optimizers", raising=False)
    (tmp_path / "my_own_optimizers.py").touch()
    importlib.import_module("my_own_optimizers")
    (tmp_path / "my_other_optimizers.py").touch()
    refuse(ray(num_cpus=1))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    library = name.partition(".")[0].partition("/")[0]
    with pytest.raises(ConfigError, match=f"would stand for the library {library} in Ray's"):
        refuse(ray(num_cpus=1))


@pytest.mark.parametrize(
    ("launcher", "sweeper"),
    [
        ({}, {}),
        (joblib(n_jobs=-1, batch_size="auto", pre_dispatch="2*n_jobs"), {"max_batch_size": None}),
        (joblib(n_jobs=100, batch_size="3"), {"n_jobs": 2, "n_trials": 0}),
        ({"cpus_per_task": 1, "mem_gb": None, "max_num_timeout": 0}, {}),
        (ray(num_cpus=0.5), {}),
        ({"ray": {"init": {"address": "auto"}, "remote": {"num_cpus": 1000}}}, {}),
    ],
)
def test_what_they_can_work_with_is_not(launcher: dict[str, Any], sweeper: dict[str, Any]) -> None:
    refuse(launcher, **sweeper)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["hydra/launcher=joblib", "hydra.launcher.n_jobs=0"], "n_jobs = 0: should be at least 1"),
        (["hydra.sweeper.max_batch_size=0"], "max_batch_size = 0: should be a number, at least 1"),
        (
            ["hydra.sweep.subdir='${seed}/../x'"],
            "subdir = 1/../x: should lie below",
        ),
        (["hydra.sweep.subdir=/x/${seed}"], "subdir = /x/1: should lie below hydra.sweep.dir"),
        (["hydra.sweep.subdir=./x"], "two jobs have the same folder, runs/x"),
        (["hydra.sweep.dir=${seed}"], "hydra.sweep.dir: is one for all jobs"),
    ],
)
def test_a_sweep_that_would_lose_jobs_is_refused(
    refused: Refused, options: list[str], message: str
) -> None:
    assert message in refused(*QUICK, *options)


def test_two_links_to_one_folder_are_no_two_folders(refused: Refused) -> None:
    (refused.folder / "runs").mkdir()
    for name in ("1", "2"):
        (refused.folder / "runs" / name).symlink_to(refused.folder)
    assert "two jobs have the same folder" in refused(*QUICK, "hydra.sweep.subdir=${seed}")
