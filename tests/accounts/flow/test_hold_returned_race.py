"""The bank tells of a payment while it answers the freeze that takes the stop over: the sum is the freeze's all the same."""

from __future__ import annotations

import time
from typing import Any

import pytest

from accounts.models import Hold
from accounts.services.answers import order_answer
from accounts.services.hold_returns import hold_returned
from accounts.services.refunds.payout import refund_report
from antifraud import db
from cases.models import Case
from tests.accounts import answering, factories
from tests.accounts.flow import refunding as make
from tests.accounts.test_order_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_payment_told_while_the_freeze_is_answered(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(**given: Any) -> None:
        time.sleep(2)
        hold_returned(**given)

    stop = make.frozen(world, kind="stop")
    refund = make.decided(world, make.draft(world, stop, 300_000, is_stated_single=True))
    (share,) = make.shares(refund)
    involved = factories.involve(world.analyst_a, stop.case, world.bank_a, number=stop.account.number.open())
    order = answering.arrived(factories.issue(world, involved, "freeze"))
    at = db.app_now()
    said, told = answering.say(order, effective_from=at), make.paid(share, paid_at=at)
    monkeypatch.setattr("accounts.services.refunds.payout.hold_returned", late)
    teller, answerer = world.risk_supervisor_a, world.risk_a
    outcomes = at_once(
        (teller, lambda: refund_report(by=teller, refund_id=refund.id, results=[told])),
        (answerer, lambda: order_answer(by=answerer, order_id=order.id, answer=said, source="logged_in")),
    )
    assert outcomes == ["done", "done"]
    stop.refresh_from_db()
    freeze = Hold.objects.get(order=order)
    assert (stop.converted_to_id, stop.returned_minor, freeze.returned_minor) == (freeze.pk, 0, 300_000)
    assert Case.objects.get(pk=stop.case_id).held_minor == 200_000
