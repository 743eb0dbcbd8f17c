"""Holds that a reader may see, and the one definition of what is in force."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, Q, QuerySet, Value

from accounts.models import Hold
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from antifraud import db, policy
from banks.models import User

KEYSET = ("-created_at", "-id")
RELATED = ("account__institution", "institution", "unit", "order", "case")
ENDING = Value(timedelta(hours=24), output_field=DurationField())


def in_force(queryset: QuerySet[Hold]) -> QuerySet[Hold]:
    """Holds that bind the bank now: active or extended AND before their legal end by the database's clock.

    The only place that says so (domain.md §4): a status alone never keeps anybody's money.
    """
    return queryset.filter(status__in=IN_FORCE).filter(
        Q(legal_expires_at__gt=db.AppNow()) | Q(kind="suspend", legal_expires_at=None)
    )


def holds_list(
    *, user: User, state: str = "", kind: str = "", case_id: UUID | None = None, institution_id: UUID | None = None
) -> QuerySet[Hold]:
    """Holds newest first. `state`: in_force, ending (ends within 24 h), waiting, lift (the bank's confirmation is
    missing), or a status word."""
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related(*RELATED))
    if kind:
        rows = rows.filter(kind=kind)
    if case_id:
        rows = rows.filter(case=case_id)
    if institution_id:
        rows = rows.filter(institution=institution_id)
    if state == "in_force":
        return in_force(rows)
    if state == "ending":
        return in_force(rows).filter(legal_expires_at__lt=db.AppNow() + ENDING).order_by("legal_expires_at", "id")
    if state == "lift":
        return lifts_due(rows)
    return rows.filter(status=state) if state else rows


def lifts_due(queryset: QuerySet[Hold]) -> QuerySet[Hold]:
    """Ended holds whose lift the bank has not confirmed yet; overdue once `lift_due_at` has passed."""
    return queryset.filter(status__in=["released", "expired"], lifted_at__isnull=True)


def hold_detail(*, user: User, hold_id: UUID) -> Hold:
    """One hold; NotFound out of reach."""
    queryset = Hold.objects.select_related(*RELATED, "answer", "converted_to", "legal_profile")
    return policy.get(user, Action.HOLD_VIEW, queryset, hold_id)


def wrongful_register(*, user: User) -> QuerySet[Hold]:
    """Holds that ended because they should not have been (domain.md §3, measure G)."""
    causes = ["error", "unrelated", "not_filed", "withdrawn", "not_fraud", "appeal", "crossed"]
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related(*RELATED))
    return rows.filter(Q(end_cause__in=causes) | Q(order__error_found_at__isnull=False))
