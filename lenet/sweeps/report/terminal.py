"""A summary as text: what a user sees at the end of a sweep."""

from collections import Counter, defaultdict
from collections.abc import Callable
from math import isnan
from textwrap import fill, shorten

import numpy as np
import pandas as pd

from lenet.errors import printable
from lenet.formats.text import plural
from lenet.runs.record import times_tried_again
from lenet.sweeps.report.tables import RUNS, SETTINGS
from lenet.sweeps.statistics import DIFFERS, SIGNIFICANT, WITHIN, intervals
from lenet.sweeps.summary import Setting, Summary

TABLE_ROWS = 30
FAILURE_ROWS = 20
LINE = 100  # characters
NARROWEST = 30  # of a column of labels


def table(summary: Summary) -> str:
    """Return the settings for the terminal, best first, with what the order and the marks mean."""
    ranked = summary.ranked
    runs = sum(len(setting.outcomes) for setting in summary.settings)
    finished = sum(len(setting.finished) for setting in summary.settings)
    stopped = sum(len(setting.stopped) for setting in summary.settings)
    counts = f"{finished} of {runs + len(summary.strays)} runs finished"
    counts += f", {stopped} stopped" if stopped else ""
    if not ranked:
        return "\n".join(filter(None, [counts, common(summary)]))
    head = [f"{plural(len(summary.settings), 'setting')}, {counts}", common(summary)]
    shown = summary.settings[:TABLE_ROWS]
    lines = ["  ".join(line) for line in zip(*table_columns(summary, shown), strict=True)]
    if len(summary.settings) > 1:
        labels = ["setting", *(setting.label for setting in shown)]
        lines = [hang(line, label) for line, label in zip(lines, labels, strict=True)]
    hidden = len(summary.settings) - len(shown)
    more = [f"... {hidden} more in {SETTINGS}"] if hidden else []
    return "\n".join([*filter(None, head), "", *lines, *more, "", *notes(summary)]).rstrip()


def common(summary: Summary) -> str:
    """Return what all settings have in common, beside the defaults, in lines."""
    if not summary.common:
        return ""
    return wrapped(summary.common, "all: ", LINE)


def table_columns(summary: Summary, shown: list[Setting]) -> list[list[str]]:
    """Return the cells of the table by column but for the labels, brought to one width."""
    splits = [
        split for split in summary.splits if summary.finals[f"{split}_accuracy"].notna().any()
    ]
    columns = [justify("rank", [str(i) if s.finished else "–" for i, s in enumerate(shown, 1)])]
    for split in splits:
        found = intervals(summary.finals[f"{split}_accuracy"])
        cells = [plus_minus(found, setting.label) if setting.finished else "–" for setting in shown]
        columns.append(justify(f"{split} (%)", cells))
    columns.append(justify("seeds", [seeds(setting) for setting in shown]))
    if any(setting.left_behind for setting in shown):
        columns.append(justify("stopped after", [stopped_after(setting) for setting in shown]))
    if len(summary.comparisons):
        pairs = [summary.to_best.get(setting.label, {}) for setting in shown]
        differences = [percent_points(pair.get("difference", np.nan)) for pair in pairs]
        columns.append(justify("difference", differences))
        verdicts = [summary.verdict(one) if one.finished else "–" for one in shown]
        columns.append(justify("is", verdicts, str.ljust))
    return columns


def hang(line: str, label: str) -> str:
    """Add a label to the end of a line, and to lines below where it is long."""
    start = f"{line}  "
    return wrapped(label, start, max(LINE, len(start) + NARROWEST))


