"""One alert in words for its page: steps, progress, who will be told what, what may be done now; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Alert, AlertLine, AlertNotice
from accounts.policy import Action
from antifraud import policy
from banks.models import Institution, User
from banks.selectors.institutions import superiors

S = Alert.Status
RANK = {S.DRAFT: 0, S.AWAITING_APPROVAL: 1, S.ISSUED: 2, S.CLOSED: 4}


@dataclass(frozen=True)
class Told:
    """One addressee with how many lines it will see: its own, and those that are shown to all."""

    institution: Institution
    own: int
    shared: int


def told_to(alert: Alert, lines: Sequence[AlertLine]) -> list[Told]:
    """Who is told what, by institution."""
    return [
        Told(
            each,
            sum(1 for line in lines if line.institution_id == each.pk),
            sum(1 for line in lines if line.to_all and line.institution_id != each.pk),
        )
        for each in sorted(alert.addressees.all(), key=lambda institution: institution.code)
    ]


def alert_progress(notices: Sequence[AlertNotice], now: datetime) -> list[dict[str, Any]]:
    """How many notices have come how far, for the drawn bars; empty before the alert is issued."""
    if not notices:
        return []
    late = sum(1 for n in notices if n.status == AlertNotice.Status.ISSUED and n.due_at and n.due_at <= now)
    marks = [
        (_("At the institution"), "available_at", 0),
        (_("Opened"), "read_at", 0),
        (_("Acknowledged"), "acknowledged_at", late),
        (_("Reported back"), "reported_at", 0),
    ]
    return [
        {
            "label": label,
            "value": sum(1 for notice in notices if getattr(notice, column) is not None),
            "max": len(notices),
            "late": behind,
        }
        for label, column, behind in marks
    ]


def alert_steps(alert: Alert, notices: Sequence[AlertNotice]) -> list[dict[str, Any]]:
    """Draft → awaiting → issued → acknowledged by all → closed for the component `steps`."""
    seen = [notice for notice in notices if notice.acknowledged_at is not None]
    all_seen = bool(notices) and len(seen) == len(notices)
    last = (
        max((notice.acknowledged_at for notice in seen if notice.acknowledged_at), default=None) if all_seen else None
    )
    marks = [
        (_("Draft"), alert.created_at),
        (_("Awaiting approval"), alert.submitted_at),
        (_("Issued"), alert.issued_at),
        (_("Acknowledged by all"), last),
        (_("Ended"), alert.closed_at),
    ]
    status = S(alert.status)
    ended = status in {S.REJECTED, S.CANCELLED}
    at = RANK.get(status, 1 if alert.submitted_at else 0)
    items = []
    for position, (label, moment) in enumerate(marks):
        state = "done" if position < at or (position == 3 and all_seen) else "todo"
        if position == 3 and status == S.CLOSED and not all_seen:
            state = "problem"
        if position == at:
            state = "problem" if ended else "done" if status in {S.CLOSED, S.ISSUED} else "current"
            label = str(alert.get_status_display()) if ended else label
        if position == 3 and status == S.ISSUED and not all_seen:
            state = "current"
        hint = timezone.localtime(moment).strftime("%m-%d %H:%M") if moment and state != "todo" else ""
        items.append({"label": label, "state": state, "hint": hint})
    return items


def alert_actions(user: User, alert: Alert) -> dict[str, bool]:
    """Role, unit and state decide what is offered. The services ask all again."""
    own = alert.unit_id == user.institution_id
    status = S(alert.status)

    def may(action: Action) -> bool:
        return policy.can(user, action)

    waits = status == S.AWAITING_APPROVAL
    other = user.id not in alert.written_by
    decides = waits and may(Action.ALERT_APPROVE) and (own or _above(user, alert))
    return {
        "own": own,
        "edit": own and status == S.DRAFT and may(Action.ALERT_UPDATE),
        "submit": own and status == S.DRAFT and may(Action.ALERT_SUBMIT),
        "recall": own and waits and may(Action.ALERT_RECALL),
        "cancel": own and status in {S.DRAFT, S.AWAITING_APPROVAL} and may(Action.ALERT_CANCEL),
        "close": own and status == S.ISSUED and may(Action.ALERT_CLOSE),
        "decide": decides and other,
        "wrote": decides and not other,
        "export": alert.issued_at is not None and may(Action.ALERT_EXPORT),
    }


def _above(user: User, alert: Alert) -> bool:
    return user.institution.kind == Institution.Kind.CENTRE or user.institution_id in superiors(alert.unit)
