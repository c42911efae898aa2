"""An experiment: a configuration becomes a training, and what comes of it fills a run folder."""

import logging
from contextlib import closing
from functools import partial

from lenet.config.choices import Values, word_for
from lenet.config.schema import Config
from lenet.config.settings import flatten
from lenet.formats.files import relative
from lenet.formats.keys import read_keys
from lenet.formats.layout import CONFIG, METRICS
from lenet.runs.folder import RunFolder
from lenet.runs.process import held_back
from lenet.runs.resume import starting_state
from lenet.training.histograms import watched
from lenet.training.loop import train
from lenet.training.state import Metrics
from lenet.training.trackers import Tracking

log = logging.getLogger("lenet")


def run(config: Config, folder: RunFolder, threads: int) -> None:
    """Carry out one experiment, or the rest of it; what comes of it goes to the folder as it comes.

    A signal that asks for an end is obeyed after the step in hand and a checkpoint.
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
    with held_back() as stop, closing(train(config, data, state, threads)) as events, tracking:
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
            if stopping and state.epoch <= config.epochs:
                log.info("stopped after step %d", state.t)
                stop.obey()
        folder.finish(state)
        log.info("wrote %s", relative(folder.path / METRICS))


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
