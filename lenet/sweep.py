"""A sweep: checked before it begins, watched while it runs, summed up at its end."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import EACCES, EPERM, EROFS
from itertools import product
from pathlib import Path
from textwrap import shorten
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from tqdm import tqdm

from lenet.combinations import one_at_a_time, refuse_intervals, sweep_configs, sweep_overrides
from lenet.config.complaints import complain
from lenet.config.identity import NO_RESULT_DEPENDS_ON, digest, identity
from lenet.config.schema import read_composed, resolved, without_hydra
from lenet.errors import ConfigError, LenetError
from lenet.formats.files import write_text
from lenet.formats.layout import RECORD, RUN_LIST, is_aside
from lenet.launchers import refuse_launcher
from lenet.progress import Progress, say
from lenet.runs.claim import FinishedError, examine, refuse_foreign, refuse_foreign_report
from lenet.runs.record import status
from lenet.study import go_on_with_study

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
VIEWS = "sweeps"
NAME_LENGTH = 60
REASON = 300  # characters
FORBIDDEN = (EROFS, EACCES, EPERM)


class Callbacks(Callback):
    """What Hydra calls before and after its work.

    It turns exceptions of a callback into warnings, but lets SystemExit through.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of a single run."""
        try:
            read_composed(config).tracker.require()
            refuse_foreign(folder_of(config, "run"))
        except Exception as error:
            complain(error)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of each job, then begin to watch their folders."""
        try:
            refuse_launcher(config.hydra)
            jobs = Jobs(config)
            refuse_foreign_report(jobs.root, jobs.view)
            jobs.root.mkdir(parents=True, exist_ok=True)
            go_on_with_study(config, digest(jobs.space), busy=jobs.are_at_work)
            sweep = Sweep(jobs, again=config.force)
        except Exception as error:
            complain(error)
        if sweep.is_done:
            sys.exit(sweep.finish())
        Sweep.current = sweep

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Sum up; the exit code says whether all runs have finished."""
        if Sweep.current is not None:
            sys.exit(Sweep.current.finish())


class Sweep:
    """A sweep that is being carried out."""

    current: ClassVar["Sweep | None"] = None  # none while Hydra carries out a single run

    def __init__(self, jobs: "Jobs", *, again: bool) -> None:
        self.jobs = jobs
        self.again = again
        total = None if jobs.search else len(jobs.folders())
        self.progress = Progress(jobs.folders, total, jobs.swept)
        self.progress.start(again)

    @property
    def is_done(self) -> bool:
        """Whether there was nothing to do from the beginning; of a search that is not known."""
        return self.progress.total == len(self.progress.ended)

    def finish(self) -> int:
        """Write and print what the sweep has come to; return 1 if a run or a file is missing.

        Whatever goes wrong is told in a line: Hydra would make a warning of it.
        """
        Sweep.current = None
        try:
            self.progress.stop()
            return self._report()
        except Exception as error:
            print(f"lenet: there is no summary: {reason(error)}", file=sys.stderr)
            return 1

    def _report(self) -> int:
        """Write the report as far as it can be, and print it; return as ``finish`` does.

        Where nobody may write, as on a read-only disk, there are no files to miss.
        """
        from lenet.report import report, write_report
        from lenet.runs.run import Run
        from lenet.summary import summarise

        summary = summarise(map(Run, self.jobs.folders()))
        paths, is_missing = [], False
        try:
            self.jobs.write_list()
            for path in write_report(summary, self.jobs.view):
                paths.append(path)
        except Exception as error:
            print(f"lenet: the report is not complete: {reason(error)}", file=sys.stderr)
            is_missing = not isinstance(error, OSError) or error.errno not in FORBIDDEN
        say(report(summary, paths))
        return int(is_missing or not summary.is_complete)

    def why(self, error: Exception) -> str:
        """Say what has stopped the sweep; Optuna looks for the best trial also among none."""
        ends = {"finished", "diverged"}
        if self.jobs.search and ends.isdisjoint(map(status, self.jobs.folders())):
            return f"no trial has come to a value ({reason(error)})"
        return reason(error)

    @property
    def advice(self) -> str:
        """What to do after the sweep was stopped."""
        return f"the same command again{' without force=true' if self.again else ''} goes on"


class Jobs:
    """The jobs of a sweep, composed before Hydra does so, and the folders of their runs.

    A sweep over lists of values is known in full; a search finds its next job as it goes, and its
    runs are those in the same place that differ in nothing but what is searched.
    """

    def __init__(self, config: DictConfig) -> None:
        self.root = folder_of(config, "sweep")
        self.search = config.hydra.sweeper._target_ != BASIC_SWEEPER
        overrides = sweep_overrides(config)
        swept = [override for override in overrides if override.is_sweep_override()]
        self.swept = [override.key_or_group for override in swept]
        self.space = sorted(str(override.input_line) for override in swept)
        if not self.search:
            refuse_intervals(swept)
        identities: dict[Path, str] = {}
        self._folders: dict[Path, None] = {}  # in their order
        self._fixed_parts = []
        samples = one_at_a_time if self.search else product
        configs = sweep_configs(config, overrides, samples)
        for cfg in tqdm(configs, "checking", leave=False, disable=None):
            self._check(cfg, identities)
            if self.search:
                self._fixed_parts.append(self._fixed(resolved(without_hydra(cfg))))
        if not identities:
            raise ConfigError(f"there is nothing to run: {', '.join(self.space)}")
        self._found: dict[Path, bool] = {}
        self.view = self.root / VIEWS / self._name(config.hydra.runtime.choices)

    def _check(self, cfg: DictConfig, identities: dict[Path, str]) -> None:
        """Refuse a job that cannot run, or not in its folder; note whose folder it is."""
        config = read_composed(cfg)
        config.tracker.require()
        if self.search and not getattr(config.dataset, "validation", 0):
            raise ConfigError(
                "dataset.validation = 0: a search chooses by validation accuracy; set some "
                "training images aside, such as dataset.validation=5000"
            )
        if "experiment" in self.swept and cfg.hydra.sweeper.get("params"):
            raise ConfigError("experiment: one at a time, as each is a sweep of its own")
        folder = self._folder(cfg)
        ours = identity(config)
        if identities.setdefault(folder.resolve(), ours) != ours:
            raise ConfigError(f"two jobs have the same folder, {folder}; see hydra.sweep.subdir")
        with suppress(FinishedError):
            examine(folder, ours, force=config.force)
        self._folders[folder] = None

    def _folder(self, cfg: DictConfig) -> Path:
        """Return the folder of a job, below that of the sweep."""
        subdir = Path(str(cfg.hydra.sweep.subdir))
        if not subdir.parts or subdir.is_absolute() or ".." in subdir.parts:
            raise ConfigError(f"hydra.sweep.subdir = {subdir}: should lie below hydra.sweep.dir")
        if folder_of(cfg, "sweep") != self.root:
            raise ConfigError("hydra.sweep.dir: is one for all jobs; hydra.sweep.subdir may differ")
        return self.root / subdir

    @property
    def are_at_work(self) -> bool:
        """Whether a process is carrying out trials of the same search at this moment."""
        return self.search and any(status(folder) == "running" for folder in self.folders())

    def _name(self, choices: DictConfig) -> str:
        """Return the experiment, or what is swept, and a hash of the runs' names."""
        experiment = choices.get("experiment", "none")
        swept = "-".join(sorted({key.rpartition(".")[2] for key in self.swept}))
        slug = experiment if experiment != "none" else swept[:NAME_LENGTH] or "single"
        names = sorted(folder.name for folder in self._folders)
        return f"{slug.replace('/', '-')}-{digest(names)}"

    def folders(self) -> Sequence[Path]:
        """Return the folders of the runs; of a search, those that there are so far."""
        if not self.search:
            return list(self._folders)
        from lenet.runs.run import Run

        depth = len(next(iter(self._folders)).relative_to(self.root).parts)
        records = self.root.glob("*/" * depth + RECORD)
        folders = [record.parent for record in records if not is_aside(record.parent)]
        for folder in folders:
            if folder not in self._found:
                with suppress(LenetError):  # a configuration that is yet to be written
                    self._found[folder] = self._fixed(Run(folder).written) in self._fixed_parts
        return [folder for folder in folders if self._found.get(folder)]

    def write_list(self) -> None:
        """Write the runs' folders to runs.txt in the view, by which scripts find them."""
        self.view.mkdir(parents=True, exist_ok=True)
        lines = [f"{os.path.relpath(folder, self.view)}\n" for folder in self.folders()]
        write_text(self.view / RUN_LIST, "".join(lines))

    def _fixed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the part of a configuration that the search leaves as it is."""
        from lenet.config.settings import flatten, leave_out

        return leave_out([*NO_RESULT_DEPENDS_ON, *self.swept], flatten(values))


def folder_of(config: DictConfig, what: str) -> Path:
    """Return the folder of a run or a sweep; ConfigError if it begins with a home that is ~."""
    folder = str(config.hydra[what].dir)
    if (expanded := os.path.expanduser(folder)) != folder:  # noqa: PTH111
        raise ConfigError(f"hydra.{what}.dir = {folder}: ~ is no home here; write {expanded}")
    return Path(folder)


def reason(error: Exception) -> str:
    """Return what went wrong in a line, after its kind unless it is told to users."""
    text = shorten(str(error), REASON, placeholder=" ...")
    return text if isinstance(error, LenetError | OSError) else f"{type(error).__name__}: {text}"
