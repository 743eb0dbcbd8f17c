"""The tables that the migrations make are those of the models: columns, foreign keys, indexes and constraints by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

pytestmark = pytest.mark.django_db
_COLUMNS = """
SELECT c.relname, a.attname, a.atttypid, a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""
_KEYS = """
SELECT k.conrelid::regclass::text, a.attname, k.confrelid::regclass::text FROM pg_constraint k
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ALL (k.conkey)
WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
"""
_NAMES = """
SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'
"""


def _rows(statement: str) -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return set(cursor.fetchall())


def _tables() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]


def _fields() -> Iterator[tuple[str, Any]]:
    for model in _tables():
        for field in model._meta.local_concrete_fields:
            yield model._meta.db_table, field


def test_every_field_is_a_column_of_its_type() -> None:
    wanted = {(table, field.column, field.db_type(connection), not field.null) for table, field in _fields()}
    kinds = {kind for _table, _column, kind, _full in wanted}
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, kind::regtype::oid FROM unnest(%s::text[]) kind", [sorted(kinds)])
        numbers = dict(cursor.fetchall())
    assert len(wanted) > 1000
    assert {(table, column, numbers[kind], full) for table, column, kind, full in wanted} - _rows(_COLUMNS) == set()


def test_every_relation_is_a_foreign_key() -> None:
    wanted = {
        (table, field.column, field.remote_field.model._meta.db_table)
        for table, field in _fields()
        if field.is_relation and field.db_constraint
    }
    assert len(wanted) > 200
    assert wanted - _rows(_KEYS) == set()


def test_every_index_and_constraint_is_there() -> None:
    wanted = {
        (model._meta.db_table, each.name)
        for model in _tables()
        for each in (*model._meta.indexes, *model._meta.constraints)
    }
    assert len(wanted) > 150
    assert wanted - _rows(_NAMES) == set()
