"""A case that ended while an order was on its way: what the bank does then is released like the rest (domain.md §2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from accounts.models import Hold, Involvement, Order
from antifraud.deliveries import outbox_handle
from cases.services.steps import case_step
from tests.accounts.answering import answer, arrived, bank_order, counters, held
from tests.accounts.factories import approve, issue, submit
from tests.cast import World

pytestmark = pytest.mark.django_db
Act = Callable[[Any], AbstractContextManager[Any]]


def _end(act: Act, world: World, order: Order, verb: str) -> None:
    with act(world.approver_a) as work:
        case_step(
            by=world.approver_a, case_id=order.case_id, verb=verb, on=work.now.date(), document_number="X-1"
        )  # fmt: skip
    outbox_handle()


@pytest.mark.parametrize(("verb", "trigger"), [("withdraw", "withdrawn"), ("clear", "not_fraud")])
def test_a_stop_executed_after_the_end_is_released(world: World, act: Act, verb: str, trigger: str) -> None:
    order = bank_order(world)
    _end(act, world, order, verb)
    assert not Order.objects.filter(kind="stop_release").exists()
    answer(order, world.risk_a)
    release = Order.objects.get(kind="stop_release")
    assert (release.trigger, release.original_id, release.status) == (trigger, order.id, "draft")
    assert release.due_at is not None


def test_a_stop_of_a_live_case_is_not(world: World) -> None:
    answer(bank_order(world), world.risk_a)
    assert not Order.objects.filter(kind="stop_release").exists()


def test_two_holds_of_an_account_have_a_release_each(world: World, act: Act) -> None:
    first = held(world, "freeze")
    row = Involvement.objects.select_related("account", "case").get(case=first.case_id)
    order = arrived(issue(world, row, "freeze"))
    answer(order, world.risk_a)
    second = Hold.objects.get(order=order)
    _end(act, world, order, "withdraw")
    drafts = {release.original_id: release for release in Order.objects.filter(kind="freeze_release", status="draft")}
    assert set(drafts) == {first.order_id, order.id}
    assert {release.trigger for release in drafts.values()} == {"withdrawn"}
    for hold, other in ((second, first), (first, None)):
        Order.objects.filter(pk=drafts[hold.order_id].pk).update(
            instrument_type="Notice to unfreeze", instrument_number="F-2", instrument_issued_on=date(2026, 1, 2)
        )
        release = Order.objects.get(pk=drafts[hold.order_id].pk)
        answer(arrived(approve(submit(release), world.approver_a)), world.risk_a)
        assert Hold.objects.get(pk=hold.pk).status == "lift_confirmed"
        if other is not None:
            assert Hold.objects.get(pk=other.pk).status == "active"
    assert Order.objects.filter(kind="freeze_release").count() == 2
    assert counters(order) == (0, 0, 0)
