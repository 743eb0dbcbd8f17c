"""A case's ledger as columns for computing risk features; who may see what comes of it is asked in `features`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry
from accounts.rules.features import Covers, Entries
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

# Whole numbers only, none of them null, so that every row has the same width. The first side's row of a statement says
# whether its time is a day only; without it the other side's does.
_ENTRIES = """
COPY (
  WITH days AS MATERIALIZED (SELECT id FROM accounts_statementline WHERE case_id = %(case)s AND is_day_only)
  SELECT COALESCE(e.src, -1), COALESCE(e.dst, -1), EXTRACT(epoch FROM e.out_at)::bigint, EXTRACT(epoch FROM e.in_at)::bigint,
    e.amount_minor, e.co, e.ci,
    CASE WHEN e.out_line_id IS NULL THEN i.id IS NOT NULL ELSE o.id IS NOT NULL END::int::bigint,
    CASE WHEN e.in_line_id IS NULL THEN o.id IS NOT NULL ELSE i.id IS NOT NULL END::int::bigint
  FROM accounts_ledgerentry e LEFT JOIN days o ON o.id = e.out_line_id LEFT JOIN days i ON i.id = e.in_line_id
  WHERE e.case_id = %(case)s AND e.currency = %(currency)s
) TO STDOUT (FORMAT binary)
"""
_HEAD, _FIELDS = 19, 9
PIECE = 8 << 20
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
    """Read the case's ledger: five statements and one for each currency, its entries as columns from the start."""
    covers: dict[str, dict[int, Covers]] = defaultdict(dict)
    chains = LedgerChain.objects.filter(case=case_id, covered_from__isnull=False)
    for node, currency, stated, opening in chains.values_list("node", "currency", "is_opening_stated", "opening_minor"):
        covers[currency][node] = Covers(is_empty_before=stated and opening == 0)
    others = LedgerAccount.objects.filter(case=case_id).exclude(kind=LedgerAccount.Kind.ACCOUNT)
    with connection.cursor() as cursor:
        cursor.execute(_DEVICES, [case_id])
        devices = {node: (shared, lines) for node, shared, lines in cursor.fetchall()}
    return Ledger(_entries(case_id), dict(covers), set(others.values_list("node", flat=True)), devices)


class _Numbers:
    """Takes binary COPY of rows of whole numbers: `write` as the driver calls it, `table` all rows in the end."""

    def __init__(self) -> None:
        self._row = np.dtype(
            [("count", ">i2"), *((f"f{at}", [("size", ">i4"), ("value", ">i8")]) for at in range(_FIELDS))]
        )
        self._parts: list[Any] = []
        self._waiting = bytearray()
        self._is_begun = False

    def write(self, data: bytes) -> None:
        """The next piece, cut anywhere."""
        self._waiting += data
        if len(self._waiting) > PIECE:
            self._take()

    def table(self) -> list[Any]:
        """The columns."""
        self._take()
        return [np.concatenate([part[at] for part in self._parts]) for at in range(_FIELDS)]

    def _take(self) -> None:
        start = 0 if self._is_begun else _HEAD
        self._is_begun = True
        count = (len(self._waiting) - start) // self._row.itemsize
        rows = np.frombuffer(self._waiting, dtype=self._row, count=count, offset=start)
        self._parts.append([rows[f"f{at}"]["value"].astype(np.int64) for at in range(_FIELDS)])
        del rows  # else the buffer could not shrink
        del self._waiting[: start + count * self._row.itemsize]


def _entries(case_id: UUID) -> dict[str, Entries]:
    currencies = (
        LedgerEntry.objects.filter(case=case_id).values_list("currency", flat=True).distinct().order_by("currency")
    )
    found = {}
    for currency in list(currencies):
        numbers = _Numbers()
        # Django translates the errors of its own methods only.
        with connection.cursor() as cursor, connection.wrap_database_errors:
            text = cursor.mogrify(_ENTRIES, {"case": case_id, "currency": currency})
            cursor.copy_expert(text, numbers, 1 << 20)
        src, dst, out_at, in_at, amount, co, ci, out_day, in_day = numbers.table()
        days = out_day.astype(np.bool_), in_day.astype(np.bool_)
        found[currency] = Entries(src, dst, out_at, in_at, amount, co, ci, *days)
    return found
