"""Successive halving: who goes on, to which epoch, and that nothing is lost or trained twice."""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from command import lenet, metrics, record, results, run_folders, start, wait_for
from fake_runs import PLAIN
from hypothesis import given
from hypothesis import strategies as st
from refused import Refused
from states import ROW

from lenet.errors import ConfigError
from lenet.formats.layout import CONFIG, METRICS, RECORD
from lenet.runs.experiment import Pause
from lenet.runs.record import status
from lenet.sweeps.halving import cuts, going_on
from lenet.sweeps.jobs import Job
from lenet.sweeps.rounds import Rounds
from lenet.sweeps.sweep import Sweep


@pytest.mark.parametrize(
    ("epochs", "settings", "share", "expected"),
    [
        (27, 27, 3, [1, 3, 9]),
        (27, 10, 3, [1, 3, 9]),
        (27, 9, 3, [3, 9]),
        (27, 2, 3, [9]),
        (10, 100, 3, [1, 3]),
        (100, 4, 2, [25, 50]),
        (3, 27, 3, [1]),
    ],
)
def test_cuts_come_after_a_share_of_the_epochs_each(
    epochs: int, settings: int, share: int, expected: list[int]
) -> None:
    assert cuts(epochs, settings, share) == expected


@given(st.integers(1, 1000), st.integers(2, 1000), st.integers(2, 10))
def test_settings_are_left_behind_until_one_is_left_or_no_epoch_is(
    epochs: int, settings: int, share: int
) -> None:
    if epochs < share:
        with pytest.raises(ConfigError, match=f"at least {share} epochs"):
            cuts(epochs, settings, share)
        return
    found = cuts(epochs, settings, share)
    assert found == sorted({*found})
    assert found[0] >= 1
    assert found[-1] <= epochs / share
    left = list(map(str, range(settings)))
    for _ in found:
        left = going_on({name: [float(name)] for name in left}, share)
    assert left[0] == str(settings - 1)
    assert len(left) == 1 or found[0] < share


def test_the_best_go_on_by_their_mean_over_seeds() -> None:
    accuracies = {"a": [0.5, 0.7], "b": [0.9, 0.1], "c": [0.7, 0.6], "d": [0.4, 0.4]}
    assert going_on(accuracies, 4) == ["c"]
    assert going_on(accuracies, 3) == ["c", "a"]
    assert going_on(accuracies, 2) == ["c", "a"]


def test_settings_of_which_runs_are_missing_come_last_and_nothing_goes_on_of_none() -> None:
    accuracies = {"a": [0.9, None], "b": [0.1, 0.2], "c": [None, None]}
    assert going_on(accuracies, 3) == ["b"]
    assert going_on(accuracies, 2) == ["b", "a"]
    assert going_on({"c": [None]}, 2) == []


REACHED = {  # accuracy on test images by epoch: "late" is overtaken, "early" is good at first only
    "best": [0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9],
    "late": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9, 0.99],
    "early": [0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6],
    "middle": [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4],
}


class FakeJobs(NamedTuple):
    """The jobs of a sweep of these settings, with two seeds each."""

    root: Path
    search: bool = False
    swept: tuple[str, ...] = ("seed",)

    def all(self) -> list[Job]:
        names = [f"{setting}-{seed}" for setting in REACHED for seed in (0, 1)]
        return [
            Job((name,), self.root / name, Path(name), name.partition("-")[0], 9) for name in names
        ]

    def folders(self) -> list[Path]:
        return [job.folder for job in self.all()]


