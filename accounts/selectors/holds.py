"""Holds that a reader may see, and the one definition of what is in force."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import BooleanField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from accounts.models import Hold, Order
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from accounts.selectors.timeline import Act
from antifraud import db, policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from banks.models import User

KEYSET = ("-created_at", "-id")
ENDING_KEYSET = ("ends_at", "id")
RELATED = ("account__institution", "institution", "unit", "order", "case")
UNREAD = ("order__payload", "order__reason", "case__narrative")  # long ciphertext that a list never opens
ENDING = Value(timedelta(hours=24), output_field=DurationField())
MOST_SHOWN = 100


def _running() -> Q:
    return Q(status__in=IN_FORCE) & (Q(legal_expires_at__gt=db.AppNow()) | Q(kind="suspend", legal_expires_at=None))


def in_force(queryset: QuerySet[Hold]) -> QuerySet[Hold]:
    """Holds that bind the bank now: active or extended AND before their legal end by the database's clock.

    The only place that says so (domain.md §4): a status alone never keeps anybody's money.
    """
    return queryset.filter(_running())


def holds_list(
    *, user: User, state: str = "", kind: str = "", case_id: UUID | None = None, institution_id: UUID | None = None
) -> QuerySet[Hold]:
    """Holds newest first (page them by KEYSET), each with `runs`: in force by the clock.

    `state`: in_force, ending (ends within 24 h, the nearest first; page it by ENDING_KEYSET), waiting, lift (the
    bank's confirmation is missing), ended (all that is over), or a status word.
    """
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related(*RELATED).defer(*UNREAD))
    rows = rows.annotate(runs=ExpressionWrapper(_running(), output_field=BooleanField()))
    if kind:
        rows = rows.filter(kind=kind)
    if case_id:
        rows = rows.filter(case=case_id)
    if institution_id:
        rows = rows.filter(institution=institution_id)
    if state == "in_force":
        return in_force(rows)
    if state == "ending":
        near = in_force(rows).filter(legal_expires_at__lt=db.AppNow() + ENDING)
        return near.annotate(ends_at=F("legal_expires_at")).order_by("legal_expires_at", "id")
    if state == "lift":
        return lifts_due(rows)
    if state == "ended":
        return rows.exclude(_running()).exclude(status=Hold.Status.WAITING)
    return rows.filter(status=state) if state else rows


def lifts_due(queryset: QuerySet[Hold]) -> QuerySet[Hold]:
    """Ended holds whose lift the bank has not confirmed yet; overdue once `lift_due_at` has passed."""
    return queryset.filter(status__in=["released", "expired"], lifted_at__isnull=True)


def hold_detail(*, user: User, hold_id: UUID) -> Hold:
    """One hold with `runs`; NotFound out of reach."""
    queryset = Hold.objects.select_related(*RELATED, "answer", "converted_to", "legal_profile").defer(*UNREAD)
    queryset = queryset.annotate(runs=ExpressionWrapper(_running(), output_field=BooleanField()))
    return policy.get(user, Action.HOLD_VIEW, queryset, hold_id)


def hold_orders(*, user: User, hold: Hold) -> QuerySet[Order]:
    """The order that brought the hold about and those that extend or release it, oldest first."""
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.select_related("unit").defer("payload", "reason"))
    about = Q(pk=hold.order_id) | Q(original=hold.order_id)
    return rows.filter(about).order_by("created_at", "pk")


def hold_timeline(*, user: User, hold: Hold) -> list[Act]:
    """The hold's own audited steps, newest first; institutions see the names of their own people only."""
    policy.require(user, Action.HOLD_VIEW, hold)
    police = user.institution.is_police
    found = AuditEntry.objects.filter(object_id=hold.id, verb__startswith="hold.").order_by("-at", "-id")
    acts = []
    for row in found[:MOST_SHOWN]:
        own = row.institution_id == user.institution_id
        acts.append(Act(row.at, row.verb, row.actor_name if police or own else "", own, detail_of(row)))
    return acts


def wrongful_register(*, user: User) -> QuerySet[Hold]:
    """Holds that ended because they should not have been (domain.md §3, measure G)."""
    causes = ["error", "unrelated", "not_filed", "withdrawn", "not_fraud", "appeal", "crossed", "overruled"]
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related(*RELATED))
    return rows.filter(Q(end_cause__in=causes) | Q(order__error_found_at__isnull=False))
