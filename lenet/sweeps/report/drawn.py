"""What the page of a sweep draws: curves, swept numbers, all keys side by side, cost."""

from html import escape

from lenet.config.settings import differing_keys, spelt
from lenet.runs.groups import over_seeds
from lenet.sweeps.report import charts
from lenet.sweeps.report.numbers import swept_numbers
from lenet.sweeps.report.sizes import by_parameters
from lenet.sweeps.report.tables import is_number
from lenet.sweeps.statistics import half_width
from lenet.sweeps.summary import Summary

MOST_CURVES = 8  # settings whose curves are drawn, the best ones
SEVERAL = 2  # values of a number, from which on dots are drawn by it


def curves_of(summary: Summary) -> str:
    """Return the accuracy by epoch of the best settings, with bands and single seeds."""
    column = f"{summary.ranked_by}_accuracy"
    series = []
    for setting in summary.ranked[:MOST_CURVES]:
        runs = [outcome.run for outcome in setting.finished]
        found = over_seeds(runs, column)
        half = half_width(found["std"], found["count"]).fillna(0)
        series.append(
            charts.Series(
                setting.label,
                [float(epoch) for epoch in found.index],
                [100 * x for x in found["mean"]],
                [100 * x for x in found["mean"] - half],
                [100 * x for x in found["mean"] + half],
                {f"seed {run.seed}": [100 * x for x in run.metrics[column]] for run in runs},
            )
        )
    if not series or len(series[0].x) < 2:
        return ""
    key = "".join(
        f'<li><span style="background:{charts.colour(k)}"></span>{escape(one.name)}</li>'
        for k, one in enumerate(series)
        if one.name
    )
    note = "Bands: 95 % interval of the mean. Behind them every seed; its name appears on hover."
    drawn = charts.curves(series, f"{summary.ranked_by} accuracy (%)")
    return f'<ul class="key">{key}</ul>{drawn}<p class="faint">{note}</p>'


def by_number(summary: Summary) -> str:
    """Return the accuracy of every run by each number that was swept."""
    column = f"{summary.ranked_by}_accuracy"
    drawn = []
    settings = by_parameters(summary.ranked)
    for key in swept_numbers(settings, SEVERAL):
        dots = [
            charts.Dot(
                float(setting.words[key]),
                100 * float(outcome.last[column]),
                f"{setting.label}, seed {outcome.run.seed}: {outcome.last[column]:.2%}",
                k,
            )
            for k, setting in enumerate(settings)
            if is_number(setting.words.get(key))
            for outcome in setting.finished
            if outcome.last is not None
        ]
        drawn.append(charts.scatter(dots, key, f"{summary.ranked_by} accuracy (%)"))
    return "".join(drawn)


def parallel_of(summary: Summary) -> str:
    """Return a line for each setting through the values of its keys, from three keys on."""
    words = [setting.words for setting in summary.ranked]
    keys = differing_keys(words)
    if len(keys) < 3:
        return ""
    means = summary.finals[f"{summary.ranked_by}_accuracy"].groupby(level="setting").mean()
    lines = [
        (
            [spelt(setting.words[key]) if key in setting.words else "–" for key in keys],
            100 * float(means[setting.label]),
            f"{setting.label}: {means[setting.label]:.2%}",
        )
        for setting in summary.ranked
    ]
    return charts.parallel([*keys, f"{summary.ranked_by} (%)"], lines)


def cost(summary: Summary) -> str:
    """Return accuracy against the time that a run took."""
    column = f"{summary.ranked_by}_accuracy"
    dots = [
        charts.Dot(
            float(outcome.last["seconds"]) * len(outcome.run.metrics),
            100 * float(outcome.last[column]),
            f"{setting.label}, seed {outcome.run.seed}".strip(", "),
            k,
        )
        for k, setting in enumerate(summary.ranked)
        for outcome in setting.finished
        if outcome.last is not None
    ]
    if len(dots) < 2:
        return ""
    note = '<p class="faint">Of training and testing; what else the machine had to do is in it.</p>'
    return charts.scatter(dots, "seconds", f"{summary.ranked_by} accuracy (%)") + note
