"""What waits for the reader's decision: approvals, emergency confirmations and ratifications; deciding is a service."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Order
from accounts.policy import Action
from accounts.selectors.orders import LISTED
from antifraud import policy
from antifraud.approvals.models import ApprovalRequest
from banks.models import Institution, User

RATIFY = "order.ratify"


def approvals_waiting(*, user: User) -> QuerySet[Order]:
    """Orders that the reader may approve or reject, and emergency stops to ratify, the most pressing first.

    Left out: what the reader operates or seconds, and other units' orders unless the reader's body is above them or
    a centre. An order whose request has lapsed stays until it is recalled.
    """
    rows = policy.scope(user, Action.ORDER_APPROVE, Order.objects.select_related(*LISTED, "second_officer"))
    asked = ApprovalRequest.objects.filter(subject_id=OuterRef("pk"), action=RATIFY, outcome="pending")
    waiting = Q(status=Order.Status.AWAITING_APPROVAL, emergency=False) | Q(
        Exists(asked), emergency=True, second_confirmed_at__isnull=False, approved_at__isnull=True
    )
    rows = rows.filter(waiting).exclude(operator=user).exclude(second_officer=user)
    if user.institution.kind != Institution.Kind.CENTRE:
        rows = rows.filter(below(user))
    return rows.order_by(F("approval_due_at").asc(nulls_last=True), "submitted_at", "pk")


def confirmations_waiting(*, user: User) -> QuerySet[Order]:
    """Emergency stops that wait for the reader as the named second officer, oldest first."""
    rows = policy.scope(user, Action.ORDER_CONFIRM, Order.objects.select_related(*LISTED))
    mine = rows.filter(status=Order.Status.AWAITING_APPROVAL, emergency=True, second_officer=user)
    return mine.order_by("submitted_at", "pk")


def below(user: User) -> Q:
    """Rows whose `unit` is the reader's own body or one under it: police trees are bureau, district, station."""
    own = user.institution_id
    return Q(unit=own) | Q(unit__parent=own) | Q(unit__parent__parent=own) | Q(unit__parent__parent__parent=own)
