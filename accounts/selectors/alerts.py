"""Alerts as police see them, notices as each institution sees its own, and what the post office must know of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Alert, AlertLine, AlertNotice
from accounts.policy import Action
from antifraud import db, policy
from antifraud.approvals.models import ApprovalRequest
from banks.models import User

KEYSET = ("-listed_at", "-id")
S = AlertNotice.Status


@dataclass(frozen=True)
class AlertFilters:
    """What narrows the list of alerts; empty values do not. `q` is a number, its last digits or words of the title."""

    status: str = ""
    kind: str = ""
    institution: UUID | None = None
    overdue: bool = False
    q: str = ""


def overdue() -> Q:
    """Notices that should have been acknowledged by now; computed, never a state."""
    return Q(status=S.ISSUED, due_at__lte=db.AppNow())


def alerts_list(*, user: User, filters: AlertFilters | None = None) -> QuerySet[Alert]:
    """Alerts newest first by KEYSET, with how many were addressed, have read, acknowledged, reported and are overdue."""
    wanted = filters or AlertFilters()
    rows = policy.scope(user, Action.ALERT_VIEW, Alert.objects.select_related("unit", "created_by", "case"))
    rows = rows.defer("payload", "content", "case__narrative")
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.institution:
        rows = rows.filter(
            pk__in=Alert.addressees.through.objects.filter(institution=wanted.institution).values("alert")
        )
    if wanted.overdue:
        rows = rows.filter(pk__in=AlertNotice.objects.filter(overdue()).values("alert"))
    word = wanted.q.strip()
    if word:
        rows = rows.filter(Q(number__iexact=word) | Q(number__iendswith=word) | Q(title__icontains=word))
    return rows.annotate(listed_at=F("grants__sort_at"), **_figures())


def _figures() -> dict[str, Any]:
    """Counts of an alert's notices, one sub-select each: no join that would multiply rows."""

    def count(condition: Q) -> Coalesce:
        rows = AlertNotice.objects.filter(condition, alert=OuterRef("pk")).order_by().values("alert")
        return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)

    return {
        "sent": count(Q()),
        "read": count(Q(read_at__isnull=False)),
        "acknowledged": count(Q(acknowledged_at__isnull=False)),
        "reported": count(Q(reported_at__isnull=False)),
        "late": count(overdue()),
    }


def alert_detail(*, user: User, alert_id: UUID) -> Alert:
    """One alert with its lines, addressees and notices; three further statements at most. Raises NotFound."""
    people = ("institution", "read_by", "acknowledged_by", "reported_by")
    notices = AlertNotice.objects.select_related(*people).defer("payload").order_by("institution__code")
    rows = Alert.objects.select_related(
        "unit", "case", "drafted_by", "created_by", "approved_by", "legal_profile"
    ).prefetch_related(
        Prefetch("lines", AlertLine.objects.select_related("institution").order_by("position")),
        Prefetch("notices", notices),
        "addressees",
    )
    return policy.get(user, Action.ALERT_VIEW, rows.defer("payload", "case__narrative"), alert_id)


def alert_writers(alert: Alert) -> QuerySet[User]:
    """Who drafted, changed or submitted it, by name. The reader was authorised with the alert."""
    return User.objects.filter(pk__in=alert.written_by).order_by("full_name", "username")


def notices_list(*, user: User, state: str = "", kind: str = "", q: str = "") -> QuerySet[AlertNotice]:
    """The reader's own notices, newest first by KEYSET. `state` is a status, "overdue" or "unread"."""
    rows = policy.scope(user, Action.NOTICE_OPEN, AlertNotice.objects.select_related("alert__unit", "acknowledged_by"))
    rows = rows.defer("payload", "report", "alert__payload", "alert__content")
    if state == "overdue":
        rows = rows.filter(overdue())
    elif state == "unread":
        rows = rows.filter(read_at__isnull=True)
    elif state:
        rows = rows.filter(status=state)
    if kind:
        rows = rows.filter(alert__kind=kind)
    word = q.strip()
    if word:
        title = Q(alert__title__icontains=word)
        rows = rows.filter(Q(alert__number__iexact=word) | Q(alert__number__iendswith=word) | title)
    return rows.annotate(listed_at=F("grants__sort_at"))


def notice_counts(*, user: User) -> dict[str, int]:
    """How many of the reader's notices wait for what; one statement."""
    rows = policy.scope(user, Action.NOTICE_OPEN, AlertNotice.objects.all())
    figures: dict[str, int] = rows.aggregate(
        unread=Count("pk", filter=Q(read_at__isnull=True)),
        issued=Count("pk", filter=Q(status=S.ISSUED)),
        overdue=Count("pk", filter=overdue()),
        acknowledged=Count("pk", filter=Q(status=S.ACKNOWLEDGED)),
    )
    return figures


def alert_to_carry(*, user: User, alert_id: UUID) -> Alert:
    """The alert with its unit and operator, nothing that is encrypted; raises NotFound. `user` is the platform's own."""
    rows = Alert.objects.select_related("unit", "created_by").defer("payload", "content")
    return policy.get(user, Action.ALERT_VIEW, rows, alert_id)


def notice_to_carry(*, user: User, notice_id: UUID) -> AlertNotice:
    """The notice with its alert's operator; raises NotFound."""
    rows = AlertNotice.objects.select_related("alert__created_by")
    rows = rows.defer("payload", "report", "alert__payload", "alert__content")
    return policy.get(user, Action.NOTICE_VIEW, rows, notice_id)


def alerts_lapsed(*, user: User) -> QuerySet[Alert]:
    """Alerts whose request for approval is older than its term and was not decided."""
    ran_out = ApprovalRequest.objects.filter(outcome="pending", expires_at__lte=db.AppNow()).values("subject_id")
    rows = policy.scope(user, Action.ALERT_VIEW, Alert.objects.filter(pk__in=ran_out))
    return rows.filter(status=Alert.Status.AWAITING_APPROVAL).order_by("submitted_at", "pk")


def alerts_ended(*, user: User) -> QuerySet[Alert]:
    """Issued alerts past their end, by the legal clock."""
    rows = policy.scope(user, Action.ALERT_VIEW, Alert.objects.filter(status=Alert.Status.ISSUED))
    return rows.filter(expires_at__lte=db.AppNow()).order_by("expires_at", "pk")
