"""The paper's Table I beside runs by its recipe."""

from pathlib import Path

import numpy as np
import pandas as pd

from lenet.errors import LenetError
from lenet.figures.paper import ACCURACY, departures
from lenet.formats.text import inert
from lenet.runs.groups import over_seeds
from lenet.runs.run import Run
from lenet.sweeps.report.markdown import NONE, interval, markdown_table, percent, write_tables
from lenet.sweeps.statistics import half_width

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
    return markdown_table(columns)


def write(rows: pd.DataFrame, text: str, folder: Path) -> list[Path]:
    """Write table1.md and table1.csv; return their paths."""
    cells = rows.assign(setting=rows["setting"].map(inert)).set_index("setting")
    return write_tables("table1", text, cells, folder)
