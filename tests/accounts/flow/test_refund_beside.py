"""Two units hold one account: its money goes back once, and each sees the other's measure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Hold, Refund, RefundRound
from accounts.selectors.holds_beside import holds_beside
from accounts.services.answers import order_answer
from accounts.services.holds import hold_activate
from accounts.services.refunds.decide import refund_approve, refund_submit
from accounts.services.refunds.notice import refund_notice
from antifraud import db
from antifraud.errors import Invalid, Superseded
from tests.accounts import answering, factories
from tests.accounts.flow import refunding as make
from tests.accounts.test_order_race import at_once
from tests.cast import World

HELD = 500_000


def second_hold(world: World, first: Hold, **said: Any) -> Hold:
    """A freeze of unit B, in a case of its own, of the account that unit A holds."""
    case = factories.new_case(world.analyst_b, filed=True, incident="110-20261101-0009")
    row = factories.involve(world.analyst_b, case, world.bank_a, number=first.account.number.open())
    order = factories.draft(world.analyst_b, world.second_b, row, "freeze")
    order = answering.arrived(factories.approve(factories.submit(order), world.approver_b))
    waits = said.pop("waits", False)
    told = answering.say(order, **said)
    if waits:
        told = replace(
            told, executed_minor=None, effective_from=None, waiting_rank=2, prior_freezes=(answering.prior(),)
        )
    with db.unit_of_work(world.risk_a):
        answer = order_answer(by=world.risk_a, order_id=order.id, answer=told, source="logged_in")
    found = Hold.objects.select_related("case", "order").get(answer=answer)
    assert found.account_id == first.account_id
    return found


def held_minor(refund: Refund) -> int:
    return RefundRound.objects.get(refund=refund, number=refund.round_number).held_minor


def ripe(world: World, refund: Refund, letter: str) -> Refund:
    """Announced; the notice is still to run."""
    by = getattr(world, f"analyst_{letter}")
    with db.unit_of_work(by):
        return refund_notice(by=by, refund_id=refund.id, text=make.NOTICE)


def submitted(world: World, refund: Refund, letter: str) -> bytes:
    by, second = getattr(world, f"analyst_{letter}"), getattr(world, f"second_{letter}")
    with db.unit_of_work(by):
        refund_submit(by=by, refund_id=refund.id, second_officer=second)
    return make.sha_of(refund)


def test_what_one_unit_returns_the_other_has_no_more(world: Any) -> None:
    first = make.frozen(world)
    done = make.decided(world, make.draft(world, first, 300_000, is_stated_single=True))
    second = second_hold(world, first)
    other = make.draft(world, second, 900_000, by=world.analyst_b)
    assert held_minor(other) == HELD - 300_000
    (share,) = make.shares(done)
    make.report(world, done, make.paid(share))
    assert [each.returned_minor for each in holds_beside(second)] == [300_000]


def test_what_was_paid_before_the_other_measure_is_not_taken_from_it(world: Any, move_clock: Any) -> None:
    first = make.frozen(world)
    done = make.decided(world, make.draft(world, first, 300_000, is_stated_single=True))
    (share,) = make.shares(done)
    make.report(world, done, make.paid(share))
    move_clock(timedelta(hours=1))
    second = second_hold(world, first)
    assert held_minor(make.draft(world, second, 900_000, by=world.analyst_b)) == HELD


@pytest.mark.parametrize(
    ("balance", "frozen", "left"), [(1_500_000, HELD, HELD), (800_000, HELD, 200_000), (1_500_000, 0, 200_000)]
)
def test_money_that_the_banks_figures_show_to_be_other_money_counts_for_itself(
    world: Any, balance: int, frozen: int, left: int
) -> None:
    first = make.frozen(world)
    make.decided(world, make.draft(world, first, 300_000, is_stated_single=True))
    second = second_hold(world, first, balance_minor=balance, previously_frozen_minor=frozen)
    assert held_minor(make.draft(world, second, 900_000, by=world.analyst_b)) == left


@pytest.mark.parametrize("waits", [False, True])
def test_nobody_states_one_source_where_another_case_measures_the_account(world: Any, waits: bool) -> None:
    first = make.frozen(world)
    second_hold(world, first, waits=waits)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.draft(world, first, 300_000, is_stated_single=True)
    assert list(refused.value.fields) == ["is_stated_single"]
    refund = make.draft(world, first, 300_000)
    assert (RefundRound.objects.get(refund=refund).branch, held_minor(refund)) == ("pro_rata", HELD)


def test_a_measure_that_comes_while_a_return_waits_changes_its_facts(world: Any) -> None:
    first = make.frozen(world)
    refund = make.submit(world, make.draft(world, first, 300_000, is_stated_single=True))
    second_hold(world, first, waits=True)
    with make.nothing_happens(), pytest.raises(Superseded) as refused:
        make.approve(world, refund)
    assert refused.value.code == "payload_changed"


def test_a_waiting_measure_that_comes_first_has_what_the_bank_says_then(world: Any, move_clock: Any) -> None:
    first = make.frozen(world)
    done = make.decided(world, make.draft(world, first, 300_000, is_stated_single=True))
    second = second_hold(world, first, waits=True)
    (share,) = make.shares(done)
    make.report(world, done, make.paid(share))
    move_clock(timedelta(hours=1))
    with db.unit_of_work(world.risk_a):
        hold_activate(by=world.risk_a, hold_id=second.id, effective_at=db.app_now(), amount_minor=200_000)
    second.refresh_from_db()
    assert held_minor(make.draft(world, second, 900_000, by=world.analyst_b)) == 200_000


@pytest.mark.django_db(transaction=True)
def test_two_units_decide_at_once_and_one_sum_goes_back(world: World, move_clock: Any) -> None:
    first = make.frozen(world)
    second = second_hold(world, first)
    one, two = make.draft(world, first, 900_000), make.draft(world, second, 900_000, by=world.analyst_b)
    assert (held_minor(one), held_minor(two)) == (HELD, HELD)
    ripe(world, one, "a"), ripe(world, two, "b")
    move_clock(timedelta(days=31))
    shas = {"a": submitted(world, one, "a"), "b": submitted(world, two, "b")}
    outcomes = at_once(
        *(
            (by, lambda by=by, refund=refund, sha=sha: refund_approve(by=by, refund_id=refund.id, worksheet_sha256=sha))
            for by, refund, sha in ((world.approver_a, one, shas["a"]), (world.approver_b, two, shas["b"]))
        )
    )
    assert sorted(outcomes) == ["done", "invalid"]  # nothing is left to be returned
    assert Refund.objects.filter(status="decided").count() == 1


def test_both_units_see_the_other_and_nothing_of_its_case(world: Any, log_in: Any) -> None:
    first = make.frozen(world)
    mine = make.decided(world, make.draft(world, first, 300_000, is_stated_single=True))
    second = second_hold(world, first)
    other = make.draft(world, second, 900_000, by=world.analyst_b)
    for user, refund, unit, case in (
        (world.analyst_a, mine, world.unit_b, second.case), (world.analyst_b, other, world.unit_a, first.case)
    ):  # fmt: skip
        page = log_in(user).get(reverse("accounts:refund", args=[refund.pk])).content.decode()
        table = page[page.index('id="beside"') :]
        assert unit.title in table
        assert case.number not in page
        assert "it may be the same money" in table
    page = log_in(world.analyst_b).get(reverse("accounts:refund", args=[other.pk])).content.decode()
    assert "3,000.00" in page[page.index('id="beside"') :]
