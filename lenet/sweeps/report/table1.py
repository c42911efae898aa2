"""The paper's Table I beside runs by its recipe."""

from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd

from lenet.errors import LenetError
from lenet.figures.paper import ACCURACY, departures
from lenet.formats.files import write_text
from lenet.formats.text import inert
from lenet.runs.groups import over_seeds
from lenet.runs.run import Run
from lenet.sweeps.statistics import half_width

NONE = "–"
NOTE = """\
Test accuracy on MNIST in %. Std: of a sample of seeds. 95 % CI: of their mean, by Student's t.
Paper is: where the paper's figure lies, inside, below or above the mean ± 2 std.
"""


def refuse_other_recipe(run: Run) -> None:
    """Raise LenetError unless the run is by the recipe of the paper's Table I."""
    if keys := departures(run.config):
        raise LenetError(
            f"{run.path}: Table I is of the paper's recipe, which lenet dataset=mnist trains; "
            f"this run departs from it in {', '.join(keys)}"
        )


def summary(runs: list[Run]) -> pd.DataFrame:
    """Return, by epoch, what is known of one setting; NaN stands for what is not.

    A single run has no standard deviation, and the paper no fourth epoch.
    """
    accuracy = over_seeds(runs, "test_accuracy")
    n, accuracy = accuracy["count"], 100 * accuracy.drop(columns="count")
    mean, std = accuracy["mean"], accuracy["std"]
    half = half_width(std, n)
    paper = pd.Series(ACCURACY).reindex(accuracy.index)
    return pd.DataFrame(
        {
            "paper": paper,
            "mean": mean,
            "std": std,
            "ci_low": mean - half,
            "ci_high": mean + half,
            "n": n,
            "min": accuracy["min"],
            "max": accuracy["max"],
            "paper_is": np.select(
                [paper < mean - 2 * std, paper > mean + 2 * std, std.notna() & paper.notna()],
                ["below", "above", "inside"],
                "",
            ),
        }
    )


def markdown(rows: pd.DataFrame) -> str:
    """Return the rows as a Markdown table; a single setting is not named."""
    columns = {
        "Setting": [setting.replace("|", r"\|") for setting in rows["setting"]],
        "Epoch": list(map(str, rows["epoch"])),
        "Paper": list(map(percent, rows["paper"])),
        "Mean": list(map(percent, rows["mean"])),
        "Std": list(map(percent, rows["std"])),
        "95 % CI": list(map(interval, rows["ci_low"], rows["ci_high"])),
        "Seeds": list(map(str, rows["n"])),
        "Min": list(map(percent, rows["min"])),
        "Max": list(map(percent, rows["max"])),
        "Paper is": [place or NONE for place in rows["paper_is"]],
    }
    if not any(columns["Setting"]):
        del columns["Setting"]
    padded = [pad([title, *cells]) for title, cells in columns.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in zip(*padded, strict=True))


def pad(column: list[str]) -> list[str]:
    """Bring a title and its cells to one width, with Markdown's rule for a column between them."""
    width = max(map(len, column))
    title, *cells = [text.rjust(width) for text in column]
    return [title, "-" * (width - 1) + ":", *cells]


def percent(value: float) -> str:
    """Return a figure to the hundredth, which is one of MNIST's test images."""
    return NONE if isnan(value) else f"{value:.2f}"


def interval(low: float, high: float) -> str:
    """Return the two ends of an interval."""
    return NONE if isnan(low) else f"{low:.2f} to {high:.2f}"


def write(rows: pd.DataFrame, text: str, folder: Path) -> list[Path]:
    """Write table1.md and table1.csv; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = rows.assign(setting=rows["setting"].map(inert))
    csv = cells.to_csv(index=False, float_format="%.4f", lineterminator="\n")
    paths = [folder / "table1.md", folder / "table1.csv"]
    for path, content in zip(paths, (text, csv), strict=True):
        write_text(path, content)
    return paths
