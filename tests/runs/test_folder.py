"""The run folder: one run each, readable at any moment, and true about how the run ended."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from states import ROW, state

from lenet.errors import LenetError
from lenet.formats.layout import BEST, CHECKPOINT, CONFIG, METRICS, PREVIOUS, RECORD, STEPS, WEIGHTS
from lenet.nn.architecture import LENET5
from lenet.runs.claim import FinishedError, HeldError
from lenet.runs.folder import RunFolder
from lenet.runs.record import LOCK, is_held, status
from lenet.training.divergence import DivergedError


def record(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / RECORD).read_text())
    return content


def test_a_folder_belongs_to_one_run(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run", "", identity="one"):
        pass
    before = record(tmp_path / "run")
    with pytest.raises(LenetError, match="holds another run"):
        RunFolder(tmp_path / "run", "", identity="other")
    assert record(tmp_path / "run") == before


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "", identity="one") as folder:
        folder.note(result={"test_accuracy": 0.5})
    with pytest.raises(FinishedError) as caught:
        RunFolder(tmp_path, "", identity="one")
    assert caught.value.record["result"] == {"test_accuracy": 0.5}


@pytest.mark.parametrize(
    "result", [None, "test_accuracy", {"test_accuracy": "high"}, {"validation_accuracy": 0.5}]
)
def test_a_finished_run_whose_result_is_damaged_runs_again(tmp_path: Path, result: object) -> None:
    with RunFolder(tmp_path, "", identity="one") as folder:
        folder.note(result=result)
    with RunFolder(tmp_path, "", identity="one"):
        assert status(tmp_path) == "running"


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError, None], ids=str)
def test_an_unfinished_run_goes_on_from_its_last_checkpoint(
    tmp_path: Path, end: type[BaseException] | None
) -> None:
    folder = RunFolder(tmp_path, "", identity="one", data={})
    folder.end_epoch(state(ROW, steps=2))
    folder.save(state(ROW, steps=3))
    if end:
        with pytest.raises(end), folder:
            raise end
    else:
        del folder  # as a killed process leaves it: no last word, and the lock is free
    with RunFolder(tmp_path, "", identity="one", data={}) as again:
        restored = again.restore({})
    assert restored is not None
    assert (restored.t, restored.metrics) == (3, [ROW])
    assert status(tmp_path) == "finished"


def test_tables_say_what_the_state_says_whatever_was_in_them(tmp_path: Path) -> None:
    """Rows of a step or an epoch that no checkpoint has, and a torn last line."""
    folder = RunFolder(tmp_path, "", data={})
    folder.end_epoch(state(ROW, steps=2))
    whole = [(tmp_path / name).read_text() for name in (METRICS, STEPS)]
    for name in (METRICS, STEPS):
        with (tmp_path / name).open("a") as file:
            file.write("2,0.25,0.1\n3,0.")
    folder.begin(state(ROW, steps=2))
    assert [(tmp_path / name).read_text() for name in (METRICS, STEPS)] == whole
    folder.begin(state())
    assert not (tmp_path / METRICS).exists()


def test_a_damaged_checkpoint_is_told_of_and_the_one_before_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not take the place of the one before either when the next is written."""
    folder = RunFolder(tmp_path, "", data={})
    for steps in (1, 2, 3):
        folder.save(state(steps=steps))
    with folder:
        content = (tmp_path / CHECKPOINT).read_bytes()
        (tmp_path / CHECKPOINT).write_bytes(content[: len(content) // 2])
    with RunFolder(tmp_path, "", data={}) as again:
        assert f"{tmp_path / CHECKPOINT}" in caplog.text
        restored = again.restore({})
        assert restored is not None
        assert restored.t == 2
        again.save(state(steps=4))
        (tmp_path / CHECKPOINT).unlink()
    with RunFolder(tmp_path, "", data={}) as again:
        restored = again.restore({})
        assert restored is not None
        assert restored.t == 2


def test_two_damaged_checkpoints_are_as_good_as_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RunFolder(tmp_path, "", data={}):
        pass
    for name in (CHECKPOINT, PREVIOUS):
        (tmp_path / name).write_bytes(b"")
    assert RunFolder(tmp_path, "", data={}).restore({}) is None
    assert len(caplog.records) == 2


def test_a_checkpoint_that_cannot_be_read_is_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(5, "Input/output error", str(path))

    with RunFolder(tmp_path, "", data={}) as folder:
        folder.save(state(steps=1))
        folder.note(status="interrupted")
    monkeypatch.setattr("lenet.runs.folder.read_checkpoint", fail)
    with pytest.raises(OSError, match="Input/output error"):
        RunFolder(tmp_path, "", data={})
    monkeypatch.undo()
    restored = RunFolder(tmp_path, "", data={}).restore({})
    assert restored is not None
    assert restored.t == 1


def test_a_checkpoint_of_another_run_is_not_gone_on_from(tmp_path: Path) -> None:
    """As when run.json, which says whose folder it is, has been deleted; nothing is changed."""
    with RunFolder(tmp_path, "one: 1", identity="one", data={}) as folder:
        folder.save(state())
    (tmp_path / RECORD).unlink()
    with pytest.raises(LenetError, match="holds another run"):
        RunFolder(tmp_path, "other: 1", identity="other", data={})
    assert (tmp_path / CONFIG).read_text() == "one: 1"
    assert not (tmp_path / RECORD).exists()


def test_a_run_does_not_go_on_with_other_data(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "", data={"images": "a"}) as folder:
        folder.save(state())
    with pytest.raises(LenetError, match=r"the data are not those .* force=true"):
        RunFolder(tmp_path, "", data={"images": "a"}).restore({"images": "b"})


def test_a_finished_run_keeps_one_checkpoint(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "", data={}) as folder:
        for steps in (1, 2):
            folder.end_epoch(state(ROW, steps=steps, best=True))
        assert {PREVIOUS, CHECKPOINT} <= {path.name for path in tmp_path.iterdir()}
        folder.finish(state(ROW, steps=2))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {BEST, CHECKPOINT, CONFIG, LOCK, METRICS, RECORD, STEPS, WEIGHTS}


def test_a_finished_run_has_its_weights_whatever_was_there_before(tmp_path: Path) -> None:
    """As when they were deleted, or put aside, after the last checkpoint."""
    with RunFolder(tmp_path, "", data={}) as folder:
        folder.save(state(ROW, steps=2, best=True))
        folder.finish(state(ROW, steps=2, best=True))
    assert (tmp_path / WEIGHTS).exists()
    assert (tmp_path / BEST).exists()


def test_a_clock_that_jumps_back_does_not_make_a_run_take_less_than_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    years = iter(range(2026, 2000, -1))
    monkeypatch.setattr("lenet.runs.folder.now", lambda: f"{next(years)}-01-01T00:00:00+00:00")
    with RunFolder(tmp_path, ""):
        pass
    assert 0 < record(tmp_path)["seconds"] < 60
    assert status(tmp_path) == "finished"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with RunFolder(tmp_path, ""):
        assert is_held(tmp_path)
        assert status(tmp_path) == "running"
        with pytest.raises(HeldError, match=rf"is held by process {os.getpid()} on .+, since 20"):
            RunFolder(tmp_path, "")
    assert not is_held(tmp_path)


def test_what_a_folder_says_of_itself(tmp_path: Path) -> None:
    assert status(tmp_path) == "not begun"
    (tmp_path / RECORD).write_text("[]")
    assert status(tmp_path) == "unknown"
    (tmp_path / RECORD).write_text('{"status": 5}')
    assert status(tmp_path) == "unknown"
    (tmp_path / RECORD).write_text("[" * 10**6)
    assert status(tmp_path) == "unknown"
    (tmp_path / RECORD).write_text('{"status": "running"}')
    assert status(tmp_path) == "killed"


def test_a_finished_run_says_so(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "epochs: 3\n", seed=3) as folder:
        assert record(tmp_path)["status"] == "running"
        folder.note(data={"file": "checksum"})
    content = record(tmp_path)
    assert content["status"] == "finished"
    assert content["seed"] == 3
    assert (tmp_path / CONFIG).read_text() == "epochs: 3\n"
    assert content["data"] == {"file": "checksum"}
    assert str(content["started"]) <= str(content["finished"])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            DivergedError(2, 471, "the loss"),
            {"status": "diverged", "epoch": 2, "step": 471, "origin": "the loss"},
        ),
        (KeyboardInterrupt(), {"status": "interrupted"}),
        (RuntimeError("no space"), {"status": "failed", "error": "RuntimeError: no space"}),
    ],
    ids=["diverged", "interrupted", "failed"],
)
def test_a_run_that_does_not_finish_says_why(
    tmp_path: Path, error: BaseException, outcome: dict[str, object]
) -> None:
    with pytest.raises(type(error)), RunFolder(tmp_path, ""):
        raise error
    assert outcome.items() <= record(tmp_path).items()


