"""A summary as a table for a paper: values of some keys down, of others across, accuracies within.

The best setting is bold; a dagger marks those that are not told apart from it, a double one those
that cannot be compared with it, an asterisk those of which a run has not finished.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import product
from math import isnan, nan

from lenet.config.settings import differing_keys, full_key, spelt
from lenet.errors import LenetError
from lenet.formats.text import inert, plural
from lenet.sweeps.report.tables import by_size
from lenet.sweeps.statistics import BEST, INCOMPARABLE, SIGNIFICANT, WITHIN, intervals
from lenet.sweeps.summary import Setting, Summary

SPREADS = ("std", "interval")
MARKS = {WITHIN: "†", INCOMPARABLE: "‡"}
MISSING = "*"
IN_FORMULAS = {"†": r"\dagger", "‡": r"\ddagger", MISSING: MISSING}


@dataclass(frozen=True)
class Cell:
    """What came of a setting: its mean and spread in %, over n seeds, beside the best setting.

    Without a finished run it has neither.
    """

    mean: float
    spread: float
    n: int
    missing: int  # runs that have not finished
    verdict: str

    @property
    def marks(self) -> list[str]:
        """What the note below the table explains of it."""
        found = [MARKS[self.verdict]] if self.verdict in MARKS else []
        return [*found, MISSING] if self.missing else found


@dataclass(frozen=True)
class Grid:
    """Accuracies by the values of keys: ``cells`` has those of a row's values and a column's."""

    rows: list[str]  # keys
    columns: list[str]
    down: list[tuple[str, ...]]  # values of the rows' keys
    across: list[tuple[str, ...]]
    cells: dict[tuple[tuple[str, ...], tuple[str, ...]], Cell]
    split: str
    spread: str

    def cell(self, row: tuple[str, ...], column: tuple[str, ...]) -> Cell | None:
        """Return a cell, if there is such a setting."""
        return self.cells.get((row, column))

    @property
    def note(self) -> str:
        """What the reader of the table must know."""
        counts = sorted({cell.n for cell in self.cells.values() if cell.n})
        least, most = counts[0], counts[-1]
        seeds = plural(most, "seed") if least == most else f"{least} to {most} seeds"
        spread = "standard deviation" if self.spread == "std" else "half of the 95 % interval"
        text = f"Accuracy on {self.split} images in %, mean"
        text += f" ± {spread} of {seeds}" if most > 1 else f" of {seeds}"
        if len(self.cells) > 1:
            text += "; bold: the best"
        verdicts = {cell.verdict for cell in self.cells.values()}
        if WITHIN in verdicts:
            text += (
                f"; †: not told apart from it (paired t-test, Holm-corrected, p ≥ {SIGNIFICANT})"
            )
        if INCOMPARABLE in verdicts:
            text += "; ‡: not compared with it, for want of two common seeds"
        if any(cell.missing for cell in self.cells.values()):
            text += f"; {MISSING}: some runs have not finished, so that it comes after the others"
        return f"{text}."


def grid(
    summary: Summary, rows: Sequence[str], columns: Sequence[str], spread: str = "std"
) -> Grid:
    """Return the accuracies of a summary's settings by some keys, down and across.

    Without any all keys by which the settings differ go down.

    Raises:
        LenetError: no run has finished, a key is none of them, or two settings are in one cell.

    """
    if not summary.ranked:
        raise LenetError("no run has finished")
    words = [setting.words for setting in summary.settings]
    differing = differing_keys(words)
    if not rows and not columns:
        rows = differing
    known = {key: None for setting in words for key in setting}
    down, across = ([full_key(key, known) for key in keys] for keys in (rows, columns))
    found = intervals(summary.finals[f"{summary.ranked_by}_accuracy"])
    taken: dict[tuple[tuple[str, ...], tuple[str, ...]], Setting] = {}
    cells = {}
    for setting in summary.settings:
        place = values(setting, down), values(setting, across)
        if place in taken:
            others = [key for key in differing if key not in (*down, *across)]
            raise LenetError(
                f"{' '.join((*place[0], *place[1])) or 'the table'}: more than one setting; they "
                f"differ in {', '.join(others)} as well, which may be a row or a column"
            )
        taken[place] = setting
        missing = len(setting.unfinished) + len(setting.stopped)
        if not setting.finished:
            cells[place] = Cell(nan, nan, 0, missing, "")
            continue
        mean, std, high = (float(found[name][setting.label]) for name in ("mean", "std", "high"))
        half = std if spread == "std" else high - mean
        verdict, n = summary.verdict(setting), len(setting.finished)
        cells[place] = Cell(100 * mean, 100 * half, n, missing, verdict)
    return Grid(
        down,
        across,
        sorted(dict.fromkeys(row for row, _ in cells), key=order),
        sorted(dict.fromkeys(column for _, column in cells), key=order),
        cells,
        summary.ranked_by,
        spread,
    )


def values(setting: Setting, keys: Sequence[str]) -> tuple[str, ...]:
    """Return what a setting has for some keys, as it is typed."""
    return tuple(spelt(setting.words[key]) if key in setting.words else "–" for key in keys)


def order(texts: tuple[str, ...]) -> list[tuple[float, str]]:
    """Return a key that sorts rows or columns: numbers by their size, then words."""
    return [by_size(text) for text in texts]


def markdown(grid: Grid) -> str:
    """Return a grid as Markdown, with a note below."""

    def shown(cell: Cell | None) -> str:
        if cell is None:
            return "–"
        text = amount(cell, "±") if cell.n else "–"
        text = f"**{text}**" if cell.verdict == BEST else text
        return f"{text} {''.join(cell.marks)}".rstrip()

    def escaped(text: str) -> str:
        return inert(text).replace("|", r"\|")

    head, lines = head_and_lines(grid, shown)
    rule = [*["---"] * len(grid.rows), *["---:"] * len(grid.across)]
    rows = [[escaped(text) for text in row] for row in (head, *lines)]
    table = [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
    return "\n".join([*table, "", grid.note])


LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
    "±": r"$\pm$", "†": r"$\dagger$", "‡": r"$\ddagger$", "≥": r"$\geq$", "<": r"$<$", ">": r"$>$",
}  # fmt: skip


def latex(grid: Grid) -> str:
    r"""Return a grid as LaTeX, which needs \usepackage{booktabs}."""

    def shown(cell: Cell | None) -> str:
        if cell is None:
            return "--"
        signs = "".join(IN_FORMULAS[mark] for mark in cell.marks)
        power = f"^{{{signs}}}" if signs else ""
        if not cell.n:
            return f"--${power}$"
        text = amount(cell, r"\pm")
        return rf"$\mathbf{{{text}}}{power}$" if cell.verdict == BEST else f"${text}{power}$"

    def escaped(text: str) -> str:
        return "".join(LATEX.get(character, character) for character in text)

    head, lines = head_and_lines(grid, shown)
    width = len(grid.rows)
    rows = [[*map(escaped, line[:width]), *line[width:]] for line in lines]
    body = [rf"{' & '.join(row)} \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(grid.note)}}}",
            rf"\begin{{tabular}}{{{'l' * width}{'r' * len(grid.across)}}}",
            r"\toprule",
            rf"{' & '.join(map(escaped, head))} \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def tidy(grid: Grid) -> str:
    """Return a grid as CSV, a line for each cell."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*grid.rows, *grid.columns, "mean", grid.spread, "n", "missing", "is"])
    for row, column in product(grid.down, grid.across):
        cell = grid.cell(row, column)
        if cell is not None:
            figures = ["" if isnan(x) else f"{x:.6g}" for x in (cell.mean, cell.spread)]
            keys = map(inert, (*row, *column))
            lines.writerow([*keys, *figures, cell.n, cell.missing, cell.verdict])
    return text.getvalue().rstrip("\n")


FORMATS = {"markdown": markdown, "latex": latex, "csv": tidy}


def head_and_lines(
    grid: Grid, shown: Callable[[Cell | None], str]
) -> tuple[list[str], list[list[str]]]:
    """Return the head of a table and its lines."""
    head, lines = list(grid.rows), [list(row) for row in grid.down]
    for column in grid.across:
        name = ", ".join(map("=".join, zip(grid.columns, column, strict=True)))
        head.append(name or f"{grid.split} (%)")
        for line, row in zip(lines, grid.down, strict=True):
            line.append(shown(grid.cell(row, column)))
    return head, lines


def amount(cell: Cell, sign: str) -> str:
    """Return mean and spread, to a hundredth of a percent."""
    return f"{cell.mean:.2f}" if isnan(cell.spread) else f"{cell.mean:.2f} {sign} {cell.spread:.2f}"
