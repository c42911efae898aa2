"""The tables that a sweep leaves: pandas loads them as they are, and groups them without a trap."""

import csv
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_runs import fake_run
from hypothesis import example, given
from hypothesis import strategies as st

from lenet.formats.layout import CONFIG
from lenet.runs.run import Run
from lenet.sweeps.report.folder import write_summary
from lenet.sweeps.report.tables import write_table, write_tables
from lenet.sweeps.summary import summarise

SGD = "optimizer=sgd"
FAST = "optimizer.momentum=0.9"


def tables(runs: list[Run], folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return settings.csv and runs.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(summarise(runs), folder)
    return pd.read_csv(folder / "settings.csv"), pd.read_csv(folder / "runs.csv")


def study(root: Path) -> list[Run]:
    """Two momenta and another optimizer, two seeds each, of which one has failed."""
    commands = {"adam": ["optimizer=adam"], "sgd": [SGD], "fast": [SGD, FAST]}
    runs = [
        fake_run(root / f"{name}{seed}", *command, seed=seed, accuracies=(0.9 + seed / 100,))
        for name, command in commands.items()
        for seed in range(2)
    ]
    bad = fake_run(root / "bad", SGD, seed=2, accuracies=(0.9,), status="failed", error="full")
    return [*runs, bad]


def test_runs_are_grouped_by_what_was_swept(tmp_path: Path) -> None:
    _, runs = tables(study(tmp_path / "runs"), tmp_path)
    found = runs.groupby("optimizer")["test_accuracy"].agg(["count", "mean"])
    assert found.loc["adam"].tolist() == pytest.approx([2, 0.905])
    assert found.loc["sgd"].tolist() == pytest.approx([4, 0.905])
    assert runs.groupby("optimizer.momentum")["test_accuracy"].count().to_dict() == {0: 2, 0.9: 2}
    assert runs.groupby("setting")["seed"].count().to_dict() == {
        "optimizer=adam": 2,
        "optimizer=sgd, momentum=0.0": 3,
        "optimizer=sgd, momentum=0.9": 2,
    }


def test_seeds_and_ranks_are_whole_numbers(tmp_path: Path) -> None:
    """Also beside runs that failed, that have not begun or whose configuration is damaged."""
    runs = [*study(tmp_path / "runs"), Run(tmp_path / "not begun")]
    (runs[0].path / CONFIG).write_text("a: {b")
    of_settings, of_runs = tables(runs, tmp_path)
    assert of_runs["seed"].dtype == of_settings["rank"].dtype == int
    assert of_runs["status"].tolist().count("unknown") == 1
    assert "not begun" not in of_runs["folder"].tolist()


def test_settings_have_a_row_each_and_agree_with_the_runs(tmp_path: Path) -> None:
    settings, runs = tables(study(tmp_path / "runs"), tmp_path)
    assert settings["rank"].tolist() == [1, 2, 3]
    assert settings["n"].tolist() == [2, 2, 2]
    assert settings.set_index("setting")["unfinished"].to_dict()["optimizer=sgd, momentum=0.0"] == 1
    joined = runs.merge(settings, on="setting", validate="many_to_one")
    assert len(joined) == len(runs)
    again = runs.groupby("setting")["test_accuracy"].agg(["mean", "std"])
    for row in settings.to_dict("records"):
        assert row["test_accuracy_mean"] == pytest.approx(again.at[row["setting"], "mean"])
        assert row["test_accuracy_std"] == pytest.approx(again.at[row["setting"], "std"])
    pairs = pd.read_csv(tmp_path / "comparisons.csv")
    assert {*pairs["setting"], *pairs["compared_with"]} == {*settings["setting"]}


def test_what_all_have_in_common_is_in_each_row(tmp_path: Path) -> None:
    """So that rows of several sweeps can be put together."""
    common = ["pooling=avg", "dataset.train_size=1000"]
    runs = [fake_run(tmp_path / name, f"optimizer={name}", *common) for name in ("adam", "sgd")]
    for table in tables(runs, tmp_path / "out"):
        assert table["dataset"].tolist() == ["strokes"] * 2
        assert table["dataset.train_size"].tolist() == [1000] * 2
        assert table["pooling"].tolist() == ["avg"] * 2
        assert table["epochs"].tolist() == [3] * 2
        assert "activation" not in table


def test_one_setting_is_named_by_what_it_is(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), "pooling=avg", seed=seed) for seed in range(2)]
    for table in tables(runs, tmp_path / "out"):
        assert {*table["setting"]} == {"dataset=strokes, pooling=avg"}


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["clip_norm=null", "clip_norm=1.0"], "clip_norm"),
        (["ema=0.9", "ema=0.99", "ema=null"], "ema"),
        (["normalization=none", "normalization=batch"], "normalization"),
        (["init.std=0.1234567891", "init.std=0.1234567892"], "init.std"),
        (["dataset.train_size=64", "dataset.train_size=128"], "dataset.train_size"),
        (["optimizer.nesterov=true", "optimizer.nesterov=false"], "optimizer.nesterov"),
    ],
)
def test_no_value_is_lost_in_groups(tmp_path: Path, overrides: list[str], key: str) -> None:
    """Pandas takes "null" for a missing value, which no group has."""
    bases = {"init": "init=normal", "optimizer": SGD}
    base = [bases[group] for group in bases if key.startswith(f"{group}.")]
    runs = [fake_run(tmp_path / str(i), *base, one) for i, one in enumerate(overrides)]
    for table in tables(runs, tmp_path / "out"):
        assert table.groupby(key).size().tolist() == [1] * len(overrides)


