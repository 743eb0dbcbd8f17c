"""What a bank's system gets for the delivery of a return decision: its own extract with clear payees, and its term."""

from __future__ import annotations

import json
from typing import Any

from accounts.models import Refund
from accounts.policy import RefundAction
from antifraud import policy
from antifraud.audit import diary
from banks.models import Delivery, User


def refund_message(*, by: User, delivery: Delivery) -> dict[str, Any]:
    """The part of the message that is about the return; who got it is in the audit log. Raises NotFound."""
    rows = Refund.objects.select_related("institution")
    refund = policy.get(by, RefundAction.REFUND_OPEN, rows, delivery.subject_id)
    body: dict[str, Any] = {
        "refund_id": str(refund.id),
        "refund_number": refund.number,
        "status": refund.status,
        "available_at": refund.available_at.isoformat() if refund.available_at else None,
        "payout_due_at": refund.payout_due_at.isoformat() if refund.payout_due_at else None,
        "payload": json.loads(refund.payload.open()) if refund.payload is not None else None,
        "payload_sha256": bytes(refund.payload_sha256 or b"").hex(),
    }
    diary.record(
        "refund.receive", by=by, obj=refund, case_id=refund.case_id, purpose=f"pay return {refund.number}",
        detail={"topic": delivery.topic, "attempt": delivery.attempt},
    )  # fmt: skip
    return body
