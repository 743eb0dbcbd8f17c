"""The job `ledger.tell`: transfers that were told come into the ledger of their case, and its numbers lead to the case's accounts."""

from __future__ import annotations

from uuid import UUID

from accounts.models import CaseLedger, LedgerEntry, Transfer
from accounts.services.ledger.joining import numbers_settle
from accounts.services.ledger.told import ledger_transfers_add
from antifraud import bulk, db
from antifraud.jobs import queue
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from banks.models import User

TELL = "ledger.tell"


def ledger_tell(*, by: User, case_id: UUID) -> None:
    """Have the ledger hear of the case's accounts, their other numbers and merges, where there is a ledger."""
    if CaseLedger.objects.filter(case=case_id).exists():
        queue.submit(TELL, case_id, by=by)


def ledger_tell_work(job: Claimed, progress: Progress) -> None:
    """Add what the ledger lacks; a running import of the case is waited for."""
    progress.begin("telling")
    by = User.objects.select_related("institution").get(pk=job.by_id)
    with db.unit_of_work(by):
        bulk.long_work()
        known = LedgerEntry.objects.filter(case_id=job.subject_id, transfer__isnull=False).values("transfer")
        told = Transfer.objects.filter(case_id=job.subject_id, at__isnull=False).exclude(pk__in=known)
        added = ledger_transfers_add(job.subject_id, told.order_by("pk"))
        numbers_settle(job.subject_id, by=by)
        progress.fence()
    progress.end(added)
