"""A bank's own view (domain.md §8): what it learns, and every byte that it must not; page and API alike."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AccountGrant, InvolvedAccount, LedgerAccount
from accounts.selectors.flow_bank import bank_flow
from antifraud import db, policy
from antifraud.errors import Forbidden, NotFound
from tests.accounts import factories
from tests.accounts.flow.runs import NUMBERS, Scene, scene


@pytest.fixture
def ordered(world: Any) -> tuple[Scene, InvolvedAccount]:
    """`first` of the scene has a stop that went to bank A."""
    case = scene(world)
    row = factories.involve(world.analyst_a, case.case, world.bank_a, number=NUMBERS["first"], name="李四")
    factories.pay(world.analyst_a, case.case, row.account)
    order = factories.issue(world, row)
    with db.unit_of_work(world.analyst_a):
        policy.grant(
            [world.bank_a.group_id],
            order.account,
            by=world.analyst_a,
            purpose="test",
            legal_basis="x",
            sort_at=order.created_at,
        ) if not AccountGrant.objects.filter(
            group=world.bank_a.group_id, content_object=order.account
        ).exists() else None
    return case, order.account


def test_amounts_and_the_names_of_institutions(world: Any, ordered: Any) -> None:
    _case, account = ordered
    (flow,) = bank_flow(user=world.risk_a, account_id=account.id)
    assert (flow.currency, flow.came, flow.left) == ("CNY", 600_00, 450_00)
    seen = [(each.institution, each.came, each.left, each.payments) for each in flow.neighbours]
    assert seen == [(world.bank_b.title, 600_00, 300_00, 3), ("", 0, 150_00, 1)]


def _bodies(client: Any, account: InvolvedAccount) -> list[bytes]:
    found = []
    for address in (f"/accounts/{account.id}/flow/", f"/api/v1/accounts/{account.id}/flow/"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        found.append(answer.content)
    return found


@pytest.mark.parametrize("name", ["risk_a", "risk_supervisor_a"])
def test_no_byte_says_who_the_others_are(world: Any, log_in: Any, ordered: Any, name: str) -> None:
    case, account = ordered
    foreign = [number for owner, number in NUMBERS.items() if owner != "first"]
    marks = [number[at : at + 4] for number in foreign for at in (len(number) - 4,)]
    marks += [
        *foreign,
        "王小明",
        "李四",
        case.case.number,
        str(case.case.id),
        str(case.run.id),
        case.case.incident_number,
    ]
    marks += [str(row.id) for row in LedgerAccount.objects.filter(case=case.case)]
    marks += ['"node"', "data-node"]  # bare figures stand anywhere; what would name them does not
    for body in _bodies(log_in(getattr(world, name)), account):
        assert [mark for mark in marks if mark.encode() in body] == []
        assert world.bank_b.title.encode() in body, "the neighbour's name is what may be seen"


@pytest.mark.parametrize("name", ["risk_b", "risk_supervisor_b", "risk_branch", "risk_telecom", "analyst_a", "admin"])
def test_another_bank_sees_nothing_and_police_have_their_own_page(
    world: Any, log_in: Any, ordered: Any, name: str
) -> None:
    _case, account = ordered
    someone = getattr(world, name)
    with pytest.raises((NotFound, Forbidden)):
        bank_flow(user=someone, account_id=account.id)
    client = log_in(someone)
    assert client.get(f"/accounts/{account.id}/flow/").status_code in {403, 404}
    assert client.get(f"/api/v1/accounts/{account.id}/flow/").status_code in {403, 404}


def test_without_a_live_grant_the_own_account_is_absent(world: Any, ordered: Any) -> None:
    _case, account = ordered
    with db.unit_of_work(world.analyst_a):
        policy.revoke([world.bank_a.group_id], account, by=world.analyst_a, reason="ended")
    with pytest.raises(NotFound):
        bank_flow(user=world.risk_a, account_id=account.id)


def test_a_case_without_an_order_to_the_bank_adds_nothing(world: Any, ordered: Any) -> None:
    """The same account in another unit's case, where the bank was not asked: its amounts stay unknown."""
    _case, account = ordered
    before = bank_flow(user=world.risk_a, account_id=account.id)
    other = scene(world)
    LedgerAccount.objects.filter(pk=other.made.account["first"].pk).update(account=account)
    assert bank_flow(user=world.risk_a, account_id=account.id) == before
