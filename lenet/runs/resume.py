"""The start of a run: its last checkpoint, that of a run beside it, or the first step."""

import logging
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from lenet.config.identity import slug, trajectory
from lenet.config.schema import Config
from lenet.errors import DataError
from lenet.formats.files import relative
from lenet.formats.layout import CHECKPOINT, is_aside
from lenet.runs.folder import RunFolder
from lenet.runs.record import read_record
from lenet.training.checkpoints import read_checkpoint
from lenet.training.state import TrainingState

log = logging.getLogger(__name__)


def starting_state(config: Config, folder: RunFolder, data: dict[str, str]) -> TrainingState:
    """Return the state to train on from, and log where it comes from unless it is new.

    ``data`` are the checksums of the data that the run is about to use.
    """
    state = folder.restore(data)
    if state is not None:
        log.info("goes on after step %d", state.t)
        return state
    beside = None if config.force else state_of_run_beside(config, folder, data)
    return beside or TrainingState.initial(config)


def state_of_run_beside(
    config: Config, folder: RunFolder, data: dict[str, str]
) -> TrainingState | None:
    """Return the last state of a run that differs in the number of epochs alone, if there is one.

    Of several the one that has come furthest, within the epochs of this one.
    """
    found = states_beside(config, folder, data)
    path, state = max(found, key=lambda beside: beside[1].t, default=(None, None))
    if path is None or state is None:
        return None
    if config.depends_on_length:
        log.info(
            "%s has trained like this for %d epochs, but with rates or images that depend on their "
            "number: starts from the beginning",
            relative(path),
            len(state.metrics),
        )
        return None
    folder.continue_from(path)
    log.info("goes on after step %d of %s", state.t, relative(path))
    return state


def states_beside(
    config: Config, folder: RunFolder, data: dict[str, str]
) -> Iterator[tuple[Path, TrainingState]]:
    """Yield each run beside this one, and its last state, that this run can go on from."""
    ours = trajectory(config)
    for path in folder.path.parent.glob(f"{escape(slug(config))}-*"):
        record = read_record(path)
        if path == folder.path or is_aside(Path(path.name)) or record.get("trajectory") != ours:
            continue
        try:
            checkpoint = read_checkpoint(path / CHECKPOINT)
        except (DataError, OSError):
            continue
        is_ours = checkpoint.identity == record.get("identity") and checkpoint.data == data
        if is_ours and checkpoint.state.epoch <= config.epochs:
            yield path, checkpoint.state
