"""Fixtures of every test: the cast, a unit of work as a given person, the moved clock, counted queries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext

from antifraud import db
from antifraud.crypto import data_keys
from antifraud.jobs import progress
from tests import servers
from tests.cast import PASSWORD, World

# What waits for browsers, processes and clocks goes first, so that no worker is left alone with it at the end.
SLOW = ("e2e", "chaos", "connector", "doors", "policy", "exchange", "house", "jobs")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow folders before the others, each file in the order in which it came."""
    items.sort(key=lambda item: SLOW.index(item.path.parent.name) if item.path.parent.name in SLOW else len(SLOW))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database exists already: a copy of the migrated template, made by `tests.servers`."""


def _throw_away(self: Any) -> None:
    """After a transactional test: the owner copies the template again (the application role may not truncate)."""
    for alias in connections:
        connections[alias].close()
    servers.recreate_database()
    data_keys.forget()


setattr(TransactionTestCase, "_fixture_teardown", _throw_away)  # noqa: B010 (the stubs do not know it)


@pytest.fixture
def _beats(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No job beats in a test whose rows are not committed: its second connection would see no row of it, take the lease
    for lost and end the job, which then fails wherever it lasts longer than one beat."""
    if connection.in_atomic_block:
        monkeypatch.setattr(progress, "BEAT_SECONDS", 3600)


@pytest.fixture
def world(_beats: None) -> World:
    """The cast."""
    return World()


@pytest.fixture
def act() -> Callable[[Any], AbstractContextManager[db.UnitOfWork]]:
    """`with act(world.analyst_a): …` is a unit of work of that person."""
    return lambda user: db.unit_of_work(user, request_id=str(uuid.uuid4()))


@pytest.fixture
def move_clock() -> Iterator[Callable[[timedelta], None]]:
    """Move the legal clock of this test database; it is put back afterwards."""

    def move(offset: timedelta) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                'UPDATE app_clock SET "offset" = "offset" + make_interval(secs => %s)', [offset.total_seconds()]
            )

    yield move
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_clock SET \"offset\" = interval '0'")


@pytest.fixture
def log_in(client: Client) -> Callable[[Any], Client]:
    """A browser session of a person of the cast."""

    def enter(user: Any) -> Client:
        fresh = Client()
        fresh.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return fresh

    return enter


@pytest.fixture
def counted() -> Callable[[int], AbstractContextManager[CaptureQueriesContext]]:
    """`with counted(8): …` fails, printing the statements, where more than that many were sent."""

    @contextmanager
    def limit(most: int) -> Iterator[CaptureQueriesContext]:
        with CaptureQueriesContext(connection) as seen:
            yield seen
        listing = "\n".join(f"{n}. {query['sql'][:300]}" for n, query in enumerate(seen.captured_queries, 1))
        assert len(seen) <= most, f"{len(seen)} statements, at most {most} are allowed:\n{listing}"

    return limit


__all__ = ["PASSWORD"]
