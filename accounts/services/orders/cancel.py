"""End an order before it is answered; the institution is told where it was told of the order.

A cancellation is delivered like an order. An execution that crosses it is recorded by `accounts.services.answers`,
which drafts a release then.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Order
from accounts.policy import Action
from accounts.rules.order_kinds import order_kind
from accounts.services.orders.approve import require_superior, required_reason
from accounts.services.payload import ROWS
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.approvals import requests
from banks.models import User
from banks.services.deliveries import delivery_enqueue
from cases.services.cases import case_count

CANCELLED = "order.cancelled"
STOPPABLE = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


def order_cancel(*, by: User, order_id: UUID, reason: str) -> Order:
    """Cancel a draft, a submitted or an unanswered order, with a reason. The unit itself or a body above it may.

    A stop that was issued stays counted unless a corrected order takes its place. Raises WrongState once answered.
    """
    order = policy.get(by, Action.ORDER_CANCEL, ROWS, order_id, lock=True)
    require_superior(by, order.unit)
    order_flow.step("cancel", order.status)
    return cancel_apply(order, by=by, reason=required_reason(reason))


def cancel_apply(order: Order, *, by: User, reason: str, **columns: Any) -> Order:
    """The act itself, also for orders issued in error or overruled. The caller has authorised and holds the row."""
    was_out = order.status in STOPPABLE
    changes = {"ended_reason": reason, "cancelled_at": db.require_unit_of_work().now, **columns}
    order_flow.apply(order, "cancel", by=by, changes=changes, detail={"error_field": columns.get("error_field", "")})
    requests.lapse(order.id)
    if was_out:
        case_count(order.case_id, open_orders=-1)
        _tell(order)
    return order


def _tell(order: Order) -> None:
    """Institution and branch hear of it as they heard of the order; paper is brought by hand."""
    for institution in (order.institution, order.routed_to):
        if institution is not None and institution.connected:
            delivery_enqueue(
                institution=institution, topic=CANCELLED, subject_id=order.id, case_id=order.case_id,
                priority=order_kind(order.kind).priority,
            )  # fmt: skip
