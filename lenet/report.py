"""The report on a sweep: tables, comparisons and figures in a folder.

summary.csv        a row for each setting, best first, then one for each run
comparisons.csv    each pair of settings that share at least two seeds
*.png, *.svg       learning curves, accuracies, times, accuracy by each number that was swept

The two tables hold no times: the same runs, carried out again, give the same bytes.
"""

import csv
from collections.abc import Iterable
from io import StringIO
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from lenet import plots
from lenet.comparison import COMPARED, DIFFERS, intervals
from lenet.drawing import Figure
from lenet.errors import FiguresError
from lenet.figures import save, style
from lenet.files import write_text
from lenet.results import Run, differing_keys, short_names, tell_apart
from lenet.runs import relative
from lenet.saved import LARGEST
from lenet.summary import Setting, Summary, records, summarise, summary_rows
from lenet.terminal import failures, plural, table
from lenet.text import inert

COMPARISONS = "comparisons.csv"
DRAWN = {"curves": 12, "lines": 12, "rows": 30}  # settings in a figure, at most


def write_summary(runs: Iterable[Run], folder: Path) -> str:
    """Summarise runs, finished or not, and report on them: see ``write_report``."""
    return write_report(summarise(runs), folder)


def write_report(summary: Summary, folder: Path) -> str:
    """Write tables, and figures if they can be drawn; return what to tell the user.

    Raises:
        OSError: the folder cannot be written to.

    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COMPARISONS).unlink(missing_ok=True)
    paths = [write(folder / "summary.csv", *summary_rows(summary))]
    if summary.ranked and len(summary.comparisons):
        paths.append(write(folder / COMPARISONS, COMPARED, records(summary.comparisons)))
    lines = [f"wrote {relative(path)}" for path in paths]
    if summary.ranked:
        lines += draw(summary, folder)
    return "\n\n".join(filter(None, [table(summary), failures(summary), "\n".join(lines)]))


def draw(summary: Summary, folder: Path) -> list[str]:
    """Draw what has finished; return what to tell of it, or why there are no figures."""
    try:
        with style():
            paths = [save(figure, folder / name)[0] for name, figure in figures(summary)]
    except FiguresError as error:
        return [str(error)]
    return [*(f"wrote {relative(path)}" for path in paths), "(figures also as .svg)"]


def write(path: Path, columns: list[str], rows: Iterable[dict[str, Any]]) -> Path:
    """Write a CSV file, whole or not at all; return its path."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(inert, columns))
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    write_text(path, text.getvalue())
    return path


def cell(value: Any) -> Any:
    """Return what stands for a value in a CSV file: nothing for none, 8 digits of a fraction."""
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.8g}"
    return inert(value) if isinstance(value, str) else value


def figures(summary: Summary) -> Iterable[tuple[str, Figure]]:
    """Yield the names and the figures of what has finished."""
    split = summary.ranked_by
    number = len(summary.ranked)
    shown = summary.ranked[: DRAWN["curves"]]
    drawn = {setting.label: [one.run for one in setting.finished] for setting in shown}
    cut = best_of(len(shown), number)
    yield "curves", plots.curves(drawn, cut)
    if all(run.has_steps for runs in drawn.values() for run in runs):
        yield "steps", plots.steps(drawn, cut)

    shown = summary.ranked[: DRAWN["rows"]]
    about = f"{', '.join(summary.datasets)}, {split} images"
    cut = best_of(len(shown), number)
    yield "accuracy", plots.accuracies(*rows(summary, shown, f"{split}_accuracy"), about + cut)
    data = ", ".join(summary.datasets)
    yield "seconds", plots.seconds(*rows(summary, shown, "seconds"), data + cut)

    names = short_names(key for setting in summary.settings for key in setting.values)
    means = intervals(summary.finals[f"{split}_accuracy"])
    for key in swept_numbers([setting.values for setting in summary.ranked]):
        lines = lines_by(key, summary.ranked, means)
        named = dict(list(lines.items())[: DRAWN["lines"]])
        others = {label: line for label, line in lines.items() if label not in named}
        note = f"{about}, mean ± 1 standard deviation over seeds"
        grey = f"\nin grey: {plural(len(others), 'other combination')}" if others else ""
        figure = plots.accuracy_by(names[key], named, others, note + grey)
        yield f"accuracy_by_{names[key].replace('/', '-')}", figure


def best_of(shown: int, number: int) -> str:
    """Return a note on how many settings are left out, if any are."""
    return f", the best {shown} of {number} settings" if shown < number else ""


def rows(
    summary: Summary, shown: list[Setting], column: str
) -> tuple["pd.Series[float]", pd.DataFrame]:
    """Return a column of the finished runs by setting, and means with intervals."""
    labels = [setting.label for setting in shown]
    single = summary.finals[column].loc[labels]
    means = intervals(single).loc[labels]
    means["differs"] = [summary.verdict(one) == DIFFERS for one in shown]
    return single.droplevel("seed"), means


def swept_numbers(settings: list[dict[str, Any]]) -> list[str]:
    """Return the keys of numbers with at least three values that go with the same choices."""
    keys = dict.fromkeys(key for chosen in differing_keys(settings) for key in chosen)
    return [key for key in keys if most_values(settings, key) >= 3]


def most_values(settings: list[dict[str, Any]], key: str) -> int:
    """Return how many numbers a key has among settings that have chosen the same component."""
    values: dict[Any, set[float]] = {}
    for setting in settings:
        if is_number(setting.get(key)):
            component = setting.get(key.rpartition(".")[0])
            values.setdefault(component, set()).add(setting[key])
    return max(map(len, values.values()), default=0)


def is_number(value: Any) -> bool:
    """Return whether a value can be a place on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def without(key: str, setting: Setting) -> dict[str, Any]:
    """Return the values of a setting but for one key."""
    return {name: value for name, value in setting.values.items() if name != key}


def lines_by(key: str, settings: list[Setting], means: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return mean and std by a number, for each combination of the other keys, the best first."""
    groups: dict[frozenset[tuple[str, Any]], list[Setting]] = {}
    for setting in settings:
        if is_number(setting.values.get(key)):
            groups.setdefault(frozenset(without(key, setting).items()), []).append(setting)
    labels = tell_apart([without(key, group[0]) for group in groups.values()])
    lines = {}
    for label, group in zip(labels, groups.values(), strict=True):
        places = [setting.values[key] for setting in group]
        line = means.loc[[setting.label for setting in group]].set_axis(places)
        lines[label] = line.sort_index()
    return lines
