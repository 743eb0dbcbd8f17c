"""The audited history of one order, as much of it as each side may know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import ActReason, Order
from accounts.policy import Action
from accounts.rules.escalation import STEPS, UNACKNOWLEDGED, UNANSWERED
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from banks.models import User

# What an institution may know of an order: that it came, what it did itself, that it was taken back. How the police
# came to send it (drafts, submissions, recalls, ratifications) is theirs.
SHARED = frozenset(
    {
        "order.approve", "order.confirm", "order.cancel", "order.route", "order.acknowledge", "order.answer", "order.crossed",
        "message.keep",
    }
)  # fmt: skip
SHARED |= {f"order.{reason}_{step}" for reason in (UNACKNOWLEDGED, UNANSWERED) for step in STEPS}
SHARED |= {"order.clock_request", "order.clock_consent", "order.clock_refuse", "order.clock_end", "order.redeliver"}
SHARED_DETAIL = frozenset({"outcome", "reason", "source", "seq", "branch"})
MOST_SHOWN = 300


@dataclass(frozen=True)
class Act:
    """One audited act; `actor` is empty where the reader may not know the person."""

    at: datetime
    verb: str
    actor: str
    is_own: bool
    detail: dict[str, Any]


def order_timeline(*, user: User, order: Order) -> list[Act]:
    """Acts on the order (for police also on its answers and holds, with the reasons that are kept beside), newest first.

    Executing institutions see acts from the issue on, and name only their own people.
    """
    policy.require(user, Action.ORDER_VIEW, order)
    police = user.institution.is_police
    rows = _all_of(order) if police else _shared_of(order)
    acts = [_act(row, user, everything=police) for row in rows.order_by("-at", "-id")[:MOST_SHOWN]]
    return _with_reasons(acts, order)


def _all_of(order: Order) -> QuerySet[AuditEntry]:
    # Through the order, so that what its page has fetched already is not fetched again.
    parts = [order.id, *(hold.pk for hold in order.holds.all()), *(answer.pk for answer in order.answers.all())]
    return AuditEntry.objects.filter(object_id__in=parts).exclude(verb__startswith="grant.")


def _shared_of(order: Order) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.filter(object_id=order.id, verb__in=SHARED)
    return rows.filter(at__gte=order.issued_at) if order.issued_at else rows.none()


def _act(row: AuditEntry, user: User, *, everything: bool) -> Act:
    own = row.institution_id == user.institution_id
    detail = detail_of(row)
    if not everything:
        detail = {name: value for name, value in detail.items() if name in SHARED_DETAIL}
    return Act(row.at, row.verb, row.actor_name if everything or own else "", own, detail)


def _with_reasons(acts: list[Act], order: Order) -> list[Act]:
    """Where an act names the row that keeps its reason, in that one's words; one statement, where there is such an act."""
    keys = [act.detail["why"] for act in acts if "why" in act.detail]
    if not keys:
        return acts
    kept = dict(ActReason.objects.filter(case=order.case_id, pk__in=keys).values_list("pk", "reason"))
    words = {str(pk): reason for pk, reason in kept.items()}
    return [
        replace(act, detail=act.detail | {"reason": words.get(act.detail["why"], "")}) if "why" in act.detail else act
        for act in acts
    ]
