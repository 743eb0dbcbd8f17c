"""A duty of the platform's own clock: a payout past its term is told to both sides, once."""

from __future__ import annotations

from accounts.rules.paths import payout_path, refund_path
from accounts.selectors.refunds import refunds_overdue
from antifraud import db
from antifraud.audit import diary
from banks.models import User
from banks.selectors.users import people_of, risk_people
from banks.services.notifications import notify

MOST = 50


def refunds_overdue_tell(*, by: User, limit: int = MOST) -> int:
    """Tell the officers of the return and the bank's people; returns how many returns were told of."""
    now = db.require_unit_of_work().now
    late = list(db.lock(refunds_overdue(user=by))[:limit])
    for refund in late:
        refund.overdue_told_at = now
        refund.save(update_fields=["overdue_told_at"])
        params = {"number": refund.number}
        officers = people_of([pk for pk in (refund.operator_id, refund.drafted_by_id) if pk])
        notify(users=officers, code="refund.overdue", params=params, url=refund_path(refund.pk))
        bank = risk_people([refund.institution_id])
        notify(users=bank, code="refund.overdue", params=params, url=payout_path(refund.pk))
        diary.record(
            "refund.overdue", by=by, obj=refund, case_id=refund.case_id, detail={"due_at": refund.payout_due_at}
        )
    return len(late)
