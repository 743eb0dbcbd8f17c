"""An officer decides about proposed accounts: into the case, or out of it with its history kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.selectors.accounts import case_accounts
from accounts.services.involvements import involvement_confirm, involvement_dismiss
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, NotFound, WrongState
from tests.accounts.factories import draft, involve, new_case, nothing_happens
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def test_a_proposal_is_confirmed(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a, state="proposed")
    case.refresh_from_db()
    assert (case.accounts_total, case.first_account_at) == (1, None)
    with act(world.analyst_a):
        involvement_confirm(by=world.analyst_a, involvement_id=row.id)
    row.refresh_from_db()
    case.refresh_from_db()
    assert (row.state, case.accounts_total, case.first_account_at is not None) == ("confirmed", 1, True)
    assert detail_of(AuditEntry.objects.get(verb="involvement.confirm"))["from"] == "proposed"


def test_a_dismissed_account_leaves_the_list_and_may_return(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a, state="proposed")
    with act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
    case.refresh_from_db()
    assert case.accounts_total == 0
    assert not case_accounts(user=world.analyst_a, case=case).exists()
    with act(world.duty_a):
        involvement_confirm(by=world.duty_a, involvement_id=row.id)
    case.refresh_from_db()
    assert case.accounts_total == 1


def test_with_open_orders_it_stays(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    draft(world.analyst_a, world.second_a, row)
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
    assert refused.value.code == "account_in_use"


def test_twice_is_once(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        involvement_confirm(by=world.analyst_a, involvement_id=row.id)
    with act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("approver_a", Forbidden), ("risk_a", NotFound)])
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    row, by = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, state="proposed"), getattr(world, name)
    for service in (involvement_confirm, involvement_dismiss):
        with nothing_happens(), pytest.raises(error), act(by):
            service(by=by, involvement_id=row.id)
