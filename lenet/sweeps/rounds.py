"""The rounds of a sweep: which jobs are launched together, and how far they are to come.

Hydra's own sweeper launches all jobs, once. Here those are launched that have something left to do;
with halving each rung is a round, and those go on that are best by then. What a round has come to
is read from the run folders: so it is the same under every launcher, and for a sweep that was
killed and goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from lenet.formats.text import plural
from lenet.runs.experiment import Pause
from lenet.runs.record import has_result, read_record, status, stopped
from lenet.sweeps.halving import going_on
from lenet.sweeps.jobs import Job
from lenet.sweeps.progress import say
from lenet.sweeps.sweep import Sweep

Task = Callable[..., float | None]  # a job: its configuration, and where it is to pause
Launch = Callable[[Sequence[list[str]], Pause | None, bool], None]


def multirun(hydra: Hydra, config_name: str, task: Task, overrides: list[str]) -> None:
    """Carry out a sweep as ``Hydra.multirun`` does, in rounds unless it is a search."""
    config = hydra.compose_config(
        config_name, overrides, RunMode.MULTIRUN, with_log_configuration=True
    )
    callbacks = Callbacks(config)
    callbacks.on_multirun_start(config=config, config_name=config_name)
    context = HydraContext(hydra.config_loader, callbacks)
    sweep = Sweep.current
    assert sweep is not None
    if sweep.jobs.search:
        sweeper = Plugins.instance().instantiate_sweeper(
            hydra_context=context, task_function=task, config=config
        )
        typed = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
        sweeper.sweep(cast(list[str], typed))
    else:
        Rounds(sweep, partial(launch, config, context, task)).carry_out()
    callbacks.on_multirun_end(config=config, config_name=config_name)


def launch(
    config: DictConfig,
    context: HydraContext,
    task: Task,
    jobs: Sequence[list[str]],
    pause: Pause | None,
    again: bool,
) -> None:
    """Have Hydra's launcher carry out jobs, as many of them at once as the sweeper is to."""
    told = partial(task, pause=pause, again=again)
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=context, task_function=told, config=config
    )
    size = config.hydra.sweeper.max_batch_size or len(jobs)
    for first in range(0, len(jobs), size):
        for returned in launcher.launch(jobs[first : first + size], initial_job_idx=first):
            _ = returned.return_value  # raises what the job has raised


class Rounds:
    """The rounds of a sweep, one after the other."""

    def __init__(self, sweep: Sweep, launch: Launch) -> None:
        self.sweep = sweep
        self.launch = launch
        self.launched: set[Path] = set()

    def carry_out(self) -> None:
        """Launch what there is to do, up to one cut after the other, then to the end."""
        jobs, halving = self.sweep.jobs.all(), f"halving={self.sweep.told.halving}"
        for epochs in self.sweep.cuts:
            self._bring(jobs, Pause(epochs, halving))
            jobs = self._best(jobs, epochs)
        self._bring(jobs, None)

    def _bring(self, jobs: Sequence[Job], pause: Pause | None) -> None:
        """Have jobs come to a pause, or to their end; those that fail are tried again, if asked.

        So they are if the launcher fails with them, as joblib's does when a worker is killed.
        """
        last = self.sweep.told.retries
        for attempt in range(last + 1):
            due = [job for job in jobs if self._is_due(job, pause)]
            if not due:
                return
            self.sweep.progress.expect([job.folder for job in due])
            if attempt:
                say(f"{plural(len(due), 'run')} again, {attempt} of {plural(last, 'time')}")
            elif self.sweep.cuts:
                epochs = pause.until if pause else jobs[0].epochs
                say(f"to epoch {epochs} of {jobs[0].epochs}: {count(jobs)}")
            told = [job.launched(again=job.folder in self.launched) for job in due]
            self.launched.update(job.folder for job in due)
            try:
                self.launch(told, pause, attempt > 0)
            except Exception:
                if attempt == last:
                    raise

    def _is_due(self, job: Job, pause: Pause | None) -> bool:
        """Return whether a job has something left to do.

        What has diverged would do so again, and what runs does so in another process.
        """
        if job.force and job.folder not in self.launched:
            return True
        record = read_record(job.folder)
        early = stopped(record) if record.get("status") == "stopped" else None
        if has_result(record) or (early and pause and early.epochs >= pause.until):
            return False
        return job.folder not in self.launched or status(job.folder) not in ("diverged", "running")

    def _best(self, jobs: Sequence[Job], epochs: int) -> list[Job]:
        """Return the jobs that go on after so many epochs: all seeds of a setting, or none.

        As in the summary, the accuracy on validation images counts if all runs have some.
        """
        from lenet.runs.run import Run
        from lenet.sweeps.outcome import row_after

        rows = [row_after(Run(job.folder), epochs) for job in jobs]
        validated = all("validation_accuracy" in row for row in rows if row is not None)
        column = "validation_accuracy" if validated else "test_accuracy"
        accuracies = defaultdict(list)
        for job, row in zip(jobs, rows, strict=True):
            accuracies[job.setting].append(None if row is None else float(row[column]))
        best = going_on(accuracies, self.sweep.told.halving or 1)
        return [job for job in jobs if job.setting in best]


def count(jobs: Sequence[Job]) -> str:
    """Return how many settings and runs some jobs are."""
    settings = len({job.setting for job in jobs})
    return f"{plural(settings, 'setting')}, {plural(len(jobs), 'run')}"
