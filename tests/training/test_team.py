"""A team: everybody does a share and waits for the others, and nobody outlives it."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import wait_for

from lenet.training import team as teams
from lenet.training.processes import Processes, WorkerError
from lenet.training.team import team
from lenet.training.threads import Threads
from lenet.training.workers import Team, Worker, shared_copy, shared_zeros

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are made on Linux only")
KINDS = [
    pytest.param(lambda size, tasks: Threads(size), id="threads"),
    pytest.param(Processes, id="processes", marks=LINUX),
]
Hire = Callable[[int, list[Any]], Team]


def children() -> set[int]:
    """The processes that this one has made and not waited for."""
    found = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return set(map(int, found.split())) - OF_OTHER_TESTS


OF_OTHER_TESTS: set[int] = set()


@pytest.fixture(autouse=True)
def remember_other_children() -> None:
    """Tests of the command keep a process that forks it."""
    if sys.platform == "linux":
        OF_OTHER_TESTS.clear()
        OF_OTHER_TESTS.update(children())


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("hire", KINDS)
def test_what_one_has_written_all_see_after_waiting(hire: Hire, size: int) -> None:
    written, sums = shared_zeros((size,), np.int64), shared_zeros((size,), np.int64)

    def add(worker: Worker, number: int) -> None:
        written[worker.number] = number * (worker.number + 1)
        worker.wait()
        sums[worker.number] = written.sum()
        worker.wait()

    workers = hire(size, [add])
    for number in range(20):
        workers.do(add, number)
        assert sums.tolist() == [number * size * (size + 1) // 2] * size
    workers.close()


@pytest.mark.parametrize("count", [0, 1, 5, 12])
def test_every_thing_falls_to_one_worker(count: int) -> None:
    class Numbered(Worker):
        def __init__(self, number: int) -> None:
            self.number, self.size = number, 5

        def wait(self) -> None:
            """Nobody waits."""

    shares = [place for number in range(5) for place in Numbered(number).share(count)]
    assert sorted(shares) == list(range(count))


def fail(worker: Worker, number: int) -> None:
    if worker.number == number:
        raise ValueError("nothing works")
    worker.wait()


def test_the_error_of_a_thread_is_raised() -> None:
    workers = Threads(3)
    for number in range(3):
        with pytest.raises(ValueError, match="nothing works"):
            workers.do(fail, number)
    workers.close()


@LINUX
def test_the_error_of_a_process_is_told() -> None:
    workers = Processes(3, [fail])
    with pytest.raises(WorkerError, match="has failed: ValueError: nothing works"):
        workers.do(fail, 2)
    workers.close()
    assert not children()


def sleep_or_die(worker: Worker, number: int) -> None:
    if worker.number == 1:
        os.kill(os.getpid(), number)
    worker.wait()


@LINUX
def test_a_worker_that_is_killed_ends_the_work() -> None:
    workers = Processes(3, [sleep_or_die])
    with pytest.raises(WorkerError, match="was killed by SIGKILL"):
        workers.do(sleep_or_die, signal.SIGKILL)
    workers.close()
    assert not children()


@LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_is_the_business_of_the_caller(number: int) -> None:
    workers = Processes(2, [sleep_or_die])
    workers.do(sleep_or_die, number)
    workers.close()
    assert not children()


def wait_for_ever(worker: Worker, number: int) -> None:
    if worker.number == 0:
        raise KeyboardInterrupt
    worker.wait()


@LINUX
def test_a_caller_that_is_interrupted_leaves_nobody_behind() -> None:
    workers = Processes(2, [wait_for_ever])
    with pytest.raises(KeyboardInterrupt):
        workers.do(wait_for_ever, 0)
    workers.close()
    assert not children()


CALLER = """
import os, time
from lenet.training.processes import Processes
workers = Processes(3, [print])
print(*workers._others, flush=True)
time.sleep(600)
"""


@LINUX
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_caller(death: int) -> None:
    with subprocess.Popen([sys.executable, "-c", CALLER], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        pids = list(map(int, it.stdout.readline().split()))
        it.send_signal(death)
    assert len(pids) == 2
    try:
        wait_for(lambda: not any(is_running(pid) for pid in pids), seconds=20)
    finally:
        for pid in filter(is_running, pids):
            os.kill(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_beside_other_threads_workers_are_threads(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    over = threading.Event()
    other = threading.Thread(target=over.wait, name="somebody")
    other.start()
    with team(2, []) as workers:
        assert isinstance(workers, Threads)
    over.set()
    other.join()
    if sys.platform == "linux":
        assert "works with 2 threads: a fork is not safe beside the thread somebody" in caplog.text


def test_in_a_thread_workers_are_threads() -> None:
    found: list[str | None] = []
    one = threading.Thread(target=lambda: found.append(teams.why_threads()), name="lenet test")
    one.start()
    one.join()
    assert found[0] is not None


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_where_fork_is_not_safe_workers_are_threads(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(teams.sys, "platform", platform)
    with team(2, []) as workers:
        assert isinstance(workers, Threads)


@LINUX
def test_where_no_process_can_be_made_workers_are_threads(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fork, made = os.fork, []

    def fork_once() -> int:
        if made:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        made.append(fork())
        return made[0]

    monkeypatch.setattr(os, "fork", fork_once)
    with team(3, []) as workers:
        assert isinstance(workers, Threads)
    assert "no more processes can be made (Resource temporarily unavailable)" in caplog.text
    assert not children()


def test_a_shared_copy_is_a_copy() -> None:
    array = np.arange(5, dtype=np.float32)
    copy = shared_copy(array)
    copy += 1
    np.testing.assert_array_equal(array, np.arange(5))
    assert copy.dtype == array.dtype
    assert shared_zeros((0, 3), np.float64).shape == (0, 3)