def test_a_run_that_is_interrupted_after_its_end_has_finished(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "", data={})
    folder.finish(state(ROW, steps=1))
    with pytest.raises(KeyboardInterrupt), folder:
        raise KeyboardInterrupt
    assert status(tmp_path) == "finished"


def test_metrics_can_be_read_after_every_epoch(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "", data={})
    rows = [replace(ROW, epoch=epoch, train_loss=0.1 + 0.2) for epoch in (1, 2, 3)]
    for epoch in (1, 2, 3):
        folder.end_epoch(state(*rows[:epoch], steps=epoch))
        table = pd.read_csv(tmp_path / METRICS)
        assert table["epoch"].tolist() == list(range(1, epoch + 1))
    assert table["train_loss"].tolist() == [0.1 + 0.2] * 3


def test_columns_of_metrics(tmp_path: Path) -> None:
    validated = replace(ROW, validation_loss=0.3, validation_accuracy=0.94)
    RunFolder(tmp_path / "a", "").begin(state(ROW))
    RunFolder(tmp_path / "b", "").begin(state(validated))
    columns = [pd.read_csv(tmp_path / name / METRICS).columns.tolist() for name in "ab"]
    assert columns[1] == [
        "epoch",
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "validation_loss",
        "validation_accuracy",
        "learning_rate",
        "train_seconds",
        "eval_seconds",
    ]
    assert columns[0] == [name for name in columns[1] if not name.startswith("validation")]


