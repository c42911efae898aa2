"""Reading what runs have left: the counterpart of ``runs.py``, for scripts and notebooks."""

import logging
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from omegaconf import DictConfig, OmegaConf

from lenet.config import TARGET, Config, read_config
from lenet.datasets import Data
from lenet.errors import ConfigError, LenetError
from lenet.identity import NO_RESULT_DEPENDS_ON
from lenet.model import LeNet5
from lenet.runs import ASIDE, CONFIG, METRICS, RECORD, RUN_LIST, STEPS, WEIGHTS, read_record, status
from lenet.weights import read_weights

log = logging.getLogger(__name__)

DEFAULT_ROOT = Path("runs")
NO_SETTING = NO_RESULT_DEPENDS_ON | {"seed"}
PAPER_ACCURACY = {1: 95.32, 2: 97.35, 3: 97.97}  # Table I: % of MNIST's test images, by epoch


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as OmegaConf does, in a tenth of the time: 1e-3 is a number, no date is one."""


FLOAT, DATE = "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"
Loader.add_implicit_resolver(
    FLOAT, re.compile(r"[-+]?[0-9]+(_[0-9]+)*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), "-+0123456789"
)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != DATE]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Run:
    """A run folder, read from disk."""

    path: Path

    @cached_property
    def written(self) -> dict[str, Any]:
        """What config.yaml says; LenetError if that is missing, or not a configuration."""
        path = self.path / CONFIG
        try:
            written = yaml.load(path.read_bytes(), Loader)  # a safe loader
        except OSError as error:
            raise LenetError(f"{self.path} does not say how it was configured: {error}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise LenetError(f"{path} cannot be used: {error}") from error
        if not isinstance(written, dict):
            raise LenetError(f"{path} cannot be used: it holds no keys")
        return written

    @property
    def composed(self) -> DictConfig:
        """The configuration as Hydra has composed it; LenetError if the folder holds none."""
        return OmegaConf.create(self.written)

    @cached_property
    def config(self) -> Config:
        """The configuration as checked objects; ConfigError if it is not one for this version."""
        try:
            return read_config(self.composed)
        except ConfigError as error:
            raise ConfigError(f"{self.path}: {error}") from error

    @cached_property
    def record(self) -> dict[str, Any]:
        """What run.json says: status, seed, versions, checksums, times; nothing if damaged."""
        return read_record(self.path)

    @cached_property
    def status(self) -> str:
        """What has become of the run, as ``lenet.runs.status`` says it."""
        return status(self.path)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of steps.csv, by step; LenetError if there are none."""
        return self._table(STEPS, "step")

    @property
    def has_steps(self) -> bool:
        """Whether steps.csv can be used."""
        try:
            return "loss" in self.steps
        except LenetError:
            return False

    @property
    def seed(self) -> int:
        """The seed of the weights and of the order; LenetError if the folder does not say."""
        seed = self.written.get("seed")
        if not isinstance(seed, int):
            raise LenetError(f"{self.path / CONFIG} cannot be used: seed = {seed!r}")
        return seed

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, by epoch; LenetError if there are none."""
        return self._table(METRICS, "epoch")

    def _table(self, name: str, index: str) -> pd.DataFrame:
        try:
            return pd.read_csv(self.path / name).set_index(index)
        except (OSError, ValueError, KeyError) as error:
            raise LenetError(f"{self.path / name} cannot be used: {error}") from error

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What the run is a sample of: the configuration without ``NO_SETTING``."""
        flat = flatten(self.written)
        return {
            key: value for key, value in flat.items() if key.partition(".")[0] not in NO_SETTING
        }

    def data(self) -> Data:
        """Return the images that the run has used."""
        return self.config.dataset.load(self.config.seed)

    def network(self) -> LeNet5:
        """Return the network with the weights that the run has ended with.

        Raises:
            DataError: there are no weights, or not those of a LeNet-5.
            ConfigError: config.yaml is not one for this version.

        """
        theta = read_weights(self.path / WEIGHTS)
        return LeNet5(theta, self.config.pooling, self.config.activation)


def flatten(node: Any, *path: str) -> dict[str, Any]:
    """Return the leaves of nested mappings under dotted keys; a class goes by its own name.

    A list is one leaf, as text.
    """
    if not isinstance(node, dict):
        return {".".join(path): str(node) if isinstance(node, list) else node}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        if key == TARGET:
            leaves[".".join(path)] = str(value).rpartition(".")[2]
        else:
            leaves |= flatten(value, *path, str(key))
    return leaves


