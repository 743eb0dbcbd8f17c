"""Money that a return paid out of an account is not asked for again while no statement shows the payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.forms.frontier import FrontierForm
from accounts.models import Hold
from accounts.selectors.frontier import FrontierRow, frontier
from accounts.selectors.paid_back import paid_back
from antifraud import db
from tests.accounts.flow.ledger_rows import Made, ledger
from tests.accounts.flow.test_hold_returned import paid_back as pay_back
from tests.accounts.flow.test_refund_payouts import run_from, scene

TRACED = 500_000


@pytest.fixture
def frozen(world: Any) -> tuple[Hold, Made]:
    """5,000.00 traced to `mule`, where a freeze holds 5,000.00."""
    return scene(world, [("v1", "mule", db.app_now() - timedelta(hours=2), TRACED)])


def row(world: Any, hold: Hold, made: Made) -> FrontierRow:
    """What the frontier of a trace run now says of `mule`."""
    found = frontier(user=world.analyst_a, run=run_from(world, hold, made, 0))
    return next(each for each in found.rows if each.node == made.node["mule"])


def figures(found: FrontierRow) -> tuple[int, int, int, int, str]:
    return found.amount, found.held, found.paid, found.missing, found.advice


def test_what_was_paid_back_is_not_missing(world: Any, frozen: Any) -> None:
    hold, made = frozen
    assert figures(row(world, hold, made)) == (TRACED, TRACED, 0, 0, "done")
    pay_back(world, hold, 300_000)
    assert figures(row(world, hold, made)) == (TRACED, 200_000, 300_000, 0, "done")


def test_a_statement_that_shows_the_payment_counts_once(world: Any, frozen: Any) -> None:
    """The trace sees the money leave; nothing is taken off a second time."""
    hold, made = frozen
    pay_back(world, hold, 300_000)
    ledger(world.analyst_a, hold.case, [("mule", "v1", db.app_now(), 300_000)], into=made, covered=("mule",))
    assert paid_back(hold.case_id, "CNY") == {}
    assert figures(row(world, hold, made)) == (200_000, 200_000, 0, 0, "done")


def test_payouts_collected_into_one_sum_are_shown_by_it(world: Any, frozen: Any) -> None:
    hold, made = frozen
    pay_back(world, hold, 300_000)
    pay_back(world, hold, 400_000, "T-2")  # of the whole loss, less what was paid
    assert paid_back(hold.case_id, "CNY") == {made.node["mule"]: 400_000}
    ledger(world.analyst_a, hold.case, [("mule", "bank", db.app_now(), 400_000)], into=made)
    assert paid_back(hold.case_id, "CNY") == {}


def test_what_left_before_the_hold_is_no_payout_of_it(world: Any, frozen: Any) -> None:
    hold, made = frozen
    pay_back(world, hold, 300_000)
    assert hold.effective_from is not None
    ledger(world.analyst_a, hold.case, [("mule", "shop", hold.effective_from - timedelta(hours=1), 50_000)], into=made)
    assert paid_back(hold.case_id, "CNY") == {made.node["mule"]: 300_000}
    assert paid_back(hold.case_id, "USD") == {}


def test_the_page_says_so_and_fills_in_what_is_left(world: Any, frozen: Any, log_in: Any) -> None:
    hold, made = frozen
    pay_back(world, hold, 300_000)
    run = run_from(world, hold, made, 0)
    page = f"/cases/{hold.case_id}/flow/frontier/?run={run.pk}"
    body = log_in(world.analyst_a).get(page).content.decode()
    assert "paid back <span" in body
    assert "A hold covers only a part" not in body
    assert "Nothing more to ask for" in body
    assert amounts(world, hold, run) == {made.node["mule"]: "2000.00"}
    pay_back(world, hold, 500_000, "T-2")
    assert amounts(world, hold, run) == {made.node["mule"]: ""}, "nothing is left: no sum is proposed"


def amounts(world: Any, hold: Hold, run: Any) -> dict[int, str]:
    found = frontier(user=world.analyst_a, run=run)
    form = FrontierForm(user=world.analyst_a, case=hold.case, found=found, now=db.app_now())
    return {line.node: line.amount for line in form.lines}
