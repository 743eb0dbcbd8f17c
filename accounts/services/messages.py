"""What a bank's system gets for a delivery: the order's approved content, its clocks, and how often it was sent."""

from __future__ import annotations

import json
from typing import Any

from accounts.models import Order
from antifraud import policy
from antifraud.audit import diary
from banks.models import Delivery, User

SCHEMA = "antifraud.delivery/1"


def delivery_message(*, by: User, delivery: Delivery) -> dict[str, Any]:
    """The message of one leased delivery; who received which order is in the audit log.

    `possible_duplicate` is true from the second attempt on: the receiver recognises the order by its id (R9).
    An `order.cancelled` message names the order only.
    """
    order = policy.get(by, "order.view", Order.objects.all(), delivery.subject_id)
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "delivery_id": str(delivery.id),
        "topic": delivery.topic,
        "attempt": delivery.attempt,
        "possible_duplicate": delivery.attempt > 1,
        "order_id": str(order.id),
        "order_number": order.number,
        "status": order.status,
        "answer_due_at": order.answer_due_at.isoformat() if order.answer_due_at else None,
    }
    if delivery.topic == "order.issued" and order.payload is not None:
        body["payload"] = json.loads(order.payload.open())
        body["payload_sha256"] = bytes(order.payload_sha256 or b"").hex()
    diary.record(
        "order.receive", by=by, obj=order, case_id=order.case_id, purpose=f"answer order {order.number}",
        detail={"topic": delivery.topic, "attempt": delivery.attempt},
    )  # fmt: skip
    return body
