"""Reading what runs have left: the counterpart of ``runs.py``, for scripts and notebooks."""

import logging
import os
import re
import reprlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lenet.config import TARGET, Config, read_config
from lenet.datasets import Data
from lenet.errors import ConfigError, DataError, LenetError
from lenet.identity import NO_RESULT_DEPENDS_ON
from lenet.inside import Rows, read_rows
from lenet.model import LeNet5
from lenet.records import RECORD, read_record, status
from lenet.runs import ASIDE, CONFIG, INSIDE, METRICS, RUN_LIST, STEPS, WEIGHTS
from lenet.saved import read_keys, read_table
from lenet.text import printable
from lenet.weights import read_weights

log = logging.getLogger(__name__)

DEFAULT_ROOT = Path("runs")
NO_SETTING = NO_RESULT_DEPENDS_ON | {"seed"}
NEEDED = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
TIMES = ["train_seconds", "eval_seconds"]


@dataclass(frozen=True)
class Run:
    """A run folder, read from disk."""

    path: Path

    @cached_property
    def written(self) -> dict[str, Any]:
        """What config.yaml says; DataError if that is missing, or not a configuration."""
        return read_keys(self.path / CONFIG)

    @property
    def composed(self) -> DictConfig:
        """The configuration as Hydra has composed it; LenetError if the folder holds none."""
        try:
            return OmegaConf.create(self.written)
        except OmegaConfBaseException as error:
            reason = str(error).partition("\n")[0]
            raise ConfigError(f"{self.path / CONFIG}: {reason}") from error

    @cached_property
    def config(self) -> Config:
        """The configuration as checked objects; ConfigError if it is not one for this version."""
        try:
            return read_config(self.composed)
        except ConfigError as error:
            problems = "; ".join(str(error).splitlines())
            raise ConfigError(f"{self.path / CONFIG}: {problems}") from error

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
        """The rows of steps.csv, by step; DataError if it is missing or damaged."""
        return read_table(self.path / STEPS, "step", ["loss"])

    @property
    def has_steps(self) -> bool:
        """Whether steps.csv can be used; a warning says what is wrong if it is there but cannot."""
        if not (self.path / STEPS).exists():
            return False
        try:
            return len(self.steps) > 0
        except LenetError as error:
            log.warning("%s", error)
            return False

    @cached_property
    def inside(self) -> Rows:
        """The rows of inside.npz (see ``lenet.inside``); DataError if missing or damaged."""
        return read_rows(self.path / INSIDE)

    @property
    def seed(self) -> int:
        """The seed of the weights and of the order; DataError if the folder does not say."""
        seed = self.written.get("seed")
        if type(seed) is not int:
            raise self._unfit("seed", "a whole number", seed)
        return seed

    @property
    def dataset(self) -> str:
        """The name of the dataset's class; DataError if the folder does not say."""
        dataset = self.settings.get("dataset")
        if not isinstance(dataset, str):
            raise self._unfit("dataset", "a class with its keys", self.written.get("dataset"))
        return dataset

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, by epoch.

        Raises:
            DataError: the file is missing or damaged, or the run has finished and rows are missing.

        """
        table = read_table(self.path / METRICS, "epoch", NEEDED + TIMES)
        epochs = self.written.get("epochs")
        if self.status == "finished" and len(table) != epochs:
            raise DataError(
                f"{self.path / METRICS}: expected {reprlib.repr(epochs)} epochs "
                f"as {CONFIG} has it, found {len(table)}"
            )
        return table

    def is_measured_on(self, split: str) -> bool:
        """Return whether metrics.csv has loss and accuracy on a split."""
        return {f"{split}_loss", f"{split}_accuracy"} <= set(self.metrics)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What the run is a sample of: the configuration without ``NO_SETTING``."""
        flat = flatten(self.written)
        for key, value in flat.items():
            if isinstance(value, float) and not isfinite(value):
                raise self._unfit(key, "a finite number", value)
        return leave_out(NO_SETTING, flat)

    def _unfit(self, key: str, expected: str, found: Any) -> DataError:
        return DataError(
            f"{self.path / CONFIG}: expected {expected}, found {key} = {reprlib.repr(found)}"
        )

    def data(self) -> Data:
        """Return the images that the run has used."""
        return self.config.dataset.load(self.config.seed)

    def network(self) -> LeNet5:
        """Return the network with the weights that the run has ended with.

        Raises:
            DataError: there are no weights, or not those of a LeNet-5.
            ConfigError: config.yaml is not one for this version.

        """
        theta = read_weights(self.path / WEIGHTS, self.config.architecture)
        return self.config.network(theta)


def flatten(node: Any, *path: str) -> dict[str, Any]:
    """Return the leaves of nested mappings under dotted keys; a class goes by its own name.

    A list, or what else is no number, is one leaf, as printable text.
    """
    if not isinstance(node, dict):
        plain = node is None or isinstance(node, int | float)
        return {printable(".".join(path)): node if plain else printable(node)}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        if key == TARGET:
            leaves[printable(".".join(path))] = printable(str(value).rpartition(".")[2])
        else:
            leaves |= flatten(value, *path, str(key))
    return leaves


def leave_out(names: Collection[str], flat: dict[str, Any]) -> dict[str, Any]:
    """Return flattened keys without those of the given names, and without all below these."""
    return {
        key: value
        for key, value in flat.items()
        if not any(key == name or key.startswith(f"{name}.") for name in names)
    }


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
    path = root / RUN_LIST
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a list of folders, found: {error}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if not can_be_path(line):
            raise DataError(f"{path}: expected a folder in each line, found {line[:40]!r}")
    return [Path(os.path.normpath(root / line)) for line in lines]


def can_be_path(text: str) -> bool:
    """Return whether a text could be typed as a path, and the system would look for it."""
    return text.isprintable() and all(len(os.fsencode(part)) < 256 for part in Path(text).parts)


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
