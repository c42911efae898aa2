"""Freed memory is kept where the C library can do so."""

import subprocess
import sys

import pytest

from lenet.training import memory

COUNT_PAGE_FAULTS = """
import resource
import numpy as np
from lenet.training.memory import keep_freed_memory

def page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        a, b = np.ones(2**18), np.ones(2**18)
        del a, b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_freed_memory()
page_faults()
print(page_faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="about glibc")
def test_the_next_array_takes_the_memory_of_the_last() -> None:
    """A page fault for each page of each array, or (nearly) none."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT_PAGE_FAULTS], capture_output=True, text=True, check=True
    )
    pages = 200 * 2 * 2**21 // 4096
    assert int(done.stdout) < pages / 10


def test_a_c_library_without_the_request_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.keep_freed_memory()
