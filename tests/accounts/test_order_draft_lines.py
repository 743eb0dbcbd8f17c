"""The lines of a draft: each account, hold, amount and transfer has its own field and its own problem."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine
from banks.models import LegalProfile
from banks.rules.legal_profile import SG_PROFILE_V1
from tests.accounts.factories import draft, draft_problems, hold_of, involve, issue, line, new_case, pay, terms
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_each_line_has_its_own_problems(world: World, act: Act) -> None:
    case, other = new_case(world.analyst_a), new_case(world.analyst_a)
    good = involve(world.analyst_a, case, world.bank_a)
    unknown = involve(world.analyst_a, case, None)
    phone = involve(world.analyst_a, case, world.telecom, number="13800138000", name="")
    deep = involve(world.analyst_a, case, world.bank_b, level=2)
    foreign = involve(world.analyst_a, other, world.bank_b)
    elsewhere = pay(world.analyst_a, case, deep.account)
    lines = [
        line(good, amount_minor=0),
        line(unknown),
        line(phone),
        line(foreign),
        line(good, transfer_id=elsewhere.id),
        OrderLine(),
        line(deep, amount_minor=None),
    ]
    found = draft_problems(world.analyst_a, case, "stop", lines, terms(world.second_a))
    assert found == [
        "lines.0.amount", "lines.1.institution", "lines.2.institution", "lines.3.involvement", "lines.4.involvement",
        "lines.4.transfer", "lines.5.involvement", "lines.6.amount",
    ]  # fmt: skip


def test_terms_and_lines_are_told_together(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    found = draft_problems(world.analyst_a, case, "stop", [OrderLine()], terms(world.analyst_a, mode=""))
    assert found == ["lines.0.involvement", "mode", "second_officer"]
    assert draft_problems(world.analyst_a, case, "stop", [], terms(world.second_a)) == ["lines"]


def test_from_level_two_on_a_stop_names_the_hop(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    first, second = (involve(world.analyst_a, case, world.bank_a, level=level) for level in (1, 2))
    assert draft_problems(world.analyst_a, case, "stop", [line(second)], terms(world.second_a)) == ["lines.0.transfer"]
    early = pay(world.analyst_a, case, second.account, payer=first.account, ago=20)
    pay(world.analyst_a, case, second.account, payer=first.account, ago=5, amount=1_000)
    with act(world.analyst_a):
        named = orders_draft(
            by=world.analyst_a, case=case, kind="stop", lines=[line(second, transfer_id=early.id)], terms=terms(world.second_a)
        )[0]  # fmt: skip
    assert named.transfer_id == early.id


def test_where_no_hop_is_named_the_latest_is_taken(world: World) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a, level=2)
    late = pay(world.analyst_a, case, row.account, ago=5)
    pay(world.analyst_a, case, row.account, ago=20)
    assert draft(world.analyst_a, world.second_a, row).transfer_id == late.id


def test_a_whole_account_names_no_amount(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    full = terms(world.second_a, mode="full")
    assert draft_problems(world.analyst_a, case, "stop", [line(row)], full) == ["lines.0.amount"]
    with act(world.analyst_a):
        made = orders_draft(
            by=world.analyst_a, case=case, kind="stop", lines=[line(row, amount_minor=None)], terms=full
        )[0]
    assert (made.mode, made.amount_minor) == ("full", None)


def test_a_number_is_suspended_at_its_operator_only(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    account = involve(world.analyst_a, case, world.bank_a)
    phone = involve(world.analyst_a, case, world.telecom, number="13800138000", name="")
    wanted = terms(world.second_a, "suspend_number")
    assert draft_problems(world.analyst_a, case, "suspend_number", [line(account, "suspend_number")], wanted) == [
        "lines.0.institution"
    ]
    assert draft(world.analyst_a, world.second_a, phone, "suspend_number").institution_id == world.telecom.id


def test_orders_follow_a_hold_only_while_it_runs(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    hold = hold_of(order, world.risk_a)
    extension = draft(world.analyst_a, world.second_a, hold, "stop_extend")
    assert (extension.original_id, extension.institution_id, extension.amount_minor) == (
        order.id,
        world.bank_a.id,
        None,
    )
    assert draft(world.analyst_a, world.second_a, hold, "stop_release").original_id == order.id
    wrong = terms(world.second_a, "freeze_extend")
    case = new_case(world.analyst_a, filed=True)
    assert draft_problems(world.analyst_a, case, "freeze_extend", [line(hold, "freeze_extend")], wrong) == [
        "lines.0.hold"
    ]


@pytest.mark.parametrize("kind", ["stop_extend", "stop_release"])
def test_nothing_follows_a_hold_past_its_end(world: World, act: Act, move_clock: Any, kind: str) -> None:
    case = new_case(world.analyst_a)
    hold = hold_of(issue(world, involve(world.analyst_a, case, world.bank_a)), world.risk_a)
    move_clock(timedelta(hours=49))
    assert Hold.objects.get().status == "active"
    assert draft_problems(world.analyst_a, case, kind, [line(hold, kind)], terms(world.second_a, kind)) == [
        "lines.0.hold"
    ]


def test_a_profile_may_end_the_terms_of_a_freeze(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    singapore = LegalProfile.objects.create(
        code="SG", version=1, title="SG", data=SG_PROFILE_V1, effective_from=case.logged_at.date()
    )
    order = issue(world, involve(world.analyst_a, case, world.bank_a), "freeze")
    hold = hold_of(order, world.risk_a, kind="freeze", legal_profile=singapore, extensions=5)
    wanted = terms(world.second_a, "freeze_extend")
    found = draft_problems(world.analyst_a, case, "freeze_extend", [line(hold, "freeze_extend")], wanted)
    assert found == ["lines.0.hold"]
    hold.extensions = 4
    hold.save()
    assert draft(world.analyst_a, world.second_a, hold, "freeze_extend").kind == "freeze_extend"
