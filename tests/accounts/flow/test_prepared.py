"""Prepared statements: seen by whoever counts statements, prepared anew where the server forgot them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.selectors.prepared import fetch

pytestmark = pytest.mark.django_db


def double(value: int) -> list[tuple[Any, ...]]:
    return fetch("test_double", "SELECT 2 * $1", "integer", [value])


def test_a_test_that_counts_statements_sees_them() -> None:
    """Each once, also the first, which prepares."""
    for value in (3, 4):
        with CaptureQueriesContext(connection) as seen:
            assert double(value) == [(2 * value,)]
        assert [query["sql"] for query in seen.captured_queries] == [f"EXECUTE test_double ({value})"]


def test_a_wrapper_around_statements_sees_them() -> None:
    seen = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert double(5) == [(10,)]
    assert seen == ["EXECUTE test_double (%s)"]


def test_what_the_server_forgot_is_prepared_anew() -> None:
    assert double(3) == [(6,)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")  # what DISCARD ALL does too, but it may not be said in a transaction
    with pytest.raises(DatabaseError), transaction.atomic():
        double(4)
    assert double(4) == [(8,)]


def test_what_the_server_forgot_is_prepared_anew_also_where_somebody_counts() -> None:
    assert double(3) == [(6,)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with CaptureQueriesContext(connection):
        with pytest.raises(DatabaseError), transaction.atomic():
            double(4)
        assert double(4) == [(8,)]
