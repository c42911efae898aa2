"""Runs, read from their folders."""

import logging
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from lenet.config.choices import Values, own_defaults, word_for
from lenet.config.identity import NO_RESULT_DEPENDS_ON
from lenet.config.schema import Config, read_saved
from lenet.config.settings import flatten, leave_out, own_name
from lenet.data import Data
from lenet.errors import ConfigError, DataError, LenetError
from lenet.formats.keys import read_keys
from lenet.formats.layout import CONFIG, INSIDE, METRICS, RECORD, STEPS, WEIGHTS, epoch_files
from lenet.formats.tables import read_table
from lenet.formats.weights import read_weights
from lenet.nn.model import LeNet5
from lenet.runs.record import read_record, status, stopped
from lenet.training.histograms import Rows, read_rows

log = logging.getLogger(__name__)

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
    def whole(self) -> dict[str, Any]:
        """The same with the keys that have come with a later version, as the run did by default."""
        later = {key: value for key, value in own_defaults().items() if key not in self.written}
        return self.written | later

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
        """What has become of the run, as ``lenet.runs.record.status`` says it."""
        return status(self.path)

    @property
    def is_network_alone(self) -> bool:
        """Whether the folder has a network and its configuration, and nothing of its training."""
        kept = all((self.path / name).is_file() for name in (CONFIG, WEIGHTS))
        return kept and not any((self.path / name).exists() for name in (RECORD, METRICS))

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
        epochs, where = self.written.get("epochs"), CONFIG
        if early := stopped(self.record):
            epochs, where = early.epochs, RECORD
        if self.status == "finished" and len(table) != epochs:
            raise DataError(
                f"{self.path / METRICS}: expected {reprlib.repr(epochs)} epochs "
                f"as {where} has it, found {len(table)}"
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
        flat = flatten(self.whole, name=name)
        for key, value in flat.items():
            if isinstance(value, float) and not isfinite(value):
                raise self._unfit(key, "a finite number", value)
        return leave_out(NO_SETTING, flat)

    def _unfit(self, key: str, expected: str, found: Any) -> DataError:
        return DataError(
            f"{self.path / CONFIG}: expected {expected}, found {key} = {reprlib.repr(found)}"
        )

    def networks(self) -> dict[int, LeNet5]:
        """Return the networks after the epochs that keep_weights=epochs has kept, by the epoch.

        Epoch 0 is before the first step. There are none where none were kept. Errors are those of
        ``network``.
        """
        config, files = self.config, epoch_files(self.path)
        kept = {epoch: read_weights(path, config.architecture) for epoch, path in files.items()}
        if kept:
            kept = {0: config.architecture.folded(config.initial_theta()), **kept}
        return {epoch: config.kept_network(theta) for epoch, theta in kept.items()}

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
        return self.config.kept_network(theta)
