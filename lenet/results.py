"""Reading what runs have left: the counterpart of ``runs.py``, for scripts and notebooks."""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from lenet.config import TARGET, Config, read_config
from lenet.datasets import Data
from lenet.errors import ConfigError, LenetError
from lenet.model import PARAMETERS, SHAPES, LeNet5, views
from lenet.runs import CONFIG, METRICS, RECORD, WEIGHTS

log = logging.getLogger(__name__)

DEFAULT_ROOT = Path("runs")
NO_SETTING = {"seed", "threads"}
PAPER_ACCURACY = {1: 95.32, 2: 97.35, 3: 97.97}  # Table I: % of MNIST's test images, by epoch


@dataclass(frozen=True)
class Run:
    """A run folder, read from disk."""

    path: Path

    @cached_property
    def composed(self) -> DictConfig:
        """The configuration as Hydra has composed it.

        LenetError if the folder does not hold one.
        """
        try:
            config = OmegaConf.load(self.path / CONFIG)
        except OSError as error:
            raise LenetError(f"{self.path} does not say how it was configured: {error}") from error
        assert isinstance(config, DictConfig)
        return config

    @cached_property
    def config(self) -> Config:
        """The configuration as checked objects; ConfigError if it is not one for this version."""
        try:
            return read_config(self.composed)
        except ConfigError as error:
            raise ConfigError(f"{self.path}: {error}") from error

    @cached_property
    def record(self) -> dict[str, Any]:
        """What run.json says: status, seed, versions, checksums, times."""
        record: dict[str, Any] = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
        return record

    @property
    def status(self) -> str:
        """What became of the run; "unknown" if run.json does not say, as when it is still empty."""
        try:
            return str(self.record["status"])
        except (ValueError, KeyError):
            return "unknown"

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, by epoch; LenetError if there are none."""
        try:
            return pd.read_csv(self.path / METRICS).set_index("epoch")
        except (OSError, ValueError, KeyError) as error:
            raise LenetError(f"{self.path / METRICS} cannot be used: {error}") from error

    @property
    def settings(self) -> dict[str, Any]:
        """What the run is a sample of: the configuration without its seed and threads."""
        flat = flatten(OmegaConf.to_container(self.composed))
        return {key: value for key, value in flat.items() if key not in NO_SETTING}

    def data(self) -> Data:
        """Return the images that the run has used."""
        return self.config.dataset.load(self.config.seed)

    def network(self) -> LeNet5:
        """Return the network with the weights that the run has ended with.

        Raises:
            LenetError: there are no weights, or not those of a LeNet-5.

        """
        path = self.path / WEIGHTS
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                weights = dict(arrays)
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise LenetError(f"{path} cannot be used: {error}") from error
        shapes = {name: array.shape for name, array in weights.items()}
        if shapes != SHAPES:
            wrong = sorted(name for name, _ in shapes.items() ^ SHAPES.items())
            raise LenetError(
                f"{path} does not hold a LeNet-5: {', '.join(dict.fromkeys(wrong))} "
                "missing, unknown or of another shape"
            )
        theta = np.empty(PARAMETERS, np.float32)
        for name, view in views(theta).items():
            view[...] = weights[name]
        return LeNet5(theta, self.config.pooling, self.config.activation)


def flatten(node: Any, *path: str) -> dict[str, Any]:
    """Return the leaves of nested mappings under dotted keys; a class goes by its own name."""
    if not isinstance(node, dict):
        return {".".join(path): node}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        if key == TARGET:
            leaves[".".join(path)] = str(value).rpartition(".")[2]
        else:
            leaves |= flatten(value, *path, str(key))
    return leaves


def find_runs(paths: Sequence[Path]) -> list[Run]:
    """Return the finished runs at or below the given folders; with none given, the newest one.

    A warning names each run below a given folder that has not finished.

    Raises:
        LenetError: there is no finished run.

    """
    roots = paths or [DEFAULT_ROOT]
    records = {root: list(root.rglob(RECORD)) for root in roots}
    for root in paths:
        if not records[root]:
            raise LenetError(f"there is no run in {root}")
    folders = {record.parent for found in records.values() for record in found}
    runs = [Run(folder) for folder in sorted(folders, key=natural_order)]
    for run in runs:
        if paths and run.status != "finished":
            log.warning("%s left out: its status is %s", run.path, run.status)
    finished = [run for run in runs if run.status == "finished"]
    if not finished:
        places = ", ".join(map(str, roots))
        raise LenetError(f"no finished run in {places}: train one with lenet, or name its folder")
    return finished if paths else [max(finished, key=finishing_time)]


def natural_order(path: Path) -> list[str | int]:
    """Return a key that sorts the jobs of a sweep as 0, 1, 2, 10 rather than 0, 1, 10, 2."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(path))]


def finishing_time(run: Run) -> str:
    """Return the time in UTC when the run finished, in a form that sorts."""
    return str(run.record["finished"])


def by_setting(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs that differ in nothing but their seed, labelled by what sets a group apart.

    A single group has an empty label. A seed counts once: of several runs with the same seed in a
    group the newest stays, and a warning names the others.
    """
    groups: dict[frozenset[tuple[str, Any]], list[Run]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.settings.items()), []).append(run)
    labels = tell_apart([group[0].settings for group in groups.values()])
    return dict(zip(labels, map(newest_of_each_seed, groups.values()), strict=True))


def newest_of_each_seed(runs: Iterable[Run]) -> list[Run]:
    """Return one run for each seed."""
    newest: dict[int, Run] = {}
    for run in sorted(runs, key=finishing_time):
        older = newest.get(run.composed.seed)
        if older:
            log.warning("%s left out: %s is a newer run of the same", older.path, run.path)
        newest[run.composed.seed] = run
    return list(newest.values())


def tell_apart(settings: Sequence[dict[str, Any]]) -> list[str]:
    """Describe each setting by the keys whose values differ, such as ``optimizer=SGD, lr=0.1``.

    The keys of a component differ if they do so among the settings that have chosen the same class:
    a learning rate that only goes with the choice of the optimizer is not named.
    """
    names = short_names(NO_SETTING.union(*settings))

    def differs(setting: dict[str, Any], key: str) -> bool:
        component = key.rpartition(".")[0]
        rivals = [other for other in settings if other.get(component) == setting.get(component)]
        return any((key, setting[key]) not in other.items() for other in rivals)

    return [
        ", ".join(
            f"{names[key]}={value}" for key, value in setting.items() if differs(setting, key)
        )
        for setting in settings
    ]


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """Return the last part of each dotted key, or all of it where that could mean another key."""
    last = {key: key.rpartition(".")[2] for key in keys}
    count = Counter(last.values())
    return {key: name if count[name] == 1 else key for key, name in last.items()}


def over_seeds(runs: Iterable[Run], column: str) -> pd.DataFrame:
    """Return count, mean, std (of a sample), min and max of a column of metrics.csv, by epoch."""
    together = pd.concat([run.metrics[column] for run in runs])
    return together.groupby(level="epoch").agg(["count", "mean", "std", "min", "max"])
