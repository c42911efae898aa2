"""Files are written whole or not at all."""

import os
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest

from lenet.formats.files import plain, replacing, write_text


def test_a_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(path) as file:
            file.write(b"half of the")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (
        (tmp_path / "pipe", "Not a plain file"),
        (Path(os.devnull), "Not a plain file"),
        (tmp_path, "Is a directory"),
        (Path(), "Is a directory"),
    ):
        with pytest.raises(OSError, match=reason):
            write_text(path, "new")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def part_of(name: str) -> str:
    return f"{name}.{uuid4().hex}.part"


def test_whoever_writes_next_removes_what_a_killed_process_has_left(tmp_path: Path) -> None:
    """Whatever file it was to be, and nothing that only looks like it."""
    users = {"thesis.pdf.part", "a.0123.part", f"a.{uuid4().hex}", f"{part_of('a')}s"}
    for name in (*users, part_of("file"), part_of("a other\n")):
        (tmp_path / name).write_text("half of the")
    os.mkfifo(tmp_path / (pipe := part_of("pipe")))
    write_text(tmp_path / "file", "new")
    assert {path.name for path in tmp_path.iterdir()} == {*users, pipe, "file"}


def test_what_a_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    with replacing(tmp_path / "one") as one:
        one.write(b"1")
        write_text(tmp_path / "other", "2")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "one": "1",
        "other": "2",
    }


def test_a_part_that_is_removed_before_it_is_locked_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that has taken it for what a killed one has left."""
    removed: list[str] = []

    def remove_first(file: BinaryIO, operation: int) -> None:
        if not removed and operation == LOCK_EX:
            removed.append(file.name)
            Path(file.name).unlink()
        flock(file, operation)

    monkeypatch.setattr("lenet.formats.files.flock", remove_first)
    write_text(tmp_path / "file", "new")
    assert removed
    assert (tmp_path / "file").read_text() == "new"


def test_only_plain_files_and_folders_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OSError, match="Not a plain file"):
            open(path, "rb", opener=plain)  # noqa: SIM115
