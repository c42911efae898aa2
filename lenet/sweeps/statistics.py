"""Comparing settings over seeds: intervals of means, and which differences are more than noise."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t, ttest_rel

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SAME = 1e-9  # differences of accuracies that are closer than this are the same but for rounding

# What a setting is called, as against the best one or another
BEST, DIFFERS, WITHIN, INCOMPARABLE = "best", "differs", "within noise", "not comparable"

COMPARED = [
    "setting", "compared_with", "n", "difference", "difference_low", "difference_high",
    "p_value", "p_holm", "verdict",
]  # fmt: skip


def intervals(values: "pd.Series[float]") -> pd.DataFrame:
    """Return, by setting, the mean over seeds, the sample's std, and the mean's 95 % interval."""
    found = values.groupby(level="setting", sort=False).agg(["mean", "std", "count"])
    half = half_width(found["std"], found["count"])
    return found.assign(low=found["mean"] - half, high=found["mean"] + half)


def half_width(std: "pd.Series[float]", n: "pd.Series[int] | int") -> "pd.Series[float]":
    """Return half the 95 % interval of the mean of n values, by Student's t."""
    return std * t.ppf((1 + CONFIDENCE) / 2, n - 1) / np.sqrt(n)


def compare(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Compare the columns of accuracies by seed, each with all before it, over common seeds.

    Pairs with fewer than two common seeds are left out. Differences that are the same for all seeds
    have no spread to be tested against: their p-value is 1 if they are 0, and else unknown.
    """
    labels, values = np.array(accuracy.columns, object), accuracy.to_numpy()
    before, after = np.triu_indices(len(labels), 1)
    known = ~np.isnan(values)
    patterns, pattern = np.unique(known, axis=1, return_inverse=True)
    kinds = pattern[before] * patterns.shape[1] + pattern[after]
    parts = []
    for kind in np.unique(kinds):
        one, other = before[kinds == kind], after[kinds == kind]
        common = known[:, one[0]] & known[:, other[0]]
        if common.sum() >= 2:
            tested = paired_tests(values[common][:, other], values[common][:, one])
            parts.append(tested.assign(setting=other, compared_with=one))
    if not parts:
        return pd.DataFrame(columns=COMPARED)
    pairs = pd.concat(parts).sort_values(["compared_with", "setting"])
    pairs["p_holm"] = holm(pairs["p_value"])
    verdicts = [pairs["p_holm"].isna(), pairs["p_holm"] < SIGNIFICANT]
    pairs["verdict"] = np.select(verdicts, [INCOMPARABLE, DIFFERS], WITHIN)
    names = {column: labels[pairs[column]] for column in ("setting", "compared_with")}
    return pairs.assign(**names)[COMPARED]


def paired_tests(values: "np.ndarray[Any, Any]", others: "np.ndarray[Any, Any]") -> pd.DataFrame:
    """Return a paired t-test for each column, over the rows."""
    differences = values - others
    mean = differences.mean(axis=0)
    constant = np.ptp(differences, axis=0) < SAME
    equal = constant & (abs(mean) < SAME)
    low, high, p = (np.where(equal, fill, np.nan) for fill in (0.0, 0.0, 1.0))
    if not constant.all():
        test = ttest_rel(values[:, ~constant], others[:, ~constant], axis=0)
        low[~constant], high[~constant] = test.confidence_interval(CONFIDENCE)
        p[~constant] = test.pvalue
    return pd.DataFrame(
        {
            "n": len(values),
            "difference": np.where(equal, 0, mean),
            "difference_low": low,
            "difference_high": high,
            "p_value": p,
        }
    )


def holm(p: "pd.Series[float]") -> "pd.Series[float]":
    """Return p-values corrected for their number by Holm's method; unknown ones do not count."""
    ordered = p.reset_index(drop=True).dropna().sort_values(kind="stable")
    corrected = (ordered * np.arange(len(ordered), 0, -1)).cummax().clip(upper=1)
    return corrected.reindex(range(len(p))).set_axis(p.index)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by column."""
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]
