"""Watches that run: executed orders of kind `watch` before their end, not ended by a later order; the clock is the database's."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Order, Transfer
from accounts.policy import Action
from accounts.selectors.identity import family
from antifraud import db, policy
from banks.models import User

SOURCE = "watch"


def watches_running(queryset: QuerySet[Order]) -> QuerySet[Order]:
    """Of these orders the watches that run now."""
    ended = Order.objects.filter(original=OuterRef("pk"), kind=Order.Kind.WATCH_END, outcome="executed")
    return queryset.filter(
        ~Exists(ended), kind=Order.Kind.WATCH, status=Order.Status.ANSWERED, outcome="executed",
        asked_expires_at__gt=db.AppNow(),
    )  # fmt: skip


def watches_by_account(case_id: UUID) -> dict[UUID, Order]:
    """The running watch of each account of a case, under the account that its number means today. For services."""
    running = list(watches_running(Order.objects.filter(case=case_id)).order_by("created_at", "pk"))
    roots = family([order.account_id for order in running]) if running else {}
    return {roots.get(order.account_id, order.account_id): order for order in running}


def watched_order(*, user: User, order_id: UUID) -> Order:
    """An order of kind `watch` that the reader may answer, with `runs`: whether it runs now; NotFound otherwise."""
    rows = Order.objects.select_related("account", "unit", "case").defer("payload", "reason")
    running = watches_running(Order.objects.filter(pk=OuterRef("pk")))
    return policy.get(
        user, Action.ORDER_ANSWER, rows.filter(kind=Order.Kind.WATCH).annotate(runs=Exists(running)), order_id
    )


def watch_credits(*, user: User, order: Order) -> QuerySet[Transfer]:
    """What the bank has told of a watched account, newest first; for both sides of the order.

    `credited_at`, `told_reference` and `told_at` are as the bank said, also where the case had the payment from others.
    """
    policy.require(user, Action.ORDER_VIEW, order)
    same = Q(to_account=order.account_id) | Q(to_account__merged_from=order.account_id)
    same |= Q(to_account__in=[order.account.merged_into_id] if order.account.merged_into_id else [])
    new = Q(source=SOURCE, recorded_at__gte=order.created_at)
    rows = Transfer.objects.filter(same, new | Q(credit_met__order=order), case=order.case_id)
    rows = rows.annotate(
        credited_at=Coalesce("credit_met__at", "at"), told_at=Coalesce("credit_met__told_at", "recorded_at"),
        told_reference=Coalesce("credit_met__reference", "reference"),
    )  # fmt: skip
    return rows.select_related("to_account").order_by("-credited_at", "pk")
