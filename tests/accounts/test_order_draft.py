"""Drafting orders for many accounts in one go: every rule has its field, every line its own problems."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Order
from accounts.services.orders.draft import orders_draft
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, NotFound
from banks.models import Agreement
from cases.models import Attachment
from cases.services.steps import case_step
from tests.accounts.factories import draft, draft_problems, involve, line, new_case, nothing_happens, pay, terms
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


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
    assert (first.amount_minor, first.mode, first.transfer_id, first.answer_minutes) == (
        500_000,
        "limited",
        transfer.id,
        30,
    )
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
    assert draft_problems(world.analyst_a, case, kind, [line(row, kind)], wanted) == [field]


def test_the_second_officer_is_an_active_colleague(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    gone = world.duty_a
    gone.is_active = False
    gone.save()
    for wrong in (world.analyst_a, world.analyst_b, world.bureau_approver, gone):
        found = draft_problems(world.analyst_a, case, "stop", [line(row)], terms(wrong))
        assert found == ["second_officer"]


def test_an_end_beyond_the_law_is_refused(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    with act(world.analyst_a) as work:
        now = work.now
    for ends, passes in ((timedelta(days=-1), False), (timedelta(days=170), True), (timedelta(days=200), False)):
        wanted = terms(world.second_a, "freeze", asked_expires_at=now + ends)
        if passes:
            draft(
                world.analyst_a,
                world.second_a,
                involve(world.analyst_a, case, world.bank_b),
                "freeze",
                asked_expires_at=now + ends,
            )
        else:
            assert draft_problems(world.analyst_a, case, "freeze", [line(row, "freeze")], wanted) == [
                "asked_expires_at"
            ]
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
        found = draft_problems(
            world.analyst_a, case, "freeze", [line(row, "freeze")], terms(world.second_a, "freeze", instrument=paper)
        )
        assert found == ["instrument"]
    assert draft(world.analyst_a, world.second_a, row, "freeze", instrument=papers[2]).instrument_id == papers[2].id


def test_a_stop_needs_the_incident_number_and_a_freeze_a_filed_case(world: World, act: Act) -> None:
    bare, reported, filed = (
        new_case(world.analyst_a, incident=""), new_case(world.analyst_a), new_case(world.analyst_a, incident="", filed=True)
    )  # fmt: skip
    rows = [involve(world.analyst_a, case, world.bank_a) for case in (bare, reported, filed)]
    assert draft_problems(world.analyst_a, bare, "stop", [line(rows[0])], terms(world.second_a)) == ["case"]
    freeze = terms(world.second_a, "freeze")
    assert draft_problems(world.analyst_a, reported, "freeze", [line(rows[1], "freeze")], freeze) == ["case"]
    for row, kind in ((rows[1], "stop"), (rows[2], "stop"), (rows[2], "freeze")):
        assert draft(world.analyst_a, world.second_a, row, kind).status == "draft"


def test_no_case_no_new_stop(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    with act(world.duty_a):
        case_step(by=world.duty_a, case_id=case.id, verb="refuse", on=date(2026, 1, 2), document_number="R-1")
    assert draft_problems(world.analyst_a, case, "stop", [line(row)], terms(world.second_a)) == ["case"]


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


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_b", NotFound), ("risk_a", NotFound), ("overseer", NotFound), ("approver_a", Forbidden)],
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    case, by = new_case(world.analyst_a), getattr(world, name)
    row = involve(world.analyst_a, case, world.bank_a)
    with nothing_happens(), pytest.raises(error), act(by):
        orders_draft(by=by, case=case, kind="stop", lines=[line(row)], terms=terms(world.second_a))


def test_kinds_that_are_not_offered(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    for kind in ("query_accounts", ""):
        assert draft_problems(world.analyst_a, case, kind, [line(row)], terms(world.second_a)) == ["kind"]
