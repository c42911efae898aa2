"""The command line: Hydra composes a configuration, and an experiment is carried out.

Only what stands between a typed word and a configuration knows Hydra: ``commands``, ``config``, and
what carries out a sweep.
"""

import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from hydra._internal.hydra import Hydra
from hydra.conf import HydraConf
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lenet.commands.flags import Flags, help_of_any_kind
from lenet.config.complaints import complain
from lenet.config.identity import identity, trajectory
from lenet.config.loader import GLOBAL_GROUPS, hydra_for
from lenet.config.overrides import without_sweeps
from lenet.config.schema import of_run, own_folders, read_config, saved
from lenet.errors import LenetError, printable
from lenet.runs.claim import FinishedError
from lenet.runs.experiment import Pause, run
from lenet.runs.folder import RunFolder
from lenet.runs.process import at_work, end_worker, until_the_reader_leaves
from lenet.runs.provenance import provenance
from lenet.runs.record import accuracy_to_choose_by, outcome, read_record, times_tried_again
from lenet.sweeps.progress import say
from lenet.sweeps.rounds import multirun
from lenet.sweeps.sweep import Sweep
from lenet.training.divergence import DivergedError

MAKES_A_SWEEP = ("hydra", *GLOBAL_GROUPS)  # in an override; no other sets keys beyond its own

log = logging.getLogger("lenet")


class JobFailedError(LenetError):
    """A run has ended before its time; the user has been told why."""


@at_work()
def job(cfg: DictConfig, pause: Pause | None = None, again: bool = False) -> float | None:
    """Carry out the experiment that Hydra has composed, in the folder that it has chosen.

    Halving may have it ``pause`` before its end; ``again`` it is tried after it has failed. A
    single run that fails ends the process; a failure in a sweep is left to its end, so that the
    other jobs go on. Returns the accuracy reached, on validation images where there are any; 0 for
    a run that has diverged, so that a search counts it as bad; None for one that something else has
    stopped, which tells nothing of it.
    """
    logging.getLogger("filelock").setLevel(logging.INFO)  # it debugs before the folder is claimed
    hydra_config = HydraConfig.get()
    sweeping = not OmegaConf.is_missing(hydra_config.job, "num")
    if sweeping:
        keep_off_the_terminal()
    try:
        result = attempt(of_run(cfg), hydra_config, sweeping, pause, again)
        _, accuracy = accuracy_to_choose_by(result)
    except JobFailedError as failed:
        if sweeping:
            return 0.0 if isinstance(failed.__cause__, DivergedError) else None
        sys.exit(1)
    except SystemExit as stopped:
        end_worker(stopped.code)
        raise
    return accuracy


def attempt(
    cfg: DictConfig, hydra_config: HydraConf, sweeping: bool, pause: Pause | None, again: bool
) -> dict[str, Any]:
    """Carry out an experiment, or find that it has been; return the last row of its metrics.

    Raises:
        JobFailedError: after the reason has been logged, or shown where there is no log.

    """
    config = read_config(cfg, own_folders(hydra_config))
    path = Path(hydra_config.runtime.output_dir)
    try:
        folder = RunFolder(
            path,
            saved(cfg),
            architecture=config.architecture,
            identity=identity(config),
            trajectory=trajectory(config),
            force=config.force,
            seed=config.seed,
            overrides=list(hydra_config.overrides.task),
            choices=choices(hydra_config),
            **provenance(),
            **tried_again(path, force=config.force, again=again),
        )
    except FinishedError as finished:
        if not sweeping:
            say(f"{finished}: {printable(outcome(finished.record))}; force=true starts over")
        return cast(dict[str, Any], finished.record["result"])
    except (LenetError, OSError) as error:
        print(f"lenet: {error}", file=sys.stderr)
        raise JobFailedError from error
    with failures_logged(), folder:
        cores = cores_of_job(hydra_config.launcher) if sweeping else cores_of_process()
        run(config, folder, min(config.threads or cores, cores_of_machine()), pause)
    return cast(dict[str, Any], folder.record["result"])


def tried_again(path: Path, *, force: bool, again: bool) -> dict[str, int]:
    """Return how often a job has been tried again after it had failed; nothing if it has not."""
    times = again + (0 if force else times_tried_again(read_record(path)))
    return {"tried_again": times} if times else {}


@contextmanager
def failures_logged() -> Iterator[None]:
    """Log why a run has failed, as a JobFailedError tells that it has."""
    try:
        yield
    except (LenetError, OSError) as error:
        log.error("%s", error)
        raise JobFailedError from error
    except MemoryError as error:
        log.error("there is not enough memory: %s", error)
        raise JobFailedError from error
    except Exception as error:
        log.exception("the run has failed")
        raise JobFailedError from error


