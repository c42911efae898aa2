"""Freed memory: a request to the C library to keep it, which makes NumPy faster."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
MIB = 2**20


def keep_freed_memory() -> None:
    """Have glibc keep the memory of freed arrays for the next ones.

    Left alone, it hands the larger arrays of each step back to the system, which clears every page
    again for the next step: a training can take twice as long. Other C libraries are left as they
    are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, 32 * MIB)
    mallopt(M_TRIM_THRESHOLD, 512 * MIB)
