"""The bank's queue: a selector over orders that are in its lane, never a table that rows are moved through."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, DurationField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value

from accounts.models import Answer, ClockPause, Hold, Order
from accounts.policy import Action
from antifraud import db, policy
from banks.models import Delivery, User

KEYSET = ("due_at_bank", "id")
ANSWERED_KEYSET = ("-listed_at", "-id")
RELATED = ("account__institution", "institution", "routed_to", "unit", "case", "acknowledged_by")
UNREAD = ("payload", "reason", "case__narrative")  # long ciphertext that a list never opens
SHOWN = ("account", "unit", "case", "routed_to", "acknowledged_by")
SHOWN_FIELDS = (
    "number", "kind", "status", "urgency", "emergency", "mode", "amount_minor", "currency", "outcome", "answer_due_at",
    "acknowledged_at", "answered_at", "account__number", "account__holder_name", "case__number", "unit__name",
    "unit__name_zh", "routed_to__name", "routed_to__name_zh", "acknowledged_by__full_name",
)  # fmt: skip
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
ENDED = (Order.Status.ANSWERED, Order.Status.CANCELLED, Order.Status.SUPERSEDED)
NEAR, SOON = timedelta(minutes=15), timedelta(minutes=30)
CANCELLED = "order.cancelled"


def bank_queue(*, user: User, group: str = "", kind: str = "", q: str = "") -> QuerySet[Order]:
    """Open orders that have reached the reader's institution, the most urgent first (page them by KEYSET).

    `group`: overdue, near (less than 15 min left), soon (less than 30), rest, unseen. `q`: an order or case number.
    """
    rows = _narrowed(_arrived(user).select_related(*RELATED).defer(*UNREAD), kind=kind, q=q)
    if group:
        now = db.AppNow()
        near, soon = (now + Value(length, output_field=DurationField()) for length in (NEAR, SOON))
        rows = rows.filter(_groups(now, near, soon).get(group, Q()))
    return rows.annotate(due_at_bank=F("answer_due_at")).order_by(*KEYSET)


def bank_answered(*, user: User, kind: str = "", q: str = "") -> QuerySet[Order]:
    """What the institution has answered, and what was cancelled, newest issue first (page it by ANSWERED_KEYSET)."""
    rows = policy.scope(user, Action.ORDER_ACKNOWLEDGE, Order.objects.select_related(*RELATED).defer(*UNREAD))
    rows = _narrowed(rows.filter(_mine(user), status__in=ENDED), kind=kind, q=q)
    return rows.annotate(listed_at=F("grants__sort_at"))


def as_lines(rows: QuerySet[Order]) -> QuerySet[Order]:
    """The same orders with what a line of a page shows of them, and nothing else: a third of the columns."""
    return rows.select_related(None).select_related(*SHOWN).only(*SHOWN_FIELDS)


def queue_counts(*, user: User, now: datetime) -> dict[str, int]:
    """How many open orders stand in each group of the strip at the legal time `now`; one statement."""
    groups = _groups(now, now + NEAR, now + SOON)
    figures = {name: Count("id", filter=condition) for name, condition in groups.items()}
    counts: dict[str, int] = _arrived(user).aggregate(total=Count("id"), **figures)
    return counts


def cancellations_unseen(*, user: User) -> QuerySet[Order]:
    """Cancelled orders of which the institution has been told, and that nobody there has noted yet, oldest first.

    Somebody may be about to execute one of them.
    """
    told = Delivery.objects.filter(
        institution=user.institution_id, topic=CANCELLED, subject_id=OuterRef("pk"),
        state__in=[Delivery.State.READY, Delivery.State.LEASED],
    )  # fmt: skip
    rows = policy.scope(user, Action.ORDER_ACKNOWLEDGE, Order.objects.select_related("unit").defer("payload", "reason"))
    return rows.filter(Exists(told), _mine(user), status=Order.Status.CANCELLED).order_by("cancelled_at", "pk")


def queue_order(*, user: User, order_id: UUID) -> Order:
    """One order as its institution sees it, with its answers and holds; NotFound out of reach.

    What another institution got and this order corrects is not told.
    """
    answers = Answer.objects.select_related("suggested_institution", "answered_by", "statement")
    rows = Order.objects.select_related(
        *RELATED, "original", "legal_profile", "corrects", "instrument", "operator", "second_officer"
    ).prefetch_related(
        Prefetch("answers", answers.order_by("seq")),
        Prefetch("holds", Hold.objects.order_by("created_at", "pk")),
    )
    rows = rows.annotate(has_pauses=Exists(ClockPause.objects.filter(order=OuterRef("pk"))))
    order = policy.get(user, Action.ORDER_VIEW, rows.filter(_mine(user)), order_id)
    if order.corrects is not None and order.corrects.institution_id != order.institution_id:
        order.corrects = None
    return order


def queue_orders(*, user: User, order_ids: list[UUID]) -> dict[UUID, Order]:
    """The institution's orders of these ids, whatever their state, for a sheet that is read back; others are absent."""
    rows = policy.scope(user, Action.ORDER_ANSWER, Order.objects.select_related(*RELATED, "original", "legal_profile"))
    found = rows.filter(_mine(user), pk__in=order_ids, issued_at__isnull=False).defer(*UNREAD)
    return {order.pk: order for order in found}


def next_in_queue(*, user: User, after: UUID | None = None) -> Order | None:
    """The most urgent order that nobody has answered, other than the one just answered."""
    rows = _arrived(user)
    return (rows.exclude(pk=after) if after else rows).order_by("answer_due_at", "id").only("pk", "number").first()


def _narrowed(rows: QuerySet[Order], *, kind: str, q: str) -> QuerySet[Order]:
    if kind:
        rows = rows.filter(kind=kind)
    word = q.strip()
    if word:
        rows = rows.filter(Q(number__iexact=word) | Q(case__number__iexact=word) | Q(number__iendswith=word))
    return rows


def _arrived(user: User) -> QuerySet[Order]:
    rows = policy.scope(user, Action.ORDER_ACKNOWLEDGE, Order.objects.all())
    return rows.filter(_mine(user), status__in=OPEN, available_at__isnull=False)


def _mine(user: User) -> Q:
    """Addressed or routed to the reader's institution; police, whom the policy lets reach orders, have no queue."""
    return Q(institution=user.institution_id) | Q(routed_to=user.institution_id)


def _groups(now: Any, near: Any, soon: Any) -> dict[str, Q]:
    """The groups of the strip by these limits: moments, or expressions of them."""
    due = "answer_due_at"
    return {
        "overdue": Q(**{f"{due}__lte": now}),
        "near": Q(**{f"{due}__gt": now, f"{due}__lte": near}),
        "soon": Q(**{f"{due}__gt": near, f"{due}__lte": soon}),
        "rest": Q(**{f"{due}__gt": soon}),
        "unseen": Q(status=Order.Status.ISSUED),
    }
