"""Who holds an account already: told before an order is sent, unit and number only, no case content (domain.md §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import Hold, InvolvedAccount, Order
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.identity import family
from antifraud import db, policy
from banks.models import User

MOST_NOTICES = 200
ON_THE_WAY = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


@dataclass(frozen=True)
class DuplicateNotice:
    """`account_id` is held (or asked to be held) by `unit` until `until` for `amount_minor` (None: the whole account).

    `state`: active, waiting (behind another hold) or asked (sent, not answered yet). `is_own`: by the reader's unit.
    """

    account_id: UUID
    order_number: str
    unit: str
    is_own: bool
    kind: str
    state: str
    until: datetime | None
    amount_minor: int | None
    currency: str


def order_duplicates(*, user: User, account_ids: Iterable[UUID], kind: str) -> list[DuplicateNotice]:
    """Holds in force or waiting, and stops and freezes on their way, on those of the accounts that the reader may see.

    Empty for kinds that hold nothing. Three statements whatever the number of accounts.
    """
    row = ORDER_KINDS.get(kind)
    if row is None or not row.creates_hold:
        return []
    wanted = policy.scope(user, Action.ACCOUNT_VIEW, InvolvedAccount.objects.filter(pk__in=list(account_ids)))
    asked = set(wanted.values_list("pk", flat=True))
    roots = family(asked) if asked else {}
    named = {roots[pk]: pk for pk in asked if pk in roots}
    holds = Hold.objects.filter(account__in=roots).filter(_in_force() | Q(status=Hold.Status.WAITING))
    notices = [
        DuplicateNotice(
            named.get(roots[hold.account_id], hold.account_id), hold.order.number, hold.unit.title, hold.unit_id == user.institution_id,
            hold.kind, "waiting" if hold.status == Hold.Status.WAITING else "active", hold.legal_expires_at, hold.left_minor,
            hold.currency,
        )
        for hold in holds.select_related("order", "unit").order_by("created_at", "pk")[:MOST_NOTICES]
    ]  # fmt: skip
    places = [name for name, each in ORDER_KINDS.items() if each.creates_hold]
    orders = Order.objects.filter(account__in=roots, kind__in=places, status__in=ON_THE_WAY)
    notices += [
        DuplicateNotice(
            named.get(roots[order.account_id], order.account_id), order.number, order.unit.title, order.unit_id == user.institution_id,
            ORDER_KINDS[order.kind].hold_kind, "asked", order.asked_expires_at, order.amount_minor, order.currency,
        )
        for order in orders.select_related("unit").order_by("issued_at", "pk")[:MOST_NOTICES]
    ]  # fmt: skip
    return notices


def _in_force() -> Q:
    """In force by the clock, whatever the status says; a suspended number may have no end."""
    return Q(status__in=IN_FORCE) & (Q(legal_expires_at__gt=db.AppNow()) | Q(legal_expires_at__isnull=True))
