"""The jobs of a sweep, composed before Hydra does so, and their folders."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, cast

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from lenet.config.compose import quoted
from lenet.config.identity import NO_RESULT_DEPENDS_ON, digest, identity, setting
from lenet.config.schema import Config, of_run, read_composed, resolved
from lenet.errors import ConfigError, LenetError
from lenet.formats.files import write_text
from lenet.formats.layout import RECORD, RUN_LIST, SWEEP, is_aside
from lenet.runs.claim import FinishedError, examine
from lenet.runs.record import status
from lenet.sweeps.combinations import (
    named,
    one_at_a_time,
    refuse_intervals,
    sweep_configs,
    sweep_overrides,
)
from lenet.sweeps.halving import cuts
from lenet.sweeps.trials import Trials, read_trials

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
VIEWS = "sweeps"
NAME_LENGTH = 60


class Job(NamedTuple):
    """A job of a sweep: what is said of it, its folder, and the setting that it is a seed of."""

    overrides: tuple[str, ...]
    folder: Path
    subdir: Path
    setting: str
    epochs: int
    force: bool = False

    def launched(self, *, again: bool) -> list[str]:
        """Return what a launcher is told of it, the first time or ``again``: force counts once.

        Its folder is said, which may depend on its number among those launched.
        """
        once = ["force=false"] if again and self.force else []
        return [*self.overrides, *once, f"hydra.sweep.subdir={quoted(str(self.subdir))}"]


class Jobs:
    """The jobs of a sweep, composed before Hydra does so, and the folders of their runs.

    A sweep over lists of values is known in full; a search finds its next job as it goes, and its
    runs are those in the same place that differ in nothing but what is searched.
    """

    def __init__(self, config: DictConfig, file: str | None = None) -> None:
        """Compose the jobs of a command, those of each setting that a CSV file lists.

        Raises:
            LenetError: one of them cannot be run, or there is none.

        """
        self.root = folder_of(config, "sweep")
        self.search = is_search(config)
        overrides = sweep_overrides(config)
        trials = trials_of(file, overrides)
        swept = [override for override in overrides if override.is_sweep_override()]
        self.swept = [*(override.key_or_group for override in swept), *trials.keys]
        self._telling = {override.key_or_group for override in swept} - {"seed"}
        self.space = sorted(str(override.input_line) for override in swept)
        if not self.search:
            refuse_intervals(swept)
        identities: dict[Path, str] = {}
        self._jobs: dict[Path, Job] = {}  # by their folders, in their order
        self._fixed_parts = []
        samples = one_at_a_time if self.search else product
        configs = sweep_configs(config, overrides, samples, trials.settings)
        for job, cfg in tqdm(configs, "checking", leave=False, disable=None):
            try:
                self._check(job.overrides, cfg, identities)
            except LenetError as error:
                raise ConfigError(*(f"{job.place}{line}" for line in error.args)) from error
            if self.search:
                self._fixed_parts.append(self._fixed(resolved(of_run(cfg))))
        if not identities:
            raise ConfigError(f"there is nothing to run: {', '.join(self.space)}")
        self._found: dict[Path, bool] = {}
        self.view = self.root / VIEWS / self._name(config.hydra.runtime.choices)
        self.command = command(config)

    def _check(self, job: tuple[str, ...], cfg: DictConfig, identities: dict[Path, str]) -> None:
        """Refuse a job that cannot run, or not in its folder; note whose folder it is."""
        config = self._read(job, cfg)
        config.tracker.require()
        key, validation = config.dataset.set_aside
        if self.search and not validation:
            raise ConfigError(
                f"dataset.{key} = 0: a search chooses by validation accuracy; set some "
                f"training images aside, such as dataset.{key}=5000"
            )
        if "experiment" in self.swept and cfg.hydra.sweeper.get("params"):
            raise ConfigError("experiment: one at a time, as each is a sweep of its own")
        subdir = self._subdir(cfg)
        folder = self.root / subdir
        ours = identity(config)
        if identities.setdefault(folder.resolve(), ours) != ours:
            raise ConfigError(f"two jobs have the same folder, {folder}; see hydra.sweep.subdir")
        with suppress(FinishedError):
            examine(folder, ours, force=config.force)
        kind = setting(config)
        self._jobs[folder] = Job(job, folder, subdir, kind, config.epochs, config.force)

    def _read(self, job: tuple[str, ...], cfg: DictConfig) -> Config:
        """Return the configuration of a job; a ConfigError begins with what tells the job."""
        try:
            return read_composed(cfg)
        except ConfigError as error:
            lines = (f"{named(job, self._telling, line)}{line}" for line in error.args)
            raise ConfigError(*lines) from error

    def _subdir(self, cfg: DictConfig) -> Path:
        """Return the folder of a job as seen from that of the sweep, which it lies below."""
        subdir = Path(str(cfg.hydra.sweep.subdir))
        if not subdir.parts or subdir.is_absolute() or ".." in subdir.parts:
            raise ConfigError(f"hydra.sweep.subdir = {subdir}: should lie below hydra.sweep.dir")
        if folder_of(cfg, "sweep") != self.root:
            raise ConfigError("hydra.sweep.dir: is one for all jobs; hydra.sweep.subdir may differ")
        return subdir

    @property
    def are_at_work(self) -> bool:
        """Whether a process is carrying out trials of the same search at this moment."""
        return self.search and any(status(folder) == "running" for folder in self.folders())

    def _name(self, choices: DictConfig) -> str:
        """Return the experiment, or what is swept, and a hash of the runs' names."""
        experiment = choices.get("experiment", "none")
        swept = "-".join(sorted({key.rpartition(".")[2] for key in self.swept}))
        slug = experiment if experiment != "none" else swept[:NAME_LENGTH] or "single"
        names = sorted(folder.name for folder in self._jobs)
        return f"{slug.replace('/', '-')}-{digest(names)}"

    def all(self) -> list[Job]:
        """Return the jobs of a sweep that is no search."""
        return list(self._jobs.values())

    def cuts(self, share: int | None) -> list[int]:
        """Return after how many epochs ``halving`` leaves settings behind; none without it.

        Raises:
            ConfigError: this is no sweep for it.

        """
        if share is None:
            return []
        epochs = sorted({job.epochs for job in self.all()})
        if len(epochs) > 1:
            found = ", ".join(map(str, epochs))
            raise ConfigError(
                f"halving = {share}: expected all runs to have as many epochs, found {found}"
            )
        return cuts(epochs[0], len({job.setting for job in self.all()}), share)

    def folders(self) -> Sequence[Path]:
        """Return the folders of the runs; of a search, those that there are so far."""
        if not self.search:
            return list(self._jobs)
        from lenet.runs.run import Run

        depth = len(next(iter(self._jobs)).relative_to(self.root).parts)
        records = self.root.glob("*/" * depth + RECORD)
        found = (record.parent for record in records)
        folders = [folder for folder in found if not is_aside(folder.relative_to(self.root))]
        for folder in folders:
            if folder not in self._found:
                with suppress(LenetError):  # a configuration that is yet to be written
                    self._found[folder] = self._fixed(Run(folder).written) in self._fixed_parts
        return [folder for folder in folders if self._found.get(folder)]

    def write_record(self, **times: str) -> None:
        """Write the command and its times to sweep.json in the view.

        And the runs' folders to runs.txt, by which other commands find them.
        """
        self.view.mkdir(parents=True, exist_ok=True)
        lines = [f"{os.path.relpath(folder, self.view)}\n" for folder in self.folders()]
        write_text(self.view / RUN_LIST, "".join(lines))
        record = {"command": self.command, "runs": len(lines)} | times
        write_text(self.view / SWEEP, f"{json.dumps(record, indent=2)}\n")

    def _fixed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the part of a configuration that the search leaves as it is."""
        from lenet.config.settings import flatten, leave_out

        return leave_out([*NO_RESULT_DEPENDS_ON, *self.swept], flatten(values))


def is_search(config: DictConfig) -> bool:
    """Return whether the jobs of a command are found one after the other."""
    return bool(config.hydra.sweeper._target_ != BASIC_SWEEPER)


def trials_of(file: str | None, overrides: Sequence[Override]) -> Trials:
    """Return the settings that a file lists, beside what is typed; one if there is no file."""
    if file is None:
        return Trials()
    typed = {str(override.key_or_group) for override in overrides}
    return read_trials(Path(file), typed, GlobalHydra.instance().config_loader())


def command(config: DictConfig) -> list[str]:
    """Return the command by which a sweep was started, as it was typed."""
    lines = OmegaConf.to_container(config.hydra.overrides, resolve=False)
    typed = cast(dict[str, list[str]], lines)
    own = [line for line in typed["hydra"] if not line.startswith("hydra.mode=")]
    return ["lenet", "-m", *own, *typed["task"]]


def folder_of(config: DictConfig, what: str) -> Path:
    """Return the folder of a run or a sweep; ConfigError if it begins with a home that is ~."""
    folder = str(config.hydra[what].dir)
    if (expanded := os.path.expanduser(folder)) != folder:  # noqa: PTH111
        raise ConfigError(f"hydra.{what}.dir = {folder}: ~ is no home here; write {expanded}")
    return Path(folder)
