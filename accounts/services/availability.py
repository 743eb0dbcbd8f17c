"""The moment an order is first in the institution's lane: its answer's term runs from here (domain.md §4)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.models import Order
from accounts.policy import Action
from accounts.rules.deadlines import answer_due_at
from antifraud import policy
from antifraud.audit import diary
from banks.models import User

OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
# Of some sixty columns: this runs for every order on its way to the bank.
ROWS = Order.objects.only("status", "case", "answer_minutes", "available_at", "answer_due_at")


def order_make_available(order_id: UUID, *, by: User, at: datetime) -> Order:
    """Note `at` as the order's first availability and when its answer is due; `by` is the platform's own user.

    Nothing changes where it was available before (a branch's delivery, a repeated push) or is no longer open: an
    order that was cancelled or answered on paper meanwhile has no term to run. Raises NotFound.
    """
    order = policy.get(by, Action.ORDER_VIEW, ROWS.all(), order_id, lock=True)
    if order.available_at is not None or order.status not in OPEN:
        return order
    order.available_at = at
    order.answer_due_at = answer_due_at(at, order.answer_minutes)
    order.save(update_fields=["available_at", "answer_due_at"])
    diary.record(
        "order.available", by=by, obj=order, case_id=order.case_id, detail={"answer_due_at": order.answer_due_at}
    )
    return order
