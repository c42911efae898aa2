"""report.html: a sweep on one page, which needs nothing but a browser: no network, no scripts.

What is best and what is not told apart from it, in words and as a table with every seed; curves,
pairs, swept numbers, cost; what failed and how it is repeated; where it was computed.
"""

import base64
import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from lenet.formats.files import write_text
from lenet.formats.layout import LOG, SWEEP
from lenet.formats.text import plural
from lenet.runs.record import read_record
from lenet.runs.run import Run
from lenet.sweeps.outcome import Outcome
from lenet.sweeps.report import charts
from lenet.sweeps.report.drawn import by_number, cost, curves_of, parallel_of
from lenet.sweeps.report.markdown import p_value
from lenet.sweeps.report.tables import COMPARISONS, RUNS, SETTINGS
from lenet.sweeps.report.terminal import early_ends, left_behind, tried_again
from lenet.sweeps.statistics import DIFFERS, SIGNIFICANT, WITHIN, intervals, records
from lenet.sweeps.summary import Setting, Summary

PAGE = "report.html"
MOST_PAIRS = 16  # settings whose pairs are shown
MOST_STRIPS = 60
TRACE = 12  # lines of a log's end
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = Path(__file__).with_name("report.css")


def write_page(summary: Summary, folder: Path, tables: Iterable[Path]) -> Path:
    """Write the page of a summary to a folder, and return its path.

    ``tables`` are CSV files that go into it for download. The command of a sweep is that which the
    folder has a record of.
    """
    command = read_record(folder, SWEEP).get("command")
    typed = shlex.join(map(str, command)) if isinstance(command, list) else ""
    write_text(folder / PAGE, page(summary, typed, tables))
    return folder / PAGE


