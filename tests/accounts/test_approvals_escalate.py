"""An emergency stop whose approval is overdue: unit, centre and oversight hear of it once; the stop stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.services.orders.ratify import order_overrule, order_ratify
from accounts.services.reminders import approvals_escalate
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts.factories import involve, issue, issue_emergency, new_case
from tests.cast import World


def _escalate() -> int:
    with db.unit_of_work(system_user()):
        return approvals_escalate(by=system_user())


@pytest.fixture
def order(world: World) -> Any:
    return issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


def test_within_the_hour_nobody_is_told(world: World, order: Any, move_clock: Any) -> None:
    move_clock(timedelta(minutes=59))
    assert _escalate() == 0
    assert not Notification.objects.exists()


def test_after_the_hour_everybody_concerned_is_told_once(world: World, order: Any, move_clock: Any) -> None:
    move_clock(timedelta(minutes=61))
    assert _escalate() == 1
    told = set(Notification.objects.values_list("user__username", "code", "url"))
    names = {name for name, _code, _url in told}
    assert {code for _name, code, _url in told} == {"order.approval_overdue"}
    assert {url for _name, _code, url in told} == {f"/orders/{order.id}/"}
    assert {"supervisor_a", "approver_a", "bureau_approver", "centre_supervisor", "overseer"} <= names
    assert not names & {"approver_b", "supervisor_b", "risk_a", "risk_supervisor_a"}
    order.refresh_from_db()
    assert (order.status, order.approved_at) == ("issued", None)
    assert AuditEntry.objects.filter(object_id=order.id, verb="order.escalate").count() == 1
    count = Notification.objects.count()
    move_clock(timedelta(days=1))
    assert (_escalate(), Notification.objects.count()) == (0, count)


def test_a_ratified_order_is_not_escalated(world: World, order: Any, move_clock: Any) -> None:
    with db.unit_of_work(world.approver_a):
        order_ratify(by=world.approver_a, order_id=order.id, payload_sha256=bytes(order.payload_sha256))
    move_clock(timedelta(hours=2))
    assert _escalate() == 0


def test_an_overruled_order_is_not_escalated(world: World, order: Any, move_clock: Any) -> None:
    with db.unit_of_work(world.approver_a):
        order_overrule(by=world.approver_a, order_id=order.id, reason="not justified")
    move_clock(timedelta(hours=2))
    assert _escalate() == 0


def test_an_order_on_the_plain_path_is_not_escalated(world: World, move_clock: Any) -> None:
    issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    move_clock(timedelta(hours=2))
    assert _escalate() == 0
