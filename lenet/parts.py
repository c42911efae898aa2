"""Work on the parts of a batch, side by side, that has to know something of the whole batch.

Such work is a generator: where it needs a sum over the whole batch it yields its own part of that,
and is sent the sum. Which thread takes it from one such point to the next makes no difference.
"""

from collections.abc import Generator, Sequence
from functools import partial, reduce
from operator import add
from typing import Any, TypeVar

from lenet.overflow import overflow_is_found_later
from lenet.team import Map

Result = TypeVar("Result")
Work = Generator[Any, Any, Result]


def complete(works: Sequence[Work[Result]], each: Map = map) -> list[Result]:
    """Return what each work comes to; ``each`` may carry on several of them at once.

    All of them yield equally often. What they yield is added in their order.
    """
    whole = None
    while True:
        ended, values = zip(*each(partial(carry_on, whole), works), strict=True)
        if all(ended):
            return list(values)
        whole = reduce(add, values)


@overflow_is_found_later()
def carry_on(whole: Any, work: Work[Result]) -> tuple[bool, Any]:
    """Send work the sum it waits for, and return whether it has ended, and what it comes to."""
    try:
        return False, work.send(whole)
    except StopIteration as end:
        return True, end.value
