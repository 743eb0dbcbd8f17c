"""The moment orders are first in the institution's lane: their answers' terms run from here (domain.md §4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from accounts.models import Order
from accounts.policy import Action
from accounts.rules.deadlines import answer_due_at
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import NotFound
from banks.models import User

VERB = "order.available"
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
# Of some sixty columns: this runs for every order on its way to the bank.
ROWS = Order.objects.only("status", "case", "answer_minutes", "available_at", "answer_due_at")


def orders_make_available(order_ids: Collection[UUID], *, by: User, at: datetime) -> list[Order]:
    """Note `at` as the orders' first availability and when their answers are due; `by` is the platform's own user.

    Returns those whose term begins. Nothing changes where one was available before (a branch's delivery, a repeated
    push) or is no longer open: an order that was cancelled or answered on paper meanwhile has no term to run. Raises
    NotFound if a single one is out of reach.
    """
    wanted = set(order_ids)
    orders = list(db.lock(policy.scope(by, Action.ORDER_VIEW, ROWS.filter(pk__in=wanted))))
    if len(orders) != len(wanted):
        raise NotFound
    starting = [order for order in orders if _starts(order, at)]
    by_term: dict[datetime | None, list[UUID]] = {}
    for order in starting:
        by_term.setdefault(order.answer_due_at, []).append(order.pk)
    for due_at, keys in by_term.items():  # few terms; a CASE for each row would cost more than all the rest
        Order.objects.filter(pk__in=keys).update(available_at=at, answer_due_at=due_at)
    details = [(order, order.case_id, {"answer_due_at": order.answer_due_at}) for order in starting]
    diary.record_many(VERB, by=by, rows=details)
    return starting


def _starts(order: Order, at: datetime) -> bool:
    if order.available_at is not None or order.status not in OPEN:
        return False
    order.available_at = at
    order.answer_due_at = answer_due_at(at, order.answer_minutes)
    return True
