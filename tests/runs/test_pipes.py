"""Standard streams that are closed: the work is done all the same, and the exit code is right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import record, run_folders

pytestmark = pytest.mark.slow

QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]
SCRIPTS = Path(__file__).parents[2] / "scripts"
CLOSED = {"output": ">&-", "all": "<&- >&- 2>&-"}


def run(closed: str, *command: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a command of Python as a shell does that is told to close some of its streams."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize("closed", CLOSED.values(), ids=CLOSED)
def test_a_run_runs(tmp_path: Path, closed: str) -> None:
    done = run(closed, "-m", "lenet", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    (folder,) = run_folders(tmp_path)
    assert record(folder)["status"] == "finished"
    assert (folder / "lock").read_bytes() == b""


JOBLIB = pytest.param(["hydra/launcher=joblib"], marks=pytest.mark.thorough, id="joblib")


@pytest.mark.parametrize("launcher", [pytest.param([], id="serial"), JOBLIB])
def test_a_sweep_runs(tmp_path: Path, launcher: list[str]) -> None:
    done = run(CLOSED["all"], "-m", "lenet", "-m", *QUICK, "seed=1,2", *launcher, cwd=tmp_path)
    assert done.returncode == 0
    assert [record(folder)["status"] for folder in run_folders(tmp_path)] == ["finished"] * 2
    assert list(tmp_path.rglob("settings.csv"))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["-m", "lenet", "--help"], 0),
        (["-m", "lenet", "--version"], 0),
        (["-m", "lenet", "optimizer.lrr=1"], 2),
        ([str(SCRIPTS / "compare.py"), "--help"], 0),
        ([str(SCRIPTS / "compare.py"), "nowhere"], 1),
    ],
    ids=lambda value: Path(value[0]).stem + value[-1] if isinstance(value, list) else "",
)
def test_what_is_not_heard_is_in_the_exit_code(
    tmp_path: Path, command: list[str], code: int
) -> None:
    assert run(CLOSED["all"], *command, cwd=tmp_path).returncode == code


def test_a_program_that_is_started_from_here_inherits_streams_that_hold_nothing() -> None:
    code = (
        "import os, subprocess, sys; from lenet.runs.process import prepare_streams; "
        "prepare_streams(); "
        "sys.exit(subprocess.run(['sh', '-c', 'echo word && echo word >&2']).returncode)"
    )
    assert run(CLOSED["all"], "-c", code, cwd=Path(os.sep)).returncode == 0


def test_what_an_encoding_lacks_is_written_by_its_number() -> None:
    code = (
        "from lenet.runs.process import prepare_streams; prepare_streams(); print('91.95 ± 1.78')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"91.95 \\xb1 1.78\n"


def test_a_finished_run_gives_its_result_also_to_a_full_disk(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("> /dev/full", "-m", "lenet", *QUICK, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
