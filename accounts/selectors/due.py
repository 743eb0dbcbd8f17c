"""What the platform's own clock has to look at: approvals that ran out, ends of holds that must be announced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Hold, Order
from accounts.models.hold import IN_FORCE
from accounts.policy import Action
from antifraud import db, policy
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from banks.models import LegalProfile, User
from banks.selectors.profiles import profile_of

ANNOUNCED = "hold.announce"
ESCALATED = "order.escalate"


def approvals_lapsed(*, user: User) -> QuerySet[Order]:
    """Orders whose request for approval is older than its term and was not decided."""
    ran_out = ApprovalRequest.objects.filter(outcome="pending", expires_at__lte=db.AppNow()).values("subject_id")
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.filter(pk__in=ran_out))
    return rows.filter(status=Order.Status.AWAITING_APPROVAL).order_by("submitted_at", "pk")


def approvals_overdue(*, user: User) -> QuerySet[Order]:
    """Emergency orders whose approval is overdue by the legal clock and that were not escalated yet."""
    told = AuditEntry.objects.filter(object_id=OuterRef("pk"), verb=ESCALATED)
    undecided = ApprovalRequest.objects.filter(subject_id=OuterRef("pk"), outcome="pending")
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.select_related("unit"))
    due = rows.filter(emergency=True, approved_at__isnull=True, approval_due_at__lte=db.AppNow())
    return due.filter(Exists(undecided)).exclude(Exists(told)).order_by("approval_due_at", "pk")


@dataclass(frozen=True)
class Distance:
    """How long before their end the holds of one profile and kind are announced. `nearer` is the next distance."""

    profile: LegalProfile
    kind: str
    unit: str  # "hours" or "days"
    count: int
    lead: timedelta
    nearer: timedelta


def distances() -> Iterator[Distance]:
    """Every announced distance of every profile (domain.md §4: stop 24/6/2 h, freeze 30/15/7/3 days in CN)."""
    for profile in LegalProfile.objects.order_by("code", "version"):
        announce = profile_of(profile).announce
        for kind, unit, counts in (("stop", "hours", announce.stop_hours), ("freeze", "days", announce.freeze_days)):
            leads = [timedelta(**{unit: count}) for count in counts]
            for count, lead, nearer in zip(counts, leads, [*leads[1:], timedelta(0)], strict=True):
                yield Distance(profile, kind, unit, count, lead, nearer)


def holds_to_announce(*, user: User, distance: Distance) -> QuerySet[Hold]:
    """Holds in force that are this near to their end, and that were not announced at this distance, with `mark`.

    The audit row that carries the mark says so. The mark names the hold's version: an extension makes a new one,
    so the new end is announced again.
    """
    now = db.app_now()
    mark = Concat(Value(f"{distance.count} {distance.unit} ahead, version "), Cast("version", CharField()))
    told = AuditEntry.objects.filter(object_id=OuterRef("pk"), verb=ANNOUNCED, purpose=OuterRef("mark"))
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related("order__operator"))
    near = rows.filter(
        legal_profile=distance.profile,
        kind=distance.kind,
        status__in=IN_FORCE,
        legal_expires_at__gt=now + distance.nearer,
        legal_expires_at__lte=now + distance.lead,
    )
    unread = ("order__payload", "order__reason")
    return near.annotate(mark=mark).exclude(Exists(told)).defer(*unread).order_by("legal_expires_at", "pk")
