"""Runs and sweeps by command: lists, single runs, differences, the trash."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from fake_runs import fake_run
from filelock import FileLock
from scripted import Script

from lenet.formats.layout import RUN_LIST, SWEEP
from lenet.runs.run import Run


@pytest.fixture
def runs(script: Script) -> list[Run]:
    """Two runs, of which one has failed, in the folder of the scripts."""
    good = fake_run(Path("runs/good"), "pooling=avg", started="2026-11-02T10:00:00+00:00")
    bad = fake_run(
        Path("runs/bad"), seed=1, started="2026-11-01T10:00:00+00:00", status="failed", error="why"
    )
    view = Path("runs/sweeps/pooling-0123456789")
    view.mkdir(parents=True)
    (view / RUN_LIST).write_text("../../good\n../../bad\n")
    (view / SWEEP).write_text('{"command": ["lenet", "-m", "pooling=avg,max"], "started": "2026"}')
    return [good, bad]


def test_a_list_is_for_people(script: Script, runs: list[Run]) -> None:
    head, first, second, count = script("list").text.splitlines()
    assert head.split()[:4] == ["started", "(UTC)", "status", "dataset"]
    assert first.startswith("2026-11-02 10:00  finished  strokes  97.00%")
    assert first.endswith("runs/good  pooling=avg")
    assert "failed" in second
    assert count == "2 runs"
    assert script("list", "status=failed").text.splitlines()[-1] == "1 run"
    assert script("list", "seed=7").text == "no run is like this\n"


def test_a_list_is_for_programs(script: Script, runs: list[Run]) -> None:
    rows = json.loads(script("list", "--json").text)
    assert [row["run"] for row in rows] == ["runs/good", "runs/bad"]
    table = list(csv.DictReader(StringIO(script("list", "--csv").text)))
    assert table[0]["test_accuracy"] == "0.97"
    assert table[0]["sweep"] == "pooling-0123456789"
    assert table[1]["why"] == "why"


def test_sweeps_are_listed(script: Script, runs: list[Run]) -> None:
    _, sweep, count = script("list", "--sweeps").text.splitlines()
    assert "1 of 2  runs/sweeps/pooling-0123456789  lenet -m pooling=avg,max" in sweep
    assert count == "1 sweep"
    assert script("list", "--sweeps", "seed=9").text == "no sweep is like this\n"


def test_where_there_is_nothing_a_list_says_what_to_do(script: Script) -> None:
    assert script("list").error == "list.py: there is no run in runs: train one with lenet"
    assert script("list", "nowhere").error == "list.py: there is no run in nowhere"


def test_a_run_is_shown_with_the_command_that_makes_it_again(
    script: Script, runs: list[Run]
) -> None:
    lines = dict(line.split(maxsplit=1) for line in script("show", "runs/good").text.splitlines())
    assert lines["command"] == "lenet pooling=avg"
    assert lines["status"].startswith("finished, test accuracy 97.00%")
    assert lines["test"] == "loss 0.1300, accuracy 97.00%"
    assert lines["sweep"] == "pooling-0123456789"
    assert script("show", "runs/good/config.yaml").text == script("show", "runs/good").text
    assert "trouble     why" in script("show", "runs/bad").text
    assert script("show", "runs").error == "show.py: there is no run in runs"


def test_two_runs_are_told_apart(script: Script, runs: list[Run]) -> None:
    text = script("diff", "runs/good", "runs/bad").text
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines()}
    assert lines["pooling"] == ["avg", "max"]
    assert lines["seed"] == ["0", "1"]
    assert lines["status"] == ["finished", "failed"]
    assert "optimizer" not in lines
    assert script("diff", "runs/good", "runs/good").text == "they are the same\n"
    assert script("diff", "runs/good", "nowhere").error == "diff.py: there is no run in nowhere"


def test_runs_are_moved_to_the_trash_which_is_emptied_when_that_is_said(
    script: Script, runs: list[Run]
) -> None:
    assert "say which runs" in str(script("remove").error)
    assert script("remove", "status=failed", "--dry-run").text == "would move runs/bad\n"
    moved = script("remove", "status=failed").text.strip()
    assert moved.startswith("runs/bad -> runs/trash/")
    assert script("list").text.splitlines()[-1] == "1 run"
    assert (Path(moved.partition(" -> ")[2]) / "run.json").exists()
    assert "takes no runs" in str(script("remove", "runs/good", "--empty-trash").error)
    assert script("remove", "--empty-trash", "--dry-run").text.startswith("would delete ")
    assert script("remove", "--empty-trash").text.startswith("deleted runs/trash/")
    assert script("remove", "--empty-trash").text == "there is nothing in the trash\n"
    assert Path("runs/good/run.json").exists()


def test_a_run_at_work_stays_where_it_is(
    script: Script, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lenet.runs.claim.PATIENCE", 0)
    with FileLock("runs/good/lock"):
        outcome = script("remove", "runs/good", "runs/bad")
    assert "runs/good is held by" in str(outcome.error)
    assert outcome.text.startswith("runs/bad -> ")
    assert Path("runs/good/run.json").exists()
