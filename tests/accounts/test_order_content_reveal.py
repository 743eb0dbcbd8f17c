"""What an order says in clear is shown after its audit row, to those who must act on it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.answers import order_route
from accounts.services.order_contents import order_content_reveal, order_instrument_open
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, NotFound
from cases.services.attachments import attachment_add
from tests.accounts.answering import arrived, bank_order, nothing_answered, pdf_file
from tests.accounts.factories import draft, involve, issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def with_instrument(world: World) -> Order:
    """A freeze with its legal instrument, in the bank's queue."""
    from antifraud import db

    case = new_case(world.analyst_a, filed=True)
    with db.unit_of_work(world.analyst_a):
        paper = attachment_add(
            by=world.analyst_a, case_id=case.id, file=pdf_file("notice.pdf"), purpose="instrument", title="notice"
        )
    target = involve(world.analyst_a, case, world.bank_a)
    return arrived(issue(world, target, "freeze", instrument=paper))


def test_everything_that_must_be_matched(world: World, act: Act) -> None:
    order = bank_order(world, number="6222021234567890123")
    with act(world.risk_a):
        payload = order_content_reveal(by=world.risk_a, order_id=order.id)
    assert (payload["target"]["number"], payload["target"]["name"]) == ("6222021234567890123", "张三")
    assert payload["measure"]["amount_minor"] == 500_000
    entry = AuditEntry.objects.get(verb="order.reveal", object_id=order.id)
    assert (entry.actor_id, entry.purpose, entry.case_id) == (
        world.risk_a.id, f"answer order {order.number}", order.case_id,
    )  # fmt: skip
    assert b"6222021234567890123" not in bytes(entry.payload)


def test_the_branch_may_once_it_is_routed_there(world: World, act: Act) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(NotFound), act(world.risk_branch):
        order_content_reveal(by=world.risk_branch, order_id=order.id)
    with act(world.risk_a):
        order_route(by=world.risk_a, order_id=order.id, branch=world.branch_a)
    with act(world.risk_branch):
        assert order_content_reveal(by=world.risk_branch, order_id=order.id)["order"]["number"] == order.number


def test_a_draft_says_nothing_yet(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a))
    with nothing_answered(), pytest.raises(NotFound), act(world.analyst_a):
        order_content_reveal(by=world.analyst_a, order_id=order.id)


def test_the_instrument_is_opened_and_noted(world: World, act: Act) -> None:
    order = with_instrument(world)
    with act(world.risk_a):
        paper, stream = order_instrument_open(by=world.risk_a, order_id=order.id)
        with stream:
            assert stream.read(5) == b"%PDF-"
    entry = AuditEntry.objects.get(verb="attachment.open", object_id=paper.id)
    assert (entry.actor_id, entry.purpose) == (world.risk_a.id, f"order {order.number}")


def test_an_order_without_instrument_has_none(world: World, act: Act) -> None:
    order = bank_order(world)
    with nothing_answered(), pytest.raises(NotFound), act(world.risk_a):
        order_instrument_open(by=world.risk_a, order_id=order.id)


def test_others_may_not(world: World, act: Act) -> None:
    order = with_instrument(world)
    strangers = ["risk_b", "risk_branch", "analyst_b", "overseer", "auditor", "admin"]
    for name, error in [*((name, NotFound) for name in strangers), ("machine_a", Forbidden)]:
        by = getattr(world, name)
        for service in (order_content_reveal, order_instrument_open):
            with nothing_answered(), pytest.raises(error), act(by):
                service(by=by, order_id=order.id)
