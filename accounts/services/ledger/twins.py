"""One entry that two files tell under two numbers of one account counts once; repeats under one number are `statements.known`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from accounts.models import StatementFile
from antifraud.audit import diary
from banks.models import User

_FREED = """
UPDATE accounts_statementline SET left_out = '' WHERE case_id = %s AND node = ANY(%s::bigint[]) AND left_out = 'twin'
RETURNING id, node, file_id
"""
# The same serial and time; without a serial the same second, other side and balance, as often as both have them.
_MARKED = """
WITH given AS MATERIALIZED (
  SELECT l.id, l.node, COALESCE(l.named_node, l.node) AS own, l.at, l.is_day_only, l.direction, l.amount_minor, l.currency, l.serial,
    COALESCE(l.counter, -1) AS counter, l.balance_minor, (f.sha256, l.row) AS place,
    row_number() OVER (PARTITION BY l.node, COALESCE(l.named_node, l.node), l.serial, l.at, l.direction, l.amount_minor, l.currency,
      l.counter ORDER BY f.sha256, l.row) AS n
  FROM accounts_statementline l JOIN accounts_statementfile f ON f.id = l.file_id
  WHERE l.case_id = %(case)s AND l.node = ANY(%(nodes)s::bigint[]) AND l.left_out = '' AND (f.status = 'committed' OR f.id = %(file)s)
)
UPDATE accounts_statementline SET left_out = 'twin' WHERE id IN (
  SELECT g.id FROM given g JOIN given o ON o.node = g.node AND o.own <> g.own AND o.serial = g.serial AND o.direction = g.direction
    AND o.amount_minor = g.amount_minor AND o.currency = g.currency
  WHERE o.place < g.place AND CASE WHEN g.serial = ''
    THEN o.at = g.at AND NOT o.is_day_only AND NOT g.is_day_only AND o.n = g.n AND o.counter = g.counter
      AND (o.balance_minor = g.balance_minor OR o.balance_minor IS NULL OR g.balance_minor IS NULL)
    ELSE o.at = g.at OR (o.is_day_only AND NOT g.is_day_only AND g.at >= o.at AND g.at < o.at + interval '24 hours')
      OR (g.is_day_only AND NOT o.is_day_only AND o.at >= g.at AND o.at < g.at + interval '24 hours') END
) RETURNING id, node, file_id
"""


@dataclass(frozen=True)
class Twins:
    """`freed`: rows that count again; `nodes`: those whose entries have changed by it, what the file itself brings apart.

    `files`: of each file that was committed before, how many rows are left out now, and how many count again.
    """

    freed: set[UUID]
    nodes: set[int]
    files: dict[UUID, tuple[int, int]]


def twins_mark(case_id: UUID, nodes: Collection[int], file_id: UUID | None) -> Twins:
    """Leave out the second telling of each entry of these nodes, judged from scratch.

    Of two the row of the lower file hash stays, so the order of the imports does not matter.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FREED, [case_id, sorted(nodes)])
        freed = set(cursor.fetchall())
        cursor.execute(_MARKED, {"case": case_id, "nodes": sorted(nodes), "file": file_id})
        marked = set(cursor.fetchall())
    changed = {row for row in freed ^ marked if row[2] != file_id}
    left, again = (Counter(row[2] for row in changed & part) for part in (marked, freed))
    files = {file: (left[file], again[file]) for file in {row[2] for row in changed}}
    return Twins({row[0] for row in freed - marked}, {row[1] for row in changed}, files)


def twins_tell(case_id: UUID, by: User, twins: Twins) -> None:
    """An audit row for each committed file of which the ledger counts more or fewer rows than before.

    Its control totals stay those of its commit; its page shows beside them what the ledger counts now.
    """
    files = StatementFile.objects.filter(pk__in=twins.files).order_by("received_at", "pk")
    told = [(file, case_id, dict(zip(("left_out", "again"), twins.files[file.pk], strict=True))) for file in files]
    if told:
        diary.record_many("statement.recount", by=by, rows=told)
