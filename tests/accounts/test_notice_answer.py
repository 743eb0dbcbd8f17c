"""An institution reads, acknowledges and reports back on its own notice; the police close what stays open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AlertNotice
from accounts.selectors.alerts import alerts_list, notice_counts, notices_list
from accounts.services.alerts.duties import alerts_tend
from accounts.services.alerts.notices import notice_acknowledge, notice_open, notice_report_back
from accounts.services.alerts.reveals import notice_report_reveal
from accounts.services.alerts.send import alert_close
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push, outbox_handle
from antifraud.errors import Forbidden, Invalid, NotFound, Superseded, WrongState
from banks.models import Delivery, Notification
from banks.selectors.institutions import system_user
from tests.accounts import alerting
from tests.cast import World


def acknowledge(by: Any, notice: AlertNotice, **extra: Any) -> AlertNotice:
    with db.unit_of_work(by):
        return notice_acknowledge(by=by, notice_id=notice.id, **extra)


def report(by: Any, notice: AlertNotice, finding: str = "found", text: str = "Two cards found.") -> AlertNotice:
    with db.unit_of_work(by):
        return notice_report_back(by=by, notice_id=notice.id, finding=finding, report=text)


def test_the_first_reader_counts_and_every_reading_is_audited(world: World) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    for reader in (world.risk_a, world.risk_supervisor_a):
        with db.unit_of_work(reader):
            reading = notice_open(by=reader, notice_id=notice.id)
    notice.refresh_from_db()
    assert (notice.read_by, notice.status) == (world.risk_a, "issued")
    assert AuditEntry.objects.filter(object_id=notice.id, verb="alertnotice.reveal").count() == 2
    assert reading.content["content"] == alerting.CONTENT
    assert ["*" in each["number"] for each in reading.lines] == [True]
    assert Delivery.objects.get(subject_id=notice.id).state == "transported"


def test_acknowledging_twice_is_once(world: World) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    acknowledge(world.risk_a, notice)
    before = alerting.facts()
    assert acknowledge(world.risk_supervisor_a, notice).acknowledged_by == world.risk_a
    assert alerting.facts() == before


def test_who_acts_before_the_lane_has_it_starts_the_term(world: World) -> None:
    alert = alerting.issue(world)
    notice = acknowledge(world.risk_a, alerting.notice_of(alert, world.bank_a))
    assert (notice.available_at, notice.due_at - notice.available_at) == (notice.acknowledged_at, timedelta(days=1))
    assert lane_push(world.bank_a.id) == 1
    notice.refresh_from_db()
    assert notice.available_at == notice.acknowledged_at
    assert not Notification.objects.filter(user=world.risk_a, code="alert.arrived").exists()


@pytest.mark.parametrize(("who", "error"), [("analyst_a", Forbidden), ("risk_b", NotFound), ("risk_branch", NotFound)])
def test_only_the_addressee_acknowledges(world: World, who: str, error: type[Exception]) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    before = alerting.facts()
    with pytest.raises(error):
        acknowledge(getattr(world, who), notice)
    assert alerting.facts() == before


def test_a_stale_page_acknowledges_nothing(world: World) -> None:
    notice = alerting.notice_of(alerting.delivered(world), world.bank_a)
    with pytest.raises(Superseded):
        acknowledge(world.risk_a, notice, expected_version=notice.version + 1)


def test_a_report_is_sealed_and_the_operator_hears_of_it(world: World) -> None:
    alert = alerting.delivered(world)
    notice = alerting.notice_of(alert, world.bank_a)
    with pytest.raises(WrongState):
        report(world.risk_a, notice)
    acknowledge(world.risk_a, notice)
    report(world.risk_a, notice, "measures_taken", "Two cards of 张三 blocked.")
    outbox_handle()
    notice.refresh_from_db()
    assert (notice.status, notice.finding, notice.reported_by) == ("reported_back", "measures_taken", world.risk_a)
    told = Notification.objects.get(user=world.analyst_a, code="alert.reported_back")
    assert told.url == f"/alerts/{alert.id}/"
    with db.unit_of_work(world.analyst_a):
        text = notice_report_reveal(by=world.analyst_a, notice_id=notice.id, purpose="read the report")
    assert text == "Two cards of 张三 blocked."
    assert AuditEntry.objects.filter(
        object_id=notice.id, verb="alertnotice.reveal", actor_id=world.analyst_a.id
    ).exists()
    for row in AuditEntry.objects.filter(object_id=notice.id):
        assert "张三".encode() not in bytes(row.payload)
    with pytest.raises(WrongState):
        report(world.risk_a, notice)


@pytest.mark.parametrize(
    ("finding", "text", "field"),
    [
        ("", "Found it", "finding"),
        ("found", "", "report"),
        ("found", "x" * 4001, "report"),
        ("found", "PIN 1234", "report"),
    ],
)
def test_a_report_that_says_nothing_is_refused(world: World, finding: str, text: str, field: str) -> None:
    notice = acknowledge(world.risk_a, alerting.notice_of(alerting.delivered(world), world.bank_a))
    before = alerting.facts()
    with pytest.raises(Invalid) as refused:
        report(world.risk_a, notice, finding, text)
    assert list(refused.value.fields) == [field]
    assert alerting.facts() == before


def test_nothing_found_needs_no_words(world: World) -> None:
    notice = acknowledge(world.risk_a, alerting.notice_of(alerting.delivered(world), world.bank_a))
    assert report(world.risk_a, notice, "nothing_found", "").report is None


def test_closing_closes_what_is_open_and_leaves_what_was_reported(world: World) -> None:
    alert = alerting.delivered(world)
    mine, other = (alerting.notice_of(alert, bank) for bank in (world.bank_a, world.bank_b))
    acknowledge(world.risk_a, mine)
    report(world.risk_a, mine)
    with db.unit_of_work(world.second_a):
        alert_close(by=world.second_a, alert_id=alert.id, reason="ring was caught")
    for row in (mine, other, alert):
        row.refresh_from_db()
    assert (mine.status, other.status, alert.status) == ("reported_back", "closed", "closed")
    with pytest.raises(WrongState):
        acknowledge(world.risk_b, other)


@pytest.mark.parametrize(
    ("who", "error"), [("centre_analyst", Forbidden), ("analyst_b", NotFound), ("risk_a", NotFound)]
)
def test_only_the_unit_closes(world: World, who: str, error: type[Exception]) -> None:
    alert, person = alerting.delivered(world), getattr(world, who)
    before = alerting.facts()
    with pytest.raises(error), db.unit_of_work(person):
        alert_close(by=person, alert_id=alert.id, reason="not mine to end")
    assert alerting.facts() == before


def test_at_its_end_the_platform_closes_the_alert(world: World, move_clock: Any) -> None:
    alert = alerting.delivered(world)
    with db.unit_of_work(system_user()):
        assert alerts_tend(by=system_user()) == 0
    move_clock(timedelta(days=30, minutes=1))
    with db.unit_of_work(system_user()):
        assert alerts_tend(by=system_user()) == 1
    alert.refresh_from_db()
    assert (alert.status, alert.ended_reason) == ("closed", "expired")
    assert set(alert.notices.values_list("status", flat=True)) == {"closed"}


def test_overdue_is_computed_from_the_clock(world: World, move_clock: Any) -> None:
    alert = alerting.delivered(world)
    acknowledge(world.risk_b, alerting.notice_of(alert, world.bank_b))

    def figures() -> tuple[int, int, int]:
        row = vars(alerts_list(user=world.analyst_a).get())
        return row["sent"], row["acknowledged"], row["late"]

    assert (figures(), notice_counts(user=world.risk_a)["overdue"]) == ((2, 1, 0), 0)
    move_clock(timedelta(hours=24, minutes=1))
    assert (figures(), notice_counts(user=world.risk_a)["overdue"]) == ((2, 1, 1), 1)
    assert notices_list(user=world.risk_a, state="overdue").count() == 1
    assert notices_list(user=world.risk_b, state="overdue").count() == 0
