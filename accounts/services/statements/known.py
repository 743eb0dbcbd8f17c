"""Which staged rows the ledger has already: the same serial and time of the same account; and which only look like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.rules.statements import Batch

_OTHERS = """
SELECT EXISTS (SELECT FROM accounts_statementfile WHERE case_id = %s AND id <> %s AND status = 'committed')
"""
# Within one file a row is a repeat of an earlier one only where time, balance and other side agree too.
_TWICE = """
UPDATE accounts_statementline l SET left_out = 'known' FROM (
  SELECT id, row_number() OVER (PARTITION BY line_key, at, balance_minor, counter ORDER BY row, id) AS n
  FROM accounts_statementline WHERE file_id = %s AND left_out = ''
) s WHERE s.n > 1 AND l.id = s.id
"""
# Banks begin their numbers anew: the same number at another time is another entry. A day-only row is of any time of its day.
_SAME_TIME = """(o.at = l.at
  OR (o.is_day_only AND NOT l.is_day_only AND l.at >= o.at AND l.at < o.at + interval '24 hours')
  OR (l.is_day_only AND NOT o.is_day_only AND o.at >= l.at AND o.at < l.at + interval '24 hours'))"""
_PLACES = f"""
SELECT DISTINCT l.n - 1 FROM (
  SELECT line_key, timestamptz 'epoch' + us * interval '1 microsecond' AS at, is_day_only, n
  FROM unnest(%(keys)s::bytea[], %(times)s::bigint[], %(days)s::boolean[]) WITH ORDINALITY u(line_key, us, is_day_only, n)
) l JOIN accounts_statementline o ON o.case_id = %(case)s AND o.line_key = l.line_key
JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
WHERE o.left_out IN ('', 'twin') AND f.id <> %(file)s AND {_SAME_TIME}
"""
# A row left out as the twin of another number's is known all the same: its entry is in the ledger.
# First as an anti-join by key: nearly free where nothing is known (performance.md §4).
_KNOWN = f"""
UPDATE accounts_statementline l SET left_out = 'known'
FROM accounts_statementline o JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
WHERE l.file_id = %(file)s AND l.left_out = '' AND l.serial <> '' AND o.case_id = %(case)s AND f.id <> %(file)s
  AND o.line_key = l.line_key AND o.left_out IN ('', 'twin') AND {_SAME_TIME}
"""
# Counted, not only met: two rows of the ledger make two of three equal rows suspected. First rows of the same balance go
# together, then those that are left where one side states none. `fresh` holds rows marked before too: they are counted.
# Compared by the numbers that the rows name; rows of an account's other number are `ledger.twins`.
_COLUMNS = "node, at, direction, amount_minor, currency, counter"
_SAME = """o.node = l.node AND o.at = l.at AND o.direction = l.direction AND o.amount_minor = l.amount_minor
    AND o.currency = l.currency AND o.counter = l.counter AND o.n = l.n"""
_REPEATS = f"""
WITH fresh AS MATERIALIZED (
  SELECT *, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor ORDER BY row, id) AS n
  FROM (
    SELECT id, row, node, at, direction, amount_minor, currency, COALESCE(counter, -1) AS counter, balance_minor
    FROM accounts_statementline WHERE file_id = %(file)s AND serial = '' AND left_out IN ('', 'repeat')
  ) given
), old AS MATERIALIZED (
  SELECT {_COLUMNS}, o.id, o.balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, o.balance_minor ORDER BY o.id) AS n
  FROM (SELECT DISTINCT {_COLUMNS} FROM fresh) w JOIN (
    SELECT o.id, COALESCE(named_node, node) AS node, at, direction, amount_minor, currency,
      COALESCE(named_counter, counter, -1) AS counter, balance_minor
    FROM accounts_statementline o JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
    WHERE o.case_id = %(case)s AND f.id <> %(file)s AND o.left_out IN ('', 'twin')
  ) o USING ({_COLUMNS})
), exact AS MATERIALIZED (
  SELECT l.id, o.id AS old_id FROM fresh l JOIN old o ON {_SAME} AND o.balance_minor IS NOT DISTINCT FROM l.balance_minor
), fresh_left AS (
  SELECT {_COLUMNS}, id, balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor IS NULL ORDER BY row, id) AS n
  FROM fresh WHERE id NOT IN (SELECT id FROM exact)
), old_left AS (
  SELECT {_COLUMNS}, balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor IS NULL ORDER BY id) AS n
  FROM old WHERE id NOT IN (SELECT old_id FROM exact)
), found AS (
  SELECT id FROM exact UNION ALL
  SELECT l.id FROM fresh_left l JOIN old_left o ON {_SAME} AND (o.balance_minor IS NULL) <> (l.balance_minor IS NULL)
)
UPDATE accounts_statementline l SET left_out = 'repeat' FROM found WHERE l.id = found.id AND l.left_out = ''
"""
_KEPT = "UPDATE accounts_statementline SET left_out = '' WHERE file_id = %s AND left_out = 'repeat'"


def known_places(case_id: UUID, file_id: UUID, keys: Sequence[bytes], batch: Batch) -> frozenset[int]:
    """Places in the batch of rows that the ledger has: asked before they are written, since to mark them later writes twice."""
    given: dict[str, Any] = {
        "keys": list(keys),
        "times": batch.at_us,
        "days": batch.day_only,
        "case": case_id,
        "file": file_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, given)
        return frozenset(row[0] for row in cursor.fetchall())


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
    """Mark rows without a serial that look like rows of earlier files, as many as those have; how many were not marked before."""
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
