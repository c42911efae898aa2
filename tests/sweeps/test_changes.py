"""What one change after the other gives: in the order of the settings, over common seeds."""

from pathlib import Path

import numpy as np
import pytest
from fake_runs import fake_run
from scipy.stats import ttest_rel
from scripted import Script

from lenet.errors import LenetError
from lenet.runs.run import Run
from lenet.sweeps.report.changes import by_change, table

ERRORS = {
    "0_first": [1.5, 1.6, 1.4],
    "1_better": [1.0, 1.2, 0.95],
    "10_last": [1.1, 1.2],
}


def study(folder: Path) -> list[Run]:
    return [
        fake_run(
            folder / f"{word}-{seed}",
            "dataset=mnist",
            seed=seed,
            accuracies=(0.5, 1 - error / 100),
            choices={"setting": f"study/{word}"},
        )
        for word, errors in reversed(ERRORS.items())
        for seed, error in enumerate(errors)
    ]


def test_each_change_is_to_the_setting_before_over_common_seeds(tmp_path: Path) -> None:
    rows = table(by_change(study(tmp_path)))
    assert list(rows.index) == list(ERRORS)
    np.testing.assert_allclose(rows["mean"], [1.5, 1.05, 1.15])
    np.testing.assert_allclose(rows["change"].iloc[1:], [-0.45, 0.05])
    test = ttest_rel(ERRORS["1_better"], ERRORS["0_first"])
    low, high = test.confidence_interval(0.95)
    np.testing.assert_allclose(rows.loc["1_better", ["change_low", "change_high"]], [low, high])
    assert rows["count"].tolist() == [3, 3, 2]


def test_the_p_values_are_corrected_for_the_number_of_changes(tmp_path: Path) -> None:
    rows = table(by_change(study(tmp_path)))
    p = rows["p_value"].iloc[1:]
    assert p.notna().all()
    smaller, larger = np.sort(p)
    np.testing.assert_allclose(
        np.sort(rows["p_holm"].iloc[1:]), [2 * smaller, max(2 * smaller, larger)]
    )


def test_without_common_seeds_there_is_a_change_of_means_alone(tmp_path: Path) -> None:
    runs = [run for run in study(tmp_path) if run.path.name in ("0_first-0", "1_better-0")]
    rows = table(by_change(runs))
    np.testing.assert_allclose(rows["change"].iloc[1:], -0.5)
    assert rows[["change_low", "p_value", "p_holm"]].isna().all(axis=None)
    assert rows["mean"].notna().all()


def test_the_table_and_the_figure_are_written(script: Script) -> None:
    study(Path("runs"))
    outcome = script("plot_changes", "runs")
    assert [Path(path).name for path in outcome.paths] == [
        "changes.md", "changes.csv", "changes.png", "changes.svg"
    ]  # fmt: skip
    assert "| 1_better |  1.05 |" in outcome.text
    assert "-0.45" in Path("runs/changes.md").read_text()


def test_runs_without_a_setting_are_refused(tmp_path: Path) -> None:
    run = fake_run(tmp_path, "dataset=mnist", choices={"setting": "none"})
    with pytest.raises(LenetError, match="expected a run that was started with setting"):
        by_change([run])


def test_a_single_setting_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(LenetError, match="expected runs of several settings"):
        by_change(study(tmp_path)[:2])
