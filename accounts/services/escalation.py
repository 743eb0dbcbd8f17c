"""A duty of the platform's clock: delays climb step by step, each step once, to people of both sides (R6).

An INSERT under a unique index takes the step; whoever inserted the row acts on it. So two schedulers, a repeated round
and a clock that stands still change nothing. Mails go out after the commit (`escalation_mails`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Escalation
from accounts.rules.escalation import BANNER, LADDERS, LIFT, NORMAL, UNACKNOWLEDGED, UNANSWERED
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.escalation import escalations_named, people_concerned
from antifraud import db, hints
from antifraud.audit import diary
from antifraud.outbox import post
from banks.models import User
from banks.selectors.platform import platform_now
from banks.services.notifications import notify

MOST = 200
CLIMBED = "escalation.climbed"
CODES = {UNACKNOWLEDGED: "order.unacknowledged", UNANSWERED: "order.unanswered", LIFT: "hold.lift_unconfirmed"}

_RUNGS = """
unnest(%(reasons)s::text[], %(urgencies)s::text[], %(steps)s::text[], %(percents)s::int[], %(seconds)s::int[])
  AS r(reason, urgency, step, percent, seconds)
"""
# The term is counted back from its end: a consented pause moves what is ahead, never what was reached before it.
# While the platform reconciled nobody could answer: rungs are counted from its end, so that they do not fall at once.
# GREATEST leaves out a NULL.
_CLIMB = """
INSERT INTO accounts_escalation (id, order_id, hold_id, reason, step, due_at, at)
SELECT gen_random_uuid(), d.order_id, d.hold_id, d.reason, d.step, d.due_at, app_now() FROM ({due}) d
WHERE GREATEST(d.due_at - d.term, %(since)s::timestamptz) + LEAST(d.term * d.percent / 100, make_interval(secs => d.seconds))
    <= app_now()
  AND NOT EXISTS (SELECT 1 FROM accounts_escalation e WHERE e.order_id = d.order_id
    AND e.hold_id IS NOT DISTINCT FROM d.hold_id AND e.reason = d.reason AND e.step = d.step)
ORDER BY d.due_at, d.order_id, d.reason, d.percent LIMIT %(limit)s
ON CONFLICT DO NOTHING RETURNING id
"""
_ORDERS = f"""
SELECT o.id AS order_id, NULL::uuid AS hold_id, r.*, o.answer_due_at AS due_at,
  make_interval(mins => o.answer_minutes) AS term
FROM accounts_order o JOIN {_RUNGS} ON r.urgency = CASE WHEN o.emergency THEN '02' ELSE o.urgency END
WHERE o.status IN ('issued', 'acknowledged') AND o.answer_due_at IS NOT NULL
  AND (r.reason = 'unanswered' OR o.status = 'issued')
"""
_LIFTS = f"""
SELECT h.order_id, h.id AS hold_id, r.*, h.lift_due_at AS due_at, h.lift_due_at - h.ended_at AS term
FROM accounts_hold h JOIN {_RUNGS} ON true
WHERE h.status IN ('released', 'expired') AND h.lifted_at IS NULL AND h.lift_due_at IS NOT NULL
  AND h.ended_at IS NOT NULL
"""


def escalations_climb(*, by: User, limit: int = MOST) -> int:
    """Take every step that is due by the legal clock; returns how many. `by` is the platform's own user.

    None while the platform is reconciling: after a restore it does not know what has been acknowledged and answered.
    Afterwards the rungs start anew from its end; the terms themselves stay.
    """
    db.require_unit_of_work()
    platform = platform_now()
    if not platform.is_running:
        return 0
    orders = [rung for rung in LADDERS if rung.reason != LIFT]
    lifts = [rung for rung in LADDERS if rung.reason == LIFT and rung.urgency == NORMAL]
    taken = _taken(_ORDERS, orders, platform.since, limit)
    if len(taken) < limit:
        taken += _taken(_LIFTS, lifts, platform.since, limit - len(taken))
    for row in escalations_named(user=by, ids=taken) if taken else ():
        _act(row, by=by)
    return len(taken)


def _taken(due: str, rungs: Sequence[Any], since: datetime | None, limit: int) -> list[UUID]:
    wanted: dict[str, Any] = {
        "reasons": [rung.reason for rung in rungs],
        "urgencies": [rung.urgency for rung in rungs],
        "steps": [rung.step for rung in rungs],
        "percents": [rung.percent for rung in rungs],
        "seconds": [rung.seconds for rung in rungs],
        "since": since,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLIMB.format(due=due), wanted)
        return [found[0] for found in cursor.fetchall()]


def _act(row: Escalation, *, by: User) -> None:
    """The audit row (and so the timeline of order and case), the pages of the institution, then people."""
    order, code = row.order, CODES[row.reason]
    about = row.hold if row.hold is not None else order
    diary.record(f"{code}_{row.step}", by=by, obj=about, case_id=order.case_id, detail={"due_at": row.due_at})
    for institution_id in filter(None, (order.institution_id, order.routed_to_id)):
        transaction.on_commit(partial(hints.publish, f"inst:{institution_id}", "queue"), robust=True)
    if row.step == BANNER:
        return
    people = people_concerned(row)
    params = {"number": order.number}
    notify(users=people.police, code=code, params=params, url=order_path(order.pk))
    notify(users=people.institution, code=code, params=params, url=answer_path(order.pk))
    post.enqueue(CLIMBED, row.pk, institution_id=order.institution_id)
