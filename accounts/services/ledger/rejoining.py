"""Entries follow their rows and told transfers to other nodes, where numbers were joined or parted; why is in `joining`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.services.ledger.entries import Triple
from accounts.services.ledger.remaking import Remaking, Why

# Both sides' rows no longer name each other, or one of them does not count any more.
_APART = """
SELECT e.id, e.src, e.dst, o.id, o.left_out, i.id, i.left_out, e.transfer_id
FROM accounts_ledgerentry e
LEFT JOIN accounts_statementline o ON o.id = e.out_line_id LEFT JOIN accounts_statementline i ON i.id = e.in_line_id
WHERE e.case_id = %(case)s AND (e.src = ANY(%(nodes)s::bigint[]) OR e.dst = ANY(%(nodes)s::bigint[])) AND (
  o.left_out <> '' OR i.left_out <> '' OR (o.id IS NOT NULL AND i.id IS NOT NULL AND (
    o.node = i.node OR COALESCE(i.counter, o.node) <> o.node OR COALESCE(o.counter, i.node) <> i.node
    OR (o.counter IS NULL AND i.counter IS NULL))))
"""
# As `entries.entries_make` says of each, in place: the entry's key, and so seeds and matches, stay.
_MOVED = """
UPDATE accounts_ledgerentry e SET src = n.src, dst = NULLIF(n.dst, n.src)
FROM (
  SELECT e.id, e.src AS old_src, e.dst AS old_dst,
    CASE WHEN o.id IS NULL AND i.id IS NOT NULL THEN NULLIF(COALESCE(i.counter, a.main, a.node), i.node)
      ELSE COALESCE(o.node, a.main, a.node) END AS src,
    COALESCE(i.node, o.counter, b.main, b.node) AS dst
  FROM accounts_ledgerentry e
  LEFT JOIN accounts_statementline o ON o.id = e.out_line_id LEFT JOIN accounts_statementline i ON i.id = e.in_line_id
  LEFT JOIN accounts_transfer t ON t.id = e.transfer_id
  LEFT JOIN accounts_involvedaccount payer ON payer.id = t.from_account_id
  LEFT JOIN accounts_involvedaccount payee ON payee.id = t.to_account_id
  LEFT JOIN accounts_ledgeraccount a ON a.case_id = e.case_id AND a.number_index = payer.number_index
  LEFT JOIN accounts_ledgeraccount b ON b.case_id = e.case_id AND b.number_index = payee.number_index
  WHERE e.case_id = %(case)s AND (e.src = ANY(%(nodes)s::bigint[]) OR e.dst = ANY(%(nodes)s::bigint[]))
) n WHERE e.id = n.id AND (e.src, e.dst) IS DISTINCT FROM (n.src, NULLIF(n.dst, n.src))
RETURNING n.old_src, n.old_dst, e.src, e.dst
"""
_WITHOUT = """
SELECT id, node, counter, direction FROM accounts_statementline WHERE id = ANY(%s) AND file_id IS DISTINCT FROM %s
"""


def entries_follow(case_id: UUID, nodes: Collection[int], freed: Iterable[UUID], file_id: UUID | None) -> set[int]:
    """Let the entries at these nodes stand where their rows say now; the nodes touched.

    What was matched and is no pair any more is taken apart; `freed` rows, which count again, get entries, but not those of
    `file_id`, whose entries are still to be made.
    """
    given: dict[str, Any] = {"case": case_id, "nodes": sorted(nodes)}
    remaking = Remaking(case_id)
    with connection.cursor() as cursor:
        cursor.execute(_APART, given)
        for entry, src, dst, *sides in cursor.fetchall():
            remaking.end(entry, src, dst)
            for triple in _parts(*sides):
                remaking.make(triple, Why(), src, dst)
        cursor.execute(_WITHOUT, [list(freed), file_id])
        for line, node, counter, way in cursor.fetchall():
            remaking.make((line, None, None) if way == "out" else (None, line, None), Why(), node, counter)
    remaking.flush()
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, given)
        return remaking.nodes | {node for row in cursor.fetchall() for node in row if node is not None}


def _parts(out: UUID | None, out_left: str, into: UUID | None, in_left: str, told: UUID | None) -> list[Triple]:
    found: list[Triple] = []
    if out is not None and not out_left:
        found.append((out, None, None))
    if into is not None and not in_left:
        found.append((None, into, None))
    return [*found, (None, None, told)] if told is not None else found
