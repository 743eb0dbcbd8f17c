"""Duties of the platform's own clock towards people: lapsed and overdue approvals, ends of holds announced ahead.

Run by the scheduler as the platform's own user; each says everything once. Expiry itself is in `holds`.
"""

from __future__ import annotations

from accounts.models import Hold
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.due import (
    ANNOUNCED,
    ESCALATED,
    Distance,
    approvals_lapsed,
    approvals_overdue,
    distances,
    holds_to_announce,
)
from accounts.services.orders.submit import recall_apply
from antifraud import db
from antifraud.audit import diary
from banks.models import User
from banks.selectors.institutions import centre_institutions, oversight_institutions
from banks.selectors.users import approvers, people_of, risk_people, supervisors
from banks.services.notifications import notify

MOST = 200


def approvals_lapse(*, by: User, limit: int = MOST) -> int:
    """Give orders whose request for approval has run out back to their operators; returns how many."""
    lapsed = list(db.lock(approvals_lapsed(user=by))[:limit])
    for order in lapsed:
        recall_apply(order, by=by, detail={"lapsed": True})
        people = people_of([order.operator_id])
        notify(users=people, code="order.lapsed", params={"number": order.number}, url=order_path(order.pk))
    return len(lapsed)


def approvals_escalate(*, by: User, limit: int = MOST) -> int:
    """Tell unit, centre and oversight of emergency orders whose approval is overdue; it counts as a breach.

    The order stands: only an express rejection releases (domain.md §3). Returns how many orders were escalated.
    """
    overdue = list(approvals_overdue(user=by)[:limit])
    for order in overdue:
        above = [*centre_institutions(), *oversight_institutions()]
        people = {user.pk: user for office in (order.unit, *above) for user in supervisors(office)}
        people |= {user.pk: user for user in approvers(order.unit)}
        notify(
            users=people.values(),
            code="order.approval_overdue",
            params={"number": order.number},
            url=order_path(order.pk),
        )
        due = {"approval_due_at": order.approval_due_at}
        diary.record(ESCALATED, by=by, obj=order, case_id=order.case_id, detail=due)
    return len(overdue)


def expiries_announce(*, by: User, limit: int = MOST) -> int:
    """Announce the ends of holds to both sides at the distances of their profile; returns how many."""
    told = 0
    for distance in distances():
        if told >= limit:
            break
        for hold in holds_to_announce(user=by, distance=distance)[: limit - told]:
            _announce(by, hold, distance)
            told += 1
    return told


def _announce(by: User, hold: Hold, distance: Distance) -> None:
    code = f"hold.expiring_{distance.unit}"
    params: dict[str, str | int] = {"number": hold.order.number, "count": distance.count}
    notify(users=people_of([hold.order.operator_id]), code=code, params=params, url=order_path(hold.order_id))
    notify(users=risk_people([hold.institution_id]), code=code, params=params, url=answer_path(hold.order_id))
    mark: str = vars(hold)["mark"]
    ends = {"expires_at": hold.legal_expires_at}
    diary.record(ANNOUNCED, by=by, obj=hold, case_id=hold.case_id, purpose=mark, detail=ends)
