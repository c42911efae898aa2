"""A tracker shows a run as its tables have it, and harms nothing when it fails."""

import logging
import subprocess
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from command import lenet, metrics

from lenet.config.compose import configure
from lenet.errors import ConfigError
from lenet.runs import experiment
from lenet.runs.folder import RunFolder
from lenet.runs.record import status
from lenet.training.state import TrainingState
from lenet.training.trackers import MLflow, TensorBoard, Track, Tracker, Untracked, base
from lenet.training.trackers.base import Parameters

QUICK = ["dataset.train_size=256", "dataset.test_size=64", "epochs=2"]
EXTRAS = [TensorBoard(), MLflow("sqlite:///runs/mlflow.db", experiment=None)]


@dataclass(frozen=True)
class Broken(Tracker):
    """Fails at the given step; 0 for its beginning, -1 for its end."""

    library = None
    at: int

    def track(self, folder: Path, parameters: Parameters) -> "BrokenTrack":
        if self.at == 0:
            raise ConnectionError("the server\nis gone")
        return BrokenTrack(self.at)


class BrokenTrack(Track):
    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def follow(self, state: TrainingState) -> None:
        if state.t >= self.at > 0:
            raise ConnectionError("the server\nis gone")

    def end(self, error: BaseException | None) -> None:
        raise ConnectionError("the server\nis gone")


def run(folder: Path, tracker: Tracker) -> Path:
    config = replace(configure(*QUICK), tracker=tracker)
    with RunFolder(folder, "") as claimed:
        experiment.run(config, claimed, threads=1)
    return folder


@pytest.mark.parametrize("at", [0, 1, 3, -1])
def test_a_tracker_that_fails_is_told_of_once_and_the_run_finishes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    broken = run(tmp_path / "broken", Broken(at))
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage() == "Broken: the server is gone; the run goes on without it"
    untracked = run(tmp_path / "untracked", Untracked())
    assert status(broken) == "finished"
    assert (broken / "weights.npz").read_bytes() == (untracked / "weights.npz").read_bytes()
    assert metrics(broken).equals(metrics(untracked))


@pytest.mark.parametrize("tracker", EXTRAS, ids=lambda tracker: tracker.library)
def test_a_tracker_whose_library_is_missing_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tracker: Tracker
) -> None:
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        tracker.require()
    assert f"is not installed; pip install -e '.[{tracker.library}]'" in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("tracker", ["tensorboard", "mlflow"])
@pytest.mark.parametrize("sweep", [[], ["-m", "seed=0,1"]], ids=["a run", "a sweep"])
def test_without_its_library_a_tracker_is_refused_before_anything_is_written(
    tmp_path: Path, tracker: str, sweep: list[str]
) -> None:
    if find_spec(tracker):
        pytest.skip("it is installed here")
    refused = lenet(*sweep, *QUICK, f"tracker={tracker}", cwd=tmp_path)
    assert refused.returncode == 2
    line = refused.stderr.splitlines()[-1]
    assert line.endswith(f"pip install -e '.[{tracker}]'")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("uri", ["", "mlruns", "./mlruns", "file:///mlruns", "htp://localhost"])
def test_what_is_no_store_for_runs_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"tracker: uri = .* should begin with sqlite:///"):
        configure("tracker=mlflow", f"tracker.uri='{uri}'")


@pytest.mark.slow
def test_without_a_tracker_no_library_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from lenet.commands.train import main; main(); "
        "print({'tensorboard', 'google.protobuf', 'mlflow', 'sqlalchemy'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *QUICK], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr
