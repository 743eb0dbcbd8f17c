"""A second person approves exactly what was shown; then each institution has a notice of its own, and its delivery."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Alert, AlertLine, AlertNotice
from accounts.services.alerts.decide import alert_approve, alert_recall, alert_reject, alert_submit
from accounts.services.alerts.draft import alert_update
from accounts.services.alerts.duties import alerts_tend
from accounts.services.alerts.notices import notice_acknowledge
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push, outbox_handle
from antifraud.errors import Conflict, Forbidden, NotFound, Superseded, WrongState
from banks.models import Delivery, Notification
from banks.selectors.institutions import system_user
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.cast import World


def test_from_draft_to_the_banks_acknowledgement(world: World) -> None:
    alert = alerting.issue(world)
    assert (alert.status, alert.approved_by) == ("issued", world.approver_a)
    assert Delivery.objects.filter(topic="alert.issued").count() == 2
    assert lane_push(world.bank_a.id) == 1
    notice = alerting.notice_of(alert, world.bank_a)
    assert notice.due_at - notice.available_at == timedelta(hours=24)
    told = Notification.objects.get(user=world.risk_a, code="alert.arrived")
    assert (told.params, told.url) == ({"number": alert.number}, f"/alerts/notices/{notice.id}/")
    assert not Notification.objects.filter(user__institution=world.bank_b).exists()
    with db.unit_of_work(world.risk_a):
        notice_acknowledge(by=world.risk_a, notice_id=notice.id)
    notice.refresh_from_db()
    assert (notice.status, notice.acknowledged_by, notice.read_by) == ("acknowledged", world.risk_a, world.risk_a)
    assert Delivery.objects.get(subject_id=notice.id).state == "transported"


def test_alerts_go_behind_every_order(world: World) -> None:
    alerting.issue(world)
    from accounts.rules.order_kinds import ORDER_KINDS

    assert {d.priority for d in Delivery.objects.filter(topic="alert.issued")} == {40}
    assert max(row.priority for row in ORDER_KINDS.values()) < 40


def test_each_notice_holds_its_own_lines_only(world: World) -> None:
    mine, other = line(world.bank_a), line(world.bank_b, name="李四")
    alert = alerting.issue(world, other, mine)
    content = json.loads(alerting.notice_of(alert, world.bank_a).payload.open())
    assert [(each["number"], each["kept_here"]) for each in content["lines"]] == [(mine.number, True)]
    text = json.dumps(content, ensure_ascii=False)
    for foreign in (other.number, "李四", world.bank_b.name, world.bank_b.name_zh, "addressees", "to_all", "audience"):
        assert foreign not in text


def test_a_line_for_all_is_in_every_notice(world: World) -> None:
    shared = line(world.bank_b, to_all=True)
    alert = alerting.issue(world, line(world.bank_a), shared)
    content = json.loads(alerting.notice_of(alert, world.bank_a).payload.open())
    assert [(each["number"], each["kept_here"]) for each in content["lines"]][1:] == [(shared.number, False)]


def test_the_operator_cannot_approve(world: World) -> None:
    alert = alerting.submit(alerting.draft(world.supervisor_a, line(world.bank_a)))
    before = alerting.facts()
    with pytest.raises(Forbidden) as refused, db.unit_of_work(world.supervisor_a):
        alert_approve(by=world.supervisor_a, alert_id=alert.id, payload_sha256=bytes(alert.payload_sha256 or b""))
    assert refused.value.code == "same_person"
    assert alerting.facts() == before


@pytest.mark.parametrize("wrote", ["draft", "update"])
def test_who_wrote_it_cannot_approve_what_a_colleague_submitted(world: World, log_in: Any, wrote: str) -> None:
    writer, colleague = world.supervisor_a, world.analyst_a
    alert = alerting.draft(writer if wrote == "draft" else colleague, line(world.bank_a))
    if wrote == "update":
        with db.unit_of_work(writer):
            alert_update(by=writer, alert_id=alert.id, data=alerting.alert_input(line(world.bank_b)))
    with db.unit_of_work(colleague):
        alert = alert_submit(by=colleague, alert_id=alert.id)
    assert (alert.drafted_by, alert.created_by) == (writer, colleague)
    outbox_handle()
    asked = Notification.objects.filter(code="alert.submitted")
    assert (asked.filter(user=writer).exists(), asked.filter(user=world.approver_a).exists()) == (False, True)
    decide = f"/alerts/{alert.id}/decide/"
    assert decide not in log_in(writer).get(f"/alerts/{alert.id}/").content.decode()
    assert decide in log_in(world.approver_a).get(f"/alerts/{alert.id}/").content.decode()
    before = alerting.facts()
    with pytest.raises(Forbidden) as refused:
        alerting.approve(alert, writer)
    assert refused.value.code == "same_person"
    with pytest.raises(Forbidden), db.unit_of_work(writer):
        alert_reject(by=writer, alert_id=alert.id, reason="not good enough")
    assert alerting.facts() == before
    assert alerting.approve(alert, world.approver_a).status == "issued"


def test_the_database_too_wants_another_person_than_the_writer(world: World) -> None:
    alert = alerting.draft(world.supervisor_a, line(world.bank_a))
    with pytest.raises(IntegrityError, match="alert_two_persons"), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(created_by=world.analyst_a, approved_by=world.supervisor_a)


def test_another_hash_or_changed_lines_approve_nothing(world: World) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    sha = bytes(alert.payload_sha256 or b"")
    before = alerting.facts()
    with pytest.raises(Superseded), db.unit_of_work(world.approver_a):
        alert_approve(by=world.approver_a, alert_id=alert.id, payload_sha256=b"\0" * 32)
    AlertLine.objects.filter(alert=alert).update(to_all=True)
    with pytest.raises(Superseded) as refused, db.unit_of_work(world.approver_a):
        alert_approve(by=world.approver_a, alert_id=alert.id, payload_sha256=sha)
    assert refused.value.code == "payload_changed"
    assert alerting.facts() == before


@pytest.mark.parametrize(("who", "error"), [("analyst_a", Forbidden), ("approver_b", NotFound), ("risk_a", NotFound)])
def test_others_cannot_approve(world: World, who: str, error: type[Exception]) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    before = alerting.facts()
    person = getattr(world, who)
    with pytest.raises(error), db.unit_of_work(person):
        alert_approve(by=person, alert_id=alert.id, payload_sha256=bytes(alert.payload_sha256 or b""))
    assert alerting.facts() == before


@pytest.mark.parametrize("who", ["bureau_approver", "centre_approver"])
def test_a_body_above_may_approve(world: World, who: str) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    assert alerting.approve(alert, getattr(world, who)).status == "issued"


def test_a_rejected_alert_goes_nowhere_and_its_operator_hears_why(world: World) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    with db.unit_of_work(world.approver_a):
        alert_reject(by=world.approver_a, alert_id=alert.id, reason="too broad")
    outbox_handle()
    alert.refresh_from_db()
    assert (alert.status, alert.ended_reason, AlertNotice.objects.count()) == ("rejected", "too broad", 0)
    assert Notification.objects.filter(user=world.analyst_a, code="alert.rejected").count() == 1
    with pytest.raises(WrongState):
        alerting.approve(alert, world.approver_a)


def test_approvers_are_asked_but_not_the_operator(world: World) -> None:
    alerting.submit(alerting.draft(world.supervisor_a, line(world.bank_a)))
    outbox_handle()
    asked = set(Notification.objects.filter(code="alert.submitted").values_list("user__username", flat=True))
    assert {"approver_a", "bureau_approver", "centre_approver"} <= asked
    assert asked.isdisjoint({"supervisor_a", "approver_b", "risk_a", "overseer"})


def test_an_approval_lapses_and_the_alert_is_a_draft_again(world: World, move_clock: Any) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    move_clock(timedelta(minutes=31))
    with pytest.raises(Conflict) as refused:
        alerting.approve(alert, world.approver_a)
    assert refused.value.code == "approval_lapsed"
    with db.unit_of_work(system_user()):
        assert alerts_tend(by=system_user()) == 1
    alert.refresh_from_db()
    assert alert.status == "draft"
    assert Notification.objects.filter(user=world.analyst_a, code="alert.lapsed").exists()


def test_a_recalled_alert_can_be_submitted_again(world: World) -> None:
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    with db.unit_of_work(world.second_a):
        alert_recall(by=world.second_a, alert_id=alert.id)
    again = alerting.submit(Alert.objects.get(pk=alert.pk))
    assert alerting.approve(again, world.approver_a).status == "issued"


def test_grants_end_with_the_alert(world: World) -> None:
    alert = alerting.issue(world)
    grant = alerting.notice_of(alert, world.bank_a).grants.get()
    assert (grant.expires_at, grant.purpose, grant.group_id) == (alert.expires_at, alert.purpose, world.bank_a.group_id)
    assert AuditEntry.objects.filter(verb="alert.approve", object_id=alert.id).count() == 1
