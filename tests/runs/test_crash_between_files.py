"""Whatever comes between two files that a run touches, it goes on to the same bits."""

import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command import OPTIMIZERS, lenet, python, results, run_folders

from lenet.runs.record import status

CRASHING = Path(__file__).parents[1].joinpath("crashing.py")
COMMAND = [
    "dataset.train_size=300",
    "dataset.test_size=50",
    "dataset.validation=50",
    "epochs=2",
    "checkpoint.every_steps=2",
    "inside=true",
    "keep_weights=epochs",
]
STRIDE = 10
PARTS = [0.35, 0.42, 0.5]  # of the files that a run touches: all from its first steps


def crash(
    cwd: Path, optimizer: str, plan: dict[int, signal.Signals]
) -> "subprocess.CompletedProcess[str]":
    signals = ",".join(f"{n}:{number.value}" for n, number in plan.items())
    return python(CRASHING, cwd, signals, *COMMAND, *OPTIMIZERS[optimizer], cwd=cwd)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, dict[str, Any]]]:
    """How many times a run touches files, and what it finds, by optimizer."""
    found = {}
    for optimizer in OPTIMIZERS:
        cwd = tmp_path_factory.mktemp(optimizer)
        done = crash(cwd, optimizer, {})
        (count,) = re.findall(r"(\d+) files were touched", done.stdout)
        (folder,) = run_folders(cwd)
        found[optimizer] = int(count), results(folder)
    return found


def check_that_it_goes_on(cwd: Path, optimizer: str, expected: dict[str, Any]) -> None:
    again = lenet(*COMMAND, *OPTIMIZERS[optimizer], cwd=cwd)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Traceback" not in again.stdout + again.stderr
    (folder,) = run_folders(cwd)
    assert results(folder) == expected
    assert not list(folder.glob("*.part"))


@pytest.mark.thorough
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("part", PARTS)
def test_a_run_that_is_killed_goes_on_to_the_same_bits(
    tmp_path: Path, undisturbed: dict[str, Any], optimizer: str, part: float
) -> None:
    count, expected = undisturbed[optimizer]
    assert count > 50
    killed = crash(tmp_path, optimizer, {int(part * count): signal.SIGKILL})
    assert killed.returncode == -signal.SIGKILL
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "killed"
    check_that_it_goes_on(tmp_path, optimizer, expected)
    assert "goes on after step" in (folder / "lenet.log").read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_run_goes_on_to_the_same_bits(
    tmp_path: Path, undisturbed: dict[str, Any], number: signal.Signals, code: int, part: float
) -> None:
    count, expected = undisturbed["adam"]
    stopped = crash(tmp_path, "adam", {int(part * count): number})
    assert stopped.returncode == code
    assert "Traceback" not in stopped.stderr
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "interrupted"
    assert "stopped after step" in stopped.stdout
    check_that_it_goes_on(tmp_path, "adam", expected)


@pytest.mark.thorough
@pytest.mark.parametrize("part", PARTS)
def test_a_second_ctrl_c_ends_at_once_and_loses_nothing_before_the_last_checkpoint(
    tmp_path: Path, undisturbed: dict[str, Any], part: float
) -> None:
    """It comes while the checkpoint is written that the first has asked for."""
    count, expected = undisturbed["adam"]
    n = int(part * count)
    stopped = crash(tmp_path, "adam", {n: signal.SIGINT, n + 1: signal.SIGINT})
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr
    assert "stopped after step" not in stopped.stdout
    check_that_it_goes_on(tmp_path, "adam", expected)


@pytest.mark.thorough
def test_a_signal_after_the_last_step_lets_the_run_finish(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    count, expected = undisturbed["adam"]
    stopped = crash(tmp_path, "adam", {count - 8: signal.SIGINT})
    assert stopped.returncode == 130
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "finished"
    assert results(folder) == expected


@pytest.mark.thorough
@pytest.mark.parametrize("first", range(1, 1 + STRIDE))
def test_a_crash_between_any_two_files(
    tmp_path: Path, undisturbed: dict[str, Any], first: int
) -> None:
    count, expected = undisturbed["adam"]
    for n in range(first, count + 1, STRIDE):
        cwd = tmp_path / str(n)
        cwd.mkdir()
        assert crash(cwd, "adam", {n: signal.SIGKILL}).returncode == -signal.SIGKILL
        check_that_it_goes_on(cwd, "adam", expected)