def page(summary: Summary, command: str, tables: Iterable[Path] = ()) -> str:
    """Return the page as text."""
    sections = [
        section("What is best", words(summary), ranking(summary)) if summary.ranked else "",
        section("Training", curves_of(summary)),
        section("Pairs", pairs(summary)),
        section("By what was swept", by_number(summary), parallel_of(summary)),
        section("Cost", cost(summary)),
        section("Settings that were stopped", stopped(summary)),
        section("Runs that did not finish", failures(summary)),
        section("Where this comes from", provenance(summary, command), downloads(tables)),
    ]
    title = escape(f"Report: {summary.common or 'runs'}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><h1>{title}</h1>\n{''.join(sections)}</body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Return a part of the page; nothing if there is nothing in it."""
    content = "\n".join(filter(None, parts))
    return f"<section><h2>{title}</h2>\n{content}</section>\n" if content else ""


def words(summary: Summary) -> str:
    """Return a paragraph: what is best, what is not told apart from it, chosen on which images."""
    best, *others = summary.ranked
    found = intervals(summary.finals[f"{summary.ranked_by}_accuracy"])
    text = f"{name_of(best, summary)}: {interval(found, best)} of the {summary.ranked_by} images,"
    text += f" over {plural(len(best.finished), 'seed')}."
    if others:
        text = f"The best of {plural(len(summary.ranked), 'setting')} is {text}"
        verdicts = [(setting, summary.verdict(setting)) for setting in others]
        alike = [name_of(one, summary) for one, verdict in verdicts if verdict == WITHIN]
        differ = sum(verdict == DIFFERS for _, verdict in verdicts)
        if alike:
            more = f" and {len(alike) - 5} more" if len(alike) > 5 else ""
            text += f" Not told apart from it: {'; '.join(alike[:5])}{more}."
        if differ:
            text += (
                f" It differs from {differ} of the others (p &lt; {SIGNIFICANT}, Holm-corrected)."
            )
    if len(summary.settings) > 1 and summary.ranked_by == "test":
        text += (
            " The settings were ranked on the test images: the best of many looks better there "
            "than it is. dataset.validation=1000 sets images aside to choose by."
        )
    for sentence in filter(None, [left_behind(summary), early_ends(summary), tried_again(summary)]):
        text += f" {escape(sentence)}"
    return f"<p>{text}</p>"


def name_of(setting: Setting, summary: Summary) -> str:
    """Return how a setting is called on the page, as HTML."""
    return as_code(setting.label or summary.common)


def interval(found: pd.DataFrame, setting: Setting) -> str:
    """Return the mean of a setting in percent, with half of its 95 % interval if there is one."""
    mean, high = (float(found[column][setting.label]) for column in ("mean", "high"))
    spread = "" if np.isnan(high) else f" ± {100 * (high - mean):.2f}"
    return f"{100 * mean:.2f}{spread} %"


def ranking(summary: Summary) -> str:
    """Return the settings, best first, with every seed as a dot."""
    column = f"{summary.ranked_by}_accuracy"
    found, values = intervals(summary.finals[column]), summary.finals[column]
    shown = summary.ranked[:MOST_STRIPS]
    across = charts.axis([100 * value for value in values], 8, 300)
    rows = []
    for rank, setting in enumerate(shown, start=1):
        dots = [
            charts.Dot(100 * float(accuracy), 0, f"seed {seed}: {accuracy:.2%}")
            for seed, accuracy in values.loc[setting.label].items()
        ]
        low, high = (100 * float(found[edge][setting.label]) for edge in ("low", "high"))
        pair = summary.to_best.get(setting.label, {})
        p = float(pair.get("p_holm", np.nan))
        cells = [
            f'<td class="number">{rank}</td>',
            f"<td>{name_of(setting, summary)}</td>",
            f'<td class="number">{interval(found, setting)}</td>',
            f"<td>{charts.strip(dots, low, high, across)}</td>",
            f'<td class="number">{len(setting.finished)}</td>',
            f"<td>{summary.verdict(setting)}</td>",
            f'<td class="number">{small(p)}</td>',
        ]
        rows.append(f"<tr{' class=best' if rank == 1 else ''}>{''.join(cells)}</tr>")
    hidden = len(summary.ranked) - len(shown)
    more = f'<p class="faint">{hidden} more in {SETTINGS}</p>' if hidden else ""
    title = f"{summary.ranked_by} accuracy"
    head = ("rank", "setting", title, "every seed", "seeds", "is", "p")
    note = (
        "<p class=\"faint\">±: half of the mean's 95 % interval (Student's t), as the bars show. "
        "p: of the difference from the best, in a paired t-test over common seeds, "
        "Holm-corrected.</p>"
    )
    return f"{table(head, rows)}{more}{note}"


def small(p: float) -> str:
    """Return a p-value as HTML; nothing if it is unknown."""
    return "" if np.isnan(p) else escape(p_value(p))


def table(head: Sequence[str], rows: Iterable[str]) -> str:
    """Return rows of HTML below their names."""
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><tr>{names}</tr>{"".join(rows)}</table></div>'


def pairs(summary: Summary) -> str:
    """Return the differences of all pairs of the best settings, and which are more than noise."""
    shown = summary.ranked[:MOST_PAIRS]
    if not summary.ranked or not len(summary.comparisons):
        return ""
    known = {(row["setting"], row["compared_with"]): row for row in records(summary.comparisons)}
    rows = []
    for number, setting in enumerate(shown[1:], start=2):
        cells = [f"<th>{number}</th><td>{name_of(setting, summary)}</td>"]
        for other in shown[: number - 1]:
            pair = known.get((setting.label, other.label))
            if pair is None:
                cells.append("<td></td>")
                continue
            same = " same" if pair["verdict"] == WITHIN else ""
            p = small(float(pair["p_holm"]))
            p = f"<br>p {p}" if p else ""
            difference = f"{100 * pair['difference']:+.2f}"
            cells.append(f'<td class="number{same}">{difference}{p}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    note = (
        '<p class="faint">Difference of the row from the column in percent points; shaded: not '
        "told apart. p: paired t-test over common seeds, Holm-corrected for all pairs.</p>"
    )
    head = ["", "setting", *(str(k) for k in range(1, len(shown)))]
    return f"{table(head, rows)}{note}"


def stopped(summary: Summary) -> str:
    """Return the settings that halving has stopped, with what and when."""
    rows = [
        f"<tr><td>{name_of(setting, summary)}</td><td>{escape(str(setting.left_behind))}</td></tr>"
        for setting in summary.settings
        if setting.left_behind
    ]
    return table(("setting", "stopped"), rows) if rows else ""


def failures(summary: Summary) -> str:
    """Return what did not finish: why, the end of its log, and the command that repeats it."""
    failed = [one for setting in summary.settings for one in setting.unfinished]
    return "".join(failure(one) for one in (*failed, *summary.strays))


def failure(outcome: Outcome) -> str:
    """Return one of them."""
    run = outcome.run
    overrides = run.record.get("overrides")
    command = ""
    if isinstance(overrides, list) and overrides:
        command = f"<p>Again: <code>lenet {escape(' '.join(map(str, overrides)))}</code></p>"
    log = last_lines(run.path / LOG)
    trace = f"<pre>{escape(log)}</pre>" if log else ""
    why = f": {outcome.why}" if outcome.why else ""
    return (
        f"<details><summary>{escape(outcome.status)}, <code>{escape(run.path.name)}</code>"
        f"{escape(why)}</summary>{command}{trace}</details>"
    )


def last_lines(path: Path) -> str:
    """Return the end of a log; nothing if it cannot be read."""
    try:
        text = path.read_bytes()[-8000:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-TRACE:])


def provenance(summary: Summary, command: str) -> str:
    """Return the command, and what the runs' records say of code, libraries and data."""
    runs = [one.run for setting in summary.settings for one in setting.outcomes]
    facts = {
        "command": [command] if command else [],
        "in common": [summary.common],
        "code": distinct(runs, "git_commit"),
        "versions": distinct(runs, "versions"),
        "data": distinct(runs, "data"),
    }
    rows = [
        f"<tr><th>{name}</th><td>{'<br>'.join(map(as_code, texts))}</td></tr>"
        for name, texts in facts.items()
        if any(texts)
    ]
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def as_code(text: str) -> str:
    """Return a text as HTML, in the type of code."""
    return f"<code>{escape(text)}</code>"


def distinct(runs: Iterable[Run], key: str) -> list[str]:
    """Return what the records of some runs have under a key, each once."""
    found: dict[str, None] = {}
    for run in runs:
        match run.record.get(key):
            case dict(values):
                found[", ".join(f"{name} {str(value)[:12]}" for name, value in values.items())] = (
                    None
                )
            case str(text):
                found[text] = None
    return list(found)


def downloads(tables: Iterable[Path]) -> str:
    """Return links to tables that are in the page itself."""
    links = []
    for path in tables:
        if path.name in (SETTINGS, RUNS, COMPARISONS):
            content = base64.b64encode(path.read_bytes()).decode()
            links.append(
                f'<a download="{path.name}" href="data:text/csv;base64,{content}">{path.name}</a>'
            )
    return f"<p>Tables: {', '.join(links)}</p>" if links else ""
