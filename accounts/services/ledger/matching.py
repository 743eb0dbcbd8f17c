"""Both sides' statements of one transfer become one entry; told transfers join the entries that they tell of.

Each touched group (parties, amount, currency) is paired from scratch out of the rows themselves, so that the order of the
imports does not matter; what an officer has undone is not paired again. Which row goes with which is `rules.pairing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import LedgerMatch
from accounts.rules.pairing import Pair, Row, pair
from accounts.services.ledger.entries import Triple
from accounts.services.ledger.remaking import Remaking, Rule, Why

FETCH = 5000
# Only where the other side has a statement of its own in the ledger, which its chain says, can there be a row of that side.
_OF_FILE = """
SELECT DISTINCT CASE direction WHEN 'out' THEN node ELSE counter END AS src,
  CASE direction WHEN 'out' THEN counter ELSE node END AS dst, amount_minor, currency
FROM accounts_statementline WHERE file_id = %(file)s AND left_out = '' AND counter <> node
  AND counter IN (SELECT node FROM accounts_ledgerchain WHERE case_id = %(case)s AND covered_from IS NOT NULL)
"""
_OF_NODES = """
SELECT DISTINCT src, dst, amount_minor, currency FROM accounts_ledgerentry
WHERE case_id = %(case)s AND (src = ANY(%(nodes)s::bigint[]) OR dst = ANY(%(nodes)s::bigint[])) AND src IS NOT NULL AND dst IS NOT NULL
"""
_OF_ONE = "SELECT %(src)s::bigint AS src, %(dst)s::bigint AS dst, %(amount)s::bigint AS amount_minor, %(currency)s::text AS currency"
_GROUPS = """
WITH wanted AS MATERIALIZED ({wanted}), sided AS (
  SELECT e.id, e.src, e.dst, e.amount_minor, e.currency, e.out_line_id, e.in_line_id, e.transfer_id,
    bool_or(e.out_line_id IS NOT NULL) OVER chosen AND bool_or(e.in_line_id IS NOT NULL) OVER chosen AS has_both
  FROM accounts_ledgerentry e JOIN wanted w
    ON e.src = w.src AND e.dst = w.dst AND e.amount_minor = w.amount_minor AND e.currency = w.currency
  WHERE e.case_id = %(case)s AND COALESCE(e.out_line_id, e.in_line_id) IS NOT NULL
  WINDOW chosen AS (PARTITION BY e.src, e.dst, e.amount_minor, e.currency)
)
SELECT s.src, s.dst, s.amount_minor, s.currency, s.id, s.out_line_id, s.in_line_id, s.transfer_id,
  (extract(epoch FROM o.at) * 1000000)::bigint, o.is_day_only, o.reference, o.serial, fo.sha256, o.row,
  (extract(epoch FROM i.at) * 1000000)::bigint, i.is_day_only, i.reference, i.serial, fi.sha256, i.row
FROM sided s
LEFT JOIN accounts_statementline o ON o.id = s.out_line_id LEFT JOIN accounts_statementfile fo ON fo.id = o.file_id
LEFT JOIN accounts_statementline i ON i.id = s.in_line_id LEFT JOIN accounts_statementfile fi ON fi.id = i.file_id
WHERE s.has_both ORDER BY s.src, s.dst, s.amount_minor, s.currency
"""


@dataclass
class _Group:
    """The rows of one group, and the entries that they are in now."""

    outs: list[Row] = field(default_factory=list)
    ins: list[Row] = field(default_factory=list)
    now: dict[Triple, int] = field(default_factory=dict)


def matches_of_file(case_id: UUID, file_id: UUID) -> set[int]:
    """Match what a file's rows brought; the nodes that were touched."""
    return _match(case_id, _OF_FILE, {"file": file_id})


def matches_of_nodes(case_id: UUID, nodes: Collection[int]) -> set[int]:
    """Match all rows of these nodes again; the nodes that were touched."""
    return _match(case_id, _OF_NODES, {"nodes": sorted(nodes)})


def matches_of_group(case_id: UUID, src: int, dst: int, amount: int, currency: str) -> set[int]:
    """Match the rows of two parties, one amount and one currency again."""
    return _match(case_id, _OF_ONE, {"src": src, "dst": dst, "amount": amount, "currency": currency})


def _match(case_id: UUID, wanted: str, params: dict[str, Any]) -> set[int]:
    remaking, forbidden = Remaking(case_id), _undone(case_id)
    # Rows stream through a cursor of the server: a case may have millions of them in matching groups.
    with connection.chunked_cursor() as cursor:
        cursor.execute(_GROUPS.format(wanted=wanted), {**params, "case": case_id})
        for key, rows in groupby(_fetched(cursor), key=lambda row: row[:4]):
            _regroup(remaking, key, _group(rows), forbidden)
    remaking.flush()
    return remaking.nodes


def _fetched(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(FETCH):
        yield from rows


def _undone(case_id: UUID) -> set[tuple[Any, Any]]:
    rows = LedgerMatch.objects.filter(case_id=case_id, undone_at__isnull=False).exclude(rule=Rule.TOLD)
    return set(rows.values_list("out_line", "in_line"))


def _group(rows: Iterable[tuple[Any, ...]]) -> _Group:
    group = _Group()
    for row in rows:
        entry, out, into, told = row[4:8]
        group.now[out, into, told] = entry
        if out is not None:
            group.outs.append(_row(out, row[8:14]))
        if into is not None:
            group.ins.append(_row(into, row[14:20]))
    return group


def _row(line: UUID, columns: tuple[Any, ...]) -> Row:
    at, day_only, reference, serial, sha256, number = columns
    order = (len(serial), serial, bytes(sha256), number)
    return Row(line, at, order, day_only, bytes(reference) if reference else b"")


def _regroup(remaking: Remaking, key: tuple[Any, ...], group: _Group, forbidden: set[tuple[Any, Any]]) -> None:
    """Keep the entries that pairing gives again; the others go, and what it gives comes instead."""
    src, dst = key[0], key[1]
    wanted = _wanted(group, pair(group.outs, group.ins, forbidden=forbidden))
    kept = {triple[:2]: triple for triple in group.now if triple[:2] in wanted}
    for triple, entry in group.now.items():
        if triple[:2] not in kept:
            remaking.end(entry, src, dst)
            if triple[2] is not None:  # what was told of it stands alone until `told` finds its place again
                remaking.make((None, None, triple[2]), Why(), src, dst)
    for sides, why in wanted.items():
        if sides not in kept:
            remaking.make((*sides, None), why, src, dst)


def _wanted(group: _Group, pairs: list[Pair]) -> dict[tuple[Any, Any], Why]:
    found: dict[tuple[Any, Any], Why] = {}
    for each in pairs:
        rule = Rule.REFERENCE if each.same_reference else Rule.PARTIES
        sides = (group.outs[each.out].key, group.ins[each.into].key)
        found[sides] = Why(rule, each.apart // 1_000_000)
    paired_out, paired_in = {each.out for each in pairs}, {each.into for each in pairs}
    found |= {(row.key, None): Why() for n, row in enumerate(group.outs) if n not in paired_out}
    found |= {(None, row.key): Why() for n, row in enumerate(group.ins) if n not in paired_in}
    return found
