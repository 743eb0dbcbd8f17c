"""What a bank's system gets for the delivery of an alert: its own notice, and nothing about anybody else's."""

from __future__ import annotations

import json
from typing import Any

from accounts.models import AlertNotice
from accounts.policy import Action
from antifraud import policy
from antifraud.audit import diary
from banks.models import Delivery, User


def notice_message(*, by: User, delivery: Delivery) -> dict[str, Any]:
    """The part of the message that is about the notice; receiving is in the audit log and is no reading by a person.

    Once the alert has expired its institution may not see it any more: the message then says so and carries no
    content, since a delivery that fails would hold up every other one of the same call.
    """
    rows = policy.scope(by, Action.NOTICE_VIEW, AlertNotice.objects.select_related("alert"))
    notice = rows.filter(pk=delivery.subject_id).defer("alert__payload", "alert__content", "report").first()
    if notice is None:
        return {"notice_id": str(delivery.subject_id), "status": "expired"}
    body: dict[str, Any] = {
        "notice_id": str(notice.id),
        "alert_number": notice.alert.number,
        "status": notice.status,
        "available_at": notice.available_at.isoformat() if notice.available_at else None,
        "acknowledge_due_at": notice.due_at.isoformat() if notice.due_at else None,
        "payload": json.loads(notice.payload.open()),
        "payload_sha256": bytes(notice.payload_sha256).hex(),
    }
    diary.record(
        "notice.receive", by=by, obj=notice, case_id=notice.case_id, purpose=f"receive alert {notice.alert.number}",
        detail={"topic": delivery.topic, "attempt": delivery.attempt},
    )  # fmt: skip
    return body
