"""A team of processes made by fork, which wait for each other at counters in shared memory.

They know what the process knew that made them: images and configuration are shared, not copied.
They end when it does, whatever ends it.
"""

import ctypes
import logging
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lenet.errors import LenetError
from lenet.training.workers import Task, Team, Worker, shared_zeros

log = logging.getLogger(__name__)

LOOKS = 300  # at a counter, before a process that waits lets others run in between
NAP = 5e-5  # s, after which it looks again
LONGEST_NAP = 2e-3  # s; who has waited for long, as for the end of an epoch, looks less often
ROUND = 64  # naps, after which it looks whether the others are still there, and they grow
PATIENCE = 2.0  # s, until a process that was told to end is killed
CACHE_LINE = 8  # numbers of 64 bits: counters that share one slow each other down
REPORT = 8192  # bytes of a traceback
END = -1
PR_SET_PDEATHSIG = 1  # of prctl(2)
FENCE = threading.Lock()


class WorkerError(LenetError):
    """A worker has ended before its time."""


class Processes(Team):
    """``size`` processes, this one among them.

    ``_order`` holds how many tasks have been given, the place of the last among the tasks (or END),
    and its number.
    """

    def __init__(self, size: int, tasks: Sequence[Task]) -> None:
        self._tasks = list(tasks)
        self._order = shared_zeros((3,), np.int64)
        self._waited = shared_zeros((size, CACHE_LINE), np.int64)
        self._report = shared_zeros((REPORT,), np.uint8)
        self._leader = ProcessWorker(0, self._waited, self._look_after_others)
        self._others: list[int] = []
        self._parent = os.getpid()
        self._at_work = False
        try:
            for number in range(1, size):
                self._others.append(self._fork(number))
        except OSError:
            self.close()
            raise

    def do(self, task: Task, number: int) -> None:
        """Tell the others, then do the share of this process."""
        self._at_work = True
        self._give(self._tasks.index(task), number)
        task(self._leader, number)
        self._leader.wait()
        self._at_work = False

    def close(self) -> None:
        """Tell the others to end, and wait for them; kill those that do not, or are at work."""
        self._give(END, 0)
        deadline = time.monotonic() + (0 if self._at_work else PATIENCE)
        while self._others:
            pid = self._others[-1]
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            if has_ended(pid) is None:
                time.sleep(NAP)
            else:
                self._others.pop()

    def _give(self, place: int, number: int) -> None:
        self._order[1:] = place, number
        fence()
        self._order[0] += 1

    def _fork(self, number: int) -> int:
        """Make a process that serves as a worker until it is told to end; return its number."""
        with warnings.catch_warnings():  # of other threads, which why_threads has looked at
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._serve(number)
        return pid

    def _serve(self, number: int) -> NoReturn:
        """Do what is told until the end; what fails is reported."""
        code = 1
        try:
            leave_signals_to_parent()
            worker = ProcessWorker(number, self._waited, self._look_after_parent)
            given = 0
            while True:
                given += 1
                until(self._order[:1], given, self._look_after_parent)
                place, argument = self._order[1:].tolist()
                if place == END:
                    break
                self._tasks[place](worker, argument)
                worker.wait()
            code = 0
        except BaseException:
            text = traceback.format_exc().encode()[-REPORT:]
            self._report[: len(text)] = np.frombuffer(text, np.uint8)
        finally:
            os._exit(code)

    def _look_after_parent(self) -> None:
        """End this process if the one that made it is gone."""
        if os.getppid() != self._parent:
            os._exit(1)

    def _look_after_others(self) -> None:
        """Raise WorkerError if one of the others has ended."""
        for pid in self._others:
            code = has_ended(pid)
            if code is not None:
                self._others.remove(pid)
                raise WorkerError(f"worker process {pid} {self._fate(code)}")

    def _fate(self, code: int) -> str:
        """Say how a process has ended."""
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        text = bytes(self._report).rstrip(b"\0").decode(errors="replace").rstrip()
        log.error("%s", text)
        return f"has failed: {text.rpartition(chr(10))[2]}"


class ProcessWorker(Worker):
    """A process; ``waited`` (size, CACHE_LINE) counts in its first column how often each waited."""

    def __init__(
        self, number: int, waited: NDArray[np.int64], look_after: Callable[[], None]
    ) -> None:
        self.number = number
        self.size = len(waited)
        self._counts = waited[:, 0]
        self._count = 0
        self._look_after = look_after

    def wait(self) -> None:
        """Wait for the other processes."""
        self._count += 1
        fence()
        self._counts[self.number] = self._count
        until(self._counts, self._count, self._look_after)
        fence()


def until(counts: NDArray[Any], count: int, look_after: Callable[[], None]) -> None:
    """Wait until all counters have come to a number; ``look_after`` is called now and then."""
    looks = 0
    while counts.min() < count:
        looks += 1
        if looks > LOOKS:
            time.sleep(min(NAP * (1 + (looks - LOOKS) // ROUND), LONGEST_NAP))
            if looks % ROUND == 0:
                look_after()


def fence() -> None:
    """Memory barrier: other processors see what was written before it first, then what is after.

    x86 has that order without one; elsewhere taking and releasing a lock gives it.
    """
    for _ in range(2):
        with FENCE:
            pass


def has_ended(pid: int) -> int | None:
    """Return the exit code of a process of this one, negative for a signal; None while it runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # somebody else has waited for it
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None


def leave_signals_to_parent() -> None:
    """Leave Ctrl-C and the like, which reach this process too, to the one that made it.

    The system kills this process when that one ends, by whatever.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
