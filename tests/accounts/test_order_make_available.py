"""The first availability starts the answer's term, by the legal clock, once, and only the platform says it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Order
from accounts.services.availability import orders_make_available
from antifraud import db
from antifraud.errors import NotFound
from banks.selectors.institutions import system_user
from tests.accounts.factories import answered, involve, issue, new_case, nothing_happens
from tests.cast import World


def test_the_first_time_counts(world: World) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    with db.unit_of_work(system_user()) as work:
        [first] = orders_make_available([order.id], by=system_user(), at=work.now)
    with nothing_happens(), db.unit_of_work(system_user()) as work:
        assert orders_make_available([order.id], by=system_user(), at=work.now + timedelta(hours=1)) == []
    again = Order.objects.get(pk=order.pk)
    assert again.available_at == first.available_at
    assert again.answer_due_at - again.available_at == timedelta(minutes=30)
    assert again.version == order.version


def test_what_was_answered_on_paper_before_has_no_term(world: World) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    answered(order, world.risk_a)
    with nothing_happens(), db.unit_of_work(system_user()) as work:
        assert orders_make_available([order.id], by=system_user(), at=work.now) == []


@pytest.mark.parametrize("name", ["analyst_b", "risk_b", "admin", "auditor"])
def test_strangers_cannot_start_it(world: World, name: str) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    by = getattr(world, name)
    with nothing_happens(), pytest.raises(NotFound), db.unit_of_work(by) as work:
        orders_make_available([order.id], by=by, at=work.now)
