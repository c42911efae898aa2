"""A study in which one change follows the other: what each gives, over common seeds.

Its settings are files of one folder, in the order of their names, such as
``from_1998_to_2025/1_softmax``; each has all that those before it have changed.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pandas as pd

from lenet.errors import LenetError
from lenet.runs.find import natural_order
from lenet.runs.groups import newest_of_each_seed
from lenet.runs.run import Run
from lenet.sweeps.report.markdown import (
    NONE,
    interval,
    markdown_table,
    p_value,
    percent,
    write_tables,
)
from lenet.sweeps.statistics import holm, intervals, paired_tests

SETTING = "setting"
CHANGE = ["change", "change_low", "change_high", "p_value"]
NOTE = """\
Test error after the last epoch in %, mean and its 95 % interval over seeds (Student's t).
The change is to the row above, over common seeds, with its 95 % interval (paired t-test).
p: of that test, corrected for the number of changes (Holm).
"""


def by_change(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return the runs of each setting, one for each seed, in the order of the settings' names.

    Raises:
        LenetError: a run was not started with a setting, or there is one setting only.

    """
    found: dict[str, list[Run]] = {}
    for run in runs:
        word = run.record.get("choices", {}).get(SETTING, "none")
        if word == "none":
            raise LenetError(f"{run.path}: expected a run that was started with setting=<name>")
        found.setdefault(word.rpartition("/")[2], []).append(run)
    if len(found) < 2:
        raise LenetError("expected runs of several settings, one change after the other")
    ordered = sorted(found, key=lambda word: natural_order(Path(word)))
    return {word: newest_of_each_seed(found[word]) for word in ordered}


def errors(groups: dict[str, list[Run]]) -> dict[str, pd.Series]:
    """Return the test errors after the last epoch in %, by setting and by seed."""
    return {
        word: pd.Series(
            {run.seed: 100 * (1 - run.metrics["test_accuracy"].iloc[-1]) for run in runs}
        )
        for word, runs in groups.items()
    }


def table(groups: dict[str, list[Run]]) -> pd.DataFrame:
    """Return a row for each setting: error in %, its interval, the change, its interval and p."""
    of_seeds = errors(groups)
    together = pd.DataFrame(of_seeds)
    flat = pd.concat(of_seeds, names=[SETTING])
    found = [change(together[[*pair]].dropna()) for pair in pairwise(groups)]
    changes = pd.DataFrame(found, index=list(groups)[1:], columns=CHANGE)
    return intervals(flat).join(changes.assign(p_holm=holm(changes["p_value"])))


def change(common: pd.DataFrame) -> dict[str, float]:
    """Return the mean change of the second column to the first, its interval and p-value."""
    if len(common) < 2:
        return {"change": float((common.iloc[:, 1] - common.iloc[:, 0]).mean())}
    values = common.to_numpy()
    tested = paired_tests(values[:, 1:], values[:, :1]).iloc[0]
    return {
        "change": tested["difference"],
        "change_low": tested["difference_low"],
        "change_high": tested["difference_high"],
        "p_value": tested["p_value"],
    }


def markdown(rows: pd.DataFrame) -> str:
    """Return the rows as a Markdown table."""
    return markdown_table(
        {
            "Setting": list(rows.index),
            "Error": list(map(percent, rows["mean"])),
            "95 % CI": list(map(interval, rows["low"], rows["high"])),
            "Seeds": [f"{count:.0f}" for count in rows["count"]],
            "Change": [NONE if pd.isna(value) else f"{value:+.2f}" for value in rows["change"]],
            "95 % CI of it": list(map(interval, rows["change_low"], rows["change_high"])),
            "p": list(map(p_value, rows["p_holm"])),
        }
    )


def write(rows: pd.DataFrame, text: str, folder: Path) -> list[Path]:
    """Write changes.md and changes.csv; return their paths."""
    return write_tables("changes", text, rows.rename_axis(SETTING), folder)
