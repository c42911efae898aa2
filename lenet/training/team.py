"""A team of workers that do the same work side by side, on memory that they share.

Every worker runs the same function, knows its own number, and takes what falls to it; what comes of
it lies in shared arrays. Where one needs what the others have found, all of them ``wait``. Number 0
is the caller. Who does what changes no result, as long as each part of the work has a place of its
own in the shared arrays, and the places are added up in their order.

Workers are processes where those are safe (``why_threads`` has the rule): NumPy's calls are short,
and threads would hand the interpreter's lock over at each of them. Elsewhere they are threads.
"""

import logging
import mmap
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from threadpoolctl import threadpool_limits

from lenet.training.memory import keep_freed_memory

log = logging.getLogger(__name__)

BLAS_THREADS = 1
OURS = "lenet"  # begins the names of our threads
HARMLESS = (OURS, "tqdm_monitor")  # of threads that sleep, and hold no lock that a worker needs


class Worker(ABC):
    """One of ``size`` workers, who are numbered from 0."""

    number: int
    size: int

    @abstractmethod
    def wait(self) -> None:
        """Wait until all workers have come to this point."""

    def share(self, count: int) -> range:
        """Return which of ``count`` things fall to this worker: every ``size``-th."""
        return range(self.number, count, self.size)


Task = Callable[[Worker, int], None]


class Team(ABC):
    """Workers who can be given tasks; a task is told a number when it is called."""

    @abstractmethod
    def do(self, task: Task, number: int) -> None:
        """Have all workers do a task, and return when all have done it.

        Raises:
            WorkerError: one has died.

        """

    @abstractmethod
    def close(self) -> None:
        """End all workers but the caller."""


def shared_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros in memory that processes made by fork have in common.

    It is anonymous: it has no name, takes no room in /dev/shm, and is gone with the last process
    that has it, whatever ended that.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, max(size, 1)), dtype, prod(shape)).reshape(shape)


def shared_copy(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of an array in such memory."""
    copy = shared_zeros(array.shape, array.dtype)
    copy[...] = array
    return copy


@contextmanager
def team(size: int, tasks: Sequence[Task]) -> Iterator[Team]:
    """Give a team of ``size`` workers that knows some tasks, each with one BLAS thread."""
    keep_freed_memory()
    with threadpool_limits(BLAS_THREADS, user_api="blas"):
        workers = hire(size, tasks)
        try:
            yield workers
        finally:
            workers.close()


def hire(size: int, tasks: Sequence[Task]) -> Team:
    """Return processes where they are safe and can be had, else threads; the log says why."""
    from lenet.training.processes import Processes

    reason = why_threads()
    if size > 1 and reason is None:
        try:
            return Processes(size, tasks)
        except OSError as error:
            reason = f"no more processes can be made ({error.strerror})"
    if size > 1:
        log.info("works with %d threads: %s", size, reason)
    return Threads(size)


def why_threads() -> str | None:
    """Return why workers should be threads here; None if they should be processes.

    A process made by fork has only the thread that made it: what others were doing it finds half
    done, and locks that they held stay locked. So nobody else may be at work.
    """
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "without the interpreter's lock they are as fast as processes"
    if sys.platform != "linux":
        return f"a fork is not safe on {sys.platform}"
    if threading.current_thread() is not threading.main_thread():
        return "a fork is safe from the main thread only"
    others = [one for one in threading.enumerate()[1:] if not one.name.startswith(HARMLESS)]
    if others:
        return f"a fork is not safe beside the thread {others[0].name}"
    return None


class Threads(Team):
    """Threads of this process."""

    def __init__(self, size: int) -> None:
        self._barrier = threading.Barrier(size)
        self._workers = [ThreadWorker(number, size, self._barrier) for number in range(size)]
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=OURS)

    def do(self, task: Task, number: int) -> None:
        """Give all shares but the first to other threads; the calling thread takes that."""

        def do_share(worker: Worker) -> None:
            try:
                task(worker, number)
            except BaseException:
                self._barrier.abort()  # or the others would wait for ever
                raise

        first, *others = self._workers
        futures = [self._executor.submit(do_share, other) for other in others]
        try:
            do_share(first)
        except threading.BrokenBarrierError:
            pass  # by another, whose error is raised below
        finally:
            errors = [future.exception() for future in futures]
            self._barrier.reset()
        for error in errors:
            if error is not None and not isinstance(error, threading.BrokenBarrierError):
                raise error

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown()


class ThreadWorker(Worker):
    """A thread."""

    def __init__(self, number: int, size: int, barrier: threading.Barrier) -> None:
        self.number = number
        self.size = size
        self._barrier = barrier

    def wait(self) -> None:
        """Wait for the other threads."""
        if self.size > 1:
            self._barrier.wait()
