"""Progress: each run of a sweep that ends, and how many are left."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from time import perf_counter
from typing import Any

from tqdm import tqdm

from lenet.errors import printable
from lenet.formats.text import plural, printable_lines
from lenet.runs.process import discard_output
from lenet.runs.record import has_result, outcome, read_record

PERIOD = 0.5  # s between two looks at the folders
LEISURE = 20  # a look takes at most this part of the time until the next


class Progress:
    """Looks at the run folders of a sweep, and prints a line for each run that has ended.

    The folders tell the same under every launcher. ``folders`` is asked again at every look, as a
    search finds its next run only when the last has ended; ``total`` is None for a search.
    ``swept`` are the keys that tell the runs apart.
    """

    def __init__(
        self, folders: Callable[[], Iterable[Path]], total: int | None, swept: Sequence[str]
    ) -> None:
        self.folders = folders
        self.total = total
        self.swept = swept
        self.before = {folder: read_record(folder) for folder in folders()}
        self.ended: set[Path] = set()
        self.failed: set[Path] = set()
        self._lock = Lock()
        self._over = Event()
        self._thread: Thread | None = None

    def start(self, again: bool) -> None:
        """Begin; runs that have ended before count as done, unless they run again."""
        before = {} if again else self.before
        finished = {folder for folder, record in before.items() if has_result(record)}
        stopped = {folder for folder, record in before.items() if record.get("status") == "stopped"}
        self.ended = finished | stopped
        if self.total is not None:
            say(f"{plural(self.total, 'run')}, {len(finished)} of them finished already")

    def watch(self) -> None:
        """Look again and again from a thread: beside one, a training has no processes."""
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def expect(self, folders: Sequence[Path]) -> None:
        """Wait for runs that are about to begin, be it that they have ended before."""
        self.look()
        with self._lock:
            self.before |= {folder: read_record(folder) for folder in folders}
            self.ended -= {*folders}
            self.failed -= {*folders}

    def stop(self) -> None:
        """Look once more, then no longer."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self.look()

    def _watch(self) -> None:
        pause = PERIOD
        while not self._over.wait(pause):
            started = perf_counter()
            self.look()
            pause = max(PERIOD, LEISURE * (perf_counter() - started))

    def look(self) -> None:
        """Print a line for each run that has ended since the last look."""
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        records = {
            folder: read_record(folder) for folder in self.folders() if folder not in self.ended
        }
        begun = {
            folder: record
            for folder, record in records.items()
            if isinstance(record.get("status"), str)
            and record.get("started") != self.before.get(folder, {}).get("started")
        }
        running = sum(record["status"] == "running" for record in begun.values())
        for folder, record in begun.items():
            if record["status"] != "running":
                self.ended.add(folder)
                if record["status"] not in ("finished", "stopped", "interrupted"):
                    self.failed.add(folder)
                say(self._line(record, running))

    def _line(self, record: dict[str, Any], running: int) -> str:
        """Say how a run has ended, and how the sweep stands."""
        count = f"[{len(self.ended)}/{self.total or '?'}]"
        state = f"{running} running, {len(self.failed)} failed"
        given = record.get("overrides")
        overrides = (str(one).partition("=") for one in (given if isinstance(given, list) else []))
        label = " ".join(f"{key}={value}" for key, _, value in overrides if key in self.swept)
        return printable(f"{count} {record['status']:9} {label}: {outcome(record)} ({state})")


def say(text: str) -> None:
    """Print lines beside a progress bar; that nobody reads them any more stops nothing."""
    try:
        tqdm.write(printable_lines(text))
        sys.stdout.flush()
    except OSError:
        discard_output()
