"""No case, no holds: a refused, withdrawn or cleared case drafts the releases of its holds (domain.md §2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Order
from antifraud import db
from antifraud.deliveries import outbox_handle
from banks.models import Notification
from cases.services.steps import case_step
from tests.accounts.factories import answered, hold_of, involve, issue, new_case
from tests.cast import World


@pytest.mark.parametrize(
    ("verb", "trigger"), [("refuse", "not_filed"), ("withdraw", "withdrawn"), ("clear", "not_fraud")]
)
def test_releases_are_drafted_once_and_due_in_three_days(world: World, verb: str, trigger: str) -> None:
    case = new_case(world.analyst_a)
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    hold_of(answered(order, world.risk_a), world.risk_a)
    with db.unit_of_work(world.supervisor_a) as work:
        case_step(by=world.supervisor_a, case_id=case.id, verb=verb, on=work.now.date(), document_number="D-1")
    while outbox_handle():
        pass
    draft: Any = Order.objects.get(case=case, kind="stop_release")
    assert (draft.status, draft.trigger, draft.original_id) == ("draft", trigger, order.id)
    assert draft.due_at - draft.triggered_at == timedelta(hours=72)
    told: Any = Notification.objects.filter(code="order.release_drafted").values_list("user__username", flat=True)
    assert list(told) == ["analyst_a"]
    assert outbox_handle() == 0
    assert Order.objects.filter(kind="stop_release").count() == 1


def test_a_solved_case_keeps_its_holds(world: World) -> None:
    case = new_case(world.analyst_a, filed=True)
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    hold_of(answered(order, world.risk_a), world.risk_a)
    with db.unit_of_work(world.supervisor_a) as work:
        case_step(by=world.supervisor_a, case_id=case.id, verb="solve", on=work.now.date(), document_number="D-1")
    while outbox_handle():
        pass
    assert not Order.objects.filter(kind="stop_release").exists()
