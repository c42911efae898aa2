"""An experiment: a configuration becomes a training, and what comes of it fills a run folder."""

import logging
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import NamedTuple

from lenet.config.choices import Values, word_for
from lenet.config.schema import Config
from lenet.config.settings import flatten
from lenet.data import Split
from lenet.formats.files import relative
from lenet.formats.keys import read_keys
from lenet.formats.layout import CONFIG, METRICS
from lenet.nn.layers import Array
from lenet.runs.calibration import fitted_temperature
from lenet.runs.folder import RunFolder
from lenet.runs.process import held_back
from lenet.runs.record import Stopped
from lenet.runs.resume import starting_state
from lenet.training.histograms import watched
from lenet.training.loop import train
from lenet.training.state import Metrics
from lenet.training.stopping import is_over, stopped_by
from lenet.training.trackers import Tracking

log = logging.getLogger("lenet")


class Pause(NamedTuple):
    """A place before the end of a run, after an epoch, and what has it stop there for now."""

    until: int
    by: str


def run(config: Config, folder: RunFolder, threads: int, pause: Pause | None = None) -> None:
    """Carry out one experiment, or the rest of it; what comes of it goes to the folder as it comes.

    With ``pause`` it stops there, to go on another time. A signal that asks for an end is obeyed
    after the step in hand and a checkpoint.
    """
    data = config.load()
    folder.note(data=data.checksums, threads=threads)
    splits = {"train": data.train, "test": data.test, "validation": data.validation}
    sizes = {name: len(split) for name, split in splits.items() if split}
    images = ", ".join(f"{size:,} {name} images" for name, size in sizes.items())
    log.info("%s, seed %d", images, config.seed)

    state = starting_state(config, folder, data.checksums)
    folder.begin(state)
    log.info(table_head(list(sizes)))
    tracking = Tracking(config.tracker, folder.path, partial(parameters, folder))
    training = train(config, data, state, threads, pause and pause.until)
    with held_back() as stop, closing(training) as events, tracking:
        watch = partial(watched, events, config, data.train, state, folder.add_inside)
        for event in watch() if config.inside else events:
            stopping = stop.asked
            if isinstance(event, Metrics):
                if config.keep_weights:
                    folder.keep_epoch(state)
                folder.end_epoch(state)
                log.info(table_row(event, list(sizes)))
            elif stopping or is_multiple(state.t, config.checkpoint.every_steps):
                folder.save(state)
            tracking.follow(state)
            if stopping and not is_over(config, state.metrics):
                log.info("stopped after step %d", state.t)
                stop.obey()
        over = is_over(config, state.metrics)
        if by := stopped_by(config, state.metrics) if over else pause and pause.by:
            early = Stopped(by, len(state.metrics), config.epochs)
            folder.note(stopped=early._asdict())
            log.info("stopped %s", early)
        folder.finish(state, calibrated(config, data.validation), over=over)
        log.info("wrote %s", relative(folder.path / METRICS))


def calibrated(config: Config, validation: Split | None) -> Callable[[Array], float] | None:
    """Return what fits the temperature of a network on validation images, if there are any."""
    if validation is None:
        return None
    return lambda theta: fitted_temperature(config.network_of(theta), validation)


def parameters(folder: RunFolder) -> Values:
    """Return the configuration of a run as it is typed: flat, and in the words of its choices."""
    chosen = folder.record.get("choices", {})

    def word(group: str, component: Values) -> str:
        return word_for(group, component, chosen.get(group))

    return flatten(read_keys(folder.path / CONFIG), name=word)


def is_multiple(t: int, period: int | None) -> bool:
    """Return whether a step is one of every ``period``; none is if that is None."""
    return period is not None and t % period == 0


def table_head(splits: list[str]) -> str:
    """Return the line that is logged above those of the epochs."""
    columns = [f"{split} {measure}" for split in splits for measure in ("loss", "accuracy")]
    return "   ".join(["epoch", *columns, "seconds"])


def table_row(metrics: Metrics, splits: list[str]) -> str:
    """Return the line that is logged for an epoch."""
    cells = [f"{metrics.epoch:5}"]
    for split in splits:
        loss, accuracy = (getattr(metrics, f"{split}_{name}") for name in ("loss", "accuracy"))
        cells += [f"{loss:{len(split) + 5}.4f}", f"{accuracy:{len(split) + 9}.2%}"]
    return "   ".join([*cells, f"{metrics.train_seconds + metrics.eval_seconds:7.1f}"])
