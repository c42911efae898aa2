"""Runs, grouped by setting and over seeds."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lenet.config.choices import Values
from lenet.config.settings import tell_apart
from lenet.runs.find import finishing_time, natural_order
from lenet.runs.run import Run

log = logging.getLogger(__name__)


def by_setting(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs that differ in nothing but their seed, labelled by what sets a group apart.

    A single group has an empty label. A seed counts once: of several runs with the same seed in a
    group the newest stays, and a warning names the others.
    """
    groups = same_settings(runs)
    labels = tell_apart(in_words(groups))
    return dict(zip(labels, map(newest_of_each_seed, groups), strict=True))


def same_settings(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs that differ in nothing but their seed."""
    groups: dict[frozenset[tuple[str, Any]], list[Run]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.settings.items()), []).append(run)
    return list(groups.values())


def in_words(groups: Iterable[Sequence[Run]]) -> list[Values]:
    """Return the settings of groups of runs as they are typed.

    Runs of one setting may have been typed differently: the first one counts. A word that stands
    for different classes gives way to their names.
    """
    firsts = [min(group, key=by_seed) for group in groups]
    classes = defaultdict(set)
    for run in firsts:
        for key, word in run.words.items():
            classes[key, word].add(run.settings[key])
    return [
        {
            key: word if len(classes[key, word]) == 1 else run.settings[key]
            for key, word in run.words.items()
        }
        for run in firsts
    ]


def by_seed(run: Run) -> tuple[int, list[str | int]]:
    """Return a key that sorts runs of one setting."""
    return run.seed, natural_order(Path(run.path.name))


def newest_of_each_seed(runs: Iterable[Run]) -> list[Run]:
    """Return one run for each seed."""
    newest: dict[int, Run] = {}
    for run in sorted(runs, key=finishing_time):
        older = newest.get(run.seed)
        if older:
            log.warning("%s left out: %s is a newer run of the same", older.path, run.path)
        newest[run.seed] = run
    return list(newest.values())


def over_seeds(runs: Iterable[Run], column: str) -> pd.DataFrame:
    """Return count, mean, std (of a sample), min and max of a column of metrics.csv, by epoch."""
    together = pd.concat([run.metrics[column] for run in runs])
    return together.groupby(level="epoch").agg(["count", "mean", "std", "min", "max"])
