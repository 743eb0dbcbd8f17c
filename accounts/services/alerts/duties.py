"""Duties of the platform's own clock towards alerts: requests for approval that ran out, alerts past their end."""

from __future__ import annotations

from accounts.rules.paths import alert_path
from accounts.selectors.alerts import alerts_ended, alerts_lapsed
from accounts.services.alerts.send import close_apply
from accounts.states import alert_flow
from antifraud import db
from antifraud.approvals import requests
from banks.models import User
from banks.selectors.users import people_of
from banks.services.notifications import notify

MOST = 50


def alerts_tend(*, by: User, limit: int = MOST) -> int:
    """Give lapsed alerts back to their operators and close those past their end; returns how many were touched."""
    lapsed = list(db.lock(alerts_lapsed(user=by))[:limit])
    for alert in lapsed:
        requests.lapse(alert.pk)
        alert_flow.apply(alert, "recall", by=by, detail={"lapsed": True})
        people = people_of([alert.created_by_id])
        notify(users=people, code="alert.lapsed", params={"number": alert.number}, url=alert_path(alert.pk))
    ended = list(db.lock(alerts_ended(user=by))[:limit])
    for alert in ended:
        close_apply(alert, by=by, reason="expired")
    return len(lapsed) + len(ended)
