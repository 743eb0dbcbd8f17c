"""Holds, returns and orders where both numbers of one account are known: as involved accounts, or in a run from before the joining."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Hold, InvolvedAccount, LedgerAccount, Order
from accounts.selectors.frontier import frontier
from accounts.selectors.holds_beside import holds_beside, is_held_for_others
from accounts.selectors.identity import index_of
from accounts.services.frontier import Pick, frontier_draft
from accounts.services.refunds.facts import source_of
from antifraud import db
from tests.accounts.factories import involve, new_case, terms
from tests.accounts.flow import refunding as make
from tests.accounts.flow.runs import NUMBERS, Scene, scene
from tests.accounts.flow.second_numbers import Both, imported_both
from tests.accounts.flow.statement_files import A, B, Line, account_of, imported
from tests.accounts.flow.test_frontier_cover import drafted
from tests.cast import World

pytestmark = pytest.mark.django_db


def _told(world: World, case: Any, first: str, second: str) -> None:
    """A payer's statement that names the second number, and one of bank A that names both."""
    imported(world.analyst_a, case, [Line(A, "out", 4_000_00, 0, second, serial="P1")])
    rows = [Both(first, "in", 4_000_00, 0, A, 4_000_00, serial="R1", number=second)]
    imported_both(world.analyst_a, case, rows, institution=world.bank_a)


@pytest.mark.parametrize("is_second_held", [True, False])
def test_the_statement_counts_for_a_hold_on_either_account(world: World, is_second_held: bool) -> None:
    hold = make.frozen(world)
    held = hold.account.number.open()
    other = involve(world.analyst_a, hold.case, world.bank_a, number=B).account
    _told(world, hold.case, *((B, held) if is_second_held else (held, B)))
    main = account_of(hold.case, B if is_second_held else held)
    assert main.account_id == (other.pk if is_second_held else hold.account_id)
    source = source_of(hold)
    assert (source.nodes, source.payments, source.has_statement, source.is_covered) == (
        frozenset({main.node}), 1, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("is_first", [True, False])
def test_holds_on_both_accounts_see_each_other(world: World, is_first: bool) -> None:
    one = make.frozen(world)
    two = make.frozen(world, case=new_case(world.analyst_a, filed=True, incident="110-20261101-0009"))
    apart = make.frozen(world, case=new_case(world.analyst_a, filed=True, incident="110-20261101-0010"))
    assert not is_held_for_others(one)
    numbers = [hold.account.number.open() for hold in (one, two)]
    _told(world, one.case, *(numbers if is_first else reversed(numbers)))
    assert [each.hold for each in holds_beside(one)] == [two]
    assert [each.hold for each in holds_beside(two)] == [one]
    assert not is_held_for_others(apart)


def _joined_after(world: World) -> Scene:
    """A run that names `second`, which has turned out since to be another number of `shop`, at the same bank."""
    case = scene(world, filed=True)
    rows = LedgerAccount.objects
    rows.filter(pk=case.made.account["shop"].pk).update(institution=world.bank_b)
    rows.filter(pk=case.made.account["second"].pk).update(main=case.node("shop"), account=None)
    return case


def test_what_is_asked_for_the_account_is_shown_at_its_second_number(world: World) -> None:
    case = _joined_after(world)
    involve(world.analyst_a, case.case, world.bank_b, number=NUMBERS["shop"])
    order = drafted(world, case.case, 200_00)
    (row,) = (each for each in frontier(user=world.analyst_a, run=case.run).rows if each.node == case.node("second"))
    assert [(taken.order_number, taken.state) for taken in row.flow.taken] == [(order.number, "drafted")]
    assert Hold.objects.count() == 0


def _stop_at_second(world: World, case: Scene) -> Order:
    """A stop drafted from the frontier at the second number."""
    by = world.analyst_a
    with db.unit_of_work(by):
        (order,) = frontier_draft(
            by=by,
            run_id=case.run.id,
            nodes=[Pick(case.node("second"))],
            kind="stop",
            terms=terms(world.second_a, "stop"),
        )
    return order


def test_an_order_for_a_second_number_goes_to_the_account(world: World) -> None:
    case, by = _joined_after(world), world.analyst_a
    known = involve(by, case.case, world.bank_b, number=NUMBERS["shop"])
    order = _stop_at_second(world, case)
    assert order.account_id == known.account_id
    assert not InvolvedAccount.objects.filter(number_index=index_of(NUMBERS["second"])).exists()


def test_nobody_is_asked_for_the_bank_that_the_account_itself_is_known_to_be_of(world: World) -> None:
    case, by = _joined_after(world), world.analyst_a
    LedgerAccount.objects.filter(pk=case.made.account["second"].pk).update(institution=None, institution_text="")
    (row,) = (each for each in frontier(user=by, run=case.run).rows if each.node == case.node("second"))
    assert (row.institution, row.candidates) == (world.bank_b, [])
    order = _stop_at_second(world, case)
    assert order.institution_id == world.bank_b.pk


@pytest.mark.parametrize("is_main_entered_first", [True, False])
def test_where_both_numbers_are_accounts_of_the_case_the_order_goes_to_the_first(
    world: World, is_main_entered_first: bool
) -> None:
    case, by = _joined_after(world), world.analyst_a
    names = ("shop", "second") if is_main_entered_first else ("second", "shop")
    entered = {name: involve(by, case.case, world.bank_b, number=NUMBERS[name]) for name in names}
    order = _stop_at_second(world, case)
    assert order.account_id == entered["shop"].account_id
