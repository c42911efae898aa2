"""The run folder: one run each, readable at any moment, and true about how the run ended."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lenet.errors import LenetError
from lenet.init import GlorotUniform, initial_theta
from lenet.layers import MaxPool, Tanh
from lenet.model import SHAPES, LeNet5
from lenet.runs import (
    CONFIG,
    LOCK,
    METRICS,
    RECORD,
    STEPS,
    WEIGHTS,
    FinishedError,
    HeldError,
    RunFolder,
    is_held,
    provenance,
    status,
)
from lenet.training import DivergedError, Metrics

ROW = Metrics(1, 0.5, 0.9, 0.25, 0.95, None, None, 1e-3, 4.0, 0.5)


def record(path: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((path / RECORD).read_text())
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


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError, None], ids=str)
def test_an_unfinished_run_starts_again_from_nothing(
    tmp_path: Path, end: type[BaseException] | None
) -> None:
    folder = RunFolder(tmp_path, "", identity="one")
    folder.append(ROW)
    if end:
        with pytest.raises(end), folder:
            raise end
    else:
        del folder  # as a killed process leaves it: no last word, and the lock is free
    with RunFolder(tmp_path, "", identity="one") as again:
        again.append(ROW)
    assert len(pd.read_csv(tmp_path / METRICS)) == 1
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
        (DivergedError(2, 471), {"status": "diverged", "epoch": 2, "step": 471}),
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


def test_metrics_can_be_read_after_every_row(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "")
    for epoch in (1, 2, 3):
        folder.append(Metrics(epoch, 0.1 + 0.2, 0.9, 0.25, 0.95, None, None, 1e-3, 4.0, 0.5))
        table = pd.read_csv(tmp_path / METRICS)
        assert table["epoch"].tolist() == list(range(1, epoch + 1))
    assert table["train_loss"].tolist() == [0.1 + 0.2] * 3


def test_columns_of_metrics(tmp_path: Path) -> None:
    RunFolder(tmp_path / "a", "").append(ROW)
    RunFolder(tmp_path / "b", "").append(
        Metrics(1, 0.5, 0.9, 0.25, 0.95, 0.3, 0.94, 1e-3, 4.0, 0.5)
    )
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
    network = LeNet5(initial_theta(GlorotUniform(), 0), MaxPool(), Tanh())
    RunFolder(tmp_path, "").save_weights(network)
    with np.load(tmp_path / WEIGHTS, allow_pickle=False) as weights:
        assert {name: weights[name].shape for name in weights.files} == SHAPES
        assert all(weights[name].dtype == np.float32 for name in weights.files)
        together = np.concatenate([weights[name].ravel() for name in SHAPES])
    np.testing.assert_array_equal(together, network.theta)


def test_steps_are_counted_over_epochs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "")
    folder.append_steps(1, [0.5, 0.25])
    folder.append_steps(2, [0.125, 0.1])
    assert (tmp_path / STEPS).read_text() == "step,loss\n1,0.5\n2,0.25\n3,0.125\n4,0.1\n"


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "") as folder:
        folder.append(ROW)
        folder.save_weights(LeNet5(initial_theta(GlorotUniform(), 0), MaxPool(), Tanh()))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {CONFIG, LOCK, METRICS, RECORD, WEIGHTS}


def test_provenance_names_what_results_may_depend_on() -> None:
    facts = provenance()
    assert facts["versions"]["numpy"] == np.__version__
    for library in facts["blas"]:
        assert library.keys() == {"internal_api", "version", "architecture", "threads"}


def test_force_moves_aside_what_the_run_has_written_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "project"
    with RunFolder(path, "") as folder:
        folder.append(ROW)
        folder.note(result={"test_accuracy": 0.5})
    (path / "thesis.tex").write_text("mine")
    with RunFolder(path, "", force=True):
        pass
    assert (path / "thesis.tex").read_text() == "mine"
    aside = tmp_path / "project.aside-1"
    assert {file.name for file in aside.iterdir()} == {CONFIG, METRICS, RECORD}


def test_a_folder_that_cannot_be_claimed_is_not_held(tmp_path: Path) -> None:
    (tmp_path / METRICS).mkdir()
    with pytest.raises(OSError, match=METRICS):
        RunFolder(tmp_path, "")
    assert not is_held(tmp_path)
