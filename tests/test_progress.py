"""The lines that tell how a sweep stands."""

import time
from pathlib import Path

import pytest
from fake_runs import fake_run

from lenet.divergence import DivergedError
from lenet.progress import Progress
from lenet.runs import RunFolder

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
        progress._look()
        assert capsys.readouterr().out == ""
        folder.note(result=RESULT)
    with pytest.raises(DivergedError), RunFolder(folders[2], "", overrides=["seed=2"]):
        raise DivergedError(1, 7, "the loss")
    progress.stop()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[2/3] finished  seed=1: test accuracy 75.00% in ")
    assert second == "[3/3] diverged  seed=2: at epoch 1, step 7 (0 running, 1 failed)"


def test_what_failed_before_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError), RunFolder(tmp_path, "", overrides=[]):
        raise RuntimeError("then")
    progress = Progress(lambda: [tmp_path], 1, [])
    progress.start(again=False)
    progress._look()
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
    with RunFolder(tmp_path, "", overrides=[]) as folder:
        folder.note(result=RESULT)
    deadline = time.monotonic() + 10
    while "[1/1]" not in capsys.readouterr().out:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    progress.stop()
