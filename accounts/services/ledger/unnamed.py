"""Rows whose bank does not name the other side, matched by the reference that both banks write; named parties are in `matching`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import LedgerMatch
from accounts.rules.pairing import Row, is_possible
from accounts.services.ledger.remaking import Remaking, Rule, Why

_ANY = "SELECT EXISTS (SELECT FROM accounts_statementline WHERE case_id = %s AND counter IS NULL AND reference IS NOT NULL)"
# One-sided entries only; a told transfer that one of them has joined goes with it.
_PAIRS = """
WITH single AS MATERIALIZED (
  SELECT e.id AS entry, e.src, e.dst, e.transfer_id, l.id, l.file_id, l.node, l.counter, l.direction, l.amount_minor, l.currency,
    l.reference, l.at, l.is_day_only, l.serial, l.row, f.sha256
  FROM accounts_ledgerentry e
  JOIN accounts_statementline l ON l.id = COALESCE(e.out_line_id, e.in_line_id)
  JOIN accounts_statementfile f ON f.id = l.file_id
  WHERE e.case_id = %(case)s AND (e.out_line_id IS NULL OR e.in_line_id IS NULL) AND l.reference IS NOT NULL
)
SELECT u.entry, u.id, u.direction, u.src, u.dst, u.transfer_id, (extract(epoch FROM u.at) * 1000000)::bigint, u.is_day_only,
  n.entry, n.id, n.src, n.dst, n.transfer_id, (extract(epoch FROM n.at) * 1000000)::bigint, n.is_day_only,
  (n.sha256, n.row, u.sha256, u.row)::text
FROM single u JOIN single n ON n.reference = u.reference AND n.amount_minor = u.amount_minor AND n.currency = u.currency
  AND n.counter = u.node AND n.direction <> u.direction
WHERE u.counter IS NULL AND {which}
"""
_OF_FILE, _OF_NODES = (
    "(u.file_id = %(file)s OR n.file_id = %(file)s)",
    "(u.node = ANY(%(nodes)s::bigint[]) OR n.node = ANY(%(nodes)s::bigint[]))",
)


def matches_unnamed(case_id: UUID, file_id: UUID) -> set[int]:
    """Match rows that name nobody with rows that name their account, one of them in the file; the nodes that were touched."""
    return _match(case_id, _OF_FILE, {"file": file_id})


def matches_unnamed_of(case_id: UUID, nodes: Collection[int]) -> set[int]:
    """The same of these accounts' rows, whatever file they are in."""
    return _match(case_id, _OF_NODES, {"nodes": sorted(nodes)})


def _match(case_id: UUID, which: str, given: dict[str, Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ANY, [case_id])
        if not cursor.fetchone()[0]:
            return set()
        cursor.execute(_PAIRS.format(which=which), {"case": case_id, **given})
        found = cursor.fetchall()
    undone = LedgerMatch.objects.filter(case_id=case_id, undone_at__isnull=False).exclude(rule=Rule.TOLD)
    forbidden = set(undone.values_list("out_line", "in_line"))
    remaking, taken = Remaking(case_id), set[int]()
    for row in sorted(found, key=lambda row: (abs(row[6] - row[13]), row[15])):
        sides = _sides(row)
        if sides is None or sides in forbidden or {row[0], row[8]} & taken:
            continue
        taken |= {row[0], row[8]}
        _join(remaking, row, sides)
    remaking.flush()
    return remaking.nodes


def _sides(row: Sequence[Any]) -> tuple[Any, Any] | None:
    """(paying row, receiving row), None where the times do not allow it."""
    unnamed, named = Row(row[1], row[6], day_only=row[7]), Row(row[9], row[13], day_only=row[14])
    out, into = (unnamed, named) if row[2] == "out" else (named, unnamed)
    return (out.key, into.key) if is_possible(out, into) else None


def _join(remaking: Remaking, row: Sequence[Any], sides: tuple[Any, Any]) -> None:
    remaking.end(row[0], row[3], row[4])
    remaking.end(row[8], row[10], row[11])
    remaking.make((*sides, None), Why(Rule.REFERENCE, abs(row[6] - row[13]) // 1_000_000))
    for told in (row[5], row[12]):
        if told is not None:  # it finds its place again in `told`
            remaking.make((None, None, told), Why())
