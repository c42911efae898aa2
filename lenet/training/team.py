"""The choice of a team: processes where those are safe, else threads.

NumPy's calls are short, and threads would hand the interpreter's lock over at each of them. Without
that lock (Python 3.14t, two workers) threads took 1.1 times as long as processes. ``why_threads``
has the rule for where processes are not safe.
"""

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from lenet.training.memory import keep_freed_memory
from lenet.training.processes import Processes
from lenet.training.threads import OURS, Threads
from lenet.training.workers import Task, Team

log = logging.getLogger(__name__)

BLAS_THREADS = 1
HARMLESS = (OURS, "tqdm_monitor")  # of threads that sleep, and hold no lock that a worker needs


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
    if sys.platform != "linux":
        return f"a fork is not safe on {sys.platform}"
    if threading.current_thread() is not threading.main_thread():
        return "a fork is safe from the main thread only"
    others = [one for one in threading.enumerate()[1:] if not one.name.startswith(HARMLESS)]
    if others:
        return f"a fork is not safe beside the thread {others[0].name}"
    return None
