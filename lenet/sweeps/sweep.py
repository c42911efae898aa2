"""A sweep: checked before it begins, watched while it runs, summed up at its end."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import EACCES, EPERM, EROFS
from textwrap import shorten
from typing import Any, ClassVar

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from lenet.config.complaints import complain
from lenet.config.identity import digest
from lenet.config.schema import Sweeping, read_composed, read_sweeping
from lenet.errors import ConfigError, LenetError
from lenet.runs.claim import refuse_foreign, refuse_foreign_report
from lenet.runs.record import now, status
from lenet.sweeps.jobs import Jobs, folder_of, is_search
from lenet.sweeps.launchers import launches_here, refuse_launcher
from lenet.sweeps.progress import Progress, say
from lenet.sweeps.search import go_on_with_study

REASON = 300  # characters
FORBIDDEN = (EROFS, EACCES, EPERM)


class Callbacks(Callback):
    """What Hydra calls before and after its work.

    It turns exceptions of a callback into warnings, but lets SystemExit through.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of a single run."""
        try:
            refuse_for_one_run(read_sweeping(config))
            read_composed(config).tracker.require()
            refuse_foreign(folder_of(config, "run"))
        except Exception as error:
            complain(error)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of each job, then begin to tell of their folders."""
        try:
            refuse_launcher(config.hydra)
            told = read_sweeping(config)
            if is_search(config):
                refuse_for_search(told)
            jobs = Jobs(config, told.settings)
            cuts = jobs.cuts(told.halving)
            refuse_foreign_report(jobs.root, jobs.view)
            jobs.root.mkdir(parents=True, exist_ok=True)
            go_on_with_study(config, digest(jobs.space), busy=jobs.are_at_work)
            sweep = Sweep(jobs, again=config.force, told=told, cuts=cuts)
            if not launches_here(config.hydra):
                sweep.progress.watch()
            with suppress(OSError):  # which the end will tell of
                jobs.write_record(started=sweep.started)
        except Exception as error:
            complain(error)
        Sweep.current = sweep

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Tell how a job of this process has ended."""
        if Sweep.current is not None:
            Sweep.current.progress.look()

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Sum up; the exit code says whether all runs have finished."""
        if Sweep.current is not None:
            sys.exit(Sweep.current.finish())


class Sweep:
    """A sweep that is being carried out."""

    current: ClassVar["Sweep | None"] = None  # none while Hydra carries out a single run

    def __init__(
        self, jobs: "Jobs", *, again: bool, told: Sweeping, cuts: Sequence[int] = ()
    ) -> None:
        self.jobs = jobs
        self.again = again
        self.told = told
        self.cuts = cuts  # epochs after which settings are left behind
        self.started = now()
        total = None if jobs.search else len(jobs.folders())
        self.progress = Progress(jobs.folders, total, jobs.swept)
        self.progress.start(again)

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
        from lenet.runs.run import Run
        from lenet.sweeps.report.folder import report, write_report
        from lenet.sweeps.summary import summarise

        summary = summarise(map(Run, self.jobs.folders()))
        paths, is_missing = [], False
        try:
            self.jobs.write_record(started=self.started, finished=now())
            for path in write_report(summary, self.jobs.view, page=self.told.report):
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


def refuse_for_one_run(told: Sweeping) -> None:
    """Raise ConfigError if a command for one run says something of a sweep."""
    for key in told.beyond_one_run:
        raise ConfigError(f"{key}: is for a sweep; lenet -m carries one out")


def refuse_for_search(told: Sweeping) -> None:
    """Raise ConfigError if a search is told what is for a sweep over lists of values."""
    for key in told.beyond_one_run:
        raise ConfigError(f"{key}: is for lists of values, and this is a search")


def reason(error: Exception) -> str:
    """Return what went wrong in a line, after its kind unless it is told to users."""
    text = shorten(str(error), REASON, placeholder=" ...")
    return text if isinstance(error, LenetError | OSError) else f"{type(error).__name__}: {text}"
