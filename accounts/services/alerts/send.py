"""An approved alert to its institutions: a notice, a grant and a delivery for each; its end. Reading is in `notices`."""

from __future__ import annotations

import json
from collections.abc import Collection
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
from antifraud.crypto import data_keys
from antifraud.errors import NotFound
from banks.models import Institution, User
from banks.services.deliveries import deliveries_enqueue

PRIORITY = 40  # behind every order: queries have 30
OPEN = (AlertNotice.Status.ISSUED, AlertNotice.Status.ACKNOWLEDGED)


def alert_send(alert: Alert, *, by: User) -> list[AlertNotice]:
    """One notice for each addressee, which its institution can read until the alert expires, and its delivery; in as many
    statements for all as for one.

    The caller has taken the step to `issued`. An institution that was cut off meanwhile gets its delivery when it is
    back: its lane waits.
    """
    content: dict[str, Any] = json.loads(alert.payload.open()) if alert.payload is not None else {}
    addressees = list(alert.addressees.all())
    data_keys.prepare(("institution", institution.pk) for institution in addressees)
    now = db.require_unit_of_work().now
    rows = [_notice(alert, institution, content, now) for institution in addressees]
    notices = notice_flow.begin_many(
        [(notice, {"sha256": bytes(notice.payload_sha256).hex()}) for notice in rows], by=by, verb="issue",
        legal_basis=alert.legal_basis,
    )  # fmt: skip
    policy.grant_each(
        [(notice, [notice.institution.group_id]) for notice in notices], by=by, purpose=alert.purpose,
        legal_basis=alert.legal_basis, sort_at=now, expires_at=alert.expires_at, case_id=alert.case_id,
    )  # fmt: skip
    each = [(notice.institution, notice.id) for notice in notices]
    deliveries_enqueue(each, topic=TOPIC, case_id=alert.case_id, priority=PRIORITY)
    return notices


def _notice(alert: Alert, institution: Institution, content: dict[str, Any], now: datetime) -> AlertNotice:
    text, sha256 = sealed(notice_content(content, institution))
    return AlertNotice(
        alert=alert, institution=institution, case_id=alert.case_id, payload=text, payload_sha256=sha256, issued_at=now
    )  # fmt: skip


def notices_make_available(notice_ids: Collection[UUID], *, by: User, at: datetime) -> list[AlertNotice]:
    """Note `at` as the notices' first availability and until when they must be acknowledged; `by` is the platform's own.

    Returns those whose term begins: nothing changes where one was available before or is no longer open. Raises
    NotFound if a single one is out of reach.
    """
    wanted = set(notice_ids)
    rows = AlertNotice.objects.select_related("alert").defer("payload", "report", "alert__payload", "alert__content")
    notices = list(db.lock(policy.scope(by, Action.NOTICE_VIEW, rows.filter(pk__in=wanted))))
    if len(notices) != len(wanted):
        raise NotFound
    fresh = [each for each in notices if each.available_at is None and each.status == AlertNotice.Status.ISSUED]
    by_term: dict[datetime, list[UUID]] = {}
    for notice in fresh:
        notice.available_at, notice.due_at = at, answer_due_at(at, notice.alert.acknowledge_minutes)
        by_term.setdefault(notice.due_at, []).append(notice.pk)
    for due_at, keys in by_term.items():  # few terms
        AlertNotice.objects.filter(pk__in=keys).update(available_at=at, due_at=due_at)
    details = [(notice, notice.case_id, {"due_at": notice.due_at}) for notice in fresh]
    diary.record_many("notice.available", by=by, rows=details)
    return fresh


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
