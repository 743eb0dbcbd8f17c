"""What a bank really did is recorded, also where the order was cancelled and corrected, or the hold had run out since."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold, Involvement, Order
from accounts.services.holds import holds_expire
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_correct
from antifraud import db
from antifraud.errors import Conflict, WrongState
from banks.selectors.institutions import system_user
from tests.accounts.answering import answer, arrived, bank_order, counters, follow, held, nothing_answered
from tests.accounts.factories import approve, issue, submit
from tests.cast import World

pytestmark = pytest.mark.django_db
Act = Callable[[Any], AbstractContextManager[Any]]


def test_executed_although_cancelled_and_replaced(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong amount")
    with act(world.analyst_a):
        made = order_correct(by=world.analyst_a, order_id=order.id, changes={"amount_minor": 100_000})
    approve(submit(made), world.approver_a)
    order = Order.objects.get(pk=order.pk)
    assert order.status == "superseded"
    with nothing_answered(), pytest.raises(WrongState):
        answer(order, world.risk_a, "refused")
    answer(order, world.risk_a)
    assert Hold.objects.get(order=order).status == "active"
    assert Order.objects.get(kind="stop_release").trigger == "crossed"
    assert Order.objects.get(pk=order.pk).status == "superseded"
    assert counters(order) == (1, 1, 500_000)


def test_a_late_extension_beside_a_new_stop(world: World, act: Act, move_clock: Callable[[timedelta], None]) -> None:
    hold = held(world)
    extension = follow(world, hold, "stop_extend")
    in_time = db.app_now() + timedelta(minutes=1)
    move_clock(timedelta(hours=60))
    with act(system_user()):
        holds_expire(by=system_user())
    Involvement.objects.filter(case=hold.case_id).update(stop_limit=9)
    row = Involvement.objects.select_related("account", "case").get(case=hold.case_id)
    answer(arrived(issue(world, row)), world.risk_a)
    with nothing_answered(), pytest.raises(Conflict) as refused:
        answer(extension, world.risk_a, effective_from=in_time)
    assert refused.value.code == "already_stopped"
