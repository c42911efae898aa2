"""Threads that share work, each with one BLAS thread of its own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

from lenet.memory import keep_freed_memory

BLAS_THREADS = 1

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def team(threads: int) -> Iterator[Map]:
    """Give a ``map`` that deals its items to several threads, each with one BLAS thread.

    The calling thread takes a share of its own, which saves waking one and waiting for it.
    """
    keep_freed_memory()
    with threadpool_limits(BLAS_THREADS, user_api="blas"), ThreadPoolExecutor(threads) as executor:

        def map_in_shares(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
            items = list(items)
            results: list[Any] = [None] * len(items)

            shares = min(threads, len(items))

            def do_share(first: int) -> None:
                results[first::shares] = [work(item) for item in items[first::shares]]

            others = [executor.submit(do_share, first) for first in range(1, shares)]
            do_share(0)
            for other in others:
                other.result()
            return results

        yield map_in_shares
