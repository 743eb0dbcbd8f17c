"""Rows that name a second number are found by an index of their own: whoever asks for them does not read the whole case."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.services.ledger.parties import _UNUSED

pytestmark = pytest.mark.django_db
ROWS = """
INSERT INTO accounts_statementline (id, case_id, file_id, row, node, named_node, at, is_day_only, direction, amount_minor, currency,
  serial, left_out, details)
SELECT gen_random_uuid(), %s, %s, g, g %% 50, CASE WHEN g %% 500 = 0 THEN g END, now(), false, 'in', 1, 'CNY', '', '', '\\x00'
FROM generate_series(1, 5000) g
"""
OTHER = "00000000-0000-0000-0000-000000000002"
CASE = "00000000-0000-0000-0000-000000000001"


def test_the_rows_are_found_by_their_index() -> None:
    given: dict[str, Any] = {"case": CASE, "file": CASE, "mains": [1], "nodes": [1]}
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [CASE, OTHER])
        cursor.execute("ANALYZE accounts_statementline")
        cursor.execute("EXPLAIN " + _UNUSED, given)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "statement_line_named" in plan
