"""Jobs that fail are tried again as often as was asked; those that diverged are not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from command import lenet, record, run_folders
from fake_runs import PLAIN, fake_run
from refused import Refused

from lenet.runs.experiment import Pause
from lenet.runs.record import status
from lenet.sweeps.jobs import Job
from lenet.sweeps.report.folder import write_summary
from lenet.sweeps.rounds import Rounds
from lenet.sweeps.sweep import Sweep

NAMES = ("fine", "failing", "diverging", "held")


class FakeJobs(NamedTuple):
    """The jobs of a sweep, which do what their names say."""

    root: Path
    search: bool = False
    swept: tuple[str, ...] = ("seed",)

    def all(self) -> list[Job]:
        return [Job((name,), self.root / name, Path(name), name, 3) for name in NAMES]

    def folders(self) -> list[Path]:
        return [job.folder for job in self.all()]


class Launcher:
    """Notes what it is told to launch, and writes what would come of it."""

    def __init__(self, root: Path, failures: int = 1000) -> None:
        self.root = root
        self.failures = failures  # of the job that fails, before it finishes
        self.launched: list[str] = []
        self.again: list[str] = []

    def __call__(self, jobs: Sequence[list[str]], pause: Pause | None, again: bool) -> None:
        for name, *_ in jobs:
            self.launched.append(name)
            self.again += [name] if again else []
            self.write(name)

    def write(self, name: str) -> None:
        failing = self.launched.count("failing") <= self.failures
        ends = {"failing": "failed" if failing else "finished", "diverging": "diverged"}
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        fake_run(folder, status=ends.get(name, "finished"))


def carry_out(root: Path, launcher: Launcher, retries: int) -> dict[str, str]:
    told = replace(PLAIN, retries=retries)
    sweep = Sweep(FakeJobs(root), again=False, told=told)  # type: ignore[arg-type]
    try:
        Rounds(sweep, launcher).carry_out()
    finally:
        sweep.progress.stop()
    return {job.folder.name: status(job.folder) for job in FakeJobs(root).all()}


@pytest.mark.parametrize(("retries", "times"), [(0, 1), (1, 2), (3, 4)])
def test_what_fails_is_tried_again_as_often_as_was_asked(
    tmp_path: Path, retries: int, times: int
) -> None:
    launcher = Launcher(tmp_path)
    assert carry_out(tmp_path, launcher, retries)["failing"] == "failed"
    assert Counter(launcher.launched) == dict.fromkeys(NAMES, 1) | {"failing": times}
    assert launcher.again == ["failing"] * retries


def test_it_is_tried_no_more_once_it_has_finished(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, failures=2)
    assert carry_out(tmp_path, launcher, retries=5)["failing"] == "finished"
    assert launcher.again == ["failing"] * 2


class Breaking(Launcher):
    """Breaks down at its first job, for so many times, as joblib does with a worker."""

    breaks = 1

    def write(self, name: str) -> None:
        if len(self.launched) <= self.breaks:
            raise RuntimeError("a worker was killed")
        super().write(name)


def test_a_launcher_that_breaks_down_costs_a_try(tmp_path: Path) -> None:
    launcher = Breaking(tmp_path, failures=0)
    assert carry_out(tmp_path, launcher, retries=1)["fine"] == "finished"
    launcher.breaks = 1000
    (tmp_path / "new").mkdir()
    with pytest.raises(RuntimeError, match="a worker was killed"):
        carry_out(tmp_path / "new", launcher, retries=1)


def test_the_summary_says_how_often(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "0", seed=0, tried_again=2),
        fake_run(tmp_path / "1", seed=1, tried_again=1, status="failed"),
        fake_run(tmp_path / "2", seed=2),
    ]
    said = "Tried again after failing: 2 runs, 3 times in all; 1 finished then."
    assert said in write_summary(runs, tmp_path)
    assert said in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["-m", "seed=0,1", "retries=-1"], "retries = -1: should be greater than or equal to 0"),
        (["-m", "seed=0,1", "retries=x"], "retries = 'x': should be a valid integer"),
        (["-m", "seed=0,1", "retries=0,1"], "retries=0,1: has one value, for the sweep as a whole"),
        (["retries=1"], "retries: is for a sweep; lenet -m carries one out"),
    ],
)
def test_what_makes_no_sense_is_refused(
    refused: Refused, overrides: list[str], message: str
) -> None:
    assert refused(*overrides) == f"lenet: {message}\n"


FAILING_ONCE = """
from pathlib import Path
from lenet.training.optimizers import SGD

class FailingOnce(SGD):
    def step(self, theta, g, state, t, eta):
        if t == 3 and not Path("failed").exists():
            Path("failed").touch()
            raise RuntimeError("made to raise")
        super().step(theta, g, state, t, eta)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("launcher", [[], ["hydra/launcher=joblib"]], ids=["serial", "joblib"])
def test_a_job_that_failed_goes_on_from_its_checkpoint(tmp_path: Path, launcher: list[str]) -> None:
    (tmp_path / "failing.py").write_text(FAILING_ONCE)
    (tmp_path / "conf" / "optimizer").mkdir(parents=True)
    (tmp_path / "conf" / "optimizer" / "failing.yaml").write_text(
        "_target_: failing.FailingOnce\nlr: 0.01\nmomentum: 0\nnesterov: false\n"
    )
    command = [
        *("-m", "--config-dir=conf", *launcher, "optimizer=failing", "optimizer.lr=1e38,0.01"),
        *("dataset.train_size=256", "dataset.test_size=64", "epochs=3", "retries=2", "threads=1"),
    ]
    done = lenet(*command, cwd=tmp_path)
    assert "made to raise" in done.stdout
    assert "Tried again after failing: 1 run, 1 time in all; 1 finished then." in done.stdout
    ends = {status(folder): record(folder) for folder in run_folders(tmp_path)}
    assert set(ends) == {"diverged", "finished"}
    assert "tried_again" not in ends["diverged"]
    assert ends["finished"]["tried_again"] == 1