def wrapped(text: str, start: str, width: int) -> str:
    """Return a text after a start, in lines that are broken between words and begin below it."""
    return fill(
        text,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def justify(
    title: str, cells: list[str], place: Callable[[str, int], str] = str.rjust
) -> list[str]:
    """Bring a title and its cells to one width."""
    cells = list(map(printable, cells))
    width = max(map(len, [title, *cells]))
    return [place(text, width) for text in (title, *cells)]


def plus_minus(found: pd.DataFrame, label: str) -> str:
    """Return a setting's mean in percent, with half of its interval if there is one."""
    mean, high = (float(found[column][label]) for column in ("mean", "high"))
    if isnan(mean):
        return "–"
    half = high - mean
    return f"{100 * mean:.2f}" + (" " * 8 if isnan(half) else f" ± {100 * half:5.2f}")


def percent_points(difference: float) -> str:
    """Return a difference of accuracies; one that rounds to 0 is +0.00."""
    return "" if isnan(difference) else f"{round(100 * difference, 2) + 0.0:+.2f}"


def seeds(setting: Setting) -> str:
    """Return how many seeds have finished, and of how many if not all."""
    n, of = len(setting.finished), len(setting.outcomes)
    return str(of) if setting.is_whole else f"{n} of {of}"


def stopped_after(setting: Setting) -> str:
    """Return after how many epochs halving has left a setting behind, if it has."""
    return plural(setting.left_behind.epochs, "epoch") if setting.left_behind else ""


def notes(summary: Summary) -> list[str]:
    """Return what the reader of the table must know: the order, the intervals, the test."""
    lines = []
    several = len(summary.settings) > 1
    if several:
        lines.append(f"Ranked by mean {summary.ranked_by} accuracy after the last epoch.")
        if summary.ranked_by == "test":
            lines.append(
                "The best of many on test images looks better than it is: "
                "choose by dataset.validation=1000."
            )
        if not all(setting.is_whole for setting in summary.ranked):
            lines.append("Settings with runs that did not finish come after the others.")
    lines += filter(None, [left_behind(summary), early_ends(summary), tried_again(summary)])
    if any(len(setting.finished) > 1 for setting in summary.ranked):
        lines.append("±: to either side of the mean over seeds, 95 % interval (Student's t).")
    pairs = int(summary.comparisons["p_value"].notna().sum())
    if pairs:
        lines.append(
            f'"{DIFFERS}" from the best: p < {SIGNIFICANT} in a paired t-test over common seeds, '
            f"Holm-corrected ({plural(pairs, 'pair')})."
        )
        lines.append(f'"{WITHIN}": not shown to differ, which does not mean equal.')
    elif len(summary.ranked) > 1 and summary.is_complete:
        lines.append("Several seeds, such as 'seed=range(5)', would tell settings from noise.")
    return lines


def left_behind(summary: Summary) -> str:
    """Return how many settings halving has stopped, and after how many epochs."""
    ends = Counter(setting.left_behind for setting in summary.settings if setting.left_behind)
    said = [f"{plural(count, 'setting')} {end}" for end, count in sorted(ends.items())]
    return f"Stopped: {', '.join(said)}." if said else ""


def early_ends(summary: Summary) -> str:
    """Return how many of the finished runs ended before their last epoch, by what, and when."""
    ends = defaultdict(list)
    for setting in summary.settings:
        for outcome in setting.finished:
            if outcome.stopped:
                ends[outcome.stopped.by].append(outcome.stopped.epochs)
    said = [
        f"{plural(len(epochs), 'run')} by {by} after {span(epochs)}" for by, epochs in ends.items()
    ]
    return f"Stopped early: {', '.join(said)}." if said else ""


def tried_again(summary: Summary) -> str:
    """Return how many runs were tried again after they had failed, how often, with what success."""
    outcomes = [outcome for setting in summary.settings for outcome in setting.outcomes]
    again = [one for one in outcomes if times_tried_again(one.run.record)]
    times = sum(times_tried_again(one.run.record) for one in again)
    finished = sum(one.status == "finished" for one in again)
    said = f"{plural(len(again), 'run')}, {plural(times, 'time')} in all; {finished} finished then"
    return f"Tried again after failing: {said}." if again else ""


def span(epochs: list[int]) -> str:
    """Return numbers of epochs from the least to the most."""
    least, most = min(epochs), max(epochs)
    return plural(most, "epoch") if least == most else f"{least:,} to {plural(most, 'epoch')}"


def failures(summary: Summary) -> str:
    """Return the runs that did not finish, a line each; nothing if all did."""
    failed = [
        (outcome, ", ".join(filter(None, [setting.label, f"seed {outcome.run.seed}"])))
        for setting in summary.settings
        for outcome in setting.unfinished
    ] + [(stray, "") for stray in summary.strays]
    if not failed:
        return ""
    counts = Counter(outcome.status for outcome, _ in failed)
    kinds = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    shown = failed[:FAILURE_ROWS]
    columns = [
        justify("", [outcome.status for outcome, _ in shown], str.ljust)[1:],
        justify("", [outcome.run.path.name for outcome, _ in shown], str.ljust)[1:],
        [
            "; ".join(filter(None, [label, shorten(outcome.why, LINE, placeholder=" ...")]))
            for outcome, label in shown
        ],
    ]
    lines = ["  " + "  ".join(line).rstrip() for line in zip(*columns, strict=True)]
    hidden = len(failed) - len(shown)
    more = [f"  ... and {hidden} more; {RUNS} has what there is of them"] if hidden else []
    return "\n".join([f"{plural(len(failed), 'run')} did not finish ({kinds}):", *lines, *more])
