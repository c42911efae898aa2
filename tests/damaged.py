"""What tests of damaged files have in common."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from lenet.errors import DataError


def refusal(read: Callable[[], object], path: Path) -> str:
    """The one line that says what is wrong with a file, and names it."""
    with pytest.raises(DataError) as caught:
        read()
    text = str(caught.value)
    assert text.startswith(str(path))
    assert text.isprintable()
    return text


def peak_memory(read: Callable[[], object]) -> int:
    """The most bytes that reading takes up at once."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
