"""Whatever is killed, at whatever moment, nothing is lost that was safe before."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import lenet, results, run_folders

CRASHING = Path(__file__).with_name("crashing.py")
COMMAND = [
    "dataset.train_size=300",
    "dataset.test_size=50",
    "dataset.validation=50",
    "epochs=2",
    "checkpoint.every_steps=2",
]


def crash(cwd: Path, n: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, CRASHING, cwd, str(n), *COMMAND],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any]]:
    """How many times a run touches files, and what it finds."""
    cwd = tmp_path_factory.mktemp("undisturbed")
    done = crash(cwd, 0)
    (count,) = re.findall(r"(\d+) files were touched", done.stdout)
    (folder,) = run_folders(cwd)
    return int(count), results(folder)


def check(cwd: Path, n: int, expected: dict[str, Any]) -> None:
    assert crash(cwd, n).returncode == 137
    again = lenet(*COMMAND, cwd=cwd)
    assert again.returncode == 0, again.stdout + again.stderr
    (folder,) = run_folders(cwd)
    assert results(folder) == expected


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.3, 0.5, 0.7, 0.9])
def test_a_crash_between_two_files(
    tmp_path: Path, undisturbed: tuple[int, dict[str, Any]], part: float
) -> None:
    count, expected = undisturbed
    assert count > 50
    check(tmp_path, int(part * count), expected)


@pytest.mark.stress
def test_a_crash_between_any_two_files(
    tmp_path: Path, undisturbed: tuple[int, dict[str, Any]]
) -> None:
    count, expected = undisturbed
    for n in range(1, count + 1):
        (tmp_path / str(n)).mkdir()
        check(tmp_path / str(n), n, expected)
