"""A transferred case takes its orders, holds and accounts along; what waits for approval stays with its unit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from accounts.models import Hold, Order
from accounts.services.jurisdiction import jurisdiction_follow
from accounts.services.orders.correct import order_retract
from accounts.services.orders.draft import orders_draft
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden
from banks.selectors.institutions import system_user
from cases.models import Case
from cases.services.steps import case_step
from tests.accounts.factories import (
    draft,
    facts,
    hold_of,
    involve,
    issue,
    line,
    new_case,
    nothing_happens,
    submit,
    terms,
)
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def hand_over(world: World, act: Act, case: Case) -> int:
    with act(world.duty_a):
        case_step(
            by=world.duty_a, case_id=case.id, verb="transfer", on=date(2026, 1, 2), document_number="T-1", to_unit=world.unit_b
        )  # fmt: skip
    return follow(act, case)


def follow(act: Act, case: Case) -> int:
    by = system_user()
    with act(by):
        return jurisdiction_follow(by=by, case=Case.objects.get(pk=case.pk))


def test_the_new_unit_sees_and_owns_what_was_begun(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    stop = issue(world, row)
    hold = hold_of(stop, world.risk_a)
    begun = draft(world.analyst_a, world.second_a, hold, "stop_extend")
    waiting = submit(draft(world.analyst_a, world.second_a, hold, "stop_release"))
    assert not policy.can(world.analyst_b, "order.view", stop)
    assert hand_over(world, act, case) == 2
    units = dict(Order.objects.values_list("pk", "unit"))
    assert units == {stop.pk: world.unit_b.id, begun.pk: world.unit_b.id, waiting.pk: world.unit_a.id}
    assert Hold.objects.get().unit_id == world.unit_b.id
    for obj in (stop, begun, waiting):
        assert policy.can(world.analyst_b, "order.view", obj)
    assert policy.can(world.analyst_b, "account.view", row.account)
    assert policy.can(world.risk_a, "order.view", stop)
    assert not policy.can(world.risk_a, "order.view", begun)
    entry = AuditEntry.objects.get(verb="case.hand_over")
    assert (detail_of(entry)["orders"], detail_of(entry)["holds"]) == (2, 1)


def test_twice_changes_nothing(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    issue(world, involve(world.analyst_a, case, world.bank_a))
    hand_over(world, act, case)
    before = facts()
    versions = list(Order.objects.values_list("version", flat=True))
    assert follow(act, case) == 0
    assert (facts(), list(Order.objects.values_list("version", flat=True))) == (before, versions)


def test_a_centre_keeps_its_own_orders(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    by = world.centre_analyst
    with act(by):
        orders_draft(by=by, case=case, kind="stop", lines=[line(row)], terms=terms(world.centre_second))
    assert hand_over(world, act, case) == 0
    assert Order.objects.get().unit_id == world.centre.id


def test_without_a_transfer_nothing_moves(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    issue(world, involve(world.analyst_a, case, world.bank_a))
    before = facts()
    assert follow(act, case) == 0
    assert facts() == before


@pytest.mark.parametrize("name", ["analyst_a", "approver_a"])
def test_the_former_unit_writes_no_more(world: World, act: Act, name: str) -> None:
    case = new_case(world.analyst_a)
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    hand_over(world, act, case)
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(Forbidden), act(by):
        order_retract(by=by, order_id=order.id, error_field="account", reason="typing error")
    with act(world.analyst_b):
        order_retract(by=world.analyst_b, order_id=order.id, error_field="account", reason="typing error")
