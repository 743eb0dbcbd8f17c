"""The institution has seen the order: who, when, once; it is no answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.services.answers import order_acknowledge, order_note_cancellation
from accounts.services.orders.cancel import order_cancel
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push
from antifraud.errors import Forbidden, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery
from tests.accounts.answering import answer, bank_order, counters, nothing_answered
from tests.accounts.factories import draft, involve, issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_it_says_who_and_when_and_leaves_the_order_open(world: World, act: Act) -> None:
    order = bank_order(world)
    due_at, before = order.answer_due_at, counters(order)
    with act(world.risk_a) as work:
        seen = order_acknowledge(by=world.risk_a, order_id=order.id)
    assert (seen.status, seen.acknowledged_by, seen.acknowledged_at) == ("acknowledged", world.risk_a, work.now)
    seen.refresh_from_db()
    assert (seen.answered_at, seen.answer_due_at, counters(order)) == (None, due_at, before)
    assert OutboxMessage.objects.filter(topic="order.acknowledged", subject_id=order.id).count() == 1
    assert (
        AuditEntry.objects.filter(verb="order.acknowledge", object_id=order.id, actor_id=world.risk_a.id).count() == 1
    )


def test_the_delivery_has_arrived(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    delivery = Delivery.objects.get(subject_id=order.id, institution=world.bank_a)
    assert (delivery.state, delivery.door) == ("transported", "inbox")


def test_a_second_one_changes_nothing(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    with nothing_answered(), act(world.risk_supervisor_a):
        again = order_acknowledge(by=world.risk_supervisor_a, order_id=order.id)
    assert again.acknowledged_by_id == world.risk_a.id


def test_the_bank_system_may(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.machine_a):
        assert order_acknowledge(by=world.machine_a, order_id=order.id).status == "acknowledged"


def test_seen_before_the_lane_was_pushed_the_term_begins_with_it(world: World, act: Act) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with act(world.risk_a) as work:
        seen = order_acknowledge(by=world.risk_a, order_id=order.id)
    assert (seen.available_at, seen.answer_due_at) == (work.now, work.now + timedelta(minutes=seen.answer_minutes))
    lane_push(world.bank_a.id)
    seen.refresh_from_db()
    assert seen.available_at == work.now


def test_a_stale_page_is_told(world: World, act: Act) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(Superseded), act(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id, expected_version=order.version - 1)


@pytest.mark.parametrize("end", ["answered", "cancelled"])
def test_an_ended_order_takes_none(world: World, act: Act, end: str) -> None:
    order = bank_order(world)
    if end == "answered":
        answer(order, world.risk_a)
    else:
        with act(world.analyst_a):
            order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)


@pytest.mark.parametrize("error", [NotFound, Forbidden])
def test_others_may_not(world: World, act: Act, error: type[Exception]) -> None:
    strangers = ["risk_b", "risk_branch", "risk_telecom", "machine_b", "analyst_b", "overseer", "auditor", "admin"]
    order = bank_order(world)
    for name in strangers if error is NotFound else ["analyst_a", "approver_a", "centre_analyst"]:
        by = getattr(world, name)
        with nothing_answered(), pytest.raises(error), act(by):
            order_acknowledge(by=by, order_id=order.id)


def test_an_order_that_is_not_issued_does_not_exist_for_the_bank(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
    with nothing_answered(), pytest.raises(NotFound), act(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)


def test_a_cancellation_is_noted_once(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    lane_push(world.bank_a.id)
    notice = Delivery.objects.get(subject_id=order.id, topic="order.cancelled")
    assert notice.state == "ready"
    with act(world.risk_a):
        order_note_cancellation(by=world.risk_a, order_id=order.id)
    notice.refresh_from_db()
    order.refresh_from_db()
    assert (notice.state, order.status) == ("transported", "cancelled")
    with nothing_answered(), act(world.risk_a):
        order_note_cancellation(by=world.risk_a, order_id=order.id)
    assert AuditEntry.objects.filter(verb="order.note_cancellation", object_id=order.id).count() == 1


def test_only_a_cancellation_can_be_noted(world: World, act: Act) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(WrongState), act(world.risk_a):
        order_note_cancellation(by=world.risk_a, order_id=order.id)
