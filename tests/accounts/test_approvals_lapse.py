"""A request for approval that nobody decided in its 30 minutes gives the order back to its operator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import Order
from accounts.services.reminders import approvals_lapse
from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts.factories import draft, involve, issue, new_case, submit
from tests.cast import World


def _lapse(limit: int = 200) -> int:
    with db.unit_of_work(system_user()):
        return approvals_lapse(by=system_user(), limit=limit)


def _submitted(world: World, *, emergency: bool = False) -> Order:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    return submit(draft(world.analyst_a, world.second_a, row), emergency=emergency)


def test_within_its_term_nothing_lapses(world: World, move_clock: Any) -> None:
    order = _submitted(world)
    move_clock(timedelta(minutes=29))
    assert _lapse() == 0
    order.refresh_from_db()
    assert order.status == "awaiting_approval"
    assert not Notification.objects.exists()


def test_after_its_term_the_operator_has_it_back_and_hears_of_it_once(world: World, move_clock: Any) -> None:
    order = _submitted(world)
    move_clock(timedelta(minutes=31))
    assert _lapse() == 1
    order.refresh_from_db()
    assert order.status == "draft"
    assert ApprovalRequest.objects.get(subject_id=order.id).outcome == "lapsed"
    told = Notification.objects.get()
    assert (told.user_id, told.code, told.params) == (world.analyst_a.id, "order.lapsed", {"number": order.number})
    entry = AuditEntry.objects.get(object_id=order.id, verb="order.recall")
    assert entry.actor_id == system_user().id
    assert _lapse() == 0
    assert Notification.objects.count() == 1


def test_it_can_be_submitted_again(world: World, move_clock: Any) -> None:
    order = _submitted(world)
    move_clock(timedelta(minutes=31))
    _lapse()
    assert submit(Order.objects.get(pk=order.pk)).status == "awaiting_approval"
    assert _lapse() == 0


def test_an_unconfirmed_emergency_lapses_too(world: World, move_clock: Any) -> None:
    order = _submitted(world, emergency=True)
    move_clock(timedelta(minutes=31))
    assert _lapse() == 1
    order.refresh_from_db()
    assert (order.status, order.emergency) == ("draft", False)
    assert submit(order).status == "awaiting_approval"
    assert ApprovalRequest.objects.get(subject_id=order.id, outcome="pending").action == "order.approve"


def test_an_issued_order_stays_issued(world: World, move_clock: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    move_clock(timedelta(days=2))
    assert _lapse() == 0
    order.refresh_from_db()
    assert order.status == "issued"


def test_a_limit_is_kept(world: World, move_clock: Any) -> None:
    _submitted(world)
    _submitted(world)
    move_clock(timedelta(minutes=31))
    assert _lapse(1) == 1
    assert Order.objects.filter(status="awaiting_approval").count() == 1