def test_numbers_and_switches_have_their_types(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / str(i), SGD, f"optimizer.lr={lr}", f"optimizer.nesterov={nesterov}")
        for i, (lr, nesterov) in enumerate([(1e-08, "true"), (0.5, "false")])
    ]
    _, table = tables(runs, tmp_path / "out")
    assert sorted(table["optimizer.lr"]) == [1e-08, 0.5]
    assert table["optimizer.nesterov"].dtype == bool


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / name / "0", seed=seed) for seed, name in enumerate("ab")]
    _, table = tables(runs, tmp_path / "out")
    assert table["folder"].tolist() == ["a/0", "b/0"]


def test_there_are_no_times(tmp_path: Path) -> None:
    for table in tables(study(tmp_path / "runs"), tmp_path / "out"):
        assert not [name for name in table if "second" in str(name)]


def test_keys_of_a_stranger_spoil_no_column(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), seed=seed) for seed in range(4)]
    for number, run in enumerate(runs):
        text = f"status: s{number}\nrank: 7\n'=1+1': {number}\n../up/x: {number}\n"
        (run.path / CONFIG).write_text((run.path / CONFIG).read_text() + text)
    settings, table = tables(runs, tmp_path / "out" / "deep")
    assert settings["rank"].tolist() == [1, 2, 3, 4]
    assert {*table["status"]} == {"finished"}
    assert "'=1+1" in table
    write_summary(runs, tmp_path / "out" / "deep")
    assert [path.name for path in tmp_path.glob("out/*")] == ["deep"]
    figures = {path.name for path in tmp_path.glob("out/deep/accuracy_by*.png")}
    assert figures == {"accuracy_by__1_1.png", "accuracy_by__up_x.png"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "\\t=1+1"),
        ("\r=1+1", "\\r=1+1"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\udcff", "\\udcff"),
        ("a=1", "a=1"),
        (-0.5, "-0.5"),
        (-3, "-3"),
        (1e-08, "1e-08"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_text_is_no_formula_and_a_number_stays_one(tmp_path: Path, value: Any, cell: str) -> None:
    path = write_table(tmp_path / "a.csv", ["x", "y"], [{"x": value, "y": 1}])
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [["x", "y"], [cell, "1"]]


@given(st.text())
@example("=HYPERLINK(A1)")
def test_no_text_at_all_begins_as_a_formula(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = write_table(tmp_path_factory.getbasetemp() / "any.csv", [text], [{text: text}])
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    for cell in cells:
        assert not cell.startswith(("=", "@", "\t", "\r"))
        assert not cell.startswith(("+", "-")) or float(cell) == float(text)


def test_a_folder_whose_name_is_no_text_is_a_row(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    _, table = tables([fake_run(folder), fake_run(tmp_path / "b", seed=1)], tmp_path / "out")
    assert table["folder"].tolist() == ["bad\\udcff", "b"]
