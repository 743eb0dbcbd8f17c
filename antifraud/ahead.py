"""An iterator that a thread of its own works off, a bounded number of items ahead; what the items are is the caller's matter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def ahead(source: Generator[T], *, most: int = 1, stop: Callable[[], None] | None = None) -> Generator[T]:
    """The items of `source`, up to `most` made in a thread while the caller works on the one before them.

    `source` must not use the database: a thread has a connection, and so a transaction, of its own. Its error is raised
    here after the items before it. Ended early or not, `source` is closed when this is, once it is between two items;
    `stop` is called before, from this thread, to cut short what the item in the making waits for.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    waiting: deque[Future[list[T]]] = deque(pool.submit(_next, source) for _ in range(most))
    try:
        while found := waiting.popleft().result():
            waiting.append(pool.submit(_next, source))
            yield found.pop()
    finally:
        if stop is not None:
            stop()
        for item in waiting:
            item.cancel()
        pool.submit(connections.close_all)  # of that thread; there are none, unless `source` broke its word
        pool.shutdown()
        source.close()


def _next(source: Generator[T]) -> list[T]:
    """The next item, alone in a list; empty at the end."""
    return list(islice(source, 1))