class Launcher:
    """Notes what it is told to launch, and writes what would come of it; it may be killed."""

    def __init__(self, root: Path, diverging: str = "", killed_after: int = 1000) -> None:
        self.root = root
        self.diverging = diverging
        self.left = killed_after
        self.epochs: dict[str, list[int]] = {}  # to which each job was launched, in turn

    def __call__(self, jobs: Sequence[list[str]], pause: Pause | None, again: bool) -> None:
        for name, *_ in jobs:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.write(name, pause)

    def write(self, name: str, pause: Pause | None) -> None:
        setting, _ = name.split("-")
        epochs = pause.until if pause else 9
        self.epochs.setdefault(name, []).append(epochs)
        end = "diverged" if name == self.diverging else "stopped" if pause else "finished"
        written = {"status": end, "started": epochs, "result": {"test_accuracy": 0.5}}
        if pause:
            written["stopped"] = {"by": pause.by, "epochs": epochs, "of": 9}
        rows = [
            asdict(replace(ROW, epoch=epoch, test_accuracy=accuracy))
            for epoch, accuracy in enumerate(REACHED[setting][:epochs], start=1)
        ]
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).dropna(axis=1).to_csv(folder / METRICS, index=False)
        (folder / RECORD).write_text(json.dumps(written))
        (folder / CONFIG).write_text("epochs: 9\n")


def carry_out(root: Path, launcher: Launcher) -> dict[str, str]:
    """Carry out the sweep with halving=2, and return what has become of each run."""
    told = replace(PLAIN, halving=2)
    sweep = Sweep(FakeJobs(root), again=False, told=told, cuts=cuts(9, 4, 2))  # type: ignore[arg-type]
    try:
        Rounds(sweep, launcher).carry_out()
    finally:
        sweep.progress.stop()
    return {job.folder.name: status(job.folder) for job in FakeJobs(root).all()}


def test_all_seeds_of_a_setting_share_its_fate(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path)
    ends = carry_out(tmp_path, launcher)
    for seed in (0, 1):
        assert launcher.epochs[f"best-{seed}"] == [2, 4, 9]
        assert launcher.epochs[f"early-{seed}"] == [2, 4]
        assert launcher.epochs[f"middle-{seed}"] == launcher.epochs[f"late-{seed}"] == [2]
    assert {name for name, end in ends.items() if end == "finished"} == {"best-0", "best-1"}
    assert set(ends.values()) == {"finished", "stopped"}


