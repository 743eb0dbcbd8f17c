"""A ledger in memory put into the tables as it is: the sums are those of `tests.rules.tracing.memory`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry
from accounts.rules.tracing.params import EPOCH
from accounts.selectors.identity import index_of
from cases.models import Case
from tests.rules.tracing.memory import SIDES, Ledger


def sides(case: Case) -> None:
    """The case's nodes for cash and unnamed."""
    for node, kind in SIDES.items():
        LedgerAccount(case=case, node=node, kind=kind, number_index=index_of(kind)).save(force_insert=True)


def insert(ledger: Ledger, case_id: UUID) -> None:
    """Entries and chains."""
    sums = ledger.sums()
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            id=e.id, case_id=case_id, src=e.src, dst=e.dst, out_at=EPOCH + timedelta(seconds=e.out_at),
            in_at=EPOCH + timedelta(seconds=e.in_at), amount_minor=e.amount, currency=e.currency, co=sums[e.id].co,
            ci=sums[e.id].ci, src_before=sums[e.id].src_before, dst_before=sums[e.id].dst_before,
        )
        for e in ledger.entries
    )  # fmt: skip
    chains = []
    for (node, currency), events in ledger.chains().items():
        since, till = ledger.covered.get(node, (None, None))
        chains.append(
            LedgerChain(
                node=node, currency=currency, case_id=case_id, opening_minor=ledger.openings.get(node, 0),
                is_opening_stated=node in ledger.openings, closing_minor=ledger.closings.get(node),
                covered_from=None if since is None else EPOCH + timedelta(seconds=since),
                covered_to=None if till is None else EPOCH + timedelta(seconds=till),
                entries_out=sum(is_out for _entry, is_out in events), entries_in=sum(not is_out for _e, is_out in events),
            )
        )  # fmt: skip
    LedgerChain.objects.bulk_create(chains)
