"""Which staged rows the ledger has already: the same serial and time of the same account; and which only look like it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import CaseLedger, StatementLine
from accounts.services.statements.packing import Packed
from antifraud import bulk

_OTHERS = """
SELECT EXISTS (SELECT FROM accounts_statementfile WHERE case_id = %s AND id <> %s AND status = 'committed')
"""
# Two rows may be one where account, serial, direction and amount agree; the time is asked apart (`_SAME_TIME`). Within one file
# a row is a repeat of an earlier one only where time, balance and other side agree too.
_TWICE = """
UPDATE accounts_statementline l SET left_out = 'known' FROM (
  SELECT id, row_number() OVER (
    PARTITION BY node, serial, direction, amount_minor, currency, at, balance_minor, counter ORDER BY row, id) AS n
  FROM accounts_statementline WHERE file_id = %s AND left_out = '' AND serial <> ''
) s WHERE s.n > 1 AND l.id = s.id
"""
# Banks begin their numbers anew: the same number at another time is another entry. A day-only row is of any time of its day.
_SAME_TIME = """(o.at = l.at
  OR (o.is_day_only AND NOT l.is_day_only AND l.at >= o.at AND l.at < o.at + interval '24 hours')
  OR (l.is_day_only AND NOT o.is_day_only AND o.at >= l.at AND o.at < l.at + interval '24 hours'))"""
# Rows of the ledger stand at the account that a number is led to (`services.ledger.joining`), rows of a preview at the number.
# A row left out as the twin of another number's is known all the same: its entry is in the ledger.
_MAINS = "mains AS MATERIALIZED (SELECT node, main FROM accounts_ledgeraccount WHERE case_id = %(case)s AND main IS NOT NULL)"
_COMMITTED = (
    "ARRAY(SELECT id FROM accounts_statementfile WHERE case_id = %(case)s AND status = 'committed' AND id <> %(file)s)"
)
_TAKEN = f"""o.case_id = %(case)s AND o.node = l.meant AND o.serial = l.serial AND o.named_node IS NOT DISTINCT FROM NULLIF(l.node, l.meant)
  AND o.direction = l.direction AND o.amount_minor = l.amount_minor AND o.currency = l.currency AND o.left_out IN ('', 'twin')
  AND {_SAME_TIME} AND o.file_id = ANY({_COMMITTED})"""
# Looked up one by one: a batch is small beside the ledger.
_PLACES = f"""
WITH {_MAINS}, given AS MATERIALIZED (
  SELECT u.node, COALESCE(m.main, u.node) AS meant, serial, CASE WHEN amount < 0 THEN 'out' ELSE 'in' END AS direction,
    abs(amount) AS amount_minor, currency, timestamptz 'epoch' + us * interval '1 microsecond' AS at, is_day_only, n
  FROM unnest(%(nodes)s::bigint[], %(serials)s::text[], %(amounts)s::bigint[], %(currencies)s::text[], %(times)s::bigint[],
    %(days)s::boolean[]) WITH ORDINALITY u(node, serial, amount, currency, us, is_day_only, n)
  LEFT JOIN mains m ON m.node = u.node WHERE serial <> ''
)
SELECT l.n - 1 FROM given l CROSS JOIN LATERAL (SELECT FROM accounts_statementline o WHERE {_TAKEN} LIMIT 1) found
"""
_KNOWN = f"""
WITH {_MAINS}
UPDATE accounts_statementline t SET left_out = 'known' FROM (
  SELECT l.*, COALESCE(m.main, l.node) AS meant FROM accounts_statementline l LEFT JOIN mains m ON m.node = l.node
  WHERE l.file_id = %(file)s AND l.left_out = '' AND l.serial <> ''
) l JOIN accounts_statementline o ON {_TAKEN}
WHERE t.id = l.id
"""
# Counted, not only met: two rows of the ledger make two of three equal rows suspected. First rows of the same balance go
# together, then those that are left where one side states none. `fresh` holds rows marked before too: they are counted.
# The same moment and the same running balance are the same entry: those are known. A day alone is no moment, and a balance that
# is the same in all rows of an account does not run: such rows are asked about.
# Compared by the numbers that the rows name; rows of an account's other number are `ledger.twins`.
_COLUMNS = "node, at, direction, amount_minor, currency, counter"
_SAME = """o.node = l.node AND o.at = l.at AND o.direction = l.direction AND o.amount_minor = l.amount_minor
    AND o.currency = l.currency AND o.counter = l.counter AND o.n = l.n"""
_REPEATS = f"""
WITH fresh AS MATERIALIZED (
  SELECT *, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor ORDER BY row, id) AS n
  FROM (
    SELECT id, row, node, at, is_day_only, direction, amount_minor, currency, COALESCE(counter, -1) AS counter, balance_minor,
      count(balance_minor) OVER given = 1 OR min(balance_minor) OVER given < max(balance_minor) OVER given AS does_run
    FROM accounts_statementline WHERE file_id = %(file)s AND left_out IN ('', 'repeat', 'known') AND {{of_fresh}}
    WINDOW given AS (PARTITION BY node, currency)
  ) given
), old AS MATERIALIZED (
  SELECT {_COLUMNS}, o.id, o.balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, o.balance_minor ORDER BY o.id) AS n
  FROM (SELECT DISTINCT {_COLUMNS} FROM fresh) w JOIN (
    SELECT o.id, COALESCE(named_node, node) AS node, at, direction, amount_minor, currency,
      COALESCE(named_counter, counter, -1) AS counter, balance_minor
    FROM accounts_statementline o JOIN accounts_statementfile f ON f.id = o.file_id AND f.status = 'committed'
    WHERE o.case_id = %(case)s AND f.id <> %(file)s AND o.left_out IN ('', 'twin') {{of_old}}
  ) o USING ({_COLUMNS})
), exact AS MATERIALIZED (
  SELECT l.id, o.id AS old_id,
    CASE WHEN l.does_run AND l.balance_minor IS NOT NULL AND NOT l.is_day_only THEN 'known' ELSE 'repeat' END AS mark
  FROM fresh l JOIN old o ON {_SAME} AND o.balance_minor IS NOT DISTINCT FROM l.balance_minor
), fresh_left AS (
  SELECT {_COLUMNS}, id, balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor IS NULL ORDER BY row, id) AS n
  FROM fresh WHERE id NOT IN (SELECT id FROM exact)
), old_left AS (
  SELECT {_COLUMNS}, balance_minor, row_number() OVER (PARTITION BY {_COLUMNS}, balance_minor IS NULL ORDER BY id) AS n
  FROM old WHERE id NOT IN (SELECT old_id FROM exact)
), found (id, mark) AS (
  SELECT id, mark FROM exact UNION ALL
  SELECT l.id, 'repeat' FROM fresh_left l JOIN old_left o ON {_SAME} AND (o.balance_minor IS NULL) <> (l.balance_minor IS NULL)
), marked AS (
  UPDATE accounts_statementline l SET left_out = mark FROM found
  WHERE l.id = found.id AND (l.left_out = '' OR (l.left_out = 'repeat' AND mark = 'known')) AND l.file_id = %(file)s {{of_line}}
  RETURNING mark
)
SELECT count(*) FILTER (WHERE mark = 'known'), count(*) FILTER (WHERE mark = 'repeat') FROM marked
"""
_OF_ALL = _REPEATS.format(of_fresh="serial = ''", of_old="", of_line="")
# The same where the rows are of few accounts: whatever else the case has is not looked at.
_OF_FEW = _REPEATS.format(
    of_fresh="serial = '' AND case_id = %(case)s AND node = ANY(%(nodes)s::bigint[])", of_old="AND o.node = ANY(%(led)s::bigint[])",
    of_line="AND l.case_id = %(case)s AND l.node = ANY(%(nodes)s::bigint[]) AND l.serial = ''",
)  # fmt: skip
# The other way round: rows with a serial number beside rows of the ledger that were told without one.
_OF_NUMBERED = _REPEATS.format(
    of_fresh="serial <> '' AND case_id = %(case)s AND node = ANY(%(nodes)s::bigint[])",
    of_old="AND o.serial = '' AND o.node = ANY(%(led)s::bigint[])",
    of_line="AND l.case_id = %(case)s AND l.node = ANY(%(nodes)s::bigint[])",
)
_UNNUMBERED = f"""
SELECT array_agg(DISTINCT COALESCE(named_node, node)), array_agg(DISTINCT node) FROM accounts_statementline
WHERE case_id = %(case)s AND serial = '' AND left_out IN ('', 'twin') AND file_id = ANY({_COMMITTED})
"""
_FEW = 100
# Rows of the ledger that name these numbers, and stand at another.
_LED = """
SELECT DISTINCT node FROM accounts_statementline
WHERE case_id = %s AND named_node IS NOT NULL AND named_node = ANY(%s::bigint[])
"""
_WITHOUT_SERIAL = "SELECT EXISTS (SELECT FROM accounts_statementline WHERE file_id = %s AND serial = '' AND left_out IN ('', 'repeat'))"
_KEPT = "UPDATE accounts_statementline SET left_out = '' WHERE file_id = %s AND left_out = 'repeat'"


def known_places(case_id: UUID, file_id: UUID, nodes: Sequence[int], packed: Packed) -> frozenset[int]:
    """Places in the batch of rows that the ledger has: asked before they are written, since to mark them later writes twice."""
    given: dict[str, Any] = {**packed.question, "nodes": bulk.int_array(nodes), "case": case_id, "file": file_id}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, given)
        return frozenset(row[0] for row in cursor.fetchall())


def twice_mark(file_id: UUID) -> int:
    """Leave out what is twice in the file itself; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_TWICE, [file_id])
        return int(cursor.rowcount)


