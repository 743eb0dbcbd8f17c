"""An approved alert to its institutions: a notice, a grant and a delivery for each; its end. Reading is in `notices`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Alert, AlertNotice
from accounts.policy import Action
from accounts.rules.deadlines import answer_due_at
from accounts.services.alerts.content import TOPIC, notice_content, sealed
from accounts.services.alerts.draft import require_unit
from accounts.services.orders.approve import required_reason
from accounts.states import alert_flow, notice_flow
from antifraud import db, policy
from antifraud.audit import diary
from banks.models import Institution, User
from banks.services.deliveries import delivery_enqueue

PRIORITY = 40  # behind every order: queries have 30
OPEN = (AlertNotice.Status.ISSUED, AlertNotice.Status.ACKNOWLEDGED)


def alert_send(alert: Alert, *, by: User) -> list[AlertNotice]:
    """One notice for each addressee, which its institution can read until the alert expires, and its delivery.

    The caller has taken the step to `issued`. An institution that was cut off meanwhile gets its delivery when it is
    back: its lane waits.
    """
    content: dict[str, Any] = json.loads(alert.payload.open()) if alert.payload is not None else {}
    return [_notify(alert, institution, content, by) for institution in alert.addressees.all()]


def _notify(alert: Alert, institution: Institution, content: dict[str, Any], by: User) -> AlertNotice:
    text, sha256 = sealed(notice_content(content, institution))
    now = db.require_unit_of_work().now
    notice = AlertNotice(
        alert=alert, institution=institution, case_id=alert.case_id, payload=text, payload_sha256=sha256, issued_at=now
    )  # fmt: skip
    notice_flow.begin(notice, by=by, verb="issue", legal_basis=alert.legal_basis, detail={"sha256": sha256.hex()})
    policy.grant(
        [institution.group_id], notice, by=by, purpose=alert.purpose, legal_basis=alert.legal_basis, sort_at=now,
        expires_at=alert.expires_at, case_id=alert.case_id,
    )  # fmt: skip
    delivery_enqueue(
        institution=institution, topic=TOPIC, subject_id=notice.id, case_id=alert.case_id, priority=PRIORITY
    )
    return notice


def notice_make_available(notice_id: UUID, *, by: User, at: datetime) -> AlertNotice:
    """Note `at` as the notice's first availability and until when it must be acknowledged; `by` is the platform's own.

    Nothing changes where it was available before or is no longer open. Raises NotFound.
    """
    rows = AlertNotice.objects.select_related("alert").defer("payload", "alert__payload", "alert__content")
    notice = policy.get(by, Action.NOTICE_VIEW, rows, notice_id, lock=True)
    if notice.available_at is not None or notice.status != AlertNotice.Status.ISSUED:
        return notice
    notice.available_at = at
    notice.due_at = answer_due_at(at, notice.alert.acknowledge_minutes)
    notice.save(update_fields=["available_at", "due_at"])
    diary.record("notice.available", by=by, obj=notice, case_id=notice.case_id, detail={"due_at": notice.due_at})
    return notice


def alert_close(*, by: User, alert_id: UUID, reason: str) -> Alert:
    """The issuing unit ends an alert: notices that are still open are closed with it. Raises WrongState."""
    alert = policy.get(by, Action.ALERT_CLOSE, Alert.objects.all(), alert_id, lock=True)
    require_unit(by, alert)
    alert_flow.step("close", alert.status)
    return close_apply(alert, by=by, reason=required_reason(reason))


def close_apply(alert: Alert, *, by: User, reason: str) -> Alert:
    """The act itself, also at the alert's own end. The caller has authorised and holds the row."""
    now = db.require_unit_of_work().now
    alert_flow.apply(alert, "close", by=by, changes={"closed_at": now, "ended_reason": reason})
    open_ones = (
        AlertNotice.objects.filter(alert=alert, status__in=OPEN).select_related("alert").defer("payload", "report")
    )
    for notice in db.lock(open_ones):
        notice_flow.apply(notice, "close", by=by, changes={"closed_at": now})
    return alert
