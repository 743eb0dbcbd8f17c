"""When the frontier says that nothing more is to be asked for: what is held and asked in the trace's currency covers the amount."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Hold, Involvement, Order
from accounts.selectors.frontier import FrontierRow, frontier
from accounts.services.orders.draft import orders_draft
from antifraud import db
from tests.accounts import factories
from tests.accounts.flow.runs import NUMBERS, Scene, scene


def row(world: Any, case: Scene) -> FrontierRow:
    """What the frontier says of `second`, where 200.00 are or may be."""
    return next(each for each in frontier(user=world.analyst_a, run=case.run).rows if each.node == case.node("second"))


def said(world: Any, case: Scene) -> tuple[int, int, str]:
    found = row(world, case)
    return found.held, found.asked, found.advice


def drafted(world: Any, case: Any, amount: int | None, kind: str = "stop", currency: str = "CNY") -> Order:
    """A draft about the account `second`, out of a case of unit A; None: the whole account."""
    known = Involvement.objects.filter(case=case, level=1).first()
    target = known or factories.involve(world.analyst_a, case, world.bank_b, number=NUMBERS["second"])
    mode = "limited" if amount else "full"
    with db.unit_of_work(world.analyst_a):
        (order,) = orders_draft(
            by=world.analyst_a, case=case, kind=kind, lines=[factories.line(target, kind, amount_minor=amount)],
            terms=factories.terms(world.second_a, kind, currency=currency, mode=mode),
        )  # fmt: skip
    return order


def sent(world: Any, *args: Any, **more: Any) -> Order:
    return factories.approve(factories.submit(drafted(world, *args, **more)), world.approver_a)


def held(world: Any, *args: Any, status: str = "active", **more: Any) -> Hold:
    order = sent(world, *args, **more)
    waiting: dict[str, Any] = (
        {"effective_from": None, "legal_expires_at": None, "rank": 1} if status == "waiting" else {}
    )
    hold = factories.hold_of(order, world.risk_b, kind=order.kind, currency=order.currency, status=status, **waiting)
    factories.answered(order, world.risk_b)
    return hold


def other_case(world: Any) -> Any:
    return factories.new_case(world.analyst_a, filed=True)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(200_00, (0, 200_00, "done")), (None, (0, 200_00, "done")), (199_99, (0, 199_99, "stop"))],
)
def test_an_order_on_its_way_counts_with_its_amount(world: Any, amount: int | None, expected: Any) -> None:
    case = scene(world, filed=True)
    sent(world, case.case, amount)
    assert said(world, case) == expected


def test_what_is_held_and_what_is_asked_is_added(world: Any) -> None:
    case = scene(world, filed=True)
    held(world, case.case, 120_00)
    assert said(world, case) == (120_00, 0, "watch")
    sent(world, other_case(world), 79_99)
    assert said(world, case) == (120_00, 79_99, "watch")
    sent(world, other_case(world), 1)
    assert said(world, case) == (120_00, 80_00, "done")


@pytest.mark.parametrize("amount", [900_00, None])
def test_money_held_in_another_currency_covers_nothing(world: Any, amount: int | None) -> None:
    """Also a hold of the whole account: it is of the account's money in the currency that the order names."""
    case = scene(world, filed=True)
    held(world, case.case, amount, kind="freeze", currency="USD")
    assert said(world, case) == (0, 0, "stop")
    sent(world, other_case(world), amount, currency="USD")
    assert said(world, case) == (0, 0, "stop")


def test_a_hold_of_the_whole_account_covers_its_own_currency(world: Any) -> None:
    case = scene(world, filed=True)
    held(world, case.case, None, kind="freeze")
    assert said(world, case) == (200_00, 0, "done")


def test_drafts_and_waiting_holds_keep_nothing(world: Any) -> None:
    case = scene(world, filed=True)
    drafted(world, case.case, 200_00)
    held(world, other_case(world), 200_00, kind="freeze", status="waiting")
    assert {each.state for each in row(world, case).flow.taken} == {"drafted", "waiting"}
    assert said(world, case) == (0, 0, "stop")


def test_a_freeze_takes_over_its_cases_stop_and_is_not_added_to_it(world: Any) -> None:
    case = scene(world, filed=True)
    held(world, case.case, 120_00)
    order = sent(world, case.case, 120_00, kind="freeze")
    assert said(world, case) == (120_00, 0, "watch")
    factories.answered(order, world.risk_b, "refused")
    sent(world, case.case, 200_00, kind="freeze")
    assert said(world, case) == (120_00, 80_00, "done")
