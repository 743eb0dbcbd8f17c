"""What bars a return from its hold: a case that is over, a release under way, money that a return of the stop before took."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold, RefundRound
from antifraud import db
from antifraud.errors import Conflict, WrongState
from cases.models import Case
from tests.accounts import answering, factories
from tests.accounts.flow import refunding as make


@pytest.mark.parametrize("status", ["not_filed", "withdrawn", "not_fraud", "closed"])
def test_a_case_that_is_over_gives_nothing_back(world: Any, status: str) -> None:
    hold = make.frozen(world)
    submitted = make.submit(world, make.direct(world))
    cases = Case.objects.filter(pk__in=[hold.case_id, submitted.case_id])
    cases.update(status=status, open_orders=0, open_holds=0)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.draft(world, hold, 300_000)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.approve(world, submitted)


@pytest.mark.parametrize("status", ["withdrawn", "closed"])
def test_a_case_that_is_over_is_offered_no_act_that_would_be_refused(world: Any, log_in: Any, status: str) -> None:
    direct, shared = make.direct(world), make.shared(world)
    client = log_in(world.analyst_a)
    acts = {
        direct: ("dlg-submit", f"/refunds/{direct.id}/renew/"),
        shared: ("dlg-notice", f"/refunds/{shared.id}/renew/"),
    }

    def offered() -> list[str]:
        pages = {refund: client.get(f"/refunds/{refund.id}/").content.decode() for refund in acts}
        assert all('data-dialog="dlg-withdraw"' in page for page in pages.values())
        assert len({"The case is over" in page for page in pages.values()}) == 1
        return [act for refund, words in acts.items() for act in words if act in pages[refund]]

    assert len(offered()) == 4
    Case.objects.filter(pk__in=[direct.case_id, shared.case_id]).update(status=status, open_orders=0, open_holds=0)
    assert offered() == []
    assert "The case is over" in client.get(f"/refunds/{shared.id}/").content.decode()


@pytest.mark.parametrize("state", ["draft", "awaiting_approval", "issued"])
def test_a_release_under_way_bars_it(world: Any, state: str) -> None:
    refund = make.submit(world, make.direct(world))
    order = factories.draft(world.analyst_a, world.second_a, refund.hold, "freeze_release")
    if state != "draft":
        order = factories.submit(order)
    if state == "issued":
        order = factories.approve(order, world.approver_a)
    assert (order.status, order.original_id) == (state, refund.hold.order_id)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.approve(world, refund)


def test_an_extension_under_way_does_not(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    factories.draft(world.analyst_a, world.second_a, refund.hold, "freeze_extend")
    assert make.approve(world, refund).status == "decided"


def frozen_after(world: Any, stop: Hold) -> Hold:
    """The freeze that the stop became."""
    number = stop.account.number.open()
    row = factories.involve(world.analyst_a, stop.case, world.bank_a, number=number)
    order = answering.arrived(factories.issue(world, row, "freeze"))
    found = Hold.objects.select_related("case", "order").get(answer=answering.answer(order, world.risk_a))
    assert Hold.objects.get(pk=stop.pk).converted_to_id == found.pk
    return found


def test_a_stop_and_its_freeze_give_one_sum(world: Any) -> None:
    """3,000.00 of 5,000.00 go back out of the stop; it becomes a freeze of 5,000.00 before the bank has paid."""
    stop = make.frozen(world, kind="stop")
    first = make.decided(world, make.draft(world, stop, 300_000, is_stated_single=True))
    freeze = frozen_after(world, stop)
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.draft(world, freeze, 900_000, is_stated_single=True)
    assert refused.value.code == "refund_open"
    (share,) = make.shares(first)
    assert make.report(world, first, make.paid(share)).status == "paid"
    refund = make.draft(world, freeze, 900_000, is_stated_single=True)
    assert RefundRound.objects.get(refund=refund).held_minor == 200_000


def test_what_was_paid_before_the_freeze_is_not_taken_twice(world: Any, move_clock: Any) -> None:
    stop = make.frozen(world, kind="stop")
    first = make.decided(world, make.draft(world, stop, 300_000, is_stated_single=True))
    (share,) = make.shares(first)
    make.report(world, first, make.paid(share, paid_at=db.app_now()))
    move_clock(timedelta(hours=1))
    freeze = frozen_after(world, stop)
    refund = make.draft(world, freeze, 900_000, is_stated_single=True)
    assert RefundRound.objects.get(refund=refund).held_minor == freeze.amount_minor
