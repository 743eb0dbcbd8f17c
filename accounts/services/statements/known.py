"""Which staged rows the ledger has already: the same serial of the same account; and which only look like it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

_OTHERS = """
SELECT EXISTS (SELECT FROM accounts_statementfile WHERE case_id = %s AND id <> %s AND status = 'committed')
"""
# Within one file a row is a repeat of an earlier one only where time and balance agree too.
_TWICE = """
UPDATE accounts_statementline l SET left_out = 'known' FROM (
  SELECT id, row_number() OVER (PARTITION BY line_key, at, balance_minor ORDER BY row, id) AS n
  FROM accounts_statementline WHERE file_id = %s AND left_out = ''
) s WHERE s.n > 1 AND l.id = s.id
"""
_KEYS = """
SELECT k.key FROM unnest(%(keys)s::bytea[]) k(key) JOIN accounts_statementline o ON o.case_id = %(case)s AND o.line_key = k.key
JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
WHERE o.left_out = '' AND f.id <> %(file)s
"""
# First as an anti-join by key: nearly free where nothing is known (performance.md §4).
_KNOWN = """
UPDATE accounts_statementline l SET left_out = 'known'
FROM accounts_statementline o JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
WHERE l.file_id = %(file)s AND l.left_out = '' AND l.serial <> '' AND o.case_id = %(case)s AND f.id <> %(file)s
  AND o.line_key = l.line_key AND o.left_out = ''
"""
_REPEATS = """
UPDATE accounts_statementline l SET left_out = 'repeat'
FROM accounts_statementline o JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
WHERE l.file_id = %(file)s AND l.left_out = '' AND l.serial = '' AND o.case_id = %(case)s AND f.id <> %(file)s AND o.left_out = ''
  AND o.node = l.node AND o.at = l.at AND o.direction = l.direction AND o.amount_minor = l.amount_minor
  AND o.currency = l.currency AND o.counter IS NOT DISTINCT FROM l.counter
  AND o.balance_minor IS NOT DISTINCT FROM l.balance_minor
"""
_KEPT = "UPDATE accounts_statementline SET left_out = '' WHERE file_id = %s AND left_out = 'repeat'"


def known_keys(case_id: UUID, file_id: UUID, keys: Sequence[bytes]) -> frozenset[bytes]:
    """Which of the keys the ledger has: asked before the rows are written, since to mark them later writes them twice."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, {"keys": list(keys), "case": case_id, "file": file_id})
        return frozenset(bytes(row[0]) for row in cursor.fetchall())


def known_mark(case_id: UUID, file_id: UUID) -> int:
    """Leave out what is in the ledger already, or twice in the file; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_TWICE, [file_id])
        count = int(cursor.rowcount)
        if has_others(case_id, file_id):
            cursor.execute(_KNOWN, {"file": file_id, "case": case_id})
            count += int(cursor.rowcount)
    return count


def repeats_mark(case_id: UUID, file_id: UUID) -> int:
    """Mark rows without a serial that look like a row of an earlier file: the officer decides about them at commit."""
    if not has_others(case_id, file_id):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_REPEATS, {"file": file_id, "case": case_id})
        return int(cursor.rowcount)


def repeats_keep(file_id: UUID) -> int:
    """The officer holds them for entries of their own."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [file_id])
        return int(cursor.rowcount)


def has_others(case_id: UUID, file_id: UUID) -> bool:
    """Whether the case has a file in its ledger already."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, [case_id, file_id])
        return bool(cursor.fetchone()[0])