@pytest.mark.parametrize("launches", [0, 5, 8, 11, 13])
def test_wherever_it_is_killed_the_same_command_ends_the_same(
    tmp_path: Path, launches: int
) -> None:
    """And no job is launched to where it has been."""
    killed, whole = Launcher(tmp_path / "a", killed_after=launches), Launcher(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        carry_out(tmp_path / "a", killed)
    again = Launcher(tmp_path / "a")
    assert carry_out(tmp_path / "a", again) == carry_out(tmp_path / "b", whole)
    for name, epochs in whole.epochs.items():
        assert killed.epochs.get(name, []) + again.epochs.get(name, []) == epochs


def test_what_has_finished_in_another_sweep_takes_part_as_it_was_then(tmp_path: Path) -> None:
    """The last epoch of "late" is the best of all, but it was not when the others were cut."""
    for seed in (0, 1):
        Launcher(tmp_path).write(f"late-{seed}", None)
    launcher = Launcher(tmp_path)
    ends = carry_out(tmp_path, launcher)
    assert "late-0" not in launcher.epochs
    assert ends["best-0"] == ends["late-0"] == "finished"
    assert ends["early-0"] == "stopped"


def test_what_has_diverged_is_not_launched_again_and_its_setting_comes_last(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, diverging="best-1")
    ends = carry_out(tmp_path, launcher)
    assert launcher.epochs["best-0"] == [2, 4]
    assert launcher.epochs["best-1"] == [2]
    assert launcher.epochs["early-0"] == launcher.epochs["early-1"] == [2, 4, 9]
    assert ends["best-1"] == "diverged"


REFUSED = [
    (["halving=1"], "halving = 1: should be greater than 1"),
    (["halving=x"], "halving = 'x': should be a valid integer"),
    (["halving=2.5"], "halving = 2.5: should be a valid integer"),
    (["halving=2,3"], "halving=2,3: has one value, for the sweep as a whole"),
    (["halving=3", "epochs=2"], "halving = 3: expected at least 3 epochs, found epochs = 2"),
    (["halving=3", "epochs=3,9"], "expected all runs to have as many epochs, found 3, 9"),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_cannot_be_halved_is_refused(
    refused: Refused, overrides: list[str], message: str
) -> None:
    (line,) = refused("-m", "pooling=max,avg", *overrides).splitlines()
    assert line.endswith(message)


def test_there_must_be_settings_to_choose_from(refused: Refused) -> None:
    (line,) = refused("-m", "seed=0,1", "halving=2").splitlines()
    assert line == "lenet: halving = 2: expected settings to choose from, found one"


def test_one_run_is_not_halved(refused: Refused) -> None:
    assert refused("halving=3") == "lenet: halving: is for a sweep; lenet -m carries one out\n"


TINY = ["dataset.train_size=256", "dataset.test_size=64"]


@pytest.mark.slow
def test_a_run_that_was_left_behind_goes_on_alone_to_the_same_bits(tmp_path: Path) -> None:
    command = ["-m", *TINY, "epochs=2", "halving=2", "pooling=max,avg"]
    assert lenet(*command, cwd=tmp_path).returncode == 0
    (stopped,) = (folder for folder in run_folders(tmp_path) if status(folder) == "stopped")
    assert record(stopped)["stopped"] == {"by": "halving=2", "epochs": 1, "of": 2}
    assert "halving" not in (stopped / "config.yaml").read_text()
    assert record(stopped)["overrides"] == [*TINY, "epochs=2", record(stopped)["overrides"][-1]]
    alone = lenet(*record(stopped)["overrides"], cwd=tmp_path)
    assert "goes on after step 2" in alone.stdout
    assert status(stopped) == "finished"
    elsewhere = [*record(stopped)["overrides"], "hydra.run.dir=elsewhere"]
    assert lenet(*elsewhere, cwd=tmp_path).returncode == 0
    assert results(stopped) == results(tmp_path / "elsewhere")


@pytest.mark.thorough
def test_force_starts_over_once(tmp_path: Path) -> None:
    command = ["-m", *TINY, "epochs=2", "halving=2", "pooling=max,avg"]
    assert lenet(*command, cwd=tmp_path).returncode == 0
    again = lenet(*command, "force=true", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    kept = [folder for folder in run_folders(tmp_path) if ".aside-" not in folder.name]
    assert sorted(map(status, kept)) == ["finished", "stopped"]
    assert len(run_folders(tmp_path)) == 4


MANY = [
    *("-m", *TINY, "dataset.validation=64", "epochs=9", "seed=0,1"),
    *("optimizer.lr=1e-5,1e-3,1e-2", "activation=tanh,relu,sigmoid"),
]


@pytest.mark.thorough
def test_the_winner_of_nine_settings_has_the_bits_of_its_full_run_at_a_third_of_the_cost(
    tmp_path: Path,
) -> None:
    """Killed twice on the way, and typed again."""
    for rung in (1, 3):
        process = start(*MANY, "halving=3", cwd=tmp_path)
        wait_for(lambda rung=rung: furthest(tmp_path) > rung, seconds=300)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    done = lenet(*MANY, "halving=3", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 settings, 2 of 18 runs finished, 16 stopped" in done.stdout
    epochs = sum(len(metrics(folder)) for folder in run_folders(tmp_path))
    assert epochs == 2 * (6 * 1 + 2 * 3 + 1 * 9)
    assert epochs <= 0.35 * 18 * 9
    for folder in run_folders(tmp_path):
        if status(folder) == "finished":
            full = f"full/{folder.name}"
            command = [*record(folder)["overrides"], f"hydra.run.dir={full}"]
            assert lenet(*command, cwd=tmp_path).returncode == 0
            assert results(folder) == results(tmp_path / full)


def furthest(cwd: Path) -> int:
    """The most epochs that a run has come to."""
    return max((path.read_text().count("\n") - 1 for path in cwd.rglob("metrics.csv")), default=0)
