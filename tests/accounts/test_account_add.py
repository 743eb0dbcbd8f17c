"""An account enters a case: found again, never doubled; seen by the case's units and by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from accounts.models import AccountAlias, AccountName, InvolvedAccount, Involvement
from accounts.services.accounts import involved_account_add
from antifraud import policy
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from cases.models import Case
from cases.services.steps import case_step
from tests.accounts.factories import card, involve, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_it_enters_the_account(world: World) -> None:
    case = new_case(world.analyst_a)
    involvement = involve(world.analyst_a, case, world.bank_a, number="６２２２ 0212-3456 7890 123", name="张三")
    account = InvolvedAccount.objects.get(pk=involvement.account_id)
    assert account.number.open() == "6222021234567890123"
    assert (account.kind, account.institution_id, account.risk) == ("card", world.bank_a.id, "involved")
    assert account.holder_name.open() == "张三"
    assert (involvement.level, involvement.role, involvement.state, involvement.stop_limit) == (
        1,
        "involved",
        "confirmed",
        2,
    )
    case.refresh_from_db()
    assert case.accounts_total == 1
    assert case.first_account_at is not None


def test_the_number_is_not_in_the_database_or_the_audit_log(world: World) -> None:
    number = card()
    involvement = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    row: Any = InvolvedAccount.objects.filter(pk=involvement.account_id).values("number", "number_index").get()
    assert number.encode() not in bytes(row["number"]) + bytes(row["number_index"])
    entry = AuditEntry.objects.get(verb="account.add")
    assert number.encode() not in bytes(entry.payload)
    assert bytes(entry.subject_hmac or b"") == bytes(row["number_index"])


def test_the_same_account_in_two_cases_is_one(world: World) -> None:
    number = card()
    first = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    second = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    assert first.account_id == second.account_id
    assert first.id != second.id


def test_the_same_number_at_two_banks_is_two(world: World) -> None:
    case, number = new_case(world.analyst_a), card()
    accounts = {
        involve(world.analyst_a, case, bank, number=number).account_id for bank in (world.bank_a, world.bank_b, None)
    }
    assert len(accounts) == 3


def test_entered_twice_it_stays_one_with_the_lower_level(world: World) -> None:
    case, number = new_case(world.analyst_a), card()
    involve(world.analyst_a, case, world.bank_a, number=number, level=3)
    again = involve(world.analyst_a, case, world.bank_a, number=number, level=2)
    assert (Involvement.objects.count(), again.level) == (1, 2)
    case.refresh_from_db()
    assert (case.accounts_total, case.first_account_at) == (1, None)


def test_a_proposed_account_is_confirmed_by_an_officer(world: World) -> None:
    case, number = new_case(world.analyst_a), card()
    involve(world.analyst_a, case, world.bank_a, number=number, state="proposed")
    assert involve(world.analyst_a, case, world.bank_a, number=number).state == "confirmed"


def test_an_alias_leads_to_the_account(world: World) -> None:
    from accounts.services.identity import alias_add
    from antifraud import db

    case, other = new_case(world.analyst_a), card()
    account = involve(world.analyst_a, case, world.bank_a).account
    with db.unit_of_work(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=account.id, number=other, reason="card of the account")
    assert AccountAlias.objects.get().number.open() == other
    assert involve(world.analyst_a, case, world.bank_a, number=other).account_id == account.id


def test_units_of_the_case_see_it_and_banks_do_not(world: World) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    for seer in (world.analyst_a, world.bureau_approver, world.centre_analyst):
        assert policy.can(seer, "account.view", account)
    for stranger in (world.analyst_b, world.risk_a, world.risk_b, world.overseer, world.admin):
        assert not policy.can(stranger, "account.view", account)


def test_a_second_case_lets_its_unit_see_the_account(world: World) -> None:
    number = card()
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number).account
    involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    assert policy.can(world.analyst_b, "account.view", account)
    assert account.grants.filter(revoked_at__isnull=True).count() == 4  # two units, the bureau, the centre


def test_names_are_dated_and_a_filed_one_does_not_displace_a_banks(world: World, act: Act) -> None:
    from accounts.services.accounts import name_learn

    case, number = new_case(world.analyst_a), card()
    account = involve(world.analyst_a, case, world.bank_a, number=number, name="张三").account
    with act(world.analyst_a):
        name_learn(account=account, name="张山", source="answer")
    involve(world.analyst_a, case, world.bank_a, number=number, name="张 三")
    involve(world.analyst_a, case, world.bank_a, number=number, name="章三")
    account.refresh_from_db()
    assert account.holder_name.open() == "张山"
    assert sorted(name.name.open() for name in AccountName.objects.all()) == ["张三", "张山", "章三"]


def test_a_phone_number_at_an_operator(world: World) -> None:
    account = involve(
        world.analyst_a, new_case(world.analyst_a), world.telecom, number="138 0013 8000", name=""
    ).account
    assert (account.kind, account.number.open()) == ("phone", "+8613800138000")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": "12"}, "number"),
        ({"number": "6222ab!"}, "number"),
        ({"level": 0}, "level"),
        ({"role": "victim"}, "level"),
        ({"role": "friend"}, "role"),
        ({"kind": "sofa"}, "kind"),
    ],
)
def test_wrong_input_is_refused(world: World, act: Act, wrong: dict[str, Any], field: str) -> None:
    case = new_case(world.analyst_a)
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        involved_account_add(by=world.analyst_a, case=case, **({"number": card(), "institution": world.bank_a} | wrong))
    assert list(refused.value.fields) == [field]


def test_a_police_unit_keeps_no_accounts(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        involved_account_add(by=world.analyst_a, case=case, number=card(), institution=world.unit_b)
    assert list(refused.value.fields) == ["institution"]


def test_a_closed_case_takes_nothing(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    with act(world.duty_a):
        case_step(by=world.duty_a, case_id=case.id, verb="refuse", on=date(2026, 1, 2), document_number="R-1")
    with act(world.analyst_a):
        case_step(by=world.analyst_a, case_id=case.id, verb="close", on=date(2026, 1, 3))
    stale = Case(id=case.id, status="reported", number=case.number, unit=case.unit)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        involved_account_add(by=world.analyst_a, case=stale, number=card(), institution=world.bank_a)


@pytest.mark.parametrize(
    ("name", "error"),
    [("analyst_b", NotFound), ("risk_a", NotFound), ("overseer", NotFound), ("approver_a", Forbidden)],
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    case, by = new_case(world.analyst_a), getattr(world, name)
    with nothing_happens(), pytest.raises(error), act(by):
        involved_account_add(by=by, case=case, number=card(), institution=world.bank_a)
