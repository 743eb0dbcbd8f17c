"""The clock and the bank at the same moment: expiry against extension and freeze, two stops of one account."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import Hold, Involvement, Order
from accounts.services import holds
from accounts.services.answers import order_answer
from antifraud import db
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Case
from tests.accounts.answering import arrived, counters, follow, held, say
from tests.accounts.factories import approve, involve, issue, line, new_case, submit, terms
from tests.accounts.test_order_race import at_once
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
Move = Callable[[timedelta], None]
PAST = timedelta(hours=48, minutes=1)


@pytest.fixture
def late_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler comes to the case a second after it has taken the hold."""
    real = holds.hold_expire

    def late(hold: Hold, *, by: User) -> int:
        time.sleep(1)
        return real(hold, by=by)

    monkeypatch.setattr(holds, "hold_expire", late)


@pytest.mark.usefixtures("late_scheduler")
@pytest.mark.parametrize(("kind", "status"), [("stop_extend", "extended"), ("freeze", "converted")])
def test_expiry_and_the_banks_answer(world: World, move_clock: Move, kind: str, status: str) -> None:
    case = new_case(world.analyst_a, filed=True)
    hold = held(world, case=case)
    if kind == "freeze":
        row = Involvement.objects.select_related("account", "case").get(case=case)
        order = arrived(issue(world, row, kind))
    else:
        order = follow(world, hold, kind)
    said = say(order, effective_from=db.app_now())
    move_clock(PAST)
    platform = system_user()
    outcomes = at_once(
        (world.risk_a, lambda: order_answer(by=world.risk_a, order_id=order.id, answer=said, source="logged_in")),
        (platform, lambda: holds.holds_expire(by=platform)),
    )
    assert outcomes == ["done", "done"]
    assert Hold.objects.get(pk=hold.pk).status == status
    assert counters(hold) == (0, 1, 500_000)


def test_two_units_stops_answered_at_once(world: World) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    one = arrived(issue(world, row))
    two = arrived(approve(submit(_centre_draft(world, case, row)), world.centre_approver))
    first, second, other = say(one), say(two), world.risk_supervisor_a
    outcomes = at_once(
        (world.risk_a, lambda: order_answer(by=world.risk_a, order_id=one.id, answer=first, source="logged_in")),
        (other, lambda: order_answer(by=other, order_id=two.id, answer=second, source="logged_in")),
    )
    assert outcomes == ["already_stopped", "done"]
    assert counters(one) == (1, 1, 500_000)


def _centre_draft(world: World, case: Case, row: Involvement) -> Order:
    from accounts.services.orders.draft import orders_draft

    centre = world.centre_analyst
    with db.unit_of_work(centre):
        return orders_draft(by=centre, case=case, kind="stop", lines=[line(row)], terms=terms(world.centre_second))[0]
