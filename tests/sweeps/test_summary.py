"""What is said about many runs: the tables, their statistics, and what is missing or damaged."""

import csv
import math
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_runs import fake_run

from lenet.formats.layout import CONFIG, METRICS, RECORD
from lenet.runs.run import Run
from lenet.sweeps.report.folder import write_summary
from lenet.sweeps.report.sizes import by_parameters
from lenet.sweeps.report.terminal import table
from lenet.sweeps.statistics import compare, holm, intervals, paired_tests
from lenet.sweeps.summary import summarise

pytestmark = pytest.mark.slow

NAN = float("nan")


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def sweep(root: Path, **accuracies: tuple[float, ...]) -> list[Run]:
    """A setting for each optimizer, with a run for each of its final accuracies."""
    return [
        fake_run(
            root / f"{name}-{seed}", f"optimizer={name}", seed=seed, accuracies=(0.5, accuracy)
        )
        for name, values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]


THREE = {"sgd": (0.90, 0.92, 0.91), "adam": (0.96, 0.98, 0.97), "adamw": (0.97, 0.96, 0.979)}


def test_settings_are_ranked_with_intervals_worked_out_by_hand(tmp_path: Path) -> None:
    """Half of the 95 % interval of three seeds: 4.302653 times std / sqrt(3)."""
    text = write_summary(sweep(tmp_path / "runs", **THREE), tmp_path)
    settings = rows(tmp_path, "settings")
    assert [row["optimizer"] for row in settings] == ["adam", "adamw", "sgd"]
    assert [row["rank"] for row in settings] == ["1", "2", "3"]
    first, _, last = settings
    assert float(first["test_accuracy_mean"]) == pytest.approx(0.97)
    assert float(first["test_accuracy_std"]) == pytest.approx(0.01)
    half = 4.302653 * 0.01 / math.sqrt(3)
    assert float(first["test_accuracy_low"]) == pytest.approx(0.97 - half, abs=1e-7)
    assert float(first["test_accuracy_high"]) == pytest.approx(0.97 + half, abs=1e-7)
    assert float(first["test_loss_mean"]) == pytest.approx(1.1 - 0.97)
    assert (first["n"], first["unfinished"], first["epochs"]) == ("3", "0", "2")
    assert first["verdict"] == "best"
    assert float(last["difference"]) == pytest.approx(-0.06)
    assert "   1  97.00 ±  2.48      3              best" in text
    assert "Ranked by mean test accuracy" in text


def test_runs_are_in_the_order_of_their_settings_and_seeds(tmp_path: Path) -> None:
    write_summary(sweep(tmp_path / "runs", **THREE)[::-1], tmp_path)
    runs = rows(tmp_path, "runs")
    assert [row["folder"] for row in runs] == [
        f"{name}-{seed}" for name in ("adam", "adamw", "sgd") for seed in range(3)
    ]
    assert [row["seed"] for row in runs[:3]] == ["0", "1", "2"]
    assert [float(row["test_accuracy"]) for row in runs[:3]] == [0.96, 0.98, 0.97]


LONG = [
    "activation=scaled_tanh",
    "init=lecun_uniform",
    "augmentation=elastic",
    "loss=label_smoothing",
]


def test_what_is_long_is_wrapped_and_whole(tmp_path: Path) -> None:
    fixed = ["schedule=onecycle", "dropout=dense", "normalization=batch", "dataset.train_size=1000"]
    runs = [
        fake_run(tmp_path / f"{i}{seed}", *fixed, *overrides, seed=seed)
        for i, overrides in enumerate(([], LONG))
        for seed in range(2)
    ]
    text = table(summarise(runs))
    assert max(map(len, text.splitlines())) <= 100
    joined = " ".join(text.split())
    line = "dataset=strokes, train_size=1000, normalization=batch, dropout=dense, schedule=onecycle"
    assert f"4 of 4 runs finished all: {line} rank" in joined
    label = "activation=scaled_tanh, init=lecun_uniform, loss=label_smoothing, augmentation=elastic"
    assert label in joined
    assert "augmentation=none" in joined


