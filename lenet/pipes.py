"""Standard streams that are closed, or whose reader leaves before the end, as ``head`` does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGPIPE


def open_closed_streams() -> None:
    """Give standard streams that were closed at the start a file that holds nothing.

    Otherwise they are None, and the next file that is opened takes their number: what a program
    that is started from here prints would go into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


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
