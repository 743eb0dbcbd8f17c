"""An iterator that is worked off ahead gives what it would give by itself, and ends as it would."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import closing

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from antifraud.ahead import ahead


class Source:
    """Numbers, and who asked for them."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.count, self.error = count, error
        self.made: list[int] = []
        self.threads: set[str] = set()
        self.ends = 0

    def numbers(self) -> Generator[int]:
        try:
            for number in range(self.count):
                self.threads.add(threading.current_thread().name)
                self.made.append(number)
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.ends += 1


@pytest.mark.parametrize("count", [0, 1, 2, 50])
@pytest.mark.parametrize("most", [1, 3])
def test_all_items_come_in_order_from_another_thread(count: int, most: int) -> None:
    source = Source(count)
    assert list(ahead(source.numbers(), most=most)) == list(range(count))
    assert source.ends == 1
    assert threading.current_thread().name not in source.threads


def test_an_error_comes_after_the_items_before_it() -> None:
    source = Source(3, LookupError("the third"))
    items = ahead(source.numbers())
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(LookupError, match="the third"):
        next(items)
    assert source.ends == 1


def test_it_is_never_more_than_so_many_items_ahead() -> None:
    source = Source(50)
    with closing(ahead(source.numbers(), most=2)) as items:
        for number in items:
            time.sleep(0.002)
            assert len(source.made) <= number + 1 + 2


def test_the_next_item_is_made_while_the_one_before_is_in_hand() -> None:
    source = Source(3)
    with closing(ahead(source.numbers())) as items:
        assert next(items) == 0
        until = time.monotonic() + 10
        while source.made != [0, 1] and time.monotonic() < until:
            time.sleep(0.001)
        assert source.made == [0, 1]


def test_who_stops_early_closes_the_source() -> None:
    source = Source(50)
    with closing(ahead(source.numbers())) as items:
        next(items)
    assert source.ends == 1
    assert len(source.made) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_who_stops_early_does_not_wait_for_what_the_item_in_the_making_waits_for() -> None:
    begun, released = threading.Event(), threading.Event()

    def slow() -> Generator[int]:
        yield 0
        begun.set()
        released.wait(20)
        yield 1

    started = time.monotonic()
    with closing(ahead(slow(), stop=released.set)) as items:
        next(items)
        assert begun.wait(10)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("is_read_to_its_end", [True, False])
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_source_should_not_have_opened_is_closed(is_read_to_its_end: bool) -> None:
    opened: list[BaseDatabaseWrapper] = []

    def asking() -> Generator[int]:
        for number in range(3):
            connection.ensure_connection()
            opened.append(connections["default"])
            yield number

    with closing(ahead(asking())) as items:
        next(items)
        if is_read_to_its_end:
            assert list(items) == [1, 2]
    assert opened[0] is not connections["default"]
    assert opened[0].connection is None
