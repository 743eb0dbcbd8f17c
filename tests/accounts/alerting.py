"""Alerts for the tests, made by the services themselves, each act in its own unit of work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import Alert, AlertNotice
from accounts.services.alerts.decide import alert_approve, alert_submit
from accounts.services.alerts.draft import alert_draft
from accounts.services.alerts.inputs import AlertInput, LineInput
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery, User
from tests.accounts.factories import FRAUD_20, card
from tests.cast import World

CONTENT = "Cards opened in bundles and emptied at night: look for further cards of the same customers."


def line(institution: Any = None, *, number: str = "", **changes: Any) -> LineInput:
    """An account of the institution that no other test has used."""
    return LineInput(**({"number": number or card(), "institution": institution, "name": "张三"} | changes))


def alert_input(*lines: LineInput, **changes: Any) -> AlertInput:
    """A draft that passes: to the keepers of its lines, for thirty days."""
    wanted: dict[str, Any] = {
        "kind": "involved_accounts", "title": "Accounts of a card ring", "content": CONTENT, "legal_basis": FRAUD_20,
        "purpose": "find further accounts", "expires_at": db.app_now() + timedelta(days=30), "audience": "keepers",
        "lines": lines,
    }  # fmt: skip
    return AlertInput(**(wanted | changes))


def draft(by: User, *lines: LineInput, **changes: Any) -> Alert:
    """One draft of the officer's unit."""
    with db.unit_of_work(by):
        return alert_draft(by=by, data=alert_input(*lines, **changes))


def submit(alert: Alert) -> Alert:
    """Submitted by its operator."""
    with db.unit_of_work(alert.created_by):
        return alert_submit(by=alert.created_by, alert_id=alert.id)


def approve(alert: Alert, by: User) -> Alert:
    """Approved as it is stored."""
    with db.unit_of_work(by):
        return alert_approve(by=by, alert_id=alert.id, payload_sha256=bytes(alert.payload_sha256 or b""))


def issue(world: World, *lines: LineInput, **changes: Any) -> Alert:
    """Drafted, submitted and approved in unit A; where nothing is said, one account at each of the two banks."""
    lines = lines or (line(world.bank_a), line(world.bank_b, name="李四"))
    return approve(submit(draft(world.analyst_a, *lines, **changes)), world.approver_a)


def delivered(world: World, *lines: LineInput, **changes: Any) -> Alert:
    """Issued, and in the lanes of its institutions."""
    alert = issue(world, *lines, **changes)
    for institution in alert.addressees.all():
        lane_push(institution.id)
    return alert


def notice_of(alert: Alert, institution: Any) -> AlertNotice:
    """The institution's own notice."""
    return AlertNotice.objects.select_related("alert").get(alert=alert, institution=institution)


def facts() -> dict[str, Any]:
    """Everything that an act on alerts may change."""
    return {
        "alerts": list(Alert.objects.order_by("pk").values_list("pk", "status", "version")),
        "notices": list(AlertNotice.objects.order_by("pk").values_list("pk", "status", "version", "read_at")),
        "audit": AuditEntry.objects.filter(outcome="ok").count(),
        "outbox": OutboxMessage.objects.count(),
        "deliveries": Delivery.objects.count(),
    }