def test_weights_are_named_float32_arrays_without_pickles(tmp_path: Path) -> None:
    RunFolder(tmp_path, "", data={}).end_epoch(ended := state(ROW, steps=1, best=True))
    for name, theta in ((WEIGHTS, ended.theta), (BEST, ended.best)):
        with np.load(tmp_path / name, allow_pickle=False) as weights:
            assert {name: weights[name].shape for name in weights.files} == LENET5.shapes
            assert all(weights[name].dtype == np.float32 for name in weights.files)
            together = np.concatenate([weights[name].ravel() for name in LENET5.shapes])
        np.testing.assert_array_equal(together, theta)


def test_steps_are_counted_over_epochs_also_after_an_interruption_in_one(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "", data={})
    folder.end_epoch(state(ROW, steps=2))
    folder.save(state(ROW, steps=3))
    again = RunFolder(tmp_path / "again", "", data={})
    again.begin(state(ROW, steps=3))
    again.end_epoch(state(ROW, ROW, steps=4))
    again.end_epoch(state(ROW, ROW, ROW, steps=4))
    assert (tmp_path / "again" / STEPS).read_text() == (
        "step,loss,learning_rate,gradient_norm\n"
        "1,1.0,0.001,0.5\n2,0.5,0.001,0.5\n3,0.3333333333333333,0.001,0.5\n4,0.25,0.001,0.5\n"
    )


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    """Also none of a process that was killed while it wrote."""
    (tmp_path / f"{CHECKPOINT}.{uuid4().hex}.part").write_bytes(b"half a checkp")
    (tmp_path / "thesis.pdf.part").write_bytes(b"a download of the user's")
    with RunFolder(tmp_path, "", data={}) as folder:
        folder.end_epoch(state(ROW, steps=1))
    names = {path.name for path in tmp_path.iterdir()}
    assert names - {"thesis.pdf.part"} == {
        CHECKPOINT, CONFIG, LOCK, METRICS, RECORD, STEPS, WEIGHTS
    }  # fmt: skip
    assert "thesis.pdf.part" in names


def test_force_moves_aside_what_the_run_has_written_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "project"
    with RunFolder(path, "") as folder:
        folder.begin(state(ROW))
        folder.note(result={"test_accuracy": 0.5})
    (path / "thesis.tex").write_text("mine")
    with RunFolder(path, "", force=True):
        pass
    assert (path / "thesis.tex").read_text() == "mine"
    aside = tmp_path / "project.aside-1"
    assert {file.name for file in aside.iterdir()} == {CONFIG, METRICS, RECORD}


def test_a_folder_that_cannot_be_claimed_is_not_held(tmp_path: Path) -> None:
    with RunFolder(tmp_path, ""):
        (tmp_path / CONFIG).unlink()
    (tmp_path / CONFIG).mkdir()
    with pytest.raises(LenetError, match=CONFIG):
        RunFolder(tmp_path, "")
    assert not is_held(tmp_path)
