""" "Is this account in another case?": count and unit names only, audited, and paid from two token buckets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection

from accounts.models import LookupBudget
from accounts.selectors import lookups
from accounts.selectors.lookups import HIT, INSTITUTION, MISS, USER, account_known_elsewhere, lookup_balance
from accounts.services.identity import account_merge, alias_add
from accounts.services.involvements import involvement_dismiss
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, RateLimited
from tests.accounts.factories import card, involve, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]


def look(act: Act, by: Any, *numbers: str, **extra: Any) -> dict[str, lookups.Known]:
    with act(by):
        return account_known_elsewhere(user=by, numbers=list(numbers), **extra)


def test_it_tells_the_number_of_cases_and_the_units(world: World, act: Act) -> None:
    number, unknown = card(), card()
    for by in (world.analyst_a, world.analyst_a, world.analyst_b):
        involve(by, new_case(by), world.bank_a, number=number)
    found = look(act, world.centre_analyst, number, unknown)
    assert found[number].cases == 3
    assert found[number].units == ("East District Police", "West District Police")
    assert found[unknown] == lookups.Known(0, ())


def test_one_needs_not_see_those_cases(world: World, act: Act) -> None:
    number = card()
    involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    assert look(act, world.analyst_b, number)[number].units == ("East District Police",)


def test_the_own_case_is_left_out(world: World, act: Act) -> None:
    number = card()
    mine = new_case(world.analyst_a)
    involve(world.analyst_a, mine, world.bank_a, number=number)
    assert look(act, world.analyst_a, number, but_case=mine.id)[number].cases == 0


def test_any_spelling_any_bank_aliases_and_merges(world: World, act: Act) -> None:
    number, alias, merged = card(), card(), card()
    case, other = new_case(world.analyst_a), new_case(world.analyst_a)
    account = involve(world.analyst_a, case, world.bank_a, number=number).account
    involve(world.analyst_a, other, None, number=number)
    gone = involve(world.analyst_a, case, world.bank_a, number=merged).account
    with act(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=account.id, number=alias, reason="second card")
        account_merge(by=world.analyst_a, account_id=gone.id, into_id=account.id, reason="same book")
    spelled = f"{number[:4]} {number[4:8]}-{number[8:]}"
    found = look(act, world.analyst_b, spelled, alias, merged)
    assert (found[spelled].cases, found[alias].cases, found[merged].cases) == (2, 1, 1)


def test_phone_numbers_are_found_in_both_spellings(world: World, act: Act) -> None:
    involve(world.analyst_a, new_case(world.analyst_a), world.telecom, number="13800138000", name="")
    assert [known.cases for known in look(act, world.analyst_b, "138 0013 8000", "+8613800138000").values()] == [1, 1]


def test_dismissed_accounts_do_not_count(world: World, act: Act) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, state="proposed")
    number = row.account.number.open()
    with act(world.analyst_a):
        involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
    assert look(act, world.analyst_b, number)[number].cases == 0


def test_the_audit_row_says_how_many_and_no_number(world: World, act: Act) -> None:
    number = card()
    involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    look(act, world.analyst_b, number, card(), card())
    entry = AuditEntry.objects.get(verb="account.lookup")
    assert detail_of(entry) == {"numbers": 3, "known": 1}
    assert (entry.actor_id, entry.subject_hmac, entry.object_id) == (world.analyst_b.id, None, None)


# -- the budget ------------------------------------------------------------------------------------


def test_a_miss_costs_twenty_and_a_hit_one(world: World, act: Act) -> None:
    number = card()
    involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    assert lookup_balance(user=world.analyst_b) == lookups.Balance(int(USER.capacity), int(INSTITUTION.capacity))
    look(act, world.analyst_b, number, card(), card(), number)
    spent = 2 * MISS + HIT
    left = lookup_balance(user=world.analyst_b)
    assert left == lookups.Balance(int(USER.capacity) - spent, int(INSTITUTION.capacity) - spent)
    assert lookup_balance(user=world.second_b).user == int(USER.capacity)
    assert lookup_balance(user=world.second_b).institution == int(INSTITUTION.capacity) - spent


def empty(holder: Any, tokens: float) -> None:
    LookupBudget.objects.filter(holder_id=holder.id).update(tokens=tokens)


@pytest.mark.parametrize("holder", ["analyst_b", "unit_b"])
def test_an_empty_bucket_answers_nothing(world: World, act: Act, holder: str) -> None:
    number = card()
    involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    look(act, world.analyst_b, card())
    empty(getattr(world, holder), MISS - 2)
    before = sorted(LookupBudget.objects.values_list("holder_id", "tokens"))
    audited = AuditEntry.objects.count()
    for wanted in (number, card()):
        # A hit would cost 1 only; if it were answered, a refusal would tell misses from hits for nothing.
        with pytest.raises(RateLimited):
            look(act, world.analyst_b, wanted)
    assert sorted(LookupBudget.objects.values_list("holder_id", "tokens")) == before
    assert AuditEntry.objects.count() == audited


def test_it_fills_again_with_time_and_never_over_the_brim(world: World, act: Act) -> None:
    look(act, world.analyst_b, card())
    empty(world.analyst_b, 0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_lookupbudget SET filled_at = filled_at - interval '2 minutes'")
    assert lookup_balance(user=world.analyst_b).user == 2 * int(USER.per_minute)
    look(act, world.analyst_b, card())
    assert lookup_balance(user=world.analyst_b).user == 2 * int(USER.per_minute) - MISS
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_lookupbudget SET filled_at = filled_at - interval '9 days'")
    assert lookup_balance(user=world.analyst_b).user == int(USER.capacity)


def test_the_legal_clock_does_not_fill_it(world: World, act: Act, move_clock: Any) -> None:
    from datetime import timedelta

    look(act, world.analyst_b, card())
    empty(world.analyst_b, 5)
    move_clock(timedelta(days=2))
    assert lookup_balance(user=world.analyst_b).user == 5


def test_refunds_do_not_overfill(world: World, act: Act) -> None:
    number = card()
    involve(world.analyst_a, new_case(world.analyst_a), world.bank_a, number=number)
    for _ in range(3):
        look(act, world.analyst_b, number)
    assert lookup_balance(user=world.analyst_b).user <= int(USER.capacity) - HIT


def test_nothing_asked_nothing_paid(world: World, act: Act) -> None:
    assert look(act, world.analyst_b, "", " - ") == {"": lookups.Known(0, ()), " - ": lookups.Known(0, ())}
    assert not LookupBudget.objects.exists()


def test_more_than_a_hundred_numbers_are_too_many(world: World, act: Act) -> None:
    with pytest.raises(Invalid):
        look(act, world.analyst_b, *(card() for _ in range(101)))
    assert not LookupBudget.objects.exists()


@pytest.mark.parametrize("name", ["risk_a", "machine_a", "auditor", "admin"])
def test_banks_and_others_may_not_ask(world: World, act: Act, name: str) -> None:
    by = getattr(world, name)
    with pytest.raises(Forbidden):
        look(act, by, card())
    with pytest.raises(Forbidden):
        lookup_balance(user=by)
    assert not LookupBudget.objects.exists()
    assert not AuditEntry.objects.filter(verb="account.lookup").exists()


def test_the_cost_in_statements_does_not_grow(world: World, act: Act, counted: Any) -> None:
    numbers = [card() for _ in range(40)]
    case = new_case(world.analyst_a)
    for number in numbers[:20]:
        involve(world.analyst_a, case, world.bank_a, number=number)
    by = world.analyst_b
    with counted(13), act(by):
        account_known_elsewhere(user=by, numbers=numbers)
