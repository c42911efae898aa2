"""A team of threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

from lenet.training.workers import Task, Team, Worker

OURS = "lenet"  # begins the names of our threads


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