def known_mark(case_id: UUID, file_id: UUID) -> int:
    """Leave out what is in the ledger already; how many rows."""
    if not has_others(case_id, file_id):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"file": file_id, "case": case_id})
        return int(cursor.rowcount)


def repeats_mark(case_id: UUID, file_id: UUID, nodes: Collection[int] | None = None) -> tuple[int, int]:
    """Mark rows that are or look like rows of earlier files, as many as those have, where a side has no serial number.

    How many became known (the same running balance at the same time) and how many suspected, that were not before.
    `nodes`: the accounts of the file's rows without one, where they are known.
    """
    if not has_others(case_id, file_id):
        return 0, 0
    known, suspected = _numbered_mark(case_id, file_id)
    if not nodes and (nodes is not None or not _told(_WITHOUT_SERIAL, file_id)):
        return known, suspected
    is_few = nodes is not None and 0 < len(nodes) <= _FEW
    given: dict[str, Any] = {"file": file_id, "case": case_id}
    with connection.cursor() as cursor:
        if is_few:
            given["nodes"] = bulk.int_array(nodes or ())
            cursor.execute(_LED, [case_id, given["nodes"]])
            given["led"] = bulk.int_array({*(nodes or ()), *(row[0] for row in cursor.fetchall())})
        cursor.execute(_OF_FEW if is_few else _OF_ALL, given)
        more_known, more_suspected = cursor.fetchone()
    return known + more_known, suspected + more_suspected


