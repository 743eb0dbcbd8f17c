"""A case's ledger as columns for computing risk features; who may see what comes of it is asked in `features`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection

from accounts.models import LedgerAccount, LedgerChain
from accounts.rules.features import Covers, Entries

CHUNK = 50_000
_ENTRIES = """
SELECT e.currency, COALESCE(e.src, -1), COALESCE(e.dst, -1), EXTRACT(epoch FROM e.out_at)::bigint,
  EXTRACT(epoch FROM e.in_at)::bigint, e.amount_minor, e.co, e.ci,
  COALESCE(o.is_day_only, i.is_day_only, false)::int, COALESCE(i.is_day_only, o.is_day_only, false)::int
FROM accounts_ledgerentry e
LEFT JOIN accounts_statementline o ON o.id = e.out_line_id
LEFT JOIN accounts_statementline i ON i.id = e.in_line_id
WHERE e.case_id = %s
"""
# A device that is on the stop list (a bank's own terminal, a public address) shows nothing.
_DEVICES = """
WITH used AS MATERIALIZED (
  SELECT l.node, l.device, count(*) AS lines FROM accounts_statementline l
  JOIN accounts_statementfile f ON f.id = l.file_id
  WHERE l.case_id = %s AND f.status = 'committed' AND l.left_out = '' AND l.device IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM accounts_seriesstop s WHERE s.kind = 'device' AND s.key = l.device AND s.ended_at IS NULL)
  GROUP BY l.node, l.device)
SELECT u.node, (SELECT count(DISTINCT o.node) FROM used m JOIN used o USING (device) WHERE m.node = u.node AND o.node <> u.node),
  sum(u.lines)::bigint
FROM used u GROUP BY u.node
"""


@dataclass(frozen=True)
class Ledger:
    """All that the features of one case are computed from; entries and covers by currency."""

    entries: dict[str, Entries]
    covers: dict[str, dict[int, Covers]]
    unnamed: set[int]
    devices: dict[int, tuple[int, int]]


def ledger_columns(case_id: UUID) -> Ledger:
    """Read the case's ledger: five statements, the entries in chunks of 50,000."""
    covers: dict[str, dict[int, Covers]] = defaultdict(dict)
    chains = LedgerChain.objects.filter(case=case_id, covered_from__isnull=False)
    for node, currency, stated, opening in chains.values_list("node", "currency", "is_opening_stated", "opening_minor"):
        covers[currency][node] = Covers(is_empty_before=stated and opening == 0)
    others = LedgerAccount.objects.filter(case=case_id).exclude(kind=LedgerAccount.Kind.ACCOUNT)
    with connection.cursor() as cursor:
        cursor.execute(_DEVICES, [case_id])
        devices = {node: (shared, lines) for node, shared, lines in cursor.fetchall()}
    return Ledger(_entries(case_id), dict(covers), set(others.values_list("node", flat=True)), devices)


def _entries(case_id: UUID) -> dict[str, Entries]:
    parts: dict[str, list[np.ndarray]] = defaultdict(list)
    with connection.chunked_cursor() as cursor:  # the whole would not fit as Python rows
        cursor.execute(_ENTRIES, [case_id])
        while rows := cursor.fetchmany(CHUNK):
            names = np.array([row[0] for row in rows])
            figures = np.array([row[1:] for row in rows], dtype=np.int64)
            for currency in np.unique(names).tolist():
                parts[currency].append(figures[names == currency])
    found = {}
    for currency, pieces in sorted(parts.items()):
        table = np.concatenate(pieces)
        src, dst, out_at, in_at, amount, co, ci = (np.ascontiguousarray(table[:, at]) for at in range(7))
        days = table[:, 7:].astype(np.bool_)
        found[currency] = Entries(
            src=src, dst=dst, out_at=out_at, in_at=in_at, amount=amount, co=co, ci=ci, out_day=days[:, 0], in_day=days[:, 1]
        )  # fmt: skip
    return found
