"""What launchers and sweepers are told, held against what they can work with before they begin."""

import os
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lenet.errors import ConfigError

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