def _numbered_mark(case_id: UUID, file_id: UUID) -> tuple[int, int]:
    """The same of the file's rows with a serial number, by what the ledger was told without one."""
    given: dict[str, Any] = {"file": file_id, "case": case_id}
    with connection.cursor() as cursor:
        cursor.execute(_UNNUMBERED, given)
        named, led = cursor.fetchone()
        if not named:
            return 0, 0
        cursor.execute(_OF_NUMBERED, given | {"nodes": bulk.int_array(named), "led": bulk.int_array(led)})
        known, suspected = cursor.fetchone()
    return known, suspected


def repeats_suspected(file_id: UUID) -> int:
    """How many rows an officer has to decide about."""
    return StatementLine.objects.filter(file_id=file_id, left_out="repeat").count()


def repeats_keep(file_id: UUID) -> int:
    """The officer holds them for entries of their own."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [file_id])
        return int(cursor.rowcount)


def has_others(case_id: UUID, file_id: UUID) -> bool:
    """Whether the case has a file in its ledger already."""
    return _told(_OTHERS, case_id, file_id)


def ledger_version(case_id: UUID) -> int:
    """How often the case's ledger has changed: as long as it stays so, rows that were not known are not."""
    return CaseLedger.objects.filter(pk=case_id).values_list("version", flat=True).first() or 0


def _told(question: str, *params: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, params)
        return bool(cursor.fetchone()[0])
