"""Signals that ask for an end, and standard streams that are closed or that nobody reads."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from signal import SIGPIPE
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, cast


def prepare_streams() -> None:
    """Have all standard streams be there, and take any text.

    Those that were closed at the start get a file that holds nothing. Otherwise they are None, and
    the next file that is opened takes their number: what a program that is started from here prints
    would go into it. What a terminal's encoding lacks is written by its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="backslashreplace")


@contextmanager
def until_the_reader_leaves() -> Iterator[None]:
    """End the process without a word, as any Unix command, when nobody reads its output."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        sys.exit(128 + SIGPIPE)


def discard_output() -> None:
    """Let whatever is still written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


LOOK = 1.0  # seconds between two looks of a worker without a job
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end(number: int, frame: FrameType | None = None) -> None:
    """End the process as a signal does that is not waited for: by an exception."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def end_by_exceptions() -> None:
    """Have SIGTERM and SIGHUP end the process as Ctrl-C does, so that it can clean up."""
    for number in heeded():
        signal.signal(number, end)


def heeded() -> list[signal.Signals]:
    """Return the signals that may be handled here: those that are not ignored, as by nohup."""
    if current_thread() is not main_thread():
        return []
    return [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


def is_worker() -> bool:
    """Return whether this process works for another, which gives it one job after the other."""
    return multiprocessing.current_process().name != "MainProcess"


def end_worker(code: object) -> None:
    """End a worker as a signal does, by the exit code of one: it would take the next job else."""
    if is_worker() and isinstance(code, int) and code > 128:
        signal.signal(code - 128, signal.SIG_DFL)
        os.kill(os.getpid(), code - 128)


@contextmanager
def at_work() -> Iterator[None]:
    """Do a job: signals end it by exceptions. A worker that has done it ends without any.

    Until its next job it waits, be it for that or for somebody to take its result, and hears
    nothing of the death of its employer. So an alarm has it look each second.
    """
    employer = os.getppid()
    alarmed = is_worker() and current_thread() is main_thread()
    if alarmed:
        signal.setitimer(signal.ITIMER_REAL, 0)
    end_by_exceptions()

    def look(number: int, frame: FrameType | None) -> None:
        if os.getppid() != employer:
            os._exit(128 + signal.SIGTERM)

    try:
        yield
    finally:
        if alarmed:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGALRM, look)
            signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)


class Stop:
    """Whether an end is to come: a signal has asked for it, or a worker's employer has died.

    The latter counts as SIGTERM.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._parent = os.getppid() if is_worker() else None

    @property
    def asked(self) -> bool:
        """Whether there is a reason to end."""
        if self._parent is not None and os.getppid() != self._parent:
            self.signal = self.signal or signal.SIGTERM
        return self.signal is not None

    def obey(self) -> None:
        """End the process if that was asked for."""
        if self.signal is not None:
            end(self.signal)


@contextmanager
def held_back() -> Iterator[Stop]:
    """Hold back a signal until it is obeyed, at the end at the latest; a second ends at once."""
    stop = Stop()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in heeded()}

    def hold(number: int, frame: FrameType | None) -> None:
        stop.signal = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, hold)
    try:
        yield stop
    finally:
        restore()
    stop.obey()
