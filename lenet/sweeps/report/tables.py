"""The tables of a summary: tidy, so that each can be loaded and grouped as it is.

settings.csv       a row for each setting, best first: means over seeds, and how it compares
runs.csv           a row for each run that has begun: its setting, seed, status and last epoch
comparisons.csv    a row for each pair of settings that share at least two seeds

``setting`` is one text in all of them. The keys by which settings differ have a column each, named
as it is typed in full, and so has what is the same in all but not the default. Accuracies are
fractions. There are no times: the same runs, carried out again, give the same bytes.
"""

import csv
import os
from collections.abc import Iterable, Sequence
from io import StringIO
from math import isnan
from pathlib import Path
from typing import Any

from lenet.config.choices import Values
from lenet.config.settings import all_keys, common_keys, differing_keys
from lenet.formats.files import write_text
from lenet.formats.tables import LARGEST_FLOAT32
from lenet.formats.text import inert
from lenet.runs.run import Run
from lenet.sweeps.outcome import Outcome
from lenet.sweeps.statistics import COMPARED, intervals, records
from lenet.sweeps.summary import Setting, Summary

Row = dict[str, Any]

SETTINGS, RUNS, COMPARISONS = "settings.csv", "runs.csv", "comparisons.csv"
ALWAYS = {"dataset", "epochs"}  # keys that have a column whether or not they say anything new
MEASURES = ("mean", "std", "low", "high")  # of a split's accuracy
COMPARISON = ("difference", "p_holm", "verdict")  # with the best setting
DIGITS = 8


def write_tables(summary: Summary, folder: Path) -> list[Path]:
    """Write the tables of a summary, and return their paths; there may be nothing to compare."""
    keys = shown_keys([setting.words for setting in summary.settings])
    (folder / COMPARISONS).unlink(missing_ok=True)
    paths = [
        write_table(folder / SETTINGS, *settings_table(summary, keys)),
        write_table(folder / RUNS, *runs_table(summary, keys)),
    ]
    if summary.ranked and len(summary.comparisons):
        pairs = map(rounded, records(summary.comparisons))
        paths.append(write_table(folder / COMPARISONS, COMPARED, pairs))
    return paths


def shown_keys(settings: Sequence[Values]) -> list[str]:
    """Return the keys of settings that have a column, in their order."""
    shown = {*differing_keys(settings), *common_keys(settings), *ALWAYS}
    return [key for key in all_keys(settings) if key in shown]


def settings_table(summary: Summary, keys: list[str]) -> tuple[list[str], list[Row]]:
    """Return columns and rows: settings, best first."""
    accuracies = [f"{split}_accuracy_{measure}" for split in summary.splits for measure in MEASURES]
    losses = [f"{split}_loss_mean" for split in summary.splits]
    columns = [
        "rank",
        "setting",
        *keys,
        "n",
        "unfinished",
        "stopped",
        *accuracies,
        *losses,
        "ranked_by",
    ]
    ranked = {setting.label: row for setting, row in ranked_rows(summary)}
    rows = [
        of_setting(summary, setting, keys)
        | {"rank": rank, "n": len(setting.finished), "unfinished": len(setting.unfinished)}
        | {"stopped": str(setting.left_behind or "")}
        | ranked.get(setting.label, {})
        for rank, setting in enumerate(summary.settings, start=1)
    ]
    return [*columns, *COMPARISON], rows


def ranked_rows(summary: Summary) -> Iterable[tuple[Setting, Row]]:
    """Yield the settings with finished runs, and what is known of these."""
    found = {column: intervals(values) for column, values in summary.finals.items()}
    for setting in summary.ranked:
        row = {
            f"{split}_accuracy_{measure}": found[f"{split}_accuracy"].at[setting.label, measure]
            for split in summary.splits
            for measure in MEASURES
        } | {
            f"{split}_loss_mean": found[f"{split}_loss"].at[setting.label, "mean"]
            for split in summary.splits
        }
        pair = summary.to_best.get(setting.label, {})
        row |= {column: pair.get(column) for column in COMPARISON}
        row |= {"ranked_by": f"{summary.ranked_by}_accuracy", "verdict": summary.verdict(setting)}
        yield setting, rounded(row)


def runs_table(summary: Summary, keys: list[str]) -> tuple[list[str], list[Row]]:
    """Return columns and rows: runs by their setting and seed, then those of no known setting."""
    splits = ["train", *summary.splits]
    measures = [f"{split}_{measure}" for split in splits for measure in ("loss", "accuracy")]
    columns = ["folder", "setting", *keys, "seed", "status", *measures, "why"]
    strays = [stray for stray in summary.strays if stray.run.path.exists()]
    outcomes = [one for setting in summary.settings for one in setting.outcomes]
    names = folder_names([one.run.path for one in (*outcomes, *strays)])
    rows = [
        of_setting(summary, setting, keys) | of_run(one, one.run.seed)
        for setting in summary.settings
        for one in setting.outcomes
    ] + [of_run(stray, noted_seed(stray.run)) for stray in strays]
    return columns, [row | {"folder": name} for row, name in zip(rows, names, strict=True)]


def of_setting(summary: Summary, setting: Setting, keys: Iterable[str]) -> Row:
    """Return the cells that a setting has in each table."""
    values = {key: as_cell(setting.words[key]) for key in keys if key in setting.words}
    return values | {"setting": setting.label or summary.common}


def of_run(outcome: Outcome, seed: int | None) -> Row:
    """Return the cells of a run: what has become of it, and its last epoch if it has finished."""
    last = {} if outcome.last is None else {str(key): x for key, x in outcome.last.items()}
    return rounded(last) | {"seed": seed, "status": outcome.status, "why": outcome.why}


def noted_seed(run: Run) -> int | None:
    """Return the seed that the record of a run has, if any."""
    seed = run.record.get("seed")
    return seed if type(seed) is int else None


def folder_names(paths: Sequence[Path]) -> list[str]:
    """Return folders as seen from the one that they have in common."""
    if not paths:
        return []
    common = os.path.commonpath([path.absolute().parent for path in paths])
    return [os.path.relpath(path, common) for path in paths]


def is_number(value: Any) -> bool:
    """Return whether a value can be a place on an axis."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= LARGEST_FLOAT32
    )


def by_size(text: str) -> tuple[float, str]:
    """Return a key that sorts numbers by their size, and words after them."""
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text


def as_cell(value: Any) -> Any:
    """Return a value of the configuration as it is typed, but for null.

    Whatever reads tables takes "null" for a cell that is missing, and leaves it out of groups.
    """
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else value


def rounded(row: Row) -> Row:
    """Return a row with its measured numbers in as many digits as all machines agree on."""
    return {
        column: float(f"{x:.{DIGITS}g}") if isinstance(x, float) else x for column, x in row.items()
    }


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> Path:
    """Write a CSV file, whole or not at all, and return its path; missing cells are empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, columns))
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    write_text(path, text.getvalue())
    return path


def cell(value: Any) -> Any:
    """Return what stands for a value in a CSV file: a number as it is, text without effect."""
    if isinstance(value, str):
        return inert(value)
    return "" if isinstance(value, float) and isnan(value) else value