def find_runs(paths: Sequence[Path]) -> list[Run]:
    """Return the finished runs at or below the given folders; with none given, the newest one.

    A warning names each run of a given folder that has not finished.

    Raises:
        LenetError: there is no finished run.

    """
    runs = all_runs(paths or [DEFAULT_ROOT], must_exist=bool(paths))
    for run in runs:
        if paths and run.status != "finished":
            log.warning("%s left out: its status is %s", run.path, run.status)
    finished = [run for run in runs if run.status == "finished"]
    if not finished:
        places = ", ".join(map(str, paths or [DEFAULT_ROOT]))
        raise LenetError(f"no finished run in {places}: train one with lenet, or name its folder")
    return finished if paths else [max(finished, key=finishing_time)]


def all_runs(roots: Iterable[Path], *, must_exist: bool = True) -> list[Run]:
    """Return the runs at or below the given folders, and those that runs.txt lists in one.

    Runs that were put aside are only found if they are named themselves.

    Raises:
        LenetError: ``must_exist``, and there is no run in one of the folders.

    """
    folders: dict[Path, Path] = {}
    for root in roots:
        found = [*listed_folders(root), *folders_below(root)]
        if must_exist and not found:
            raise LenetError(f"there is no run in {root}")
        folders |= {folder.resolve(): folder for folder in reversed(found)}
    return [Run(folder) for folder in sorted(folders.values(), key=natural_order)]


def listed_folders(root: Path) -> list[Path]:
    """Return the folders that runs.txt names, a line each, as seen from where it lies."""
    try:
        lines = (root / RUN_LIST).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except UnicodeDecodeError as error:
        raise LenetError(f"{root / RUN_LIST} cannot be used: {error}") from error
    return [Path(os.path.normpath(root / line.strip())) for line in lines if line.strip()]


def folders_below(root: Path) -> list[Path]:
    """Return the folders of runs at or below another, without those that were put aside."""
    folders = (record.parent for record in root.rglob(RECORD))
    return [folder for folder in folders if ASIDE not in str(folder.relative_to(root))]


def natural_order(path: Path) -> list[str | int]:
    """Return a key that sorts the jobs of a sweep as 0, 1, 2, 10 rather than 0, 1, 10, 2."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(path))]


def finishing_time(run: Run) -> str:
    """Return the time in UTC when the run finished, in a form that sorts."""
    return str(run.record.get("finished", ""))


def by_setting(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs that differ in nothing but their seed, labelled by what sets a group apart.

    A single group has an empty label. A seed counts once: of several runs with the same seed in a
    group the newest stays, and a warning names the others.
    """
    groups = same_settings(runs)
    labels = tell_apart([group[0].settings for group in groups])
    return dict(zip(labels, map(newest_of_each_seed, groups), strict=True))


def same_settings(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs that differ in nothing but their seed."""
    groups: dict[frozenset[tuple[str, Any]], list[Run]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.settings.items()), []).append(run)
    return list(groups.values())


def newest_of_each_seed(runs: Iterable[Run]) -> list[Run]:
    """Return one run for each seed."""
    newest: dict[int, Run] = {}
    for run in sorted(runs, key=finishing_time):
        older = newest.get(run.seed)
        if older:
            log.warning("%s left out: %s is a newer run of the same", older.path, run.path)
        newest[run.seed] = run
    return list(newest.values())


def tell_apart(settings: Sequence[dict[str, Any]]) -> list[str]:
    """Describe each setting by its differing keys, such as ``optimizer=SGD, lr=0.1``."""
    names = short_names(NO_SETTING.union(*settings))
    return [
        ", ".join(f"{names[key]}={setting[key]}" for key in keys)
        for setting, keys in zip(settings, differing_keys(settings), strict=True)
    ]


def differing_keys(settings: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the keys of each setting whose values differ.

    The keys of a component differ if they do so among the settings that have chosen the same class:
    a learning rate that only goes with the choice of the optimizer does not.
    """
    absent = object()
    values: dict[tuple[str, Any], set[Any]] = defaultdict(set)
    for key in set().union(*settings):
        for setting in settings:
            values[key, choice(setting, key)].add(setting.get(key, absent))
    return [
        [key for key in setting if len(values[key, choice(setting, key)]) > 1]
        for setting in settings
    ]


def choice(setting: dict[str, Any], key: str) -> Any:
    """Return the class that a setting has chosen for the component that a key belongs to."""
    return setting.get(key.rpartition(".")[0])


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """Return the last part of each dotted key, or all of it where that could mean another key."""
    last = {key: key.rpartition(".")[2] for key in keys}
    count = Counter(last.values())
    return {key: name if count[name] == 1 else key for key, name in last.items()}


def over_seeds(runs: Iterable[Run], column: str) -> pd.DataFrame:
    """Return count, mean, std (of a sample), min and max of a column of metrics.csv, by epoch."""
    together = pd.concat([run.metrics[column] for run in runs])
    return together.groupby(level="epoch").agg(["count", "mean", "std", "min", "max"])
