"""Reading what runs have left: the counterpart of ``runs.py``, for scripts and notebooks."""

import logging
import os
import re
import reprlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from lenet.config.choices import Values, word_for
from lenet.config.identity import NO_RESULT_DEPENDS_ON
from lenet.config.schema import Config, read_saved
from lenet.config.settings import flatten, leave_out, own_name, tell_apart
from lenet.data import Data
from lenet.errors import ConfigError, DataError, LenetError
from lenet.formats.keys import read_keys
from lenet.formats.layout import ASIDE, CONFIG, INSIDE, METRICS, RECORD, RUN_LIST, STEPS, WEIGHTS
from lenet.formats.tables import read_table
from lenet.formats.weights import read_weights
from lenet.nn.model import LeNet5
from lenet.records import read_record, status
from lenet.training.histograms import Rows, read_rows

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

    @cached_property
    def config(self) -> Config:
        """The configuration as checked objects; ConfigError if it is not one for this version.

        Reading it imports nothing, and looks nothing up elsewhere: the folder may be a stranger's.
        """
        try:
            return read_saved(self.written)
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
        """The rows of inside.npz, by epoch and layer; DataError if missing or damaged."""
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
        """The word by which the dataset is chosen; DataError if the folder does not say."""
        dataset = self.words.get("dataset")
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
    def settings(self) -> Values:
        """What the run is a sample of: the configuration without ``NO_SETTING``, flat."""
        return self._flat(own_name)

    @cached_property
    def words(self) -> Values:
        """The same as it is typed: the words by which components are chosen, for their classes."""
        return self._flat(self.word)

    def word(self, group: str, component: Values) -> str:
        """Return the word by which a component of the configuration was chosen."""
        given = self.record.get("choices")
        return word_for(group, component, given.get(group) if isinstance(given, dict) else None)

    def _flat(self, name: Callable[[str, Values], str]) -> Values:
        flat = flatten(self.written, name=name)
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
        return self.config.load()

    def network(self) -> LeNet5:
        """Return the network with the weights that the run has ended with.

        Raises:
            DataError: there are no weights, or not those of a LeNet-5.
            ConfigError: config.yaml is not one for this version.

        """
        theta = read_weights(self.path / WEIGHTS, self.config.architecture)
        return self.config.network(theta)


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
    labels = tell_apart(in_words(groups))
    return dict(zip(labels, map(newest_of_each_seed, groups), strict=True))


def same_settings(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs that differ in nothing but their seed."""
    groups: dict[frozenset[tuple[str, Any]], list[Run]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.settings.items()), []).append(run)
    return list(groups.values())


def in_words(groups: Iterable[Sequence[Run]]) -> list[Values]:
    """Return the settings of groups of runs as they are typed.

    Runs of one setting may have been typed differently: the first one counts. A word that stands
    for different classes gives way to their names.
    """
    firsts = [min(group, key=by_seed) for group in groups]
    classes = defaultdict(set)
    for run in firsts:
        for key, word in run.words.items():
            classes[key, word].add(run.settings[key])
    return [
        {
            key: word if len(classes[key, word]) == 1 else run.settings[key]
            for key, word in run.words.items()
        }
        for run in firsts
    ]


def by_seed(run: Run) -> tuple[int, list[str | int]]:
    """Return a key that sorts runs of one setting."""
    return run.seed, natural_order(Path(run.path.name))


def newest_of_each_seed(runs: Iterable[Run]) -> list[Run]:
    """Return one run for each seed."""
    newest: dict[int, Run] = {}
    for run in sorted(runs, key=finishing_time):
        older = newest.get(run.seed)
        if older:
            log.warning("%s left out: %s is a newer run of the same", older.path, run.path)
        newest[run.seed] = run
    return list(newest.values())


def over_seeds(runs: Iterable[Run], column: str) -> pd.DataFrame:
    """Return count, mean, std (of a sample), min and max of a column of metrics.csv, by epoch."""
    together = pd.concat([run.metrics[column] for run in runs])
    return together.groupby(level="epoch").agg(["count", "mean", "std", "min", "max"])
