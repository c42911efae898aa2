"""Searches by Optuna: trials that are kept, and what the next command adds."""

import warnings
from typing import Any

from omegaconf import DictConfig, read_write


def go_on_with_study(config: DictConfig, name: str, *, busy: bool) -> None:
    """Ask a study that is kept for the trials it lacks, and its sampler for new random numbers.

    Left alone, the sweeper would add n_trials at each command, and propose the same ones again. The
    study's name is made to say what is searched (``name``), as Optuna cannot change that in a
    study. Of a ``busy`` search another process is carrying out trials.
    """
    sweeper = config.hydra.sweeper
    if not sweeper.get("storage"):
        return
    import optuna

    with read_write(config):
        sweeper.study_name += f"-{name}"

    try:
        study = optuna.load_study(study_name=sweeper.study_name, storage=sweeper.storage)
    except KeyError:
        return
    if not busy:
        stop(study)
    propose_again(study)
    done = sum(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)
    with read_write(config):
        sweeper.n_trials = max(0, sweeper.n_trials - done)
        if sweeper.sampler.get("seed") is not None:
            sweeper.sampler.seed += len(study.trials)


def stop(study: Any) -> None:
    """Note of trials that nobody carries out any more that they have no value."""
    import optuna

    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study._storage.set_trial_state(trial._trial_id, optuna.trial.TrialState.FAIL)


def propose_again(study: Any) -> None:
    """Have the trials proposed again that came to no value, unless they are or were since."""
    import optuna

    others = [trial for trial in study.trials if trial.state != optuna.trial.TrialState.FAIL]
    known = [trial.params or trial.system_attrs.get("fixed_params") for trial in others]
    with warnings.catch_warnings(category=optuna.exceptions.ExperimentalWarning, action="ignore"):
        for trial in study.get_trials(states=(optuna.trial.TrialState.FAIL,)):
            if trial.params and trial.params not in known:
                study.enqueue_trial(trial.params)
                known.append(trial.params)
