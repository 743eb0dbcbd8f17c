"""What a bank's system gets for a delivery: the order's (or alert's) approved content, its clocks, and how often it was sent."""

from __future__ import annotations

import json
from typing import Any

from accounts.models import Order
from accounts.rules.digests import known_state
from accounts.selectors.reconciliation import with_final_answer
from accounts.services.alerts.content import TOPIC as ALERT
from accounts.services.alerts.messages import notice_message
from accounts.services.refunds.messages import refund_message
from accounts.services.refunds.send import TOPIC as REFUND
from antifraud import policy
from antifraud.audit import diary
from banks.models import Delivery, User
from banks.selectors.platform import epoch as platform_epoch

SCHEMA = "antifraud.delivery/1"
# What is not about an order: an institution's notice of an alert, its extract of a return decision.
OTHERS = {ALERT: notice_message, REFUND: refund_message}
# An order has many columns; this is read for each delivery.
_COLUMNS = (
    "id", "number", "status", "case_id", "available_at", "answer_due_at", "acknowledged_at", "payload", "payload_sha256",
)  # fmt: skip


def delivery_message(*, by: User, delivery: Delivery, epoch: int | None = None) -> dict[str, Any]:
    """The message of one delivery, in the platform's present epoch (asked for where none is given); who got what is audited.

    `possible_duplicate` is true from the second attempt on: the receiver recognises the subject by its id (R9).
    An `order.cancelled` message names the order only; an `alert.issued` message is about a notice, a `refund.decided` one about a return.
    """
    about = OTHERS.get(delivery.topic, _order_message)
    return {
        "schema": SCHEMA,
        "epoch": platform_epoch() if epoch is None else epoch,
        "delivery_id": str(delivery.id),
        "topic": delivery.topic,
        "seq": delivery.seq,
        "attempt": delivery.attempt,
        "possible_duplicate": delivery.attempt > 1,
        **about(by=by, delivery=delivery),
    }


def _order_message(*, by: User, delivery: Delivery) -> dict[str, Any]:
    orders = with_final_answer(Order.objects.only(*_COLUMNS))
    order = policy.get(by, "order.view", orders, delivery.subject_id)
    body: dict[str, Any] = {
        "order_id": str(order.id),
        "order_number": order.number,
        "status": _told_state(order),
        "available_at": order.available_at.isoformat() if order.available_at else None,  # its UTC date: the day of R11
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


def _told_state(order: Order) -> str:
    """The state as the institution knows it from this message on (R11), never a word of the platform's own.

    A cancellation that is still on its way to the lane is told here already: nobody may execute the order any more.
    """
    answers = int(vars(order)["has_final_answer"])
    acknowledged = order.acknowledged_at is not None
    return known_state(order.status, acknowledged=acknowledged, answers=answers, cancellation_arrived=True)
