"""A worker that has done its job, and waits for the next one or for somebody to take its result."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

EMPLOYER = """
import multiprocessing, os, sys
from lenet.runs.process import at_work

def work():
    with at_work():
        pass
    print(os.getpid(), flush=True)
    os.read(os.pipe()[0], 1)

if __name__ == "__main__":
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join()
    print(worker.exitcode, flush=True)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def employer() -> "Iterator[subprocess.Popen[str]]":
    code = [sys.executable, "-c", EMPLOYER]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def worker_of(employer: "subprocess.Popen[str]") -> int:
    assert employer.stdout is not None
    return int(employer.stdout.readline())


def test_it_ends_when_its_employer_is_killed(employer: "subprocess.Popen[str]") -> None:
    worker_of(employer)
    employer.kill()
    employer.communicate(timeout=60)  # which lasts until nobody could write to its output


def test_a_signal_ends_it(employer: "subprocess.Popen[str]") -> None:
    os.kill(worker_of(employer), signal.SIGTERM)
    said, _ = employer.communicate(timeout=60)
    assert int(said) == -signal.SIGTERM
