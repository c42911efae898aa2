"""Ctrl-C, SIGTERM and SIGHUP: what they end, and when."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

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


class Stop:
    """Whether a signal has asked for an end, which is yet to come."""

    signal: int | None = None

    @property
    def asked(self) -> bool:
        """Whether there was a signal."""
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
