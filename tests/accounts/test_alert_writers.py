"""Four eyes: everybody who drafted, changed or submitted an alert is no second person, also after others have gone on."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Alert
from accounts.services.alerts.decide import alert_approve, alert_recall, alert_reject, alert_submit
from accounts.services.alerts.draft import alert_update
from antifraud import db
from antifraud.deliveries import outbox_handle
from antifraud.errors import Conflict, Forbidden
from banks.models import Notification, User
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.test_exchange_races import together
from tests.cast import World


def _change(alert: Alert, by: User, *lines: Any) -> None:
    with db.unit_of_work(by):
        alert_update(by=by, alert_id=alert.id, data=alerting.alert_input(*lines))


def _hand_in(alert: Alert, by: User) -> Alert:
    with db.unit_of_work(by):
        return alert_submit(by=by, alert_id=alert.id)


def _recall(alert: Alert, by: User) -> None:
    with db.unit_of_work(by):
        alert_recall(by=by, alert_id=alert.id)


def _handed_over(world: World) -> Alert:
    """The supervisor drafts, one colleague changes it, another one submits."""
    alert = alerting.draft(world.supervisor_a, line(world.bank_a))
    _change(alert, world.second_a, line(world.bank_b))
    return _hand_in(alert, world.analyst_a)


def test_who_wrote_it_first_cannot_approve_what_others_changed_and_submitted(world: World, log_in: Any) -> None:
    alert = _handed_over(world)
    assert alert.drafted_by == world.second_a
    assert set(alert.written_by) == {world.supervisor_a.id, world.second_a.id, world.analyst_a.id}
    outbox_handle()
    asked = set(Notification.objects.filter(code="alert.submitted").values_list("user__username", flat=True))
    assert "supervisor_a" not in asked
    assert "approver_a" in asked
    before = alerting.facts()
    with pytest.raises(Forbidden) as refused:
        alerting.approve(alert, world.supervisor_a)
    assert refused.value.code == "same_person"
    with pytest.raises(Forbidden), db.unit_of_work(world.supervisor_a):
        alert_reject(by=world.supervisor_a, alert_id=alert.id, reason="not good enough")
    assert alerting.facts() == before
    page = log_in(world.supervisor_a).get(f"/alerts/{alert.id}/").content.decode()
    assert f"/alerts/{alert.id}/decide/" not in page
    assert "Somebody else decides on this alert" in page
    for person in (world.supervisor_a, world.second_a, world.analyst_a):
        assert str(person) in page
    assert "Somebody else decides" not in log_in(world.approver_a).get(f"/alerts/{alert.id}/").content.decode()
    assert alerting.approve(alert, world.approver_a).status == "issued"


def test_who_submitted_it_before_the_recall_cannot_approve_it_after(world: World) -> None:
    alert = _hand_in(alerting.draft(world.analyst_a, line(world.bank_a)), world.supervisor_a)
    _recall(alert, world.analyst_a)
    again = _hand_in(alert, world.analyst_a)
    before = alerting.facts()
    with pytest.raises(Forbidden) as refused:
        alerting.approve(again, world.supervisor_a)
    assert refused.value.code == "same_person"
    assert alerting.facts() == before


def test_each_writer_stands_there_once(world: World) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    _change(alert, world.analyst_a, line(world.bank_b))
    assert _hand_in(alert, world.analyst_a).written_by == [world.analyst_a.id]


def test_the_database_too_wants_nobody_of_the_writers(world: World) -> None:
    alert = _handed_over(world)
    with pytest.raises(IntegrityError, match="alert_two_persons"), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(approved_by=world.supervisor_a)
    Alert.objects.filter(pk=alert.pk).update(approved_by=world.approver_a)


def test_older_alerts_learn_their_writers_from_the_diary(world: World) -> None:
    alert, decided = _handed_over(world), alerting.issue(world)
    wanted = set(alert.written_by)
    Alert.objects.update(written_by=[])
    Alert.objects.filter(pk=decided.pk).update(approved_by=world.bureau_approver, written_by=[])
    migration = importlib.import_module("accounts.migrations.0010_alert_writers")
    with connection.cursor() as cursor:
        cursor.execute(migration._WRITERS)
    alert.refresh_from_db()
    decided.refresh_from_db()
    assert set(alert.written_by) == wanted
    assert decided.written_by == [world.analyst_a.id]


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_are_both_kept_out(world: World) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    mine, theirs = line(world.bank_a), line(world.bank_b)
    together(lambda: _change(alert, world.supervisor_a, mine), lambda: _change(alert, world.second_a, theirs))
    alert = _hand_in(Alert.objects.get(pk=alert.pk), world.analyst_a)
    assert set(alert.written_by) == {world.analyst_a.id, world.supervisor_a.id, world.second_a.id}


@pytest.mark.django_db(transaction=True)
def test_who_changes_it_while_it_is_handed_over_cannot_slip_in_an_approval(world: World) -> None:
    """The supervisor takes it back, changes it and tries all the time to approve what a colleague hands in again."""
    alert = alerting.submit(alerting.draft(world.analyst_a, line(world.bank_a)))
    tried: list[str] = []

    def hand_over() -> None:
        _recall(alert, world.supervisor_a)
        _change(alert, world.supervisor_a, line(world.bank_b))
        _hand_in(alert, world.second_a)

    def approve_all_the_time() -> None:
        for _time in range(12):
            sha = bytes(Alert.objects.values_list("payload_sha256", flat=True).get(pk=alert.pk) or b"")
            try:
                with db.unit_of_work(world.supervisor_a):
                    row = Alert.objects.get(pk=alert.pk)
                    if world.supervisor_a.id in row.written_by:
                        alert_approve(by=world.supervisor_a, alert_id=alert.id, payload_sha256=sha)
                        tried.append("approved")
            except (Conflict, Forbidden) as refused:
                tried.append(refused.code)

    together(hand_over, approve_all_the_time)
    alert.refresh_from_db()
    assert (alert.status, alert.approved_by) == ("awaiting_approval", None)
    assert "approved" not in tried
    with pytest.raises(Forbidden) as refused:
        alerting.approve(alert, world.supervisor_a)
    assert refused.value.code == "same_person"
