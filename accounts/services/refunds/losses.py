"""What a case's victims lost by its returns' worksheets, so that the case's page can say where its report says less."""

from __future__ import annotations

from uuid import UUID

from accounts.models import RefundShare
from antifraud import db
from cases.models import Case
from cases.services.cases import case_claimed


def losses_count(case_id: UUID, currency: str) -> None:
    """Sum up each victim's loss as their newest line says it; lines of returns that were given up do not count.

    The case is locked first, so that two acts on its returns sum up one after the other, the second with the first's lines.
    """
    db.lock(Case.objects.filter(pk=case_id)).only("pk").get()
    rows = RefundShare.objects.filter(case=case_id, refund__currency=currency)
    rows = rows.exclude(refund__status="closed", refund__decided_at__isnull=True)
    newest = rows.order_by("victim", "-round__opened_at", "-round__number").distinct("victim")
    losses = list(newest.values_list("loss_minor", flat=True))
    case_claimed(case_id, claimed_minor=sum(losses) if losses else None, currency=currency)
