"""What waits for whom: approvals, emergency confirmations, ratifications; notices of holds; the order's history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.selectors.decisions import approvals_waiting, confirmations_waiting
from accounts.selectors.duplicates import order_duplicates
from accounts.selectors.timeline import order_timeline
from accounts.services.identity import account_merge
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.ratify import order_overrule, order_ratify
from accounts.states import order_flow
from antifraud import policy
from antifraud.errors import NotFound
from tests.accounts.factories import approve, draft, hold_of, involve, issue, issue_emergency, new_case, submit
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def waiting(user: Any) -> list[str]:
    return [order.number for order in approvals_waiting(user=user)]


def test_approvals_wait_for_those_who_may_decide(world: World) -> None:
    case = new_case(world.analyst_a)
    draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
    order = submit(draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a)))
    for by in (world.approver_a, world.supervisor_a, world.bureau_approver, world.centre_approver):
        assert waiting(by) == [order.number]
    for other in (world.analyst_a, world.second_a, world.approver_b, world.overseer, world.risk_supervisor_a):
        assert waiting(other) == []
    approve(order, world.approver_a)
    assert waiting(world.supervisor_a) == []


def test_nobody_waits_for_himself(world: World) -> None:
    row = involve(world.supervisor_a, new_case(world.supervisor_a), world.bank_a)
    order = submit(draft(world.supervisor_a, world.approver_a, row))
    assert waiting(world.supervisor_a) == waiting(world.approver_a) == []
    assert waiting(world.bureau_approver) == [order.number]


def test_a_unit_beside_does_not_decide_even_where_it_sees_the_order(world: World, act: Act) -> None:
    order = submit(
        draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    )
    with act(world.duty_a):
        policy.grant(
            [world.unit_b.group_id],
            order,
            by=world.duty_a,
            purpose="test",
            legal_basis="test",
            sort_at=order.created_at,
        )
    assert policy.can(world.approver_b, "order.view", order)
    assert waiting(world.approver_b) == []


def test_an_emergency_waits_for_its_second_officer_and_then_for_a_supervisor(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = submit(draft(world.analyst_a, world.second_a, row), emergency=True)
    assert [each.number for each in confirmations_waiting(user=world.second_a)] == [order.number]
    for other in (world.analyst_a, world.approver_a, world.second_b, world.risk_a):
        assert not confirmations_waiting(user=other).exists()
    assert waiting(world.supervisor_a) == []
    sent = issue_emergency(world, involve(world.analyst_a, row.case, world.bank_b))
    assert not confirmations_waiting(user=world.second_a).filter(pk=sent.pk).exists()
    assert waiting(world.supervisor_a) == [sent.number]
    with act(world.supervisor_a):
        order_ratify(by=world.supervisor_a, order_id=sent.id, payload_sha256=bytes(sent.payload_sha256 or b""))
    assert waiting(world.supervisor_a) == []


@pytest.mark.parametrize("how", ["overruled", "cancelled"])
def test_an_emergency_that_ended_waits_no_more(world: World, act: Act, how: str) -> None:
    sent = issue_emergency(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with act(world.supervisor_a):
        (order_overrule if how == "overruled" else order_cancel)(
            by=world.supervisor_a, order_id=sent.id, reason="no ground"
        )
    assert waiting(world.supervisor_a) == waiting(world.approver_a) == []


# -- notices ---------------------------------------------------------------------------------------


def test_another_units_hold_is_told_by_unit_and_number_only(world: World) -> None:
    number = "6222021234567899999"
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    hold = hold_of(issue(world, row), world.risk_a)
    mine = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    found = order_duplicates(user=world.analyst_b, account_ids=[mine.account_id], kind="stop")
    held = next(notice for notice in found if notice.state == "active")
    assert (held.order_number, held.unit, held.is_own) == (hold.order.number, "East District Police", False)
    assert (held.until, held.amount_minor, held.kind) == (hold.legal_expires_at, 500_000, "stop")
    assert set(vars(held)) == {
        "account_id", "order_number", "unit", "is_own", "kind", "state", "until", "amount_minor", "currency",
    }  # fmt: skip
    assert order_duplicates(user=world.analyst_b, account_ids=[mine.account_id], kind="query_holder") == []


def test_what_has_ended_by_the_clock_is_no_hold(world: World, act: Act, move_clock: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    hold_of(order, world.risk_a)
    with act(world.risk_a) as work:
        order_flow.apply(
            Order.objects.get(), "answer", by=world.risk_a, changes={"answered_at": work.now, "outcome": "executed"}
        )
    assert len(order_duplicates(user=world.analyst_a, account_ids=[row.account_id], kind="freeze")) == 1
    move_clock(timedelta(hours=48))
    assert order_duplicates(user=world.analyst_a, account_ids=[row.account_id], kind="freeze") == []


def test_orders_on_their_way_and_merged_accounts_are_told(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a) for _ in range(2))
    order = issue(world, one)
    with act(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=one.account_id, into_id=two.account_id, reason="same book")
    notices = order_duplicates(user=world.analyst_a, account_ids=[two.account_id], kind="stop")
    assert [(n.account_id, n.order_number, n.state, n.is_own) for n in notices] == [
        (two.account_id, order.number, "asked", True)
    ]


def test_accounts_out_of_reach_tell_nothing(world: World, counted: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    hold_of(issue(world, row), world.risk_a)
    for stranger in (world.analyst_b, world.overseer, world.risk_b):
        assert order_duplicates(user=stranger, account_ids=[row.account_id], kind="stop") == []
    user = world.analyst_a
    with counted(4):
        order_duplicates(user=user, account_ids=[row.account_id], kind="stop")


# -- history ---------------------------------------------------------------------------------------


def test_police_see_all_acts_and_the_bank_those_after_the_issue(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    hold_of(order, world.risk_a)
    with act(world.risk_a):
        order_flow.apply(Order.objects.get(), "acknowledge", by=world.risk_a)
    order = Order.objects.get()
    police = order_timeline(user=world.analyst_a, order=order)
    assert [each.verb for each in police] == [
        "order.acknowledge",
        "hold.open",
        "order.approve",
        "order.submit",
        "order.draft",
    ]
    assert police[-1].actor == "Analyst A (analyst_a)"
    bank = order_timeline(user=world.risk_supervisor_a, order=order)
    assert [(each.verb, each.actor, each.is_own) for each in bank] == [
        ("order.acknowledge", "Risk A (risk_a)", True), ("order.approve", "", False),
    ]  # fmt: skip
    assert all("payload_sha256" not in each.detail for each in bank)
    for stranger in (world.risk_b, world.analyst_b, world.overseer):
        with pytest.raises(NotFound):
            order_timeline(user=stranger, order=Order.objects.get())
