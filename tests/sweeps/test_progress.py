"""The lines that tell how a sweep stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from command import wait_for
from fake_runs import fake_run

from lenet.formats.layout import RECORD
from lenet.runs.folder import RunFolder
from lenet.runs.record import outcome
from lenet.sweeps.progress import Progress
from lenet.training.divergence import DivergedError

RESULT = {"test_accuracy": 0.75, "validation_accuracy": None}


def test_each_run_that_ends_is_told_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / name for name in "abc"]
    fake_run(folders[0])
    progress = Progress(lambda: folders, 3, ["seed"])
    progress.start(again=False)
    assert capsys.readouterr().out == "3 runs, 1 of them finished already\n"

    with RunFolder(folders[1], "", overrides=["epochs=2", "seed=1"]) as folder:
        progress.look()
        assert capsys.readouterr().out == ""
        folder.note(result=RESULT)
    with pytest.raises(DivergedError), RunFolder(folders[2], "", overrides=["seed=2"]):
        raise DivergedError(1, 7, "the loss")
    progress.stop()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[2/3] finished  seed=1: test accuracy 75.00% in ")
    assert second == "[3/3] diverged  seed=2: at epoch 1, step 7 (0 running, 1 failed)"


def test_a_run_that_was_left_behind_counts_as_done_unless_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / name for name in "abcd"]
    end = {"by": "halving=3", "epochs": 1, "of": 3}
    for folder in folders[:2]:
        fake_run(folder, accuracies=(0.9,), status="stopped", stopped=end)
    progress = Progress(lambda: folders, 4, ["seed"])
    progress.start(again=False)
    assert capsys.readouterr().out == "4 runs, 0 of them finished already\n"
    progress.expect(folders[1:])
    with RunFolder(folders[2], "", overrides=["seed=2"]) as folder:
        folder.note(result=RESULT)
    progress.look()
    assert capsys.readouterr().out.startswith("[2/4] finished  seed=2")


def test_a_run_that_is_to_go_on_is_waited_for_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(lambda: [tmp_path], 1, ["seed"])
    progress.start(again=False)
    with pytest.raises(RuntimeError), RunFolder(tmp_path, "", overrides=["seed=1"]):
        raise RuntimeError("once")
    progress.expect([tmp_path])
    assert "[1/1] failed    seed=1: RuntimeError: once (0 running, 1 failed)" in (
        capsys.readouterr().out
    )
    with RunFolder(tmp_path, "", overrides=["seed=1"]) as folder:
        folder.note(result=RESULT)
    progress.stop()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("[1/1] finished  seed=1: test accuracy 75.00%")
    assert line.endswith("(0 running, 0 failed)")


TIMES = {"seconds": 1.5}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (TIMES | {"result": RESULT}, "test accuracy 75.00% in 1.5 s"),
        ({"result": RESULT}, "test accuracy 75.00%"),
        (TIMES | {"result": RESULT, "seconds": "some"}, "test accuracy 75.00%"),
        (TIMES | {"result": {"test_accuracy": "high"}}, "without an accuracy in run.json"),
        (
            TIMES | {"result": RESULT | {"validation_accuracy": []}},
            "without an accuracy in run.json",
        ),
        (TIMES | {"result": 1}, "without an accuracy in run.json"),
        ({}, "without an accuracy in run.json"),
    ],
)
def test_a_damaged_record_is_told_of_as_far_as_it_goes(record: dict[str, Any], said: str) -> None:
    assert outcome({"status": "finished"} | record) == said


@pytest.mark.parametrize("overrides", [None, 5, "seed=1", [1, None]])
def test_records_that_nobody_can_have_written_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], overrides: Any
) -> None:
    folders = [tmp_path / name for name in "ab"]
    progress = Progress(lambda: folders, 2, ["seed"])
    progress.start(again=False)
    for folder, status in zip(folders, [{}, {"status": "failed"}], strict=True):
        folder.mkdir()
        (folder / RECORD).write_text(json.dumps({"started": 1, "overrides": overrides} | status))
    progress.stop()
    assert "[1/2] failed    : before its end (0 running, 1 failed)" in capsys.readouterr().out


def test_what_failed_before_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError), RunFolder(tmp_path, "", overrides=[]):
        raise RuntimeError("then")
    progress = Progress(lambda: [tmp_path], 1, [])
    progress.start(again=False)
    progress.look()
    assert "then" not in capsys.readouterr().out
    with pytest.raises(RuntimeError), RunFolder(tmp_path, "", overrides=[]):
        raise RuntimeError("now")
    progress.stop()
    assert "RuntimeError: now (0 running, 1 failed)" in capsys.readouterr().out


def test_the_folders_are_watched_without_being_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(lambda: [tmp_path], 1, [])
    progress.start(again=False)
    progress.watch()
    with RunFolder(tmp_path, "", overrides=[]) as folder:
        folder.note(result=RESULT)
    wait_for(lambda: "[1/1]" in capsys.readouterr().out)
    progress.stop()
