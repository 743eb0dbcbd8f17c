"""The post office's handlers for returns of money; the tables and the machinery are in `deliveries` and `lanes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from accounts.models import Refund
from accounts.rules.paths import payout_path, refund_path
from accounts.selectors.refunds import refund_to_carry
from accounts.services.refunds.send import TOPIC, refunds_make_available
from banks.models import Delivery, User
from banks.selectors.users import approvers, people_of, risk_people
from banks.services.notifications import notify, notify_each

if TYPE_CHECKING:
    from antifraud.deliveries import Fact, Handler, Hint
    from antifraud.lanes import Arrival

KIND = "refund"
DECISIONS = "approval"  # what pages with decisions to take listen to


def refund_moved(fact: Fact) -> Iterable[Hint]:
    """The unit's pages look again."""
    return _unit(refund_to_carry(user=fact.by, refund_id=fact.subject_id))


def refund_submitted(fact: Fact) -> Iterable[Hint]:
    """Another person decides: the unit's approvers, bodies above it, the centre."""
    refund = refund_to_carry(user=fact.by, refund_id=fact.subject_id)
    if refund.submitted_at is not None and refund.decided_at is None:
        out = [pk for pk in (refund.operator_id, refund.second_officer_id, refund.drafted_by_id) if pk]
        deciding = approvers(refund.unit).exclude(pk__in=out)
        notify(users=deciding, code=fact.topic, params={"number": refund.number}, url=refund_path(refund.pk))
    return _unit(refund)


def refund_told(fact: Fact) -> Iterable[Hint]:
    """Who drafted and who submitted the return hear what became of it; both sides' pages look again."""
    refund = refund_to_carry(user=fact.by, refund_id=fact.subject_id)
    people = people_of([pk for pk in (refund.operator_id, refund.drafted_by_id) if pk])
    notify(users=people, code=fact.topic, params={"number": refund.number}, url=refund_path(refund.pk))
    return _both(refund)


def refund_seen(fact: Fact) -> Iterable[Hint]:
    """Both sides' pages look again; the way to the bank is the delivery's."""
    return _both(refund_to_carry(user=fact.by, refund_id=fact.subject_id))


def refunds_come(deliveries: Sequence[Delivery], by: User, at: datetime) -> None:
    """The term to pay runs from now, and the bank's people hear of it."""
    fresh = refunds_make_available([delivery.subject_id for delivery in deliveries], by=by, at=at)
    if fresh:
        things = [({"number": refund.number}, payout_path(refund.pk)) for refund in fresh]
        notify_each(users=risk_people([deliveries[0].institution_id]), code="refund.arrived", things=things)


def _unit(refund: Refund) -> list[Hint]:
    return [(refund.unit_id, KIND), (refund.unit_id, DECISIONS)]


def _both(refund: Refund) -> list[Hint]:
    hints = _unit(refund)
    return [*hints, (refund.institution_id, KIND)] if refund.decided_at is not None else hints


REFUND_TOPICS: Mapping[str, Handler] = {
    "refund.drafted": refund_moved,
    "refund.noticed": refund_moved,
    "refund.renewed": refund_moved,
    "refund.objected": refund_told,
    "refund.submitted": refund_submitted,
    "refund.rejected": refund_told,
    "refund.decided": refund_seen,
    "refund.paid": refund_told,
    "refund.failed": refund_told,
    "refund.closed": refund_seen,
}
REFUND_DELIVERIES: Mapping[str, Arrival] = {TOPIC: refunds_come}
