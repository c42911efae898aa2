"""Claims on a run folder: one run, and one process at a time.

What is not known to be a run's own is the user's, whatever its name, and is left as it is.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lenet.errors import ConfigError, DataError, LenetError
from lenet.formats.files import plain, read_at_most, relative
from lenet.formats.layout import CHECKPOINT, LOG, PREVIOUS, RUN_LIST, files_by_our_names
from lenet.runs.record import LOCK, has_result, holder, is_held, read_record
from lenet.training.checkpoints import read_checkpoint

SEARCHED = "optimization_results.yaml"  # which Optuna's sweeper writes
MARK = b"optuna"  # in it
MOST_BYTES = 2**20  # bytes of it
PATIENCE = 1  # s: whoever only looks whether a folder is held, holds it for a moment
ELSEWHERE = "choose another folder (hydra.run.dir or hydra.sweep.dir)"


class HeldError(LenetError):
    """Another process is writing to the run folder."""


class FinishedError(LenetError):
    """The run has been carried out already; ``record`` is what run.json says of it."""

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        super().__init__(f"{relative(path)} is finished already")
        self.record = record


def examine(path: Path, identity: str, *, force: bool) -> None:
    """Refuse a folder that a run is not to write to; with ``force`` it puts aside what it finds.

    Raises:
        FinishedError: this run has finished here, and is not to start over.
        ConfigError: there are files that are no run's, or not to be written to.
        LenetError: the folder is another run's.

    """
    refuse_foreign(path)
    if owner(path) not in (identity, None):
        raise other_run(path)
    record = read_record(path)
    if has_result(record) and not force:
        raise FinishedError(path, record)
    refuse_links(path, force=force)


def refuse_foreign(path: Path) -> None:
    """Raise ConfigError if a run would overwrite what is no run's, or if the path is no folder.

    A lock is empty if it is ours, and so is a log that has just been opened.
    """
    files = files_by_our_names(path)
    if (path / LOCK).is_file():
        files.append(path / LOCK)
    files = [file for file in files if file.name not in (LOCK, LOG) or not is_empty(file)]
    if files and owner(path) is None:
        raise ConfigError(
            f"{relative(files[0])} is no run's, and would be overwritten; move it, or {ELSEWHERE}"
        )


def is_empty(path: Path) -> bool:
    """Return whether a path is that of a file without content."""
    return path.is_file() and not path.stat().st_size


def refuse_foreign_report(root: Path, view: Path) -> None:
    """Raise ConfigError if a sweep would overwrite what is not lenet's with what it says of all.

    That is the whole of a folder (``view``), in which the list of runs comes first, and in the
    folder above the runs what a search writes.
    """
    foreign = [] if (view / RUN_LIST).exists() or not view.is_dir() else list(view.iterdir())
    with suppress(FileNotFoundError), open(root / SEARCHED, "rb", opener=plain) as file:
        if MARK not in read_at_most(file, MOST_BYTES):
            foreign.append(root / SEARCHED)
    if foreign:
        raise ConfigError(
            f"{foreign[0]} is not lenet's, and would be overwritten; move it, "
            "or choose another hydra.sweep.dir"
        )


def refuse_links(path: Path, *, force: bool) -> None:
    """Raise ConfigError if writing to a file would reach beyond the folder, or wait for a reader.

    With ``force`` links and pipes are put aside as they are; all but the lock.
    """
    for file in [path / LOCK, *([] if force else files_by_our_names(path))]:
        if file.is_symlink() or (file.exists() and not file.is_file()):
            raise ConfigError(
                f"{relative(file)}: expected a plain file, found a link or something else; "
                f"remove it, or {ELSEWHERE}"
            )


def owner(path: Path) -> str | None:
    """Return the identity of the run that a folder says it is of; None if it says nothing."""
    identity = read_record(path).get("identity")
    if isinstance(identity, str):
        return identity
    for name in (CHECKPOINT, PREVIOUS):
        with suppress(DataError, OSError):
            return read_checkpoint(path / name).identity
    return None


def other_run(path: Path) -> LenetError:
    """Return the refusal of a folder that another run has written to."""
    return LenetError(f"{relative(path)} holds another run; {ELSEWHERE}")


class Hold:
    """The lock of a run folder, which this process holds; the system frees it when that dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            HeldError: another process is at work in the folder.

        """
        self._path = path / LOCK
        if not self._path.exists() and is_held(path):
            raise HeldError(
                f"{relative(path)} is held by {holder(path)}, though its lock was removed; "
                f"if that process is none of lenet's, touch {relative(self._path)}"
            )
        self._lock = FileLock(self._path)
        try:
            self._lock.acquire(timeout=PATIENCE)
        except Timeout:
            raise HeldError(f"{relative(path)} is held by {holder(path)}") from None
        self._taken = self._path.stat()

    @property
    def lasts(self) -> bool:
        """Whether the lock is still in the folder, where another process would look for it."""
        try:
            return os.path.samestat(self._taken, self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Let others have the folder."""
        self._lock.release()
