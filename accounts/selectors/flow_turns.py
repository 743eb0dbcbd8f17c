"""The order of a trace's payments: by time, within one moment as the chains of the ledger have them (`rules.tracing.turns`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F

from accounts.models import LedgerEntry
from accounts.rules.tracing.turns import Tied, in_turn
from accounts.selectors.any_of import AnyOf

if TYPE_CHECKING:
    from accounts.selectors.flow import FlowEdge


def edges_in_turn(case_id: UUID, edges: Iterable[FlowEdge]) -> list[FlowEdge]:
    """These payments in their order, `turn` set where several are of one moment; one statement, none where no two are."""
    moments: dict[int, list[FlowEdge]] = defaultdict(list)
    for edge in edges:
        moments[edge.at].append(edge)
    entries = [edge.entry or 0 for several in moments.values() if len(several) > 1 for edge in several]
    rows = LedgerEntry.objects.filter(AnyOf(F("pk"), entries), case=case_id) if entries else LedgerEntry.objects.none()
    columns = {row[0]: row[1:] for row in rows.values_list("pk", "src", "dst", "co", "ci", "src_before", "dst_before")}
    found: list[FlowEdge] = []
    for _at, several in sorted(moments.items()):
        if len(several) == 1:
            found += several
            continue
        by_entry = {edge.entry or 0: edge for edge in several}
        order = in_turn([_tied(edge, columns.get(edge.entry or 0)) for edge in by_entry.values()])
        found += [replace(by_entry[entry], turn=turn) for turn, entry in enumerate(order)]
    return found


def _tied(edge: FlowEdge, columns: tuple[int | None, int | None, int, int, int, int] | None) -> Tied:
    """Its place on a chain is what came and left before it there (as `rules.tracing.rows.Row`)."""
    if columns is None:
        return Tied(edge.entry or 0, edge.hop, None, None, None, None)
    src, dst, co, ci, src_before, dst_before = columns
    return Tied(edge.entry or 0, edge.hop, src, 2 * co + src_before, dst, 2 * ci - dst_before)
