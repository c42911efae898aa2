"""Where a run starts from: its own last checkpoint, that of a shorter run, or the beginning."""

import logging
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from lenet.checkpoints import DamagedError, read_checkpoint
from lenet.config import Config
from lenet.identity import slug, trajectory
from lenet.init import initial_theta
from lenet.runs import ASIDE, CHECKPOINT, RunFolder, read_record, relative
from lenet.training import TrainingState

log = logging.getLogger(__name__)


def starting_state(config: Config, folder: RunFolder, data: dict[str, str]) -> TrainingState:
    """Return the state to train on from, and log where it comes from unless it is new.

    ``data`` are the checksums of the data that the run is about to use.
    """
    state = folder.restore(data)
    if state is not None:
        log.info("goes on after step %d, in epoch %d", state.t, state.epoch)
        return state
    state = state_of_shorter_run(config, folder, data)
    return state or TrainingState.initial(initial_theta(config.init, config.seed), config.optimizer)


def state_of_shorter_run(
    config: Config, folder: RunFolder, data: dict[str, str]
) -> TrainingState | None:
    """Return the last state of the longest run beside this one that differs in epochs alone."""
    states = dict(states_of_shorter_runs(config, folder, data))
    if not states:
        return None
    path, state = max(states.items(), key=lambda item: item[1].t)
    where = relative(path)
    if config.schedule.depends_on_length:
        log.info(
            "%s has trained like this for %d epochs, but with learning rates that depend on their "
            "number: starts from the beginning",
            where,
            len(state.metrics),
        )
        return None
    folder.note(continues=path.name)
    log.info("goes on after epoch %d of %s", len(state.metrics), where)
    return state


def states_of_shorter_runs(
    config: Config, folder: RunFolder, data: dict[str, str]
) -> Iterator[tuple[Path, TrainingState]]:
    """Yield each folder beside this one, and its state, that this run can go on from."""
    ours = trajectory(config)
    for path in folder.path.parent.glob(f"{escape(slug(config))}-*"):
        record = read_record(path)
        if path == folder.path or ASIDE in path.name or record.get("trajectory") != ours:
            continue
        try:
            checkpoint = read_checkpoint(path / CHECKPOINT)
        except (DamagedError, OSError):
            continue
        state = checkpoint.state
        is_ours = checkpoint.identity == record.get("identity") and checkpoint.data == data
        if is_ours and len(state.metrics) < config.epochs:
            yield path, state
