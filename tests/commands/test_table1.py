"""Table I: its figures, what it is of, and what is left out."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from fake_runs import fake_run
from scripted import Script

from lenet.config.compose import configure
from lenet.figures.paper import FREE, RECIPE, departures
from lenet.training.recipe import Recipe

pytestmark = pytest.mark.slow


def accuracy_runs(folder: Path, *rows: tuple[float, ...]) -> None:
    """One run for each row of test accuracies by epoch."""
    for seed, accuracies in enumerate(rows):
        fake_run(folder / str(seed), "dataset=mnist", seed=seed, accuracies=accuracies)


THREE_SEEDS = (
    (0.96, 0.9750, 0.9772, 0.99),
    (0.97, 0.9760, 0.9762, 0.99),
    (0.98, 0.9770, 0.9782, 0.99),
)


def test_table1_by_hand(tmp_path: Path, script: Script) -> None:
    """Half of an interval: t(2) = 4.302653 times std / sqrt(3)."""
    accuracy_runs(tmp_path / "sweep", *THREE_SEEDS)
    outcome = script("table1", "sweep")
    table = pd.read_csv("sweep/table1.csv", index_col="epoch")
    assert list(table["paper"][:3]) == [95.32, 97.35, 97.97]
    assert list(table["mean"]) == [97, 97.6, 97.72, 99]
    assert list(table["std"]) == [1, 0.1, 0.1, 0]
    assert list(table["ci_low"]) == [94.5159, 97.3516, 97.4716, 99]
    assert list(table["ci_high"]) == [99.4841, 97.8484, 97.9684, 99]
    assert list(table["n"]) == [3, 3, 3, 3]
    assert list(table["min"]) == [96, 97.5, 97.62, 99]
    assert list(table["max"]) == [98, 97.7, 97.82, 99]
    assert list(table["paper_is"].fillna("")) == ["inside", "below", "above", ""]
    assert outcome.text.startswith(Path("sweep/table1.md").read_text(encoding="utf-8"))
    assert outcome.text.splitlines()[:6] == [
        "| Epoch | Paper |  Mean |  Std |        95 % CI | Seeds |   Min |   Max | Paper is |",
        "| ----: | ----: | ----: | ---: | -------------: | ----: | ----: | ----: | -------: |",
        "|     1 | 95.32 | 97.00 | 1.00 | 94.52 to 99.48 |     3 | 96.00 | 98.00 |   inside |",
        "|     2 | 97.35 | 97.60 | 0.10 | 97.35 to 97.85 |     3 | 97.50 | 97.70 |    below |",
        "|     3 | 97.97 | 97.72 | 0.10 | 97.47 to 97.97 |     3 | 97.62 | 97.82 |    above |",
        "|     4 |     – | 99.00 | 0.00 | 99.00 to 99.00 |     3 | 99.00 | 99.00 |        – |",
    ]


def test_a_single_seed_has_no_spread(tmp_path: Path, script: Script) -> None:
    accuracy_runs(tmp_path / "runs", (0.96,))
    text = script("table1").text
    assert "|     1 | 95.32 | 96.00 |   – |       – |     1 | 96.00 | 96.00 |        – |" in text
    assert "nan" not in text + Path("runs/0/table1.csv").read_text()


def test_table1_names_several_settings(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "a", "dataset=mnist", "init=normal")
    fake_run(tmp_path / "b", "dataset=mnist")
    rows = script("table1", "a", "b").text.splitlines()
    assert rows[0].startswith("|             Setting | Epoch |")
    assert rows[2].startswith("|         init=normal |     1 |")
    assert rows[5].startswith("| init=glorot_uniform |     1 |")


def test_table1_is_about_the_papers_recipe(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "runs" / "a", "dataset=mnist", "init=normal")
    fake_run(tmp_path / "runs" / "b", "dataset=mnist", "pooling=avg", "optimizer=sgd")
    outcome = script("table1", "runs")
    assert outcome.error == (
        "table1.py: runs/b: Table I is of the paper's recipe, which lenet dataset=mnist trains; "
        "this run departs from it in pooling, optimizer"
    )
    assert not list(tmp_path.rglob("table1*"))


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        ([], []),
        (["init=normal", "init.std=0.003", "seed=7", "epochs=9", "threads=1", "inside=true"], []),
        (["dataset.train_size=60000", "dataset.test_size=10000", "dataset.root=/data"], []),
        (["dataset.train_size=2000"], ["dataset.train_size"]),
        (
            ["dataset.test_size=1", "dataset.validation=5"],
            ["dataset.test_size", "dataset.validation"],
        ),
        (["dataset=fashion_mnist"], ["dataset"]),
        (
            ["pooling=avg", "activation=relu", "optimizer=sgd"],
            ["pooling", "activation", "optimizer"],
        ),
        (["optimizer.lr=0.01"], ["optimizer"]),
        (["optimizer=adamw", "optimizer.weight_decay=0"], ["optimizer"]),
        (["normalization=batch", "dropout=dense"], ["normalization", "dropout"]),
        (["loss=label_smoothing", "schedule=cosine"], ["loss", "schedule"]),
        (["augmentation=affine", "batch_size=64"], ["augmentation", "batch_size"]),
        (["clip_norm=1.0", "ema=0.9"], ["clip_norm", "ema"]),
        (["c3=table", "output=rbf"], ["c3", "output"]),
        (["input.background=-0.1", "reshuffle=false"], ["input", "reshuffle"]),
        (["network.c1=7", "parts=16", "max_seconds=60"], ["network"]),
    ],
    ids=" ".join,
)
def test_what_departs_from_the_papers_recipe(overrides: list[str], keys: list[str]) -> None:
    assert departures(configure("dataset=mnist", *overrides)) == keys


def test_every_key_of_a_recipe_is_the_papers_or_free() -> None:
    keys = {field.name for field in fields(Recipe)}
    assert keys == {*RECIPE, *FREE, "dataset"}


def test_the_seeds_of_each_epoch_are_counted(tmp_path: Path, script: Script) -> None:
    """Runs may have been stopped before the others."""
    early = {"by": "max_seconds=9", "epochs": 1, "of": 2}
    fake_run(tmp_path / "sweep" / "0", "dataset=mnist", accuracies=(0.96, 0.98))
    for seed in (1, 2):
        folder = tmp_path / "sweep" / str(seed)
        fake_run(folder, "dataset=mnist", seed=seed, accuracies=(0.97,), stopped=early)
    script("table1", "sweep")
    table = pd.read_csv("sweep/table1.csv", index_col="epoch")
    assert list(table["n"]) == [3, 1]
    assert table["ci_low"].isna().to_list() == [False, True]


def test_the_markdown_of_table1_keeps_its_columns(tmp_path: Path, script: Script) -> None:
    for name in "ab":
        fake_run(tmp_path / name, "dataset=mnist", f"dataset.root=/{name}|{name}")
    lines = script("table1", "a", "b").text.splitlines()
    assert len({line.replace(r"\|", "").count("|") for line in lines[:8]}) == 1


def test_what_is_left_out_is_said(
    tmp_path: Path, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    made = [
        ("a", 0, 0.91, {"finished": "2026-01-01T00:00:00+00:00"}),
        ("b", 0, 0.96, {"finished": "2026-01-02T00:00:00+00:00"}),
        ("c", 1, 0.93, {"status": "interrupted"}),
    ]
    for name, seed, accuracy, record in made:
        fake_run(
            tmp_path / "runs" / name, "dataset=mnist", seed=seed, accuracies=(accuracy,), **record
        )
    text = script("table1", "runs").text
    assert "|     1 | 95.32 | 96.00 |   – |       – |     1 | 96.00 | 96.00 |        – |" in text
    assert caplog.messages == [
        "runs/c left out: its status is interrupted",
        "runs/a left out: runs/b is a newer run of the same",
    ]
