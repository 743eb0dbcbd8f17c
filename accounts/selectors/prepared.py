"""Statements that the server plans once for each connection: where planning would cost more than running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

_ONE_PLAN = "SET LOCAL plan_cache_mode = force_generic_plan"
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def fetch(name: str, sql: str, types: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement with $1, $2… for `values`. `name` stands for this text on every connection."""
    connection.ensure_connection()
    known = _known.setdefault(connection.connection, set())
    with connection.cursor() as cursor:
        if name not in known:
            cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
            known.add(name)
        # Else the server plans anew each time where it thinks little of a plan without the values.
        cursor.execute(f"{_ONE_PLAN}; EXECUTE {name} ({', '.join(['%s'] * len(values))})", list(values))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
