"""Statements that the server plans once for each connection: where planning would cost more than running.

That it keeps the one plan, and does not plan anew for each trace's values, is set for all connections (`settings.databases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

_FORGOTTEN = "26000"  # SQLSTATE: no statement of this name
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def fetch(name: str, sql: str, types: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement with $1, $2… for `values`. `name` stands for this text on every connection.

    Lists are best given as `array`: the server reads one text faster than a constructor of many values.
    Raises DatabaseError once where the server has forgotten its statements (DISCARD ALL); the next call prepares anew.
    """
    session = connections[DEFAULT_DB_ALIAS]  # `django.db.connection` would look for it at each of its attributes
    session.ensure_connection()
    session.validate_no_broken_transaction()
    raw = session.connection
    known = _known.get(raw)
    if known is None:
        known = _known[raw] = set()
    try:
        with session.wrap_database_errors, raw.cursor() as cursor:
            if name not in known:
                cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
                known.add(name)
            call = f"EXECUTE {name} ({', '.join(['%s'] * len(values))})"
            # By the driver's own cursor, as Django's would take a tenth of a small trace's time; by Django's where somebody counts.
            if session.queries_logged or session.execute_wrappers:
                return _counted(session, call, values)
            cursor.execute(call, values)
            return list(cursor.fetchall())
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) == _FORGOTTEN:
            known.clear()
        raise


def _counted(session: Any, call: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with session.cursor() as cursor:
        cursor.execute(call, values)
        return list(cursor.fetchall())


def array(values: Iterable[int | str]) -> str:
    """As PostgreSQL writes an array of numbers, times or bytes; no value may hold a comma, a quote or a space."""
    return f"{{{','.join(map(str, values))}}}"
