"""An order of unit A that bank A has executed."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Answer, Order
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.availability import orders_make_available
from antifraud import db
from banks.selectors.institutions import system_user
from tests.accounts import factories


@pytest.fixture
def answered_stop(world: Any) -> Order:
    """Case, account, stop, approval, availability, executed answer with its hold."""
    case = factories.new_case(world.analyst_a)
    row = factories.involve(world.analyst_a, case, world.bank_a)
    factories.pay(world.analyst_a, case, row.account)
    order = factories.approve(factories.submit(factories.draft(world.analyst_a, world.second_a, row)), world.approver_a)
    with db.unit_of_work(system_user()) as work:
        orders_make_available([order.id], by=system_user(), at=work.now)
    with db.unit_of_work(world.risk_a) as work:
        answer = AnswerInput(outcome="executed", handled_by="Wang", executed_minor=500_000, effective_from=work.now)
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source=Answer.Source.LOGGED_IN)
    return Order.objects.select_related("case", "account").get(pk=order.pk)
