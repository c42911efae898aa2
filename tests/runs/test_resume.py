"""What was interrupted goes on to the numbers of a run that never was."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import OPTIMIZERS, lenet, metrics, record, results, run_folders, start, wait_for

from lenet.formats.layout import CHECKPOINT
from lenet.runs.record import status

pytestmark = pytest.mark.slow

SMALL = [
    "dataset.train_size=3000",
    "dataset.test_size=100",
    "epochs=3",
    "batch_size=32",
    "checkpoint.every_steps=7",
    "inside=true",
    "keep_weights=epochs",
]
TINY = ["dataset.train_size=500", "dataset.test_size=100"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What runs find that nothing interrupts, by optimizer."""
    found = {}
    for name, choice in OPTIMIZERS.items():
        cwd = tmp_path_factory.mktemp(name)
        assert lenet(*SMALL, *choice, cwd=cwd).returncode == 0
        (folder,) = run_folders(cwd)
        found[name] = results(folder)
    return found


def finish(command: list[str], cwd: Path) -> Path:
    """Give the command again, and return the folder of the run that it has finished."""
    again = lenet(*command, cwd=cwd)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Traceback" not in again.stdout + again.stderr
    (folder,) = run_folders(cwd)
    assert status(folder) == "finished"
    return folder


def log_of(cwd: Path) -> str:
    (log,) = cwd.rglob("lenet.log")
    return log.read_text()


@pytest.mark.stress
@pytest.mark.parametrize("attempt", range(int(os.environ.get("LENET_KILLS", "51"))))
def test_kill_9_at_any_moment(tmp_path: Path, undisturbed: dict[str, Any], attempt: int) -> None:
    """Of the command or of one of its workers, from the start of Python to the end of the run.

    And again while it goes on. No process is left, and none had a file in /dev/shm.
    """
    name, chance = list(OPTIMIZERS)[attempt % len(OPTIMIZERS)], random.Random(attempt)
    command = [*SMALL, *OPTIMIZERS[name], "threads=3"]
    for _ in range(2):
        process = start(*command, cwd=tmp_path)
        time.sleep(chance.uniform(0.3, 2.5))
        everyone = session(process.pid)
        for pid in everyone:
            assert not [path for path in mapped(pid) if path.parent == Path("/dev/shm")]
        victim = chance.choice(everyone or [process.pid])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        said = "".join(process.communicate(timeout=60))
        assert "Traceback" not in said
        assert f"worker process {victim} was killed by SIGKILL" in said or (
            process.returncode in (-signal.SIGKILL, 0)
        )
        wait_for(lambda process=process: not session(process.pid), 10)
    assert results(finish(command, tmp_path)) == undisturbed[name]


def mapped(pid: int) -> list[Path]:
    """The files that a process shares memory by, and that would be left behind."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return []
    files = [Path(line.split(maxsplit=5)[5]) for line in lines if "/" in line]
    return [file for file in files if not file.name.endswith("(deleted)")]


def session(number: int) -> list[int]:
    """The processes of a session, as the system counts them."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(path.name)) == number:
                found.append(int(path.name))
    return found


def test_a_signal_leaves_a_checkpoint_of_the_step_in_hand(tmp_path: Path) -> None:
    often = ("batch_size=1", "checkpoint.every_steps=50")
    process = start("epochs=1000", "dataset.train_size=20000", *often, cwd=tmp_path)
    wait_for(lambda: list(tmp_path.rglob(CHECKPOINT)))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command, without force=true, goes on" in errors
    (folder,) = run_folders(tmp_path)
    with np.load(folder / CHECKPOINT) as arrays:
        steps = len(arrays["steps"])
    assert 50 <= steps < 20_000
    assert f"stopped after step {steps}\n" in log_of(tmp_path)


def test_more_epochs_go_on_where_fewer_have_ended(tmp_path: Path) -> None:
    watched = [*TINY, "inside=true", "keep_weights=epochs"]
    assert lenet(*watched, "epochs=2", cwd=tmp_path).returncode == 0
    (short,) = run_folders(tmp_path)
    more = lenet(*watched, "epochs=4", cwd=tmp_path)
    assert f"goes on after step 8 of runs/{short.name}" in more.stdout
    (long,) = set(run_folders(tmp_path)) - {short}
    assert record(long)["continues"] == short.name

    assert lenet(*watched, "epochs=4", "hydra.run.dir=elsewhere", cwd=tmp_path).returncode == 0
    assert results(long) == results(tmp_path / "elsewhere")
    assert metrics(long)[:2].equals(metrics(short))
    assert status(short) == "finished"


def test_a_run_that_was_stopped_early_is_not_trained_on(tmp_path: Path) -> None:
    command = [*TINY, "epochs=9", "max_seconds=1e-9"]
    first = lenet(*command, cwd=tmp_path)
    assert "stopped by max_seconds=1e-09 after 1 of 9 epochs" in first.stdout
    (folder,) = run_folders(tmp_path)
    assert status(folder) == "finished"
    assert record(folder)["stopped"] == {"by": "max_seconds=1e-09", "epochs": 1, "of": 9}
    before = results(folder)
    assert "is finished already" in lenet(*command, cwd=tmp_path).stdout
    assert results(folder) == before


def test_more_epochs_start_over_where_the_schedule_depends_on_their_number(tmp_path: Path) -> None:
    assert lenet(*TINY, "schedule=cosine", "epochs=1", cwd=tmp_path).returncode == 0
    more = lenet(*TINY, "schedule=cosine", "epochs=2", cwd=tmp_path)
    assert more.returncode == 0
    assert "starts from the beginning" in more.stdout
    assert "goes on" not in more.stdout


def test_force_starts_over_though_a_shorter_run_lies_beside(tmp_path: Path) -> None:
    assert lenet(*TINY, "epochs=1", cwd=tmp_path).returncode == 0
    again = lenet(*TINY, "epochs=2", "force=true", cwd=tmp_path)
    assert again.returncode == 0
    assert "goes on" not in again.stdout


def test_other_settings_are_not_gone_on_from(tmp_path: Path) -> None:
    assert lenet(*TINY, "epochs=1", cwd=tmp_path).returncode == 0
    for other in ("seed=1", "optimizer.lr=0.01", "dataset.test_size=50"):
        done = lenet(*TINY, "epochs=2", other, cwd=tmp_path)
        assert done.returncode == 0
        assert "goes on" not in done.stdout


def test_a_run_whose_results_were_not_written_down_trains_no_epoch_again(tmp_path: Path) -> None:
    """Killed between its last checkpoint and its end."""
    assert lenet(*TINY, "epochs=2", cwd=tmp_path).returncode == 0
    (folder,) = run_folders(tmp_path)
    before = results(folder)
    for name in ("run.json", "metrics.csv", "steps.csv"):
        (folder / name).unlink()
    again = lenet(*TINY, "epochs=2", cwd=tmp_path)
    assert again.returncode == 0
    assert results(folder) == before
    assert "goes on after step 8" in again.stdout


@pytest.mark.thorough
def test_a_sweep_over_more_epochs_goes_on_where_its_runs_have_ended(tmp_path: Path) -> None:
    for epochs in ("epochs=1", "epochs=2"):
        assert lenet("-m", *TINY, "seed=0,1", epochs, cwd=tmp_path).returncode == 0
    logs = [path.read_text() for path in tmp_path.rglob("lenet.log")]
    assert sum("goes on after step 4 of" in log for log in logs) == 2
