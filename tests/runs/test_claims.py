"""A run folder is its run's alone: what is the user's stays, and no two processes write."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from errno import EROFS
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from command import lenet
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from refused import Refused
from states import ROW, state

from lenet.config.schema import CONF
from lenet.errors import DataError, LenetError
from lenet.formats.keys import read_keys
from lenet.formats.layout import CHECKPOINT, CONFIG, LOG, METRICS, RECORD, WRITTEN
from lenet.formats.tables import read_table
from lenet.runs.claim import FinishedError, HeldError
from lenet.runs.folder import RunFolder
from lenet.runs.record import LOCK, is_held, read_record, status
from lenet.training.checkpoints import read_checkpoint

QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]
NAMES = [name.replace("*", "1") for name in WRITTEN]
SAID_BY_OTHERS = st.one_of(
    st.binary(min_size=1, max_size=9),
    st.sampled_from([b"{}", b'{"status": "finished"}', b"seed: 0\n", b'{"identity": 5}']),
)


@pytest.fixture
def process() -> "Iterator[subprocess.Popen[bytes]]":
    """Some process that is alive."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        yield process
        process.kill()


def contents(folder: Path) -> dict[str, bytes | None]:
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


@given(name=st.sampled_from([*NAMES, LOCK]), content=SAID_BY_OTHERS, force=st.booleans())
@settings(max_examples=50)
def test_files_of_a_run_without_its_record_are_the_users(
    tmp_path: Path, name: str, content: bytes, force: bool
) -> None:
    """Whatever they are: they are left alone, and nothing is put beside them."""
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(LenetError, match=rf"{name} is no run's.* choose another folder"):
        RunFolder(folder, "", force=force)
    assert contents(folder) == {name: content}


@pytest.mark.parametrize("logging", ["hydra.verbose=true", "hydra/job_logging=default"])
def test_a_log_that_is_opened_before_the_folder_is_claimed_is_the_runs_own(
    tmp_path: Path, logging: str
) -> None:
    for _ in range(2):
        done = lenet(*QUICK, logging, "hydra.run.dir=run", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert status(tmp_path / "run") == "finished"


@pytest.mark.parametrize("name", [CONFIG, LOG])
def test_the_command_does_not_touch_files_that_are_the_users(refused: Refused, name: str) -> None:
    (refused.folder / name).write_text("mine")
    assert f"{name} is no run's" in refused(*QUICK, "hydra.run.dir=.")
    assert contents(refused.folder) == {name: b"mine"}


def test_a_sweep_does_not_touch_files_that_are_the_users(refused: Refused) -> None:
    (refused.folder / "mine" / "1").mkdir(parents=True)
    (refused.folder / "mine" / "1" / METRICS).write_text("mine")
    command = ["-m", *QUICK, "hydra.sweep.dir=mine", "hydra.sweep.subdir=${seed}", "seed=0,1"]
    assert f"1/{METRICS} is no run's" in refused(*command)
    (refused.folder / "mine" / "1" / METRICS).unlink()
    (refused.folder / "mine" / "optimization_results.yaml").write_text("mine: 1")
    assert "optimization_results.yaml is not lenet's" in refused(*command)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("hydra.run.dir=a file", "a file: expected a folder"),
        ("hydra.run.dir=a file/below", "a file/below: expected a folder"),
        ("hydra.run.dir='~/mine'", "hydra.run.dir = ~/mine: ~ is no home here; write /"),
    ],
)
def test_what_cannot_be_a_folder_is_refused(refused: Refused, option: str, message: str) -> None:
    (refused.folder / "a file").touch()
    assert message in refused(*QUICK, option)


@pytest.mark.parametrize("left", [[], [f"{RECORD}.{UUID(int=0).hex}.part"]], ids=str)
def test_what_a_crash_leaves_before_the_record_is_no_obstacle(
    tmp_path: Path, left: list[str]
) -> None:
    for name in [LOCK, *left]:
        (tmp_path / name).touch()
    with RunFolder(tmp_path, "seed: 0"):
        assert contents(tmp_path).keys() == {LOCK, RECORD, CONFIG}


def test_the_record_is_the_first_that_a_run_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a crash at any moment leaves a folder that is known as the run's."""
    monkeypatch.setattr("lenet.runs.folder.write_text", crash)
    with pytest.raises(KeyboardInterrupt):
        RunFolder(tmp_path, "seed: 0")
    assert contents(tmp_path) == {LOCK: b""}


