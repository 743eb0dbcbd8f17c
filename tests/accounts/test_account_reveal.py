"""An account's values in clear: audit row first, with a reason, for those who may."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.services.accounts import account_reveal
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound
from tests.accounts.factories import card, involve, issue, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_it_shows_the_value_and_leaves_a_row(world: World, act: Act) -> None:
    number = card()
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    with act(world.approver_a):
        shown = account_reveal(
            by=world.approver_a, account_id=row.account_id, field="number", purpose="calling the bank", case_id=row.case_id
        )  # fmt: skip
    assert shown == number
    entry = AuditEntry.objects.get(verb="involvedaccount.reveal")
    assert (entry.actor_id, entry.object_id, entry.case_id, entry.purpose) == (
        world.approver_a.id, row.account_id, row.case_id, "calling the bank"
    )  # fmt: skip
    assert detail_of(entry) == {"field": "number"}
    assert number not in bytes(entry.payload).decode()


def test_a_bank_sees_its_own_account_once_it_was_asked(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, name="张三")
    issue(world, row)
    with act(world.risk_a):
        assert (
            account_reveal(by=world.risk_a, account_id=row.account_id, field="holder_name", purpose="matching")
            == "张三"
        )


def test_what_is_not_known_is_empty_and_leaves_no_row(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    with act(world.analyst_a):
        assert (
            account_reveal(by=world.analyst_a, account_id=row.account_id, field="holder_id_number", purpose="matching")
            == ""
        )
    assert not AuditEntry.objects.filter(verb="involvedaccount.reveal").exists()


@pytest.mark.parametrize(
    ("field", "purpose", "named"),
    [("number", " ", "purpose"), ("number_index", "matching", "field"), ("id", "matching", "field")],
)
def test_wrong_wishes(world: World, act: Act, field: str, purpose: str, named: str) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        account_reveal(by=world.analyst_a, account_id=row.account_id, field=field, purpose=purpose)
    assert list(refused.value.fields) == [named]


def test_the_case_that_is_named_must_involve_the_account(world: World, act: Act) -> None:
    row, other, foreign = (
        involve(world.analyst_a, new_case(world.analyst_a), world.bank_a), new_case(world.analyst_a), new_case(world.analyst_b)
    )  # fmt: skip
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        account_reveal(
            by=world.analyst_a, account_id=row.account_id, field="number", purpose="matching", case_id=other.id
        )
    assert list(refused.value.fields) == ["case"]
    with nothing_happens(), pytest.raises(NotFound), act(world.analyst_a):
        account_reveal(
            by=world.analyst_a, account_id=row.account_id, field="number", purpose="matching", case_id=foreign.id
        )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("analyst_b", NotFound),
        ("risk_b", NotFound),
        ("machine_a", Forbidden),
        ("auditor", NotFound),
        ("admin", NotFound),
    ],
)
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    row, by = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a), getattr(world, name)
    issue(world, row)
    with nothing_happens(), pytest.raises(error), act(by):
        account_reveal(by=by, account_id=row.account_id, field="number", purpose="matching")
