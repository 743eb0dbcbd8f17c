"""Two rows are one account: what moves, what stays, who sees it; undoing restores exactly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import AccountChange, InvolvedAccount, Involvement, Order, Transfer
from accounts.selectors.accounts import AccountFilters, account_orders, accounts_list, case_accounts
from accounts.services.identity import account_correct, account_merge, account_unmerge
from accounts.services.orders.draft import orders_draft
from antifraud import policy
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from cases.models import Case
from tests.accounts.factories import (
    approve,
    card,
    draft,
    involve,
    issue,
    line,
    new_case,
    nothing_happens,
    pay,
    submit,
    terms,
)
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def merge(act: Act, by: Any, one: InvolvedAccount, into: InvolvedAccount) -> AccountChange:
    with act(by):
        assert account_merge(by=by, account_id=one.id, into_id=into.id, reason="card of the same book").id == into.id
    return AccountChange.objects.filter(account=one, kind="merge").latest("at")


def unmerge(act: Act, by: Any, change: AccountChange) -> InvolvedAccount:
    with act(by):
        return account_unmerge(by=by, change_id=change.id, reason="two people after all")


def picture() -> list[Any]:
    """All that a merge may touch."""
    return [
        sorted(Involvement.objects.values_list("pk", "case", "account", "level", "stop_count", "state")),
        sorted(Transfer.objects.values_list("pk", "from_account", "to_account"), key=str),
        sorted(InvolvedAccount.objects.values_list("pk", "merged_into"), key=str),
        sorted(Case.objects.values_list("pk", "accounts_total")),
        sorted(Order.objects.values_list("pk", "account")),
        sorted(
            (account.pk, group)
            for account in InvolvedAccount.objects.all()
            for group in account.grants.filter(revoked_at__isnull=True).values_list("group", flat=True)
        ),
    ]


def test_involvements_and_transfers_move_and_orders_stay(world: World, act: Act) -> None:
    mine, other = new_case(world.analyst_a), new_case(world.analyst_a)
    one, two = involve(world.analyst_a, mine, world.bank_a), involve(world.analyst_a, other, world.bank_a)
    incoming = pay(world.analyst_a, mine, one.account)
    outgoing = pay(
        world.analyst_a, mine, involve(world.analyst_a, mine, world.bank_b, level=2).account, payer=one.account
    )
    order = issue(world, one)
    merge(act, world.analyst_a, one.account, two.account)
    one.refresh_from_db()
    incoming.refresh_from_db()
    outgoing.refresh_from_db()
    assert (one.account_id, incoming.to_account_id, outgoing.from_account_id) == (two.account_id,) * 3
    assert Order.objects.get().account_id == order.account_id != two.account_id
    assert InvolvedAccount.objects.count() == 3


def test_selectors_follow(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    number = card()
    one, two = involve(world.analyst_a, case, world.bank_a, number=number), involve(world.analyst_a, case, world.bank_a)
    order = issue(world, one)
    gone = one.account
    merge(act, world.analyst_a, gone, two.account)
    assert [row.account_id for row in case_accounts(user=world.analyst_a, case=case)] == [two.account_id]
    found = accounts_list(user=world.analyst_a, filters=AccountFilters(number=number))
    assert [account.id for account in found] == [two.account_id]
    assert [row.id for row in account_orders(user=world.analyst_a, account=two.account)] == [order.id]
    assert involve(world.analyst_a, case, world.bank_a, number=number).account_id == two.account_id


def test_undoing_restores_exactly(world: World, act: Act) -> None:
    mine, both = new_case(world.analyst_a), new_case(world.analyst_a)
    number = card()
    one = involve(world.analyst_a, mine, world.bank_a, number=number)
    doubled = involve(world.analyst_a, both, world.bank_a, number=number)
    two = involve(world.analyst_a, both, world.bank_a)
    foreign = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    child = involve(world.analyst_a, mine, world.bank_a)
    pay(world.analyst_a, mine, one.account)
    pay(world.analyst_a, both, two.account, payer=one.account)
    issue(world, one)
    issue(world, doubled)
    merge(act, world.analyst_a, child.account, one.account)
    before = picture()
    change = merge(act, world.analyst_a, one.account, two.account)
    assert picture() != before
    assert InvolvedAccount.objects.get(pk=child.account_id).merged_into_id == two.account_id
    assert policy.can(world.analyst_b, "account.view", two.account)
    assert unmerge(act, world.analyst_a, change).id == one.account_id
    assert picture() == before
    change.refresh_from_db()
    assert (change.undone_by_id, change.undone_at is not None) == (world.analyst_a.id, True)
    assert not policy.can(world.analyst_b, "account.view", two.account)
    assert foreign.account_id == one.account_id
    assert detail_of(AuditEntry.objects.get(verb="account.unmerge"))["change"] == str(change.id)


def test_a_case_with_both_counts_one_account_and_all_stops(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a) for _ in range(2))
    issue(world, one)
    issue(world, two)
    merge(act, world.analyst_a, one.account, two.account)
    case.refresh_from_db()
    two.refresh_from_db()
    assert (case.accounts_total, two.stop_count) == (1, 2)
    with nothing_happens(), pytest.raises(Conflict), act(world.analyst_a):
        orders_draft(by=world.analyst_a, case=case, kind="stop", lines=[line(two)], terms=terms(world.second_a))


def test_an_open_order_on_the_old_row_is_a_duplicate(world: World, act: Act) -> None:
    case, other = new_case(world.analyst_a), new_case(world.analyst_a)
    one, two = involve(world.analyst_a, case, world.bank_a), involve(world.analyst_a, other, world.bank_a)
    order = draft(world.analyst_a, world.second_a, one)
    merge(act, world.analyst_a, one.account, two.account)
    one.refresh_from_db()
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        orders_draft(by=world.analyst_a, case=case, kind="stop", lines=[line(one)], terms=terms(world.second_a))
    assert refused.value.extra == {"orders": [order.number]}


def test_an_order_that_waits_for_approval_is_still_issued_and_counted(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (
        involve(world.analyst_a, case, world.bank_a),
        involve(world.analyst_a, new_case(world.analyst_a), world.bank_a),
    )
    order = submit(draft(world.analyst_a, world.second_a, one))
    merge(act, world.analyst_a, one.account, two.account)
    assert approve(order, world.approver_a).account_id != two.account_id
    assert case.involvements.get().stop_count == 1


def test_what_came_later_stays(world: World, act: Act) -> None:
    mine, other, later = (new_case(world.analyst_a) for _ in range(3))
    number = card()
    one, two = (
        involve(world.analyst_a, mine, world.bank_a, number=number),
        involve(world.analyst_a, other, world.bank_a),
    )
    change = merge(act, world.analyst_a, one.account, two.account)
    new = involve(world.analyst_a, later, world.bank_a, number=number)
    assert new.account_id == two.account_id
    unmerge(act, world.analyst_a, change)
    new.refresh_from_db()
    assert new.account_id == two.account_id
    assert mine.involvements.get().account_id == one.account_id


def test_a_unit_that_has_a_case_of_its_own_by_now_keeps_sight(world: World, act: Act) -> None:
    number = card()
    one = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=number)
    two = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    change = merge(act, world.analyst_a, one.account, two.account)
    involve(world.analyst_b, new_case(world.analyst_b), world.bank_a, number=two.account.number.open())
    unmerge(act, world.analyst_a, change)
    assert policy.can(world.analyst_b, "account.view", two.account)


def test_the_last_merge_is_undone_first(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two, three = (involve(world.analyst_a, case, world.bank_a).account for _ in range(3))
    first = merge(act, world.analyst_a, one, two)
    second = merge(act, world.analyst_a, two, three)
    with nothing_happens(), pytest.raises(Conflict) as refused, act(world.analyst_a):
        account_unmerge(by=world.analyst_a, change_id=first.id, reason="two people")
    assert refused.value.code == "merge_not_last"
    unmerge(act, world.analyst_a, second)
    unmerge(act, world.analyst_a, first)
    assert not InvolvedAccount.objects.filter(merged_into__isnull=False).exists()
    case.refresh_from_db()
    assert case.accounts_total == 3


def test_once_only(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two = (involve(world.analyst_a, case, world.bank_a).account for _ in range(2))
    change = merge(act, world.analyst_a, one, two)
    unmerge(act, world.analyst_a, change)
    with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
        account_unmerge(by=world.analyst_a, change_id=change.id, reason="two people")


def test_a_corrected_institution_is_no_merge(world: World, act: Act) -> None:
    account = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    with act(world.analyst_a):
        account_correct(by=world.analyst_a, account_id=account.id, institution=world.bank_b, reason="card prefix")
    with nothing_happens(), pytest.raises(NotFound), act(world.analyst_a):
        account_unmerge(by=world.analyst_a, change_id=AccountChange.objects.get().id, reason="two people")


def test_accounts_of_two_banks_are_two(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    at_a, at_b, unknown = (involve(world.analyst_a, case, bank).account for bank in (world.bank_a, world.bank_b, None))
    for one, into in ((at_a, at_b), (at_a, unknown), (at_a, at_a)):
        with nothing_happens(), pytest.raises(Invalid) as refused, act(world.analyst_a):
            account_merge(by=world.analyst_a, account_id=one.id, into_id=into.id, reason="same book")
        assert list(refused.value.fields) == ["into"]
    merge(act, world.analyst_a, unknown, at_a)


def test_a_merged_account_is_not_merged_again(world: World, act: Act) -> None:
    case = new_case(world.analyst_a)
    one, two, three = (involve(world.analyst_a, case, world.bank_a).account for _ in range(3))
    merge(act, world.analyst_a, one, two)
    for account, into in ((one, three), (three, one)):
        with nothing_happens(), pytest.raises(WrongState), act(world.analyst_a):
            account_merge(by=world.analyst_a, account_id=account.id, into_id=into.id, reason="same book")


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("approver_a", Forbidden), ("risk_a", NotFound)])
def test_others_may_not(world: World, act: Act, name: str, error: type[Exception]) -> None:
    case, by = new_case(world.analyst_a), getattr(world, name)
    one, two = (involve(world.analyst_a, case, world.bank_a).account for _ in range(2))
    with nothing_happens(), pytest.raises(error), act(by):
        account_merge(by=by, account_id=one.id, into_id=two.id, reason="same book")
    change = merge(act, world.analyst_a, one, two)
    with nothing_happens(), pytest.raises(error), act(by):
        account_unmerge(by=by, change_id=change.id, reason="two people")


def test_both_must_be_in_reach(world: World, act: Act) -> None:
    mine = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a).account
    theirs = involve(world.analyst_b, new_case(world.analyst_b), world.bank_a).account
    for one, into in ((mine, theirs), (theirs, mine)):
        with nothing_happens(), pytest.raises(NotFound), act(world.analyst_a):
            account_merge(by=world.analyst_a, account_id=one.id, into_id=into.id, reason="same book")
