"""Full disks, folders that cannot be written to, races: what was safe stays so, and it is said."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import lenet, results, run_folders, start

from lenet.runs.record import status

pytestmark = pytest.mark.slow

COMMAND = ["dataset.train_size=500", "dataset.test_size=100", "epochs=3", "hydra.run.dir=disk/run"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    cwd = tmp_path_factory.mktemp("undisturbed")
    assert lenet(*COMMAND, cwd=cwd).returncode == 0
    return results(cwd / "disk" / "run")


class Disk:
    """A file system in memory, of its own, as the folder ``disk``."""

    def __init__(self, cwd: Path) -> None:
        self.path = cwd / "disk"
        self.path.mkdir()

    def mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path]
        return (
            os.geteuid() == 0 and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
        )

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path)
    if not disk.mount("size=1200k"):
        pytest.skip("only root, and not everywhere, may mount a file system")
    yield disk
    subprocess.run(["umount", disk.path], check=True)


def check_one_clear_line(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode in (1, 2)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if words[0] in line]
    assert all(word in line for word in words)


def test_a_full_disk_is_told_of_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, disk: Disk, undisturbed: dict[str, Any]
) -> None:
    check_one_clear_line(lenet(*COMMAND, cwd=tmp_path), "No space left on device", "disk/run")
    folder = tmp_path / "disk" / "run"
    assert status(folder) in ("failed", "killed")
    assert not list(folder.glob("*.part"))
    disk.remount("size=10m")
    again = lenet(*COMMAND, cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "goes on after step" in again.stdout
    assert results(folder) == undisturbed


def test_a_file_that_may_not_grow_so_large_is_told_of(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """As by a quota, or ulimit -f."""
    done = subprocess.run(
        [sys.executable, "-m", "lenet", *COMMAND],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)),
    )
    check_one_clear_line(done, "File too large", "checkpoint")
    folder = tmp_path / "disk" / "run"
    assert status(folder) == "failed"
    assert not list(folder.glob("*.part"))
    assert lenet(*COMMAND, cwd=tmp_path).returncode == 0
    assert results(folder) == undisturbed


def test_a_read_only_disk_is_told_of(tmp_path: Path, disk: Disk) -> None:
    disk.remount("ro")
    check_one_clear_line(lenet(*COMMAND, cwd=tmp_path), "disk/run", "Read-only file system")


@pytest.mark.slow
def test_what_has_finished_on_a_read_only_disk_gives_its_result(tmp_path: Path, disk: Disk) -> None:
    """A run, and a sweep whose report can be shown, though not written."""
    disk.remount("size=10m")
    sweep = ["-m", *COMMAND[:2], "epochs=1", "hydra.sweep.dir=disk", "seed=0,1"]
    assert lenet(*COMMAND, cwd=tmp_path).returncode == 0
    assert lenet(*sweep, cwd=tmp_path).returncode == 0
    disk.remount("ro")
    again = lenet(*COMMAND, cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "disk/run is finished already: test accuracy" in again.stdout
    again = lenet(*sweep, cwd=tmp_path)
    assert again.returncode == 0
    assert "2 of 2 runs finished" in again.stdout
    assert "the report is not complete: [Errno 30] Read-only file system" in again.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o555)
    check_one_clear_line(lenet(*COMMAND, cwd=tmp_path), "disk/run", "Permission denied")


def test_a_run_folder_that_becomes_read_only_keeps_what_it_has(tmp_path: Path, disk: Disk) -> None:
    disk.remount("size=10m")
    assert lenet(*COMMAND, cwd=tmp_path).returncode == 0
    before = results(tmp_path / "disk" / "run")
    disk.remount("ro")
    check_one_clear_line(lenet(*COMMAND, "force=true", cwd=tmp_path), "Read-only file system")
    assert results(tmp_path / "disk" / "run") == before


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system")
def test_a_run_folder_on_another_file_system(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    """Put aside, too, to the file system that the link lies on."""
    elsewhere = Path("/dev/shm") / f"lenet-{os.getpid()}"
    elsewhere.mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "run").symlink_to(elsewhere)
    try:
        for more in ([], ["force=true"]):
            done = lenet(*COMMAND, *more, cwd=tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
            assert results(elsewhere) == undisturbed
        assert results(tmp_path / "disk" / "run.aside-1") == undisturbed
    finally:
        shutil.rmtree(elsewhere)


def test_of_processes_that_race_for_a_folder_one_trains(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    processes = [start(*COMMAND, cwd=tmp_path) for _ in range(4)]
    said = [process.communicate(timeout=60) for process in processes]
    trained = [out for out, _ in said if "wrote" in out]
    told = [out + err for out, err in said if "wrote" not in out]
    assert len(trained) == 1
    assert all("is held by" in text or "finished already" in text for text in told)
    assert not any("Traceback" in err for _, err in said)
    (folder,) = run_folders(tmp_path)
    assert results(folder) == undisturbed
