"""Drafting orders for many accounts in one go: every rule has its field, every line its own problems."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Hold, Order
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from banks.models import Agreement
from cases.models import Attachment
from cases.services.steps import case_step
from tests.accounts.factories import draft, hold_of, involve, issue, line, new_case, nothing_happens, pay, terms
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def problems(world: World, act: Act, case: Any, kind: str, lines: list[OrderLine], wanted: Any) -> dict[str, list[Any]]:
    """The fields of the refusal; nothing may have happened."""
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        orders_draft(by=world.analyst_a, case=case, kind=kind, lines=lines, terms=wanted)
    return refused.value.fields


def test_one_go_makes_one_draft_per_account(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    rows = [involve(world.analyst_a, case, bank) for bank in (world.bank_a, world.bank_b, world.bank_a)]
    transfer = pay(world.analyst_a, case, rows[0].account)
    with act(world.analyst_a):
        made = orders_draft(
            by=world.analyst_a, case=case, kind="stop", lines=[line(row) for row in rows], terms=terms(world.second_a)
        )
    orders = {order.account_id: order for order in Order.objects.all()}
    assert set(orders) == {row.account_id for row in rows}
    assert len({order.number for order in made}) == 3
    assert all(order.number.startswith("O20") and len(order.number) == 14 for order in made)
    assert len({order.batch_id for order in made}) == 1
    first = orders[rows[0].account_id]
    assert (first.status, first.institution_id, first.unit_id) == ("draft", world.bank_a.id, world.unit_a.id)
    assert (first.operator_id, first.second_officer_id) == (world.analyst_a.id, world.second_a.id)
    assert (first.amount_minor, first.mode, first.transfer_id, first.answer_minutes) == (500_000, "limited", transfer.id, 30)
    case.refresh_from_db()
    assert case.open_orders == 0


def test_the_draft_is_seen_by_police_and_not_by_the_bank(world: World) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    for seer in (world.analyst_a, world.approver_a, world.bureau_approver, world.centre_approver):
        assert policy.can(seer, "order.view", order)
    for stranger in (world.analyst_b, world.risk_a, world.machine_a, world.risk_b, world.overseer):
        assert not policy.can(stranger, "order.view", order)


def test_it_is_audited_without_personal_data(world: World) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = draft(world.analyst_a, world.second_a, row, reason="张三 took the money")
    entry = AuditEntry.objects.get(verb="order.draft")
    assert (entry.object_id, entry.case_id, entry.actor_id) == (order.id, order.case_id, world.analyst_a.id)
    assert detail_of(entry)["kind"] == "stop"
    payload = bytes(entry.payload).decode()
    assert "张三" not in payload
    assert row.account.number.open() not in payload


def test_terms_of_the_agreement_come_before_the_profile(world: World) -> None:
    Agreement.objects.create(
        institution=world.bank_a, version=3, title="Fast answers", effective_from=date(2026, 1, 1),
        overrides={"answer_minutes": {"stop": {"urgent": 7}}},
    )  # fmt: skip
    case = new_case(world.analyst_a)
    fast = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_a), urgency="02")
    other = draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_b), urgency="02")
    assert (fast.agreement_version, fast.answer_minutes) == (3, 7)
    assert (other.agreement_version, other.answer_minutes) == (None, 15)


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("stop", {"legal_basis": "Code of Hammurabi"}, "legal_basis"),
        ("stop", {"legal_basis": "Criminal Procedure Law art. 144"}, "legal_basis"),
        ("stop", {"second_officer": None}, "second_officer"),
        ("stop", {"urgency": "09"}, "urgency"),
        ("stop", {"mode": ""}, "mode"),
        ("stop", {"currency": "YUA"}, "currency"),
        ("stop", {"reason": "the PIN is 471122"}, "reason"),
        ("freeze", {"emergency": True}, "emergency"),
        ("freeze", {"instrument_number": ""}, "instrument_number"),
        ("freeze", {"instrument_type": ""}, "instrument_type"),
        ("freeze", {"instrument_issued_on": None}, "instrument_issued_on"),
        ("freeze", {"instrument_issued_on": date(2999, 1, 1)}, "instrument_issued_on"),
        ("query_holder", {"mode": "limited"}, "mode"),
        ("query_transactions", {"period_from": None}, "period_from"),
        ("query_transactions", {"period_to": date(2025, 1, 1)}, "period_to"),
    ],
)
def test_terms_that_break_a_rule(world: World, act: Act, kind: str, changes: dict[str, Any], field: str) -> None:
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    wanted = replace(terms(world.second_a, kind), **changes)
    assert list(problems(world, act, case, kind, [line(row, kind)], wanted)) == [field]


def test_the_second_officer_is_an_active_colleague(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    gone = world.duty_a
    gone.is_active = False
    gone.save()
    for wrong in (world.analyst_a, world.analyst_b, world.bureau_approver, gone):
        found = problems(world, act, case, "stop", [line(row)], terms(wrong))
        assert list(found) == ["second_officer"]


def test_an_end_beyond_the_law_is_refused(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    with act(world.analyst_a) as work:
        now = work.now
    for ends, passes in ((timedelta(days=-1), False), (timedelta(days=170), True), (timedelta(days=200), False)):
        wanted = terms(world.second_a, "freeze", asked_expires_at=now + ends)
        if passes:
            draft(world.analyst_a, world.second_a, involve(world.analyst_a, case, world.bank_b), "freeze", asked_expires_at=now + ends)
        else:
            assert list(problems(world, act, case, "freeze", [line(row, "freeze")], wanted)) == ["asked_expires_at"]
    major = terms(world.second_a, "freeze", asked_expires_at=now + timedelta(days=200), major_case=True)
    with act(world.analyst_a):
        assert orders_draft(by=world.analyst_a, case=case, kind="freeze", lines=[line(row, "freeze")], terms=major)


def test_the_instrument_must_be_a_file_of_the_case(world: World, act: Act) -> None:
    case, other = new_case(world.analyst_a, filed=True), new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    papers = [
        Attachment.objects.create(
            case=owner, purpose=purpose, title="F-1", storage_name=f"aa/{number}", media_kind="pdf", size=1, sha256=b"1" * 32,
            uploaded_by=world.analyst_a, uploaded_at=case.logged_at,
        )
        for number, (owner, purpose) in enumerate(((other, "instrument"), (case, "report"), (case, "instrument")))
    ]  # fmt: skip
    for paper in papers[:2]:
        found = problems(world, act, case, "freeze", [line(row, "freeze")], terms(world.second_a, "freeze", instrument=paper))
        assert list(found) == ["instrument"]
    assert draft(world.analyst_a, world.second_a, row, "freeze", instrument=papers[2]).instrument_id == papers[2].id


def test_a_stop_needs_the_incident_number_and_a_freeze_a_filed_case(world: World, act: Act) -> None:
    bare, reported, filed = (
        new_case(world.analyst_a, incident=""), new_case(world.analyst_a), new_case(world.analyst_a, incident="", filed=True)
    )  # fmt: skip
    rows = [involve(world.analyst_a, case, world.bank_a) for case in (bare, reported, filed)]
    assert list(problems(world, act, bare, "stop", [line(rows[0])], terms(world.second_a))) == ["case"]
    freeze = terms(world.second_a, "freeze")
    assert list(problems(world, act, reported, "freeze", [line(rows[1], "freeze")], freeze)) == ["case"]
    for row, kind in ((rows[1], "stop"), (rows[2], "stop"), (rows[2], "freeze")):
        assert draft(world.analyst_a, world.second_a, row, kind).status == "draft"


def test_no_case_no_new_stop(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    with act(world.duty_a):
        case_step(by=world.duty_a, case_id=case.id, verb="refuse", on=date(2026, 1, 2), document_number="R-1")
    assert list(problems(world, act, case, "stop", [line(row)], terms(world.second_a))) == ["case"]


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
    found = problems(world, act, case, "stop", lines, terms(world.second_a))
    assert sorted(found) == [
        "lines.0.amount", "lines.1.institution", "lines.2.institution", "lines.3.involvement", "lines.4.involvement",
        "lines.4.transfer", "lines.5.involvement", "lines.6.amount",
    ]  # fmt: skip


def test_terms_and_lines_are_told_together(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    found = problems(world, act, case, "stop", [OrderLine()], terms(world.analyst_a, mode=""))
    assert sorted(found) == ["lines.0.involvement", "mode", "second_officer"]
    assert list(problems(world, act, case, "stop", [], terms(world.second_a))) == ["lines"]


def test_from_level_two_on_a_stop_names_the_hop(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    first, second = (involve(world.analyst_a, case, world.bank_a, level=level) for level in (1, 2))
    assert list(problems(world, act, case, "stop", [line(second)], terms(world.second_a))) == ["lines.0.transfer"]
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
    assert list(problems(world, act, case, "stop", [line(row)], full)) == ["lines.0.amount"]
    with act(world.analyst_a):
        made = orders_draft(by=world.analyst_a, case=case, kind="stop", lines=[line(row, amount_minor=None)], terms=full)[0]
    assert (made.mode, made.amount_minor) == ("full", None)


def test_a_number_is_suspended_at_its_operator_only(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    account = involve(world.analyst_a, case, world.bank_a)
    phone = involve(world.analyst_a, case, world.telecom, number="13800138000", name="")
    wanted = terms(world.second_a, "suspend_number")
    assert list(problems(world, act, case, "suspend_number", [line(account, "suspend_number")], wanted)) == ["lines.0.institution"]
    assert draft(world.analyst_a, world.second_a, phone, "suspend_number").institution_id == world.telecom.id


def test_a_second_open_order_is_refused_and_named(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    order = draft(world.analyst_a, world.second_a, row)
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.duty_a):
        orders_draft(by=world.duty_a, case=case, kind="stop", lines=[line(row)], terms=terms(world.second_a))
    assert refused.value.code == "duplicate_order"
    assert refused.value.extra == {"orders": [order.number]}
    assert order.number in str(refused.value)


def test_another_kind_or_unit_is_no_duplicate(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    draft(world.analyst_a, world.second_a, row)
    assert draft(world.analyst_a, world.second_a, row, "freeze").kind == "freeze"
    with act(world.centre_analyst):
        mine = orders_draft(
            by=world.centre_analyst, case=case, kind="stop", lines=[line(row)], terms=terms(world.centre_second)
        )[0]  # fmt: skip
    assert mine.unit_id == world.centre.id


def test_the_third_stop_is_refused(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    row.stop_count = row.stop_limit
    row.save()
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        orders_draft(by=world.analyst_a, case=case, kind="stop", lines=[line(row)], terms=terms(world.second_a))
    assert refused.value.code == "stop_count_exceeded"


def test_orders_follow_a_hold_only_while_it_runs(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    order = issue(world, involve(world.analyst_a, case, world.bank_a))
    hold = hold_of(order, world.risk_a)
    extension = draft(world.analyst_a, world.second_a, hold, "stop_extend")
    assert (extension.original_id, extension.institution_id, extension.amount_minor) == (order.id, world.bank_a.id, None)
    assert draft(world.analyst_a, world.second_a, hold, "stop_release").original_id == order.id
    wrong = terms(world.second_a, "freeze_extend")
    case = new_case(world.analyst_a, filed=True)
    assert sorted(problems(world, act, case, "freeze_extend", [line(hold, "freeze_extend")], wrong)) == ["lines.0.hold"]


@pytest.mark.parametrize("kind", ["stop_extend", "stop_release"])
def test_nothing_follows_a_hold_past_its_end(world: World, act: Act, move_clock: Any, kind: str) -> None:
    case = new_case(world.analyst_a)
    hold = hold_of(issue(world, involve(world.analyst_a, case, world.bank_a)), world.risk_a)
    move_clock(timedelta(hours=49))
    assert Hold.objects.get().status == "active"
    assert list(problems(world, act, case, kind, [line(hold, kind)], terms(world.second_a, kind))) == ["lines.0.hold"]


@pytest.mark.parametrize(
    ("name", "error"), [("analyst_b", NotFound), ("risk_a", NotFound), ("overseer", NotFound), ("approver_a", Forbidden)]
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    case, by = new_case(world.analyst_a), getattr(world, name)
    row = involve(world.analyst_a, case, world.bank_a)
    with nothing_happens(), pytest.raises(error), act(by):
        orders_draft(by=by, case=case, kind="stop", lines=[line(row)], terms=terms(world.second_a))


def test_kinds_that_are_not_offered(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    for kind in ("watch", "query_accounts", ""):
        assert list(problems(world, act, case, kind, [line(row)], terms(world.second_a))) == ["kind"]
