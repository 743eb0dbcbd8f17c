"""What the ledger knows around the accounts of a trace that the trace does not show; whose traces these are is asked elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from accounts.models import TraceRun

MOST_NEIGHBOURS = 40  # shown when one account is opened, the largest sums first

_HIDDEN = """
SELECT near.node, count(DISTINCT near.other) FROM (
    SELECT src AS node, dst AS other FROM accounts_ledgerentry
     WHERE src = ANY(%(nodes)s) AND currency = %(currency)s AND case_id = %(case)s AND dst IS NOT NULL
    UNION ALL
    SELECT dst, src FROM accounts_ledgerentry
     WHERE dst = ANY(%(nodes)s) AND currency = %(currency)s AND case_id = %(case)s AND src IS NOT NULL
) near WHERE NOT near.other = ANY(%(nodes)s) GROUP BY near.node
"""
_NEIGHBOURS = """
SELECT other, way, sum(amount_minor)::bigint, count(*), min(at) FROM (
    SELECT dst AS other, 1 AS way, amount_minor, out_at AS at FROM accounts_ledgerentry
     WHERE src = %(node)s AND currency = %(currency)s AND case_id = %(case)s AND dst IS NOT NULL
    UNION ALL
    SELECT src, -1, amount_minor, in_at FROM accounts_ledgerentry
     WHERE dst = %(node)s AND currency = %(currency)s AND case_id = %(case)s AND src IS NOT NULL
) near GROUP BY other, way ORDER BY sum(amount_minor) DESC, other, way LIMIT %(most)s
"""


def hidden_counts(run: TraceRun, shown: Collection[int]) -> dict[int, int]:
    """How many neighbours of each shown account the ledger knows that are not shown."""
    if not shown:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN, {"nodes": sorted(shown), "currency": run.currency, "case": run.case_id})
        return dict(cursor.fetchall())


def neighbours(run: TraceRun, node: int) -> list[tuple[int, int, int, int, datetime]]:
    """(other, 1 paid to it or -1 by it, sum in minor units, payments, time of the first), the largest sums first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NEIGHBOURS, {"node": node, "currency": run.currency, "case": run.case_id, "most": MOST_NEIGHBOURS}
        )
        return list(cursor.fetchall())
