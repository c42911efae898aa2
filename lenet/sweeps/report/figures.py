"""The figures of a summary."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from lenet.config.choices import Values
from lenet.config.settings import tell_apart
from lenet.figures import curves as plots
from lenet.figures import finals
from lenet.figures.drawing import Figure
from lenet.formats.text import plural
from lenet.sweeps.report.numbers import swept_numbers
from lenet.sweeps.report.sizes import by_parameters
from lenet.sweeps.report.tables import is_number
from lenet.sweeps.statistics import DIFFERS, intervals
from lenet.sweeps.summary import Setting, Summary

DRAWN = {"curves": 12, "lines": 12, "rows": 20}  # settings in a figure, at most
LINE = 3  # values, from which on they are drawn as a line
NO_FILE_NAME = r"[^\w.-]"


def figures(summary: Summary, *, seconds: bool) -> Iterable[tuple[str, Figure]]:
    """Yield the names and the figures of what has finished."""
    shown = summary.ranked[: DRAWN["curves"]]
    drawn = {setting.label: [one.run for one in setting.finished] for setting in shown}
    cut = best_of(shown, summary)
    yield "curves", plots.curves(drawn, cut)
    if all(run.has_steps for runs in drawn.values() for run in runs):
        yield "steps", plots.steps(drawn, cut)

    shown = summary.ranked[: DRAWN["rows"]]
    about = f"{summary.common}{best_of(shown, summary)}"
    accuracy = rows(summary, shown, f"{summary.ranked_by}_accuracy")
    yield "accuracy", finals.accuracies(*accuracy, summary.ranked_by, about)
    if seconds:
        yield "seconds", finals.seconds(*rows(summary, shown, "seconds"), about)
    yield from figures_by_number(summary)


def figures_by_number(summary: Summary) -> Iterable[tuple[str, Figure]]:
    """Yield the names and the figures of accuracies by each number that was swept."""
    means = intervals(summary.finals[f"{summary.ranked_by}_accuracy"])
    settings = by_parameters(summary.ranked)
    for key, name in file_names(swept_numbers(settings, LINE)).items():
        lines = list(lines_by(key, settings, means).items())
        named, others = dict(lines[: DRAWN["lines"]]), dict(lines[DRAWN["lines"] :])
        grey = f"; in grey: {plural(len(others), 'other combination')}" if others else ""
        about = summary.common + grey
        yield name, finals.accuracy_by(key, named, others, summary.ranked_by, about)


def best_of(shown: list[Setting], summary: Summary) -> str:
    """Return a note on how many settings are left out, if any are."""
    drawn, number = len(shown), len(summary.ranked)
    return f"; the best {drawn} of {number} settings" if drawn < number else ""


def rows(
    summary: Summary, shown: list[Setting], column: str
) -> tuple["pd.Series[float]", pd.DataFrame]:
    """Return a column of the finished runs by setting, and means with intervals."""
    labels = [setting.label for setting in shown]
    single = summary.finals[column].loc[labels]
    means = intervals(single).loc[labels]
    means["differs"] = [summary.verdict(one) == DIFFERS for one in shown]
    return single.droplevel("seed"), means


def file_names(keys: list[str]) -> dict[str, str]:
    """Return the name of the figure for each key, by its last part if no other has the same."""
    last = {key: key.rpartition(".")[2] for key in keys}
    count = Counter([*last.values(), "seed"])
    names = {key: name if count[name] == 1 else key for key, name in last.items()}
    return {key: f"accuracy_by_{re.sub(NO_FILE_NAME, '_', name)}" for key, name in names.items()}


def without(key: str, values: Values) -> Values:
    """Return the values of a setting but for one key."""
    return {name: value for name, value in values.items() if name != key}


def lines_by(key: str, settings: list[Setting], means: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return mean and std by a number, for each combination of the other keys, the best first."""
    groups: dict[frozenset[tuple[str, Any]], list[Setting]] = {}
    for setting in settings:
        if is_number(setting.values.get(key)):
            others = frozenset(without(key, setting.values).items())
            groups.setdefault(others, []).append(setting)
    labels = tell_apart([without(key, group[0].words) for group in groups.values()])
    lines = {}
    for label, group in zip(labels, groups.values(), strict=True):
        places = [setting.values[key] for setting in group]
        line = means.loc[[setting.label for setting in group]].set_axis(places)
        lines[label] = line.sort_index()
    return lines
