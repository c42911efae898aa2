"""Runs as rows: what a list shows of them, and what it can be searched by."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from fake_runs import fake_run
from filelock import FileLock

from lenet.errors import LenetError
from lenet.formats.layout import CONFIG, METRICS, RECORD, RUN_LIST, SWEEP, WEIGHTS
from lenet.formats.weights import write_weights
from lenet.nn.architecture import LENET5
from lenet.runs import load
from lenet.runs.claim import HeldError
from lenet.runs.filters import filtered, selection
from lenet.runs.find import all_runs, find_runs
from lenet.runs.listing import Row, rows, sweep_rows
from lenet.runs.trash import throw_away, thrown_away


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs, in the current one, and a sweep of two of them."""
    monkeypatch.chdir(tmp_path)
    runs = tmp_path / "runs"
    fake_run(runs / "a", accuracies=(0.9, 0.98), started="2026-11-01T10:00:00.000000+00:00")
    fake_run(
        *(runs / "b", "optimizer=sgd", "optimizer.lr=0.1", "pooling=avg"),
        seed=3,
        accuracies=(0.91,),
        started="2026-11-03T10:00:00.000000+00:00",
    )
    fake_run(
        *(runs / "c", "dataset=mnist"),
        status="failed",
        error="OSError: disk full",
        started="2026-11-02T10:00:00.000000+00:00",
    )
    view = runs / "sweeps" / "optimizer-0123456789"
    view.mkdir(parents=True)
    (view / RUN_LIST).write_text("../../a\n../../b\n")
    (view / SWEEP).write_text('{"command": ["lenet", "-m", "optimizer=adam,sgd"]}')
    return runs


def names(found: list[Row]) -> list[str]:
    return [Path(row["run"]).name for row in found]


def test_a_row_tells_what_a_run_is_and_what_came_of_it() -> None:
    first, second, third = rows([Path("runs")])
    assert names([first, second, third]) == ["b", "c", "a"]  # the newest first
    assert first["optimizer"] == "sgd"
    assert first["optimizer.lr"] == 0.1
    assert first["seed"] == 3
    assert first["differs"] == "pooling=avg, optimizer=sgd, lr=0.1, epochs=1"
    assert first["test_accuracy"] == 0.91
    assert first["sweep"] == ["optimizer-0123456789"]
    assert (second["status"], second["dataset"]) == ("failed", "mnist")
    assert second["why"] == "OSError: disk full"
    assert third["differs"] == "epochs=2"


def test_what_was_stopped_early_says_so_and_can_be_asked_for(root: Path) -> None:
    early = {"by": "patience=2", "epochs": 3, "of": 9}
    fake_run(root / "d", stopped=early)
    fake_run(root / "e", stopped={"by": 1})
    words = ["stopped=*patience*"]
    (found,) = filtered(rows([root]), selection(words)[1])
    assert found["stopped"] == "by patience=2 after 3 of 9 epochs"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["b", "c", "a"]),
        (["optimizer=sgd"], ["b"]),
        (["lr=0.1"], ["b"]),
        (["optimizer.lr=1e-1"], ["b"]),
        (["optimizer!=sgd"], ["c", "a"]),
        (["test_accuracy>0.95", "status=finished"], ["a"]),
        (["test_accuracy<=0.91"], ["b"]),
        (["test_accuracy>97.5%"], ["a"]),
        (["test_accuracy=91%"], ["b"]),
        (["status=failed,killed"], ["c"]),
        (["sweep=optimizer"], ["b", "a"]),
        (["sweep!=optimizer"], ["c"]),
        (["sweep>n"], ["b", "a"]),
        (["sweep<n"], []),
        (["sweep=opt*-0123456789"], ["b", "a"]),
        (["seed=0,1"], ["c", "a"]),
        (["started>2026-11-02"], ["b", "c"]),
        (["started>2026-11-02 09:59"], ["b", "c"]),
        (["started>2026-11-02 10:00"], ["b"]),
        (["started>=2026-11-02T12:00+02:00"], ["b", "c"]),
        (["started=2026-11-02"], ["c"]),
        (["started!=2026-11-02 10:00"], ["b", "a"]),
        (["finished<2026-11-02"], []),
        (["sweep=runs/sweeps/optimizer-0123456789/"], ["b", "a"]),
        (["run=*/a"], ["a"]),
        (["run=a"], ["a"]),
        (["run=runs/a"], ["a"]),
        (["clip_norm=null", "pooling=avg"], ["b"]),
        (["runs/a", "seed=0"], ["a"]),
    ],
)
def test_filters_are_typed_as_keys_are(words: list[str], expected: list[str]) -> None:
    folders, filters = selection(words)
    assert names(filtered(rows(folders or [Path("runs")]), filters)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("test_accuracy>high", "a number, such as 0.9"),
        ("test_accuracy=>0.9", "one of the signs = != < <= > >="),
        ("seed!==0", "one of the signs = != < <= > >="),
        ("started>yesterday", "a time (UTC), such as 2026-11-28 or '2026-11-28 03:57'"),
        ("started<2026-13-40", "a time (UTC), such as 2026-11-28 or '2026-11-28 03:57'"),
        ("status!=finised", "a status; did you mean 'finished'?"),
        ("status=failed,kiled", "a status; did you mean 'killed'?"),
    ],
)
def test_what_no_run_could_have_is_refused(word: str, expected: str) -> None:
    """A slip would have ``remove`` take all runs."""
    with pytest.raises(LenetError) as caught:
        filtered(rows([Path("runs")]), selection([word])[1])
    assert str(caught.value) == f"{word}: expected {expected}"


