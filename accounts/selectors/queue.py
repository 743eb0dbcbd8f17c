"""The bank's queue: a selector over orders that are in its lane, never a table that rows are moved through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, DurationField, Q, QuerySet, Value

from accounts.models import Order
from accounts.policy import Action
from antifraud import db, policy
from banks.models import User

KEYSET = ("answer_due_at", "id")
RELATED = ("account__institution", "institution", "routed_to", "unit", "case", "acknowledged_by")
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
NEAR = Value(timedelta(minutes=15), output_field=DurationField())
SOON = Value(timedelta(minutes=30), output_field=DurationField())


def bank_queue(*, user: User, group: str = "", kind: str = "", q: str = "") -> QuerySet[Order]:
    """Open orders that have reached the reader's institution, the most urgent first.

    `group`: overdue, near (less than 15 min left), soon (less than 30), rest, unseen. `q`: an order or case number.
    """
    rows = _arrived(user).select_related(*RELATED)
    if kind:
        rows = rows.filter(kind=kind)
    if q.strip():
        rows = rows.filter(
            Q(number__iexact=q.strip()) | Q(case__number__iexact=q.strip()) | Q(number__iendswith=q.strip())
        )
    conditions = _groups()
    if group in conditions:
        rows = rows.filter(conditions[group])
    return rows.order_by(*KEYSET)


def queue_counts(*, user: User) -> dict[str, int]:
    """How many open orders stand in each group of the strip; one statement."""
    figures = {name: Count("id", filter=condition) for name, condition in _groups().items()}
    counts: dict[str, int] = _arrived(user).aggregate(total=Count("id"), **figures)
    return counts


def queue_order(*, user: User, order_id: UUID) -> Order:
    """One order as its institution sees it, with what the answer page shows; NotFound out of reach."""
    queryset = Order.objects.select_related(
        *RELATED, "original", "operator", "second_officer", "legal_profile", "corrects"
    )
    return policy.get(user, Action.ORDER_VIEW, queryset, order_id)


def next_in_queue(*, user: User, after: UUID | None = None) -> Order | None:
    """The most urgent order that nobody has answered, other than the one just answered."""
    rows = _arrived(user)
    return (rows.exclude(pk=after) if after else rows).order_by(*KEYSET).first()


def _arrived(user: User) -> QuerySet[Order]:
    mine = Q(institution=user.institution_id) | Q(routed_to=user.institution_id)
    rows = policy.scope(user, Action.ORDER_ACKNOWLEDGE, Order.objects.all())
    return rows.filter(mine, status__in=OPEN, available_at__isnull=False)


def _groups() -> dict[str, Any]:
    due = "answer_due_at"
    return {
        "overdue": Q(**{f"{due}__lte": db.AppNow()}),
        "near": Q(**{f"{due}__gt": db.AppNow(), f"{due}__lte": db.AppNow() + NEAR}),
        "soon": Q(**{f"{due}__gt": db.AppNow() + NEAR, f"{due}__lte": db.AppNow() + SOON}),
        "rest": Q(**{f"{due}__gt": db.AppNow() + SOON}),
        "unseen": Q(status=Order.Status.ISSUED),
    }
