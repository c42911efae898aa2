"""Launchers and sweepers: what they are told, held against what they can work with."""

import os
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lenet.errors import ConfigError

BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
JOBLIB = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"
LEAST = {  # of numbers below hydra
    "launcher.timeout_min": 1,
    "launcher.cpus_per_task": 1,
    "launcher.tasks_per_node": 1,
    "launcher.nodes": 1,
    "launcher.mem_gb": 1,
    "launcher.array_parallelism": 1,
    "launcher.max_num_timeout": 0,
    "launcher.ray.init.num_cpus": 1,
    "launcher.ray.remote.num_cpus": 0,
    "launcher.ray.remote.num_gpus": 0,
    "launcher.ray.remote.max_retries": -1,
    "sweeper.max_batch_size": 1,
    "sweeper.n_jobs": 1,
    "sweeper.n_trials": 0,
}


def refuse_launcher(hydra: DictConfig) -> None:
    """Raise ConfigError if a value would stop the launcher or sweeper, or have it wait for ever."""
    for key, least in LEAST.items():
        value = OmegaConf.select(hydra, key)
        if value is not None and not is_at_least(least, value):
            raise ConfigError(f"hydra.{key} = {value!r}: should be a number, at least {least}")
    if hydra.launcher.get("_target_") == JOBLIB:
        refuse_joblib(OmegaConf.to_container(hydra.launcher, resolve=True))
    if "ray" in hydra.launcher:
        refuse_ray(hydra.launcher.ray, Path.cwd())


def launches_here(hydra: DictConfig) -> bool:
    """Return whether the jobs run in this process, one after the other."""
    return bool(hydra.launcher.get("_target_") == BASIC)


def is_at_least(least: int, value: Any) -> bool:
    """Return whether a value is a number that is not less than the least one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def refuse_joblib(options: Any) -> None:
    """Raise ConfigError if joblib would not take its options, for which it is given no jobs."""
    from joblib import Parallel

    n_jobs, cores = options["n_jobs"], os.cpu_count() or 1
    if n_jobs == 0 or n_jobs < -cores:
        raise ConfigError(
            f"hydra.launcher.n_jobs = {n_jobs}: should be at least 1, "
            f"or from -1 (as many as there are cores) to -{cores} (one)"
        )
    numbers = {key: int(value) for key, value in options.items() if str(value).isdecimal()}
    arguments = options | numbers | {"backend": "loky"}
    del arguments["_target_"]
    try:
        Parallel(**arguments)([])
    except ValueError as error:
        raise ConfigError(f"hydra.launcher: {error}") from error


def refuse_ray(ray: DictConfig, here: Path) -> None:
    """Raise ConfigError if Ray would wait for ever for cores, or its workers import what is here.

    They look into the folder that Ray was started in before all others.
    """
    cores = ray.init.get("num_cpus") or os.cpu_count() or 1
    wanted = ray.remote.get("num_cpus") or 0
    if not (ray.init.get("address") or "RAY_ADDRESS" in os.environ) and wanted > cores:
        raise ConfigError(
            f"hydra.launcher.ray.remote.num_cpus = {wanted}: should be at most {cores}, "
            "as many as there are"
        )
    files = [*here.glob("*.py"), *(path.parent for path in here.glob("*/__init__.py"))]
    if shadows := [path for path in files if stands_for_a_library(path)]:
        raise ConfigError(
            f"{shadows[0].name} would stand for the library {shadows[0].stem} in Ray's workers; "
            "rename it, or start lenet in another folder"
        )


def stands_for_a_library(path: Path) -> bool:
    """Return whether a module has the name of one that is loaded from elsewhere, or Python's."""
    module = sys.modules.get(path.stem)
    file = getattr(module, "__file__", None)
    if file is None:
        return module is not None or path.stem in sys.stdlib_module_names
    return not Path(file).resolve().is_relative_to(path.resolve())
