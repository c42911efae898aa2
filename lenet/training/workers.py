"""Workers that do the same work side by side, on memory that they share.

Every worker runs the same function, knows its own number, and takes what falls to it; what comes of
it lies in shared arrays. Where one needs what the others have found, all of them ``wait``. Number 0
is the caller. Who does what changes no result, as long as each part of the work has a place of its
own in the shared arrays, and the places are added up in their order.
"""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


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