def test_a_network_alone_is_found_where_it_is_named(tmp_path: Path) -> None:
    """As the published ones, whose training has no record."""
    run = fake_run(tmp_path / "kept" / "best")
    write_weights(run.path / WEIGHTS, np.zeros(LENET5.size, np.float32))
    for name in (RECORD, METRICS):
        (run.path / name).unlink()
    assert find_runs([run.path]) == [run]
    with pytest.raises(LenetError, match="there is no run in"):
        find_runs([tmp_path / "kept"])


def test_data_of_ones_own_is_told_by_its_place(root: Path) -> None:
    fake_run(root / "d", "dataset=npz", "dataset.root=cats.npz", accuracies=(0.9,))
    (found,) = filtered(rows([root]), selection(["dataset=npz"])[1])
    assert "root=cats.npz" in found["differs"]


def test_a_wrong_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(LenetError) as caught:
        filtered(rows([Path("runs")]), selection(["optimiser=sgd"])[1])
    assert str(caught.value) == "optimiser: no such key; did you mean 'optimizer'?"


def test_a_last_part_that_several_keys_have_is_asked_about(root: Path) -> None:
    fake_run(root / "d", "init=normal")
    fake_run(root / "e", "optimizer=rmsprop", "normalization=batch")
    with pytest.raises(LenetError) as caught:
        filtered(rows([root]), selection(["eps=1"])[1])
    assert str(caught.value) == "eps: which of normalization.eps, optimizer.eps?"


def test_a_path_with_a_sign_in_it_is_a_folder_if_it_is_there(root: Path) -> None:
    fake_run(Path("lr=1"))
    folders, filters = selection(["lr=1", "lr=2"])
    assert folders == [Path("lr=1")]
    assert [one.value for one in filters] == ["2"]


@pytest.mark.parametrize(
    ("name", "content"), [(CONFIG, b"a: {b"), (CONFIG, b""), (RECORD, b"\xff"), (RECORD, b"[]")]
)
def test_damaged_runs_are_listed_as_far_as_they_can_be(
    root: Path, name: str, content: bytes
) -> None:
    (root / "a" / name).write_bytes(content)
    found = rows([root])
    assert sorted(names(found)) == ["a", "b", "c"]
    load(root)


def test_where_there_is_no_run_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LenetError, match="there is no run in"):
        rows([tmp_path / "elsewhere"])


def test_a_sweep_is_listed_with_its_command() -> None:
    (sweep,) = sweep_rows([Path("runs")])
    assert (sweep["ended"], sweep["runs"]) == (2, 2)
    assert sweep["command"] == "lenet -m optimizer=adam,sgd"


def test_all_runs_as_a_table() -> None:
    """Each key has a column, times are times, and numbers are numbers."""
    table = load()
    assert len(table) == 3
    assert table.set_index("run").loc["runs/b", "optimizer.lr"] == 0.1
    assert table["seed"].dtype.kind == "i"
    assert table["started"].dt.year.tolist() == [2026] * 3
    assert table.groupby("optimizer")["test_accuracy"].max().to_dict() == {
        "adam": 0.98,
        "sgd": 0.91,
    }


def test_what_is_thrown_away_is_found_no_more_and_can_be_brought_back(root: Path) -> None:
    place = throw_away(root / "a", datetime(2026, 11, 26, 20, 0, 0))
    assert place == root / "trash" / "2026-11-26T200000" / "a"
    assert names(rows([root])) == ["b", "c"]
    assert [run.path for run in all_runs([place])] == [place]
    assert thrown_away(root) == [place.parent]
    place.rename(root / "a")
    assert names(rows([root])) == ["b", "c", "a"]


def test_a_run_at_work_is_not_thrown_away(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.runs.claim.PATIENCE", 0)
    with FileLock(root / "a" / "lock"), pytest.raises(HeldError):
        throw_away(root / "a", datetime(2026, 11, 26))
    assert (root / "a" / CONFIG).exists()