def choices(hydra_config: HydraConf) -> dict[str, str]:
    """Return the words by which components were chosen, by group."""
    chosen = hydra_config.runtime.choices.items()
    return {group: str(word) for group, word in chosen if not group.startswith("hydra/")}


def keep_off_the_terminal() -> None:
    """Leave the terminal to the progress of the sweep; the run folder has the log."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)


def cores_of_job(launcher: DictConfig) -> int:
    """Return how many cores a job of a sweep has to itself, beside those that run with it."""
    if "submitit_folder" in launcher and "SLURM_CPUS_PER_TASK" in os.environ:
        return int(os.environ["SLURM_CPUS_PER_TASK"])
    if "ray" in launcher:
        return max(1, int(launcher.ray.remote.get("num_cpus") or 1))
    cores, jobs = cores_of_process(), launcher.get("n_jobs", 1)
    return cores // min(cores, jobs if jobs > 0 else max(1, cores + 1 + jobs))


def cores_of_process() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return cores_of_machine()


def cores_of_machine() -> int:
    """Return how many cores there are."""
    return os.cpu_count() or 1


def main() -> None:
    """Run the command line; Ctrl-C ends it in few words, after summing up a sweep.

    So does a reader of its output who wants no more, such as ``head``, without a word.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    logging.raiseExceptions = False  # a terminal that is gone is no reason for a traceback
    try:
        with until_the_reader_leaves():
            run_job_or_sweep()
    except KeyboardInterrupt:
        sweep = Sweep.current
        with suppress(KeyboardInterrupt):
            if sweep is not None:
                sweep.finish()
        advice = sweep.advice if sweep else "the same command, without force=true, goes on"
        print(f"lenet: interrupted; {advice}", file=sys.stderr)
        sys.exit(130)


def run_job_or_sweep() -> None:
    """Let Hydra do its work; what goes wrong before a job begins is the configuration's fault.

    Who sets HYDRA_FULL_ERROR=1 sees all of a traceback.
    """
    try:
        do_what_the_flags_say()
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        sweep = Sweep.current
        if sweep is None:
            complain(error)
        print(f"lenet: the sweep has stopped: {printable(sweep.why(error))}", file=sys.stderr)
        sweep.finish()
        print(f"lenet: {sweep.advice}", file=sys.stderr)
        sys.exit(1)


def do_what_the_flags_say() -> None:
    """Have Hydra carry out a run or a sweep, or show what was asked for."""
    flags = Flags()
    typed = flags.read()
    hydra = hydra_for(typed.config_dir, typed.config_name)
    GlobalHydra.instance().initialize(hydra)
    if typed.help or typed.hydra_help or typed.cfg or typed.info or typed.shell_completion:
        show(hydra, flags, typed)
    elif typed.multirun or (not typed.run and is_sweep(hydra, typed)):
        multirun(hydra, typed.config_name, job, [*typed.overrides, "hydra.mode=MULTIRUN"])
    else:
        hydra.run(typed.config_name, job, [*typed.overrides, "hydra.mode=RUN"])


def show(hydra: Hydra, flags: Flags, typed: Namespace) -> None:
    """Show a help, a configuration, where it is from, or how a shell completes it."""
    name, overrides = typed.config_name, typed.overrides
    if typed.help:
        typed.overrides = without_sweeps(overrides)
        hydra.app_help(name, flags, typed)
    elif typed.hydra_help:
        typed.overrides = []
        hydra.hydra_help(name, flags, typed)
    elif typed.info:
        hydra.show_info(typed.info, name, overrides)
    elif typed.shell_completion:
        with help_of_any_kind():
            hydra.shell_completion(name, overrides)
    else:
        try:
            hydra.show_cfg(name, overrides, typed.cfg, typed.package, typed.resolve)
        except SystemExit:  # there is no such package, as has been said
            sys.exit(2)


def is_sweep(hydra: Hydra, typed: Namespace) -> bool:
    """Return whether an experiment, or else hydra.mode, makes a sweep of a command.

    So may a file of the user's own. Where there is none of these, nothing is composed to find out.
    """
    said = " ".join(typed.overrides)
    if typed.config_dir is None and not any(word in said for word in MAKES_A_SWEEP):
        return False
    cfg = hydra.compose_config(
        typed.config_name, typed.overrides, RunMode.MULTIRUN, validate_sweep_overrides=False
    )
    return cfg.hydra.mode is RunMode.MULTIRUN
