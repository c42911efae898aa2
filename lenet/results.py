"""Reading what runs have left: the counterpart of ``runs.py``, for scripts and notebooks."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from lenet.config import TARGET, Config, read_config
from lenet.datasets import Data
from lenet.errors import LenetError
from lenet.model import PARAMETERS, LeNet5, views
from lenet.runs import METRICS, RECORD, WEIGHTS

DEFAULT_ROOT = Path("runs")


@dataclass(frozen=True)
class Run:
    """A run folder, read from disk."""

    path: Path

    @cached_property
    def composed(self) -> DictConfig:
        """The configuration as Hydra has composed it."""
        config = OmegaConf.load(self.path / ".hydra" / "config.yaml")
        assert isinstance(config, DictConfig)
        return config

    @cached_property
    def config(self) -> Config:
        """The configuration as checked objects."""
        return read_config(self.composed)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What run.json says: status, seed, versions, checksums, times."""
        record: dict[str, Any] = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
        return record

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, by epoch; no rows where none has been written yet."""
        try:
            return pd.read_csv(self.path / METRICS).set_index("epoch")
        except FileNotFoundError:
            return pd.DataFrame()

    @property
    def settings(self) -> dict[str, Any]:
        """Every key of the configuration but the seed, such as ``optimizer.lr``."""
        flat = flatten(OmegaConf.to_container(self.composed))
        return {key: value for key, value in flat.items() if key != "seed"}

    def data(self) -> Data:
        """Return the images that the run has used."""
        return self.config.dataset.load(self.config.seed)

    def network(self) -> LeNet5:
        """Return the network with the weights that the run has ended with.

        Raises:
            LenetError: there are no weights, or not those of a LeNet-5.
        """
        theta = np.empty(PARAMETERS, np.float32)
        try:
            with np.load(self.path / WEIGHTS, allow_pickle=False) as weights:
                for name, view in views(theta).items():
                    view[...] = weights[name]
        except (OSError, ValueError, KeyError) as error:
            raise LenetError(f"{self.path / WEIGHTS} cannot be used: {error}") from error
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


def find_runs(paths: Iterable[Path]) -> list[Run]:
    """Return the finished runs at or below the given folders; with none given, the newest one.

    Raises:
        LenetError: there are none.
    """
    roots = list(paths) or [DEFAULT_ROOT]
    folders = {record.parent for root in roots for record in sorted(root.rglob(RECORD))}
    runs = [Run(folder) for folder in sorted(folders)]
    finished = [run for run in runs if run.record["status"] == "finished"]
    if not finished:
        places = ", ".join(map(str, roots))
        raise LenetError(f"no finished run in {places} ({len(runs)} that did not finish)")
    return finished if paths else [max(finished, key=lambda run: run.record["finished"])]


def by_setting(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs that differ in nothing but their seed, labelled by what sets a group apart."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(json.dumps(run.settings, sort_keys=True), []).append(run)
    settings = [members[0].settings for members in groups.values()]
    keys = dict.fromkeys(key for each in settings for key in each)
    differing = [key for key in keys if len({str(each.get(key)) for each in settings}) > 1]
    labels = [
        ", ".join(f"{key}={each[key]}" for key in differing if key in each) for each in settings
    ]
    return dict(zip(labels, groups.values(), strict=True))
