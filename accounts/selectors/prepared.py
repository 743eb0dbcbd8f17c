"""Statements that the server plans once for each connection: where planning would cost more than running.

That it keeps the one plan, and does not plan anew for each trace's values, is set for all connections (`settings.databases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection

_FORGOTTEN = "26000"  # SQLSTATE: no statement of this name
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def fetch(name: str, sql: str, types: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement with $1, $2… for `values`. `name` stands for this text on every connection.

    Lists are best given as `array`: the server reads one text faster than a constructor of many values.
    Raises DatabaseError once where the server has forgotten its statements (DISCARD ALL); the next call prepares anew.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    known = _known.setdefault(connection.connection, set())
    try:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            if name not in known:
                cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
                known.add(name)
            return _rows(cursor, f"EXECUTE {name} ({', '.join(['%s'] * len(values))})", values)
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) == _FORGOTTEN:
            known.clear()
        raise


def _rows(cursor: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """By the driver's own cursor, as Django's would take a tenth of a small trace's time; by Django's where somebody counts."""
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as counted:
            counted.execute(sql, values)
            return list(counted.fetchall())
    cursor.execute(sql, values)
    return list(cursor.fetchall())


def array(values: Iterable[int | str]) -> str:
    """As PostgreSQL writes an array of numbers, times or bytes; no value may hold a comma, a quote or a space."""
    return f"{{{','.join(map(str, values))}}}"
