"""A transfer is a fact of a case: between its accounts, of an amount, at a time that has passed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Transfer
from accounts.selectors.accounts import case_transfers
from accounts.services.identity import account_merge
from accounts.services.transfers import transfer_record
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound
from tests.accounts.factories import involve, new_case, nothing_happens, pay
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_it_is_recorded_with_its_audit_row(world: World) -> None:
    case = new_case(world.analyst_a)
    payer, target = involve(world.analyst_a, case, world.bank_b, level=0), involve(world.analyst_a, case, world.bank_a)
    transfer = pay(world.analyst_a, case, target.account, payer=payer.account, amount=123_45)
    stored = Transfer.objects.get()
    assert (stored.from_account_id, stored.to_account_id, stored.amount_minor, stored.currency, stored.source) == (
        payer.account_id, target.account_id, 12_345, "CNY", "filed"
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="transfer.record")
    assert (entry.object_id, entry.case_id, detail_of(entry)["amount_minor"]) == (transfer.id, case.id, 12_345)


def test_it_is_noted_for_what_a_merged_account_turned_out_to_be(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a).account for _ in range(2))
    with act(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=one.id, into_id=two.id, reason="same book")
    one.refresh_from_db()
    assert pay(world.analyst_a, case, one).to_account_id == two.id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_minor": 0}, "amount"), ({"amount_minor": -5}, "amount"), ({"amount_minor": 2**63}, "amount"),
        ({"currency": "RMB"}, "currency"), ({"at": timedelta(hours=1)}, "at"), ({"reference": "验证码 471122"}, "reference"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused(world: World, act: Act, changes: dict[str, Any], field: str) -> None:
    case = new_case(world.analyst_a)
    target = involve(world.analyst_a, case, world.bank_a).account
    if "at" in changes:
        changes = {"at": case.logged_at + changes["at"]}
    with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
        transfer_record(by=world.analyst_a, case=case, to_account=target, **({"amount_minor": 5} | changes))
    assert list(refused.value.fields) == [field]


def test_accounts_of_other_cases_and_circles_are_refused(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    mine = involve(world.analyst_a, case, world.bank_a).account
    other = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    for to_account, from_account, field in (
        (other, None, "to_account"),
        (mine, other, "from_account"),
        (mine, mine, "from_account"),
    ):
        with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
            transfer_record(
                by=world.analyst_a, case=case, to_account=to_account, from_account=from_account, amount_minor=5
            )
        assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("approver_a", Forbidden), ("risk_a", NotFound)])
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    case, by = new_case(world.analyst_a), getattr(world, name)
    target = involve(world.analyst_a, case, world.bank_a).account
    with nothing_happens(), pytest.raises(error), act(by):
        transfer_record(by=by, case=case, to_account=target, amount_minor=5)


def test_the_list_is_in_the_order_of_time_and_for_police_only(world: World) -> None:
    case = new_case(world.analyst_a)
    target = involve(world.analyst_a, case, world.bank_a).account
    late, early = (pay(world.analyst_a, case, target, ago=ago) for ago in (5, 50))
    assert list(case_transfers(user=world.centre_analyst, case=case)) == [early, late]
    for stranger in (world.analyst_b, world.risk_a, world.overseer):
        assert not case_transfers(user=stranger, case=case).exists()