def test_a_difference_that_cannot_be_seen_has_no_sign_of_its_own(tmp_path: Path) -> None:
    near = {"adam": (0.95, 0.96), "sgd": (0.95, 0.95999)}
    assert "+0.00" in write_summary(sweep(tmp_path / "runs", **near), tmp_path)


def test_no_file_depends_on_times_or_on_the_order_of_the_runs(tmp_path: Path) -> None:
    once = sweep(tmp_path / "once", **THREE)
    again = sweep(tmp_path / "again", **dict(reversed(THREE.items())))
    for folder, runs in ((tmp_path / "a", once), (tmp_path / "b", again)):
        write_summary(runs, folder)
    for name in ("settings.csv", "runs.csv", "comparisons.csv", "accuracy.svg", "curves.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not list(tmp_path.glob("*/*.part"))


def test_validation_ranks_where_all_runs_have_it(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "runs" / name, f"optimizer={name}", "dataset.validation=100",
                 accuracies=(accuracy,), validation=True)
        for name, accuracy in (("adam", 0.9), ("sgd", 0.8))
    ]  # fmt: skip
    text = write_summary(runs, tmp_path / "all")
    assert "Ranked by mean validation accuracy" in text
    (first, *_) = rows(tmp_path / "all", "settings")
    assert first["ranked_by"] == "validation_accuracy"
    assert first["validation_accuracy_mean"] == "0.89"
    runs.append(fake_run(tmp_path / "runs" / "none", "optimizer=rmsprop"))
    text = write_summary(runs, tmp_path / "some")
    assert "Ranked by mean test accuracy" in text
    assert rows(tmp_path / "some", "settings")[0]["validation_accuracy_mean"] == ""


# Statistics


def test_a_paired_test_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, std 1, t = 2 sqrt(3), p = 1 - t / sqrt(t^2 + 2) for 2 df."""
    pairs = paired_tests(np.array([[3.0], [4.0], [9.0]]), np.array([[2.0], [2.0], [6.0]]))
    t = 2 * math.sqrt(3)
    (row,) = pairs.to_dict("records")
    half = 4.302653 / math.sqrt(3)
    assert row == pytest.approx(
        {
            "n": 3,
            "difference": 2,
            "difference_low": 2 - half,
            "difference_high": 2 + half,
            "p_value": 1 - t / math.sqrt(t**2 + 2),
        },
        rel=1e-6,
    )


def test_differences_without_spread_give_no_warning() -> None:
    values = np.array([[0.91, 0.9, 0.95], [0.92, 0.9, 0.95]])
    others = values - [[0.1, 0, 0.2], [0.1, 0, 0.3]]
    pairs = paired_tests(values, others)
    assert pairs["p_value"].tolist() == pytest.approx([NAN, 1, 0.1256659], nan_ok=True)
    assert pairs["difference_low"].tolist()[:2] == pytest.approx([NAN, 0], nan_ok=True)


def test_holm_by_hand() -> None:
    """Times 4, 3, 2, 1 from the smallest, and never below the one before."""
    p = pd.Series([0.01, 0.04, NAN, 0.03, 0.005], index=[5, 5, 6, 7, 8])
    assert holm(p).tolist() == pytest.approx([0.03, 0.06, NAN, 0.06, 0.02], nan_ok=True)


def test_holm_is_the_closed_bonferroni_procedure() -> None:
    """A hypothesis falls if each set that it is in does, by Bonferroni."""
    p = np.random.default_rng(0).uniform(0, 0.3, 5)
    expected = [
        max(
            min(1, len(chosen) * p[chosen].min())
            for member in product([False, True], repeat=5)
            if member[i] and len(chosen := np.flatnonzero(member))
        )
        for i in range(5)
    ]
    np.testing.assert_allclose(holm(pd.Series(p)), expected)


def test_pairs_are_compared_over_the_seeds_that_they_share() -> None:
    accuracy = pd.DataFrame(
        {"a": [0.9, 0.8, 0.7, NAN], "b": [0.8, 0.6, NAN, 0.9], "c": [NAN, NAN, 0.5, 0.5]}
    )
    pairs = compare(accuracy)
    assert pairs[["setting", "compared_with", "n"]].values.tolist() == [["b", "a", 2]]
    assert pairs["difference"].tolist() == pytest.approx([-0.15])


def test_many_pairs_agree_with_one_at_a_time() -> None:
    accuracy = pd.DataFrame(np.random.default_rng(0).normal(0.9, 0.01, (4, 5)), columns=[*"abcde"])
    accuracy.loc[1, "b"] = accuracy.loc[2, "d"] = NAN
    for row in compare(accuracy).to_dict("records"):
        both = accuracy[[row["setting"], row["compared_with"]]].dropna()
        alone = compare(both[[row["compared_with"], row["setting"]]])
        assert row["n"] == len(both)
        assert row["p_value"] == pytest.approx(alone["p_value"].item())


def test_one_seed_has_no_interval() -> None:
    index = pd.MultiIndex.from_tuples([("a", 0)], names=["setting", "seed"])
    found = intervals(pd.Series([0.5], index))
    assert found["mean"].item() == 0.5
    assert found[["std", "low", "high"]].isna().all(axis=None)


def test_verdicts_agree_between_the_files(tmp_path: Path) -> None:
    far = {"adam": (0.95, 0.951, 0.953, 0.952), "sgd": (0.5, 0.502, 0.501, 0.504)}
    near = {"adamw": (0.949, 0.953, 0.952, 0.950)}
    write_summary(sweep(tmp_path / "runs", **far, **near), tmp_path)
    verdicts = {row["optimizer"]: row["verdict"] for row in rows(tmp_path, "settings")}
    assert verdicts == {"adam": "best", "adamw": "within noise", "sgd": "differs"}
    pairs = rows(tmp_path, "comparisons")
    assert [(row["setting"], row["compared_with"], row["verdict"]) for row in pairs] == [
        ("optimizer=adamw", "optimizer=adam", "within noise"),
        ("optimizer=sgd", "optimizer=adam", "differs"),
        ("optimizer=sgd", "optimizer=adamw", "differs"),
    ]


def test_settings_that_share_no_two_seeds_are_not_comparable(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / f"{optimizer}{seed}", f"optimizer={optimizer}", seed=seed)
        for optimizer, seed in (("adam", 0), ("adam", 1), ("sgd", 1), ("sgd", 2))
    ]
    text = write_summary(runs, tmp_path)
    assert [row["verdict"] for row in rows(tmp_path, "settings")] == ["best", "not comparable"]
    assert not (tmp_path / "comparisons.csv").exists()
    assert "Several seeds" in text


# What is missing or damaged


def test_what_did_not_finish_is_named_with_its_reason(tmp_path: Path) -> None:
    runs = sweep(tmp_path / "runs", adam=(0.9, 0.91))
    made: list[tuple[str, dict[str, Any]]] = [
        ("failed", {"error": "OSError: no space left\non device"}),
        ("diverged", {"epoch": 2, "step": 17}),
        ("interrupted", {}),
    ]
    for seed, (status, record) in enumerate(made, start=2):
        path = tmp_path / "runs" / status
        runs.append(fake_run(path, "optimizer=adam", seed=seed, accuracies=(0.5, 0.6),
                             status=status, **record))  # fmt: skip
    text = write_summary(runs, tmp_path)
    assert "3 runs did not finish (1 diverged, 1 failed, 1 interrupted):" in text
    assert "  failed       failed       seed 2; OSError: no space left\n" in text
    assert "  diverged     diverged     seed 3; in epoch 2, step 17\n" in text
    assert "  interrupted  interrupted  seed 4; after 2 of 2 epochs\n" in text
    (setting,) = rows(tmp_path, "settings")
    assert (setting["n"], setting["unfinished"]) == ("2", "3")
    assert "2 of 5" in text
    unfinished = rows(tmp_path, "runs")[2:]
    assert [row["test_accuracy"] for row in unfinished] == ["", "", ""]


DAMAGE = {
    "no run.json": (RECORD, None, "not begun"),
    "run.json is empty": (RECORD, "", "unknown"),
    "run.json is a list": (RECORD, "[]", "unknown"),
    "no configuration": (CONFIG, None, "unknown"),
    "configuration cut off": (CONFIG, "a: {b", "unknown"),
    "configuration is a text": (CONFIG, "text", "unknown"),
    "configuration of something else": (CONFIG, "a: 1", "unknown"),
    "configuration without dataset": (CONFIG, "seed: 1", "unknown"),
    "no metrics": (METRICS, None, "unknown"),
    "metrics cut off": (METRICS, "epoch,train_loss\n1,0.5\n", "unknown"),
    "metrics without rows": (METRICS, "epoch,train_loss\n", "unknown"),
    "metrics in words": (METRICS, "epoch,test_accuracy\none,two\n", "unknown"),
    "metrics of bytes": (METRICS, "\x00\x01", "unknown"),
}


@pytest.mark.parametrize(("name", "content", "status"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_folder_is_a_row(
    tmp_path: Path, name: str, content: str | None, status: str
) -> None:
    good = fake_run(tmp_path / "good", accuracies=(0.9,))
    fake_run(tmp_path / "bad", seed=1)
    (tmp_path / "bad" / name).unlink()
    if content is not None:
        (tmp_path / "bad" / name).write_text(content)
    text = write_summary([Run(tmp_path / "bad"), good], tmp_path)
    (row,) = [row for row in rows(tmp_path, "runs") if row["folder"] == "bad"]
    assert row["status"] == status
    assert row["why"]
    assert str(tmp_path) not in row["why"]
    assert "1 run did not finish" in text
    assert "1 of 2 runs finished" in text


def test_a_run_without_its_validation_split_or_times_spoils_no_figure(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "a", "dataset.validation=100", seed=0, validation=True),
        fake_run(tmp_path / "b", "dataset.validation=100", seed=1),
    ]
    for run in runs:
        path = run.path / METRICS
        path.write_text(path.read_text().replace(",4.0,0.5\n", ",0.0,0.0\n"))
    assert "2 of 2 runs finished" in write_summary(runs, tmp_path / "out")


def test_without_a_finished_run_there_is_a_table_only(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / "runs" / "a", status="failed", error="Boom: it broke")]
    runs += [Run(tmp_path / "runs" / "nothing")]
    text = write_summary(runs, tmp_path / "out")
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert there == {"settings.csv", "runs.csv", "report.html"}
    assert "0 of 2 runs finished" in text
    assert "Boom: it broke" in text
    (setting,) = rows(tmp_path / "out", "settings")
    assert (setting["n"], setting["unfinished"], setting["test_accuracy_mean"]) == ("0", "1", "")
    assert [row["status"] for row in rows(tmp_path / "out", "runs")] == ["failed"]
    assert "0 of 0 runs finished" in write_summary([], tmp_path / "none")
    assert rows(tmp_path / "none", "settings") == rows(tmp_path / "none", "runs") == []


def test_one_run_alone(tmp_path: Path) -> None:
    text = write_summary([fake_run(tmp_path / "a")], tmp_path)
    assert "1 setting, 1 of 1 runs finished" in text
    assert "   1  97.00" in text
    assert not {"difference", "nan"} & {*text.split()}


def test_of_a_seed_the_newest_run_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    runs = [
        fake_run(tmp_path / name, accuracies=(accuracy,), finished=f"2026-01-0{day}")
        for name, accuracy, day in (("old", 0.5, 1), ("new", 0.9, 2))
    ]
    write_summary(runs, tmp_path)
    assert rows(tmp_path, "settings")[0]["test_accuracy_mean"] == "0.9"
    assert [row["folder"] for row in rows(tmp_path, "runs")] == ["new"]
    assert "newer run of the same" in caplog.text


def test_runs_that_stopped_early_are_counted_by_what_stopped_them(tmp_path: Path) -> None:
    """They have finished: their last epoch counts, and the table of runs says which it was."""
    runs = [
        fake_run(
            tmp_path / str(seed),
            seed=seed,
            accuracies=(0.9,) * epochs,
            stopped={"by": "patience=2", "epochs": epochs, "of": 9},
        )
        for seed, epochs in enumerate((3, 5))
    ]
    text = write_summary(runs, tmp_path)
    assert "1 setting, 2 of 2 runs finished" in text
    assert "Stopped early: 2 runs by patience=2 after 3 to 5 epochs." in text
    assert "Stopped early: 2 runs by patience=2" in (tmp_path / "report.html").read_text()
    assert [row["why"] for row in rows(tmp_path, "runs")] == [
        f"by patience=2 after {epochs} of 9 epochs" for epochs in (3, 5)
    ]


def test_settings_that_were_left_behind_come_after_the_others_with_when_and_by_what(
    tmp_path: Path,
) -> None:
    """They are neither finished nor missing, and no accuracy of theirs is compared."""
    runs = [
        fake_run(
            tmp_path / f"{epochs}-{lr}-{seed}",
            f"optimizer.lr={lr}",
            seed=seed,
            accuracies=(0.9 + seed / 50,) * epochs,
            **({"status": "stopped", "stopped": left_behind(epochs)} if epochs < 9 else {}),
        )
        for lr, epochs in ((0.1, 1), (0.2, 3), (0.3, 9), (0.4, 1))
        for seed in (0, 1)
    ]
    summary = summarise(runs)
    assert summary.is_complete
    assert [setting.words["optimizer.lr"] for setting in summary.settings] == [0.3, 0.2, 0.1, 0.4]
    text = write_summary(runs, tmp_path)
    assert "4 settings, 2 of 8 runs finished, 6 stopped" in text
    assert re.search(r"–\s+–\s+2\s+3 epochs\s+optimizer.lr=0.2", text)
    said = (
        "Stopped: 2 settings by halving=3 after 1 of 9 epochs, "
        "1 setting by halving=3 after 3 of 9 epochs."
    )
    assert said in text
    page = (tmp_path / "report.html").read_text()
    assert said in page
    assert "ranked on the test images" in page
    assert [row["stopped"] for row in rows(tmp_path, "settings")] == [
        "", *(f"by halving=3 after {epochs} of 9 epochs" for epochs in (3, 1, 1))
    ]  # fmt: skip
    of_runs = rows(tmp_path, "runs")
    assert [row["status"] for row in of_runs[:4]] == ["finished", "finished", "stopped", "stopped"]
    assert of_runs[2]["why"] == "by halving=3 after 3 of 9 epochs"


def test_sizes_that_change_together_are_one_number_of_parameters(tmp_path: Path) -> None:
    """And those that do not are numbers of their own."""

    def drawn(name: str, *sizes: tuple[int, int]) -> set[str]:
        runs = [
            fake_run(tmp_path / name / f"{c1}-{c3}", f"network.c1={c1}", f"network.c3={c3}")
            for c1, c3 in sizes
        ]
        write_summary(runs, tmp_path / name)
        assert (
            f">{'parameters' if name == 'together' else 'network.c1'}<"
            in (tmp_path / name / "report.html").read_text()
        )
        return {path.stem for path in (tmp_path / name).glob("accuracy_by_*.png")}

    assert drawn("together", (3, 8), (6, 16), (12, 32)) == {"accuracy_by_parameters"}
    assert drawn("alone", (3, 16), (6, 16), (12, 16)) == {"accuracy_by_c1"}
    assert drawn("grid", (3, 8), (6, 8), (12, 8), (3, 16), (6, 16)) == {"accuracy_by_c1"}


def test_lenet5_has_61706_parameters_by_which_it_is_drawn(tmp_path: Path) -> None:
    sizes = ["network.c1=3", "network.c3=8"], ["network.c1=6", "network.c3=16"]
    runs = [fake_run(tmp_path / str(k), *overrides) for k, overrides in enumerate(sizes)]
    found = by_parameters(summarise(runs).ranked)
    assert {setting.values["parameters"] for setting in found} == {35_820, 61_706}
    assert "network.c1" not in found[0].values


def test_running_statistics_are_no_parameters(tmp_path: Path) -> None:
    sizes = ["network.c1=3", "network.c3=8"], ["network.c1=6", "network.c3=16"]
    runs = [
        fake_run(tmp_path / str(k), "normalization=batch", *overrides)
        for k, overrides in enumerate(sizes)
    ]
    found = by_parameters(summarise(runs).ranked)
    gammas_and_betas = {2 * (c1 + c3 + 120 + 84) for c1, c3 in ((3, 8), (6, 16))}
    assert {setting.values["parameters"] for setting in found} == {
        size + two for size, two in zip((35_820, 61_706), sorted(gammas_and_betas), strict=True)
    }


def left_behind(epochs: int) -> dict[str, object]:
    return {"by": "halving=3", "epochs": epochs, "of": 9}


def test_a_swept_number_of_epochs_is_one_column(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(n), accuracies=(0.9,) * n) for n in (1, 2, 3)]
    text = write_summary(runs, tmp_path)
    assert sorted(row["epochs"] for row in rows(tmp_path, "settings")) == ["1", "2", "3"]
    assert "accuracy_by_epochs.png" in text


@pytest.mark.thorough
def test_long_sweeps_are_cut(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(n), f"batch_size={n}") for n in range(1, 35)]
    runs += [fake_run(tmp_path / f"f{n}", seed=n, status="failed", error="x") for n in range(25)]
    text = write_summary(runs, tmp_path)
    assert "... 5 more in settings.csv" in text
    assert "  ... and 5 more; runs.csv has what there is of them" in text
    assert len(rows(tmp_path, "settings")) == 35
    assert len(rows(tmp_path, "runs")) == 59
    assert (tmp_path / "accuracy_by_batch_size.svg").exists()


def test_a_learning_rate_that_goes_with_the_optimizer_was_not_swept(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / name, f"optimizer={name}") for name in ("adam", "sgd", "rmsprop")]
    write_summary(runs, tmp_path)
    assert not list(tmp_path.glob("accuracy_by_*"))


def test_training_does_not_wait_for_what_sums_it_up() -> None:
    code = """
import sys, lenet.commands.train
print({"scipy", "pandas", "matplotlib"} & {*sys.modules})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "set()\n"


def test_settings_with_failed_seeds_come_after_complete_ones(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / f"whole{seed}", seed=seed) for seed in range(2)]
    best = fake_run(tmp_path / "part0", "optimizer=sgd", accuracies=(0.99, 0.99, 0.99))
    failed = fake_run(tmp_path / "part1", "optimizer=sgd", seed=1, status="diverged")
    text = write_summary([*runs, best, failed], tmp_path)
    assert [row["optimizer"] for row in rows(tmp_path, "settings")] == ["adam", "sgd"]
    assert "come after the others" in text


def test_a_damaged_table_of_steps_costs_only_its_figure(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), seed=seed) for seed in range(2)]
    (runs[0].path / "steps.csv").write_text("step,lo")
    write_summary(runs, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "accuracy.png" in names
    assert "steps.png" not in names


def test_a_setting_of_which_only_some_seeds_finished_comes_after_whole_ones(tmp_path: Path) -> None:
    """As where another sweep had finished one of those that halving has stopped."""
    stopped = {"status": "stopped", "stopped": left_behind(1)}
    runs = [
        fake_run(tmp_path / "0", "optimizer.lr=0.1", seed=0, accuracies=(0.99,) * 9),
        fake_run(tmp_path / "1", "optimizer.lr=0.1", seed=1, accuracies=(0.99,), **stopped),
        fake_run(tmp_path / "2", "optimizer.lr=0.2", seed=0, accuracies=(0.5,) * 9),
        fake_run(tmp_path / "3", "optimizer.lr=0.2", seed=1, accuracies=(0.5,) * 9),
    ]
    text = write_summary(runs, tmp_path)
    assert re.search(r"1  50.00 .* 2 .*\n.* 2  99.00 .* 1 of 2 ", text)
