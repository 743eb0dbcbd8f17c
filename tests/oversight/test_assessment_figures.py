"""The figures of a small city, computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import Hold, Order
from accounts.services.holds import hold_lift, holds_expire
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.follow import release_draft
from antifraud import db
from antifraud.errors import Forbidden
from banks.models import Institution, User
from banks.selectors.institutions import system_user
from oversight.rules.measures import MoneyRatio, Ratio, Times
from oversight.selectors.assessment import Assessment, Line, Waiting, assessment
from oversight.selectors.measures import Window
from tests.accounts.answering import answer, follow
from tests.accounts.factories import facts as rows_of_tables
from tests.accounts.factories import involve, terms
from tests.accounts.factories import line as order_line
from tests.cast import World
from tests.oversight.city import City, at, build, hold_of, order_times, window

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(world: World) -> City:
    return build(world)


def told(user: User, by: str = "institution") -> Assessment:
    return assessment(user=user, window=window(), by=by)


def line(found: Assessment, institution: Institution) -> Line:
    return next(one for one in found.lines if one.institution == institution)


def test_orders_b_and_times_of_a_bank(world: World, city: City) -> None:
    found = line(told(world.overseer), world.bank_a).orders
    assert found.count == 3
    # In time: whole and refused; late: the one that nobody looked at.
    assert found.final == Ratio(2, 3)
    assert found.times.available == Times(3, 0, 60, 60)  # 1, 1, 1 minutes
    assert found.times.acknowledged == Times(3, 1, 120, math.inf)  # 2, 1 minutes, never
    assert found.times.answered == Times(2, 0, 180, 420)  # 7 and 3 minutes
    assert line(told(world.overseer), world.bank_b).orders.final == Ratio(0, 1)


def test_paper_is_left_out_of_the_banks_scores_and_shown(world: World, city: City) -> None:
    found = line(told(world.overseer), world.bank_paper)
    assert (found.orders.count, found.orders.final) == (1, Ratio(0, 0, excluded=1))
    assert found.orders.times.available.count == 0
    assert found.stop.total.count == 0
    assert found.followed == Ratio(0, 0)
    assert found.held == []


def test_paper_counts_for_the_unit_that_got_the_money_stopped(world: World, city: City) -> None:
    found = line(told(world.overseer, "unit"), world.unit_b)
    assert found.orders.final == Ratio(0, 1, excluded=1)
    # Logged 120, handed over on paper 130, effective 290: no leg of the platform's.
    assert found.stop.total == Times(1, 0, 170 * 60, 170 * 60)
    assert found.stop.police == Times(1, 0, 600, 600)
    assert found.stop.platform == Times(1, 0, 0, 0)
    assert found.stop.bank == Times(1, 0, 160 * 60, 160 * 60)
    assert found.followed == Ratio(0, 0, pending=1)


def test_a_of_a_unit_counts_cases_and_never_is_infinite(world: World, city: City) -> None:
    found = line(told(world.overseer, "unit"), world.unit_a).stop
    # 19 minutes, 49 minutes (bank B took effect first), never.
    assert found.total == Times(3, 1, 49 * 60, math.inf)
    assert found.police == Times(3, 1, 600, math.inf)  # 10 and 5 minutes, never
    assert found.platform == Times(2, 0, 0, 60)
    assert found.bank == Times(2, 0, 8 * 60, 44 * 60)
    assert found.backdated == 1


def test_a_of_a_bank_counts_its_own_first_stop_of_each_case(world: World, city: City) -> None:
    found = line(told(world.overseer), world.bank_a).stop
    # 19 minutes; refused; never answered.
    assert found.total == Times(3, 2, math.inf, math.inf)
    assert found.bank == Times(3, 2, math.inf, math.inf)
    assert line(told(world.overseer), world.bank_b).stop.bank == Times(1, 0, 44 * 60, 44 * 60)


def test_e_counts_what_could_have_been_held(world: World, city: City) -> None:
    found = told(world.overseer)
    # Asked 5,000 three times; held 5,000, nothing, nothing.
    assert line(found, world.bank_a).held == [MoneyRatio("CNY", 500_000, 1_500_000, 3)]
    # Asked 5,000 where only 2,000 were left: all of it held.
    assert line(found, world.bank_b).held == [MoneyRatio("CNY", 200_000, 200_000, 1)]
    assert found.total.held == [MoneyRatio("CNY", 700_000, 1_700_000, 4)]


def test_an_order_taken_back_asks_for_nothing(world: World, city: City) -> None:
    with db.unit_of_work(world.analyst_b):
        order_cancel(by=world.analyst_b, order_id=city.open.id, reason="not needed")
    found = line(told(world.overseer), world.bank_a)
    assert found.held == [MoneyRatio("CNY", 500_000, 1_000_000, 2)]
    assert found.orders.final == Ratio(2, 3)  # its term had ended: it stays late


def test_a_cancellation_before_the_end_of_the_term_is_left_out(world: World, city: City) -> None:
    Order.objects.filter(pk=city.open.pk).update(cancelled_at=at(140))
    assert line(told(world.overseer), world.bank_a).orders.final == Ratio(2, 2, excluded=1)


def test_f_and_h_of_a_stop_that_ran_out_and_one_that_was_released(
    world: World, city: City, move_clock: Callable[[timedelta], None]
) -> None:
    hold = hold_of(city.partial, legal_expires_at=db.app_now() + timedelta(hours=1))
    release = follow(world, hold_of(city.whole), "stop_release", reason="paid back")
    move_clock(timedelta(hours=2))
    system = system_user()
    with db.unit_of_work(system):
        assert holds_expire(by=system) == 1
    answer(release, world.risk_a)
    with db.unit_of_work(world.risk_b) as work:
        hold_lift(by=world.risk_b, hold_id=hold.id, lifted_at=work.now)
    hold_of(city.partial, legal_expires_at=at(3000), ended_at=at(3000), trigger_at=at(3000), lifted_at=at(3050))
    order_times(release, issued=2000, available=2002, answered=2010)
    hold_of(city.whole, ended_at=at(2008), trigger_at=at(2000), lifted_at=at(2008))
    found = told(world.overseer)
    assert line(found, world.bank_b).followed == Ratio(0, 1)
    assert line(found, world.bank_a).followed == Ratio(1, 1)
    assert line(found, world.bank_b).released.total == Times(1, 0, 3000, 3000)
    assert line(found, world.bank_b).released.police.count == 0  # it ended by itself
    assert line(found, world.bank_b).released.bank == Times(1, 0, 3000, 3000)
    assert line(found, world.bank_a).released.total == Times(1, 0, 480, 480)
    assert line(found, world.bank_a).released.police == Times(1, 0, 120, 120)
    assert line(found, world.bank_a).released.bank == Times(1, 0, 360, 360)


def test_h_counts_a_release_that_is_only_drafted_as_never(world: World, city: City) -> None:
    hold = hold_of(city.whole)
    with db.unit_of_work(world.analyst_a) as work:
        release_draft(by=world.analyst_a, hold=hold, trigger="not_filed", due_at=work.now + timedelta(days=3))
    found = line(told(world.overseer, "unit"), world.unit_a).released
    assert (found.total.count, found.total.never, found.police.never) == (1, 1, 1)
    assert found.bank.count == 0


def test_overdue_now_and_lifts_that_nobody_confirmed(world: World, city: City) -> None:
    found = told(world.overseer)
    assert (line(found, world.bank_a).overdue, found.total.overdue) == (1, 1)
    assert found.total.lifts == Waiting(0, 0)
    Hold.objects.filter(order=city.whole).update(legal_expires_at=db.app_now() - timedelta(minutes=1))
    with db.unit_of_work(system_user()):
        holds_expire(by=system_user())
    assert told(world.overseer).total.lifts == Waiting(1, 0)
    hold_of(city.whole, lift_due_at=db.app_now() - timedelta(seconds=1))
    assert told(world.overseer).total.lifts == Waiting(1, 1)


def test_the_reported_loss_is_of_the_cases_of_the_period(world: World, city: City) -> None:
    loss = told(world.overseer).loss
    assert loss is not None
    assert (loss.cases, loss.sums) == (4, {"CNY": 1_050_000})
    own = told(world.supervisor_a).loss
    assert own is not None
    assert own.cases == 3
    assert told(world.risk_supervisor_a).loss is None


def test_each_side_sees_its_own(world: World, city: City) -> None:
    bank = told(world.risk_supervisor_a)
    assert [one.institution for one in bank.lines] == [world.bank_a]
    assert (bank.total.orders.count, bank.total.overdue) == (3, 1)
    assert {one.institution for one in told(world.risk_supervisor_a, "unit").lines} == {world.unit_a, world.unit_b}
    unit = told(world.supervisor_b, "unit")
    assert [one.institution for one in unit.lines] == [world.unit_b]
    assert unit.total.orders.count == 2
    for all_seeing in (world.overseer, world.auditor, world.centre_supervisor):
        assert told(all_seeing).total.orders.count == 5
    nobody = told(world.supervisor_a, "unit")
    assert nobody.total.orders.count == 3


@pytest.mark.parametrize("name", ["analyst_a", "approver_a", "risk_a", "machine_a", "admin"])
def test_other_roles_have_no_assessment(world: World, city: City, name: str) -> None:
    before = rows_of_tables()
    with pytest.raises(Forbidden):
        told(getattr(world, name))
    assert rows_of_tables() == before


def test_only_what_lies_in_the_window_counts(world: World, city: City) -> None:
    narrow = Window(at(60), at(66), db.app_now())
    found = assessment(user=world.overseer, window=narrow, by="institution").total
    assert found.orders.count == 2  # issued at 65
    assert found.stop.total.count == 2  # bank A's and bank B's stop of the case logged at 60
    assert found.followed == Ratio(0, 0)  # effective at 109


def test_drafts_are_no_orders_yet(world: World, city: City) -> None:
    target = involve(world.analyst_a, city.never, world.bank_a)
    with db.unit_of_work(world.analyst_a):
        orders_draft(
            by=world.analyst_a, case=city.never, kind="stop", lines=[order_line(target)], terms=terms(world.second_a)
        )
    assert told(world.overseer).total.orders.count == 5


def test_a_small_number_is_flagged(world: World, city: City) -> None:
    assert line(told(world.overseer), world.bank_a).orders.final.small