def crash(*arguments: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("moved", range(5))
def test_a_crash_while_files_are_put_aside_loses_none_and_leaves_the_folder_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    path = tmp_path / "run"
    with RunFolder(path, "seed: 0", data={}) as folder:
        folder.end_epoch(state(ROW, steps=1))
        folder.finish(state(ROW, steps=1))
    before = contents(path)

    move, moves = shutil.move, iter(range(moved))

    def move_or_crash(*arguments: Path) -> None:
        if next(moves, None) is None:
            crash()
        move(*arguments)

    monkeypatch.setattr("shutil.move", move_or_crash)
    with pytest.raises(KeyboardInterrupt):
        RunFolder(path, "seed: 0", force=True)
    assert status(path) == "killed"
    monkeypatch.undo()
    with RunFolder(path, "seed: 0", force=True):
        pass
    first, second = contents(tmp_path / "run.aside-1"), contents(tmp_path / "run.aside-2")
    assert {LOCK: b"", **second, **first} == before


def test_a_finished_run_is_told_of_where_nothing_can_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a read-only disk."""
    with RunFolder(tmp_path, "") as folder:
        folder.note(result={"test_accuracy": 0.5})

    def fail(path: Path) -> None:
        raise OSError(EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("lenet.runs.claim.FileLock", fail)
    with pytest.raises(FinishedError):
        RunFolder(tmp_path, "")


@pytest.mark.parametrize("name", [*NAMES[1:], LOCK])
@pytest.mark.parametrize("kind", ["a link", "a broken link", "a pipe", "a folder"])
def test_nothing_is_written_through_links_and_pipes(tmp_path: Path, name: str, kind: str) -> None:
    outside, path = tmp_path / "outside", tmp_path / "run"
    with pytest.raises(RuntimeError), RunFolder(path, "", data={}):
        raise RuntimeError
    (path / name).unlink(missing_ok=True)
    match kind:
        case "a pipe":
            os.mkfifo(path / name)
        case "a folder":
            (path / name).mkdir()
        case _:
            (path / name).symlink_to(outside)
    if kind == "a link":
        outside.write_text("mine")
    with pytest.raises(LenetError, match=f"{name}: expected a plain file"):
        RunFolder(path, "", data={})
    assert outside.exists() == (kind == "a link")


def test_links_are_put_aside_as_they_are(tmp_path: Path) -> None:
    """As those of git-annex, which has links in place of large files."""
    (tmp_path / "content").write_text("mine")
    with RunFolder(tmp_path / "run", ""):
        (tmp_path / "run" / METRICS).symlink_to(tmp_path / "content")
    with RunFolder(tmp_path / "run", "", data={}, force=True) as folder:
        folder.end_epoch(state(ROW, steps=1))
    assert (tmp_path / "run.aside-1" / METRICS).readlink() == tmp_path / "content"
    assert (tmp_path / "content").read_text() == "mine"


def test_a_lock_that_is_removed_is_taken_again(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "", data={}) as folder:
        (tmp_path / LOCK).unlink()
        folder.end_epoch(state(ROW, steps=1))
        assert (tmp_path / LOCK).exists()
        with pytest.raises(HeldError):
            RunFolder(tmp_path, "")
    assert not is_held(tmp_path)


def test_a_process_whose_lock_was_removed_still_holds_its_folder(
    tmp_path: Path, process: "subprocess.Popen[bytes]"
) -> None:
    with RunFolder(tmp_path, "", data={}) as folder:
        (tmp_path / LOCK).unlink()
        folder.record["process"] = {"host": platform.node(), "pid": process.pid}
        (tmp_path / RECORD).write_text(json.dumps(folder.record))
        assert status(tmp_path) == "running"
        with pytest.raises(HeldError, match=rf"process {process.pid} on .* its lock was removed"):
            RunFolder(tmp_path, "")
        assert not (tmp_path / LOCK).exists()
        process.kill()
        process.wait()
        assert status(tmp_path) == "killed"


@pytest.mark.parametrize("named", [None, {}, {"host": platform.node(), "pid": 10**30}, "1"])
def test_a_folder_without_a_lock_whose_process_nobody_knows_is_free(
    tmp_path: Path, named: object
) -> None:
    (tmp_path / RECORD).write_text(json.dumps({"status": "running", "process": named}))
    assert status(tmp_path) == "killed"


def train(folder: RunFolder) -> None:
    with folder:
        folder.end_epoch(state(ROW, steps=1))


def test_a_run_stops_whose_folder_another_process_has_taken(tmp_path: Path) -> None:
    """As one on another host, which cannot know that it is at work; its record is not touched."""
    ours = RunFolder(tmp_path, "", data={})
    (tmp_path / LOCK).unlink()
    with RunFolder(tmp_path, "", data={}):
        before = contents(tmp_path)
        with pytest.raises(LenetError, match="taken over"):
            train(ours)
        assert contents(tmp_path) == before
        assert is_held(tmp_path)


def test_a_run_stops_whose_folder_was_removed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", "", data={})
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(LenetError, match="was removed"):
        train(folder)
    assert not list(tmp_path.iterdir())


def test_a_record_that_never_ends_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / RECORD)
    assert read_record(tmp_path) == {}
    assert status(tmp_path) == "unknown"
    (tmp_path / RECORD).unlink()
    with (tmp_path / RECORD).open("wb") as file:
        file.truncate(2**32)
    assert read_record(tmp_path) == {}


@pytest.mark.parametrize("name", [CHECKPOINT, CONFIG, METRICS])
def test_pipes_in_other_folders_are_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    readers = {CHECKPOINT: read_checkpoint, CONFIG: read_keys, METRICS: read_metrics}
    with pytest.raises(DataError, match=rf"{name}: expected .*, found: Not a plain file"):
        readers[name](tmp_path / name)


def read_metrics(path: Path) -> object:
    return read_table(path, "epoch", [])


def test_the_log_has_the_name_that_is_looked_for_whatever_the_job_is_called() -> None:
    """hydra.job.name=thesis is no reason to write to a thesis.log of the user's."""
    handlers = OmegaConf.load(CONF / "hydra" / "job_logging" / "lenet.yaml").handlers
    filename = OmegaConf.to_container(handlers, resolve=False)["file"]["filename"]
    assert filename == f"${{hydra.runtime.output_dir}}/{LOG}"
