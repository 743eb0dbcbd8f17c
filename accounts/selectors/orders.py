"""Orders that a reader may see: the list (grants read first), one order, drafts. What waits for a decision is in
`decisions`, notices of other units' holds in `duplicates`, the history in `timeline`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet

from accounts.models import Answer, ClockPause, Hold, NextHop, Order
from accounts.policy import Action
from antifraud import db, policy
from banks.models import User

KEYSET = ("-listed_at", "-id")
LISTED = ("case", "account", "institution", "routed_to", "unit", "operator")
SHOWN = (
    "case__unit", "account__institution", "account__merged_into", "institution", "routed_to", "unit", "operator", "second_officer",
    "approver", "acknowledged_by", "original", "corrects", "transfer__from_account__institution", "transfer__to_account", "instrument",
    "legal_profile",
)  # fmt: skip
TERM_RUNS = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


@dataclass(frozen=True)
class OrderFilters:
    """What narrows a list of orders; empty values do not. `q` is an order number or the digits at its end."""

    status: str = ""
    kind: str = ""
    institution: UUID | None = None
    unit: UUID | None = None
    case: UUID | None = None
    overdue: bool = False
    q: str = ""


def orders_list(*, user: User, filters: OrderFilters | None = None) -> QuerySet[Order]:
    """Orders newest first by `listed_at` (for police the draft's time, for the institution the issue's).

    Ordered by KEYSET, so that the database reads the grant index backwards and joins only one page of orders.
    """
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.select_related(*LISTED))
    return narrowed(rows, filters or OrderFilters()).annotate(listed_at=F("grants__sort_at"))


def narrowed(rows: QuerySet[Order], wanted: OrderFilters) -> QuerySet[Order]:
    """`rows` with the filters applied."""
    same = {
        "status": wanted.status,
        "kind": wanted.kind,
        "institution": wanted.institution,
        "unit": wanted.unit,
        "case": wanted.case,
    }
    rows = rows.filter(**{name: value for name, value in same.items() if value})
    if wanted.overdue:
        rows = rows.filter(status__in=TERM_RUNS, answer_due_at__lte=db.AppNow())
    word = wanted.q.strip().upper()
    if word.isascii() and word.isdigit() and len(word) <= 8:
        rows = rows.filter(number__endswith=f"-{int(word):08d}")
    elif word:
        rows = rows.filter(number=word)
    return rows


def drafts_list(*, user: User) -> QuerySet[Order]:
    """The drafts of the reader's own unit, those with a date first."""
    rows = policy.scope(user, Action.ORDER_UPDATE, Order.objects.select_related(*LISTED))
    mine = rows.filter(status=Order.Status.DRAFT, unit=user.institution_id)
    return mine.order_by(F("due_at").asc(nulls_last=True), "-created_at", "pk")


def order_detail(*, user: User, order_id: UUID) -> Order:
    """One order with its answers (one, or two where the first was a mismatch) and holds; NotFound out of reach.

    Five statements at most: order, answers, prior freezes, next hops with institutions, holds.

    An institution does not learn of an order that went to another one and that this order corrects.
    """
    answers = Answer.objects.select_related(
        "suggested_institution", "statement", "scan", "answered_by", "confirmed_by", "holder_record"
    ).prefetch_related("prior_freezes", Prefetch("next_hops", NextHop.objects.select_related("institution")))
    rows = Order.objects.select_related(*SHOWN).prefetch_related(
        Prefetch("answers", answers.order_by("seq")),
        Prefetch("holds", Hold.objects.order_by("created_at", "pk")),
    )
    rows = rows.annotate(has_pauses=Exists(ClockPause.objects.filter(order=OuterRef("pk"))))
    order = policy.get(user, Action.ORDER_VIEW, rows, order_id)
    if order.corrects and user.institution.is_executing and order.corrects.institution_id != order.institution_id:
        order.corrects = None
    return order


def order_followers(*, user: User, order: Order) -> QuerySet[Order]:
    """Orders that extend, release or correct this one, as far as the reader may see them, oldest first."""
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.select_related("institution"))
    return (rows.filter(original=order) | rows.filter(corrects=order)).order_by("created_at", "pk")


def case_orders(*, user: User, case_id: UUID) -> QuerySet[Order]:
    """The orders of one case, newest first."""
    return orders_list(user=user, filters=OrderFilters(case=case_id)).order_by("-created_at", "-pk")
