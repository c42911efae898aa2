"""A sweep: checked before it begins, watched while it runs, summed up at its end."""

import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, read_write
from tqdm import tqdm

from lenet.combinations import one_at_a_time, refuse_intervals, sweep_configs, sweep_overrides
from lenet.complaints import complain
from lenet.config import read_config, without_hydra
from lenet.errors import ConfigError, LenetError
from lenet.files import write_text
from lenet.identity import DIGITS, NO_RESULT_DEPENDS_ON, identity
from lenet.progress import Progress, say
from lenet.records import RECORD, read_record
from lenet.runs import RUN_LIST, is_aside

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
VIEWS = "sweeps"
NAME_LENGTH = 60


class Callbacks(Callback):
    """What Hydra calls before and after its work.

    It turns exceptions of a callback into warnings, but lets SystemExit through.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of a single run."""
        try:
            read_config(without_hydra(config)).tracker.require()
        except Exception as error:
            complain(error)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of each job, then begin to watch their folders."""
        try:
            jobs = Jobs(config)
            jobs.root.mkdir(parents=True, exist_ok=True)
            go_on_with_study(config, jobs.space)
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
        """Write and print what the sweep has come to; return 1 if a run is missing, else 0."""
        from lenet.report import write_report
        from lenet.results import Run
        from lenet.summary import summarise

        Sweep.current = None
        self.progress.stop()
        try:
            self.jobs.write_list()
            summary = summarise(map(Run, self.jobs.folders()))
            text = write_report(summary, self.jobs.view)
        except (LenetError, OSError) as error:
            print(f"lenet: there is no summary: {error}", file=sys.stderr)
            return 1
        except Exception:
            traceback.print_exc()
            return 1
        say(text)
        return int(not summary.is_complete)

    @property
    def advice(self) -> str:
        """What to do after the sweep was stopped."""
        return f"the same command again{' without force=true' if self.again else ''} goes on"


def go_on_with_study(config: DictConfig, space: list[str]) -> None:
    """Ask a study that is kept for the trials it lacks, and its sampler for new random numbers.

    Left alone, the sweeper would add n_trials at each command, and propose the same ones again. The
    study's name is made to say what is searched, as Optuna cannot change that in a study.
    """
    sweeper = config.hydra.sweeper
    if not sweeper.get("storage"):
        return
    import optuna

    with read_write(config):
        sweeper.study_name += f"-{digest(space)}"

    try:
        study = optuna.load_study(study_name=sweeper.study_name, storage=sweeper.storage)
    except KeyError:
        return
    take_up_again(study)
    done = sum(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)
    with read_write(config):
        sweeper.n_trials = max(0, sweeper.n_trials - done)
        if sweeper.sampler.get("seed") is not None:
            sweeper.sampler.seed += len(study.trials)


def take_up_again(study: Any) -> None:
    """Have the trials proposed again that a search has left unfinished when it was stopped."""
    import optuna

    left = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.RUNNING]
    with warnings.catch_warnings(category=optuna.exceptions.ExperimentalWarning, action="ignore"):
        for trial in left:
            study._storage.set_trial_state(trial._trial_id, optuna.trial.TrialState.FAIL)
            study.enqueue_trial(trial.params)


class Jobs:
    """The jobs of a sweep, composed before Hydra does so, and the folders of their runs.

    A sweep over lists of values is known in full; a search finds its next job as it goes, and its
    runs are those in the same place that differ in nothing but what is searched.
    """

    def __init__(self, config: DictConfig) -> None:
        self.root = Path(config.hydra.sweep.dir)
        self.search = config.hydra.sweeper._target_ != BASIC_SWEEPER
        overrides = sweep_overrides(config)
        swept = [override for override in overrides if override.is_sweep_override()]
        self.swept = [override.key_or_group for override in swept]
        self.space = sorted(str(override.input_line) for override in swept)
        if not self.search:
            refuse_intervals(swept)
        identities: dict[Path, str] = {}
        self._fixed_parts = []
        samples = one_at_a_time if self.search else product
        configs = sweep_configs(config, overrides, samples)
        for cfg in tqdm(configs, "checking", leave=False, disable=None):
            self._check(cfg, identities)
            if self.search:
                self._fixed_parts.append(self._fixed(without_hydra(cfg)))
        if not identities:
            raise ConfigError(f"there is nothing to run: {', '.join(self.space)}")
        self._folders = list(identities)
        self._found: dict[Path, bool] = {}
        self.view = self.root / VIEWS / self._name(config.hydra.runtime.choices)

    def _check(self, cfg: DictConfig, identities: dict[Path, str]) -> None:
        """Refuse a job that cannot run, or not in its folder; note whose folder it is."""
        config = read_config(without_hydra(cfg))
        config.tracker.require()
        if self.search and not getattr(config.dataset, "validation", 0):
            raise ConfigError(
                "dataset.validation = 0: a search chooses by validation accuracy; set some "
                "training images aside, such as dataset.validation=5000"
            )
        if "experiment" in self.swept and cfg.hydra.sweeper.get("params"):
            raise ConfigError("experiment: one at a time, as each is a sweep of its own")
        folder = self.root / str(cfg.hydra.sweep.subdir)
        ours = identity(config)
        if identities.setdefault(folder, ours) != ours:
            raise ConfigError(f"two jobs have the same folder, {folder}; see hydra.sweep.subdir")
        if read_record(folder).get("identity", ours) != ours:
            raise ConfigError(f"{folder} holds another run; choose another hydra.sweep.dir")

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
            return self._folders
        records = self.root.glob(f"*/{RECORD}")
        folders = [record.parent for record in records if not is_aside(record.parent)]
        new = [folder for folder in folders if folder not in self._found]
        self._found |= {folder: self._is_found(folder) for folder in new}
        return [folder for folder in folders if self._found[folder]]

    def write_list(self) -> None:
        """Write the runs' folders to runs.txt in the view, by which scripts find them."""
        self.view.mkdir(parents=True, exist_ok=True)
        lines = [f"{os.path.relpath(folder, self.view)}\n" for folder in self.folders()]
        write_text(self.view / RUN_LIST, "".join(lines))

    def _is_found(self, folder: Path) -> bool:
        """Return whether a run differs from this search's in nothing but what is searched."""
        from lenet.results import Run

        try:
            return self._fixed(Run(folder).composed) in self._fixed_parts
        except LenetError:
            return False

    def _fixed(self, cfg: DictConfig) -> dict[str, Any]:
        """Return the part of a configuration that the search leaves as it is."""
        from lenet.results import flatten, leave_out

        flat = flatten(OmegaConf.to_container(cfg))
        return leave_out([*NO_RESULT_DEPENDS_ON, *self.swept], flat)


def digest(texts: Iterable[str]) -> str:
    """Return a hash of some texts, as short as that in a run's name."""
    return sha256(" ".join(texts).encode()).hexdigest()[:DIGITS]
