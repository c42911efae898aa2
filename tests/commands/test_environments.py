"""Where the command is started: odd folders, locales and users, as a process meets them."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import lenet, record, run_folders

pytestmark = pytest.mark.slow

QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]
MNIST = ["dataset=mnist", "dataset.train_size=64", "dataset.test_size=16", "epochs=1"]
ODD = "a b'c\"d=é,x{}[]$(y)"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def homeless(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user who is in no list of users, and has no home."""
    unshare = ["unshare", "--user", "--map-user=54321"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no user of another number can be made here")
    named = ("HOME", "XDG_CACHE_HOME", "LENET_DATA", "USER", "LOGNAME")
    return subprocess.run(
        [*unshare, sys.executable, "-m", "lenet", *arguments],
        cwd=cwd,
        env={key: value for key, value in os.environ.items() if key not in named},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_user_without_name_and_home_can_train(tmp_path: Path) -> None:
    done = homeless(*QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_user_without_name_and_home_is_told_where_data_may_be(tmp_path: Path) -> None:
    done = homeless(*MNIST, cwd=tmp_path)
    assert done.returncode == 1
    assert "mnist: expected its files in dataset.root or $LENET_DATA/mnist" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.thorough
def test_a_current_folder_of_an_odd_name_holds_runs_and_sweeps(tmp_path: Path) -> None:
    odd = tmp_path / ODD
    odd.mkdir()
    for arguments in (QUICK, ["-m", *QUICK, "seed=0,1"]):
        done = lenet(*arguments, cwd=odd)
        assert (done.returncode, done.stderr) == (0, "")
    assert len(run_folders(odd)) == 2
    assert list(odd.glob("runs/sweeps/*/settings.csv"))
    assert list(tmp_path.iterdir()) == [odd]


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("a b", "a b"),
        ('"a=b"', "a=b"),
        ("'é ü'", "é ü"),
        ('"it\'s"', "it's"),
        (r"a\,b", "a,b"),
        ("'{a}[b]$'", "{a}[b]$"),
    ],
)
def test_a_run_folder_of_an_odd_name_is_written_in_quotes(
    tmp_path: Path, value: str, folder: str
) -> None:
    done = lenet(*QUICK, f"hydra.run.dir={value}", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert record(tmp_path / folder)["status"] == "finished"
    assert [path.name for path in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("a file", "a file: expected a folder"),
        ("nowhere", "nowhere: expected a folder"),
        ("a b", "a b/mnist/train-images-idx3-ubyte.gz: expected"),
    ],
)
def test_lenet_data_that_has_no_data_is_named(tmp_path: Path, place: str, message: str) -> None:
    """No download is tried: the cache below the current folder cannot be made."""
    (tmp_path / "a file").touch()
    (tmp_path / "a b" / "mnist").mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        content = gzip.compress(b"nothing of use")
        (tmp_path / "a b" / "mnist" / f"{name}-ubyte.gz").write_bytes(content)
    environment = {"LENET_DATA": str(tmp_path / place), "XDG_CACHE_HOME": str(tmp_path / "a file")}
    done = lenet(*MNIST, cwd=tmp_path, **environment)
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (folder,) = run_folders(tmp_path)
    assert record(folder)["status"] == "failed"


def test_no_folder_for_temporary_files_is_needed(tmp_path: Path) -> None:
    done = lenet(*QUICK, cwd=tmp_path, TMPDIR="/nowhere")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.thorough
def test_no_folder_for_temporary_files_is_needed_for_several_jobs_at_a_time(tmp_path: Path) -> None:
    jobs = ["-m", "hydra/launcher=joblib", "seed=0,1"]
    done = lenet(*jobs, *QUICK, cwd=tmp_path, TMPDIR="/nowhere")
    assert done.returncode == 0, done.stderr


def test_a_terminal_of_ascii_alone_shows_a_run_in_a_folder_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "é").mkdir()
    done = lenet(*QUICK, cwd=tmp_path / "é", **ASCII)
    assert (done.returncode, done.stderr) == (0, "")
    assert "wrote runs/" in done.stdout


def test_a_terminal_of_ascii_alone_shows_what_is_refused(tmp_path: Path) -> None:
    done = lenet("activaté=relu", cwd=tmp_path, **ASCII)
    assert done.returncode == 2
    assert "expected key=value" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_of_ascii_alone_shows_the_summary_of_a_sweep(tmp_path: Path) -> None:
    done = lenet("-m", *QUICK, "seed=0,1", cwd=tmp_path, **ASCII)
    assert "Warning" not in done.stderr
    assert "settings.csv" in done.stdout


@pytest.mark.thorough
def test_a_failed_sweep_has_its_exit_code_also_on_a_terminal_of_ascii_alone(tmp_path: Path) -> None:
    done = lenet("-m", *QUICK, "optimizer.lr=0.001,1e308", cwd=tmp_path, **ASCII)
    assert done.returncode == 1
