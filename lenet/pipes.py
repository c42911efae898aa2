"""Standard output whose reader may leave before the end, as ``head`` does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGPIPE


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
