"""Which numbers are one account: order of claims, disputes, circles, numbers that the ledger does not have."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.second_numbers import join_numbers

A, B, C, D = b"a", b"b", b"c", b"d"
ALL = (A, B, C, D)


def test_the_second_number_leads_to_the_first() -> None:
    found = join_numbers([(C, A)], ALL)
    assert (found.mains, found.disputed) == ({A: C}, {})


def test_a_card_may_have_several_account_numbers() -> None:
    assert join_numbers([(C, A), (C, B)], ALL).mains == {A: C, B: C}


def test_a_number_of_two_accounts_joins_none_and_says_so() -> None:
    found = join_numbers([(C, A), (D, A)], ALL)
    assert (found.mains, found.disputed) == ({}, {A: frozenset({C, D})})


def test_numbers_of_two_institutions_are_not_one_account() -> None:
    assert join_numbers([(C, A)], ALL, {C: 1, A: 2}).mains == {}
    assert join_numbers([(C, A)], ALL, {C: 1}).mains == {A: C}
    assert join_numbers([(C, A)], ALL, {C: 1, A: 1}).mains == {A: C}


def test_a_number_in_between_does_not_join_two_institutions() -> None:
    assert join_numbers([(C, A), (C, B)], ALL, {A: 1, B: 2}).mains == {}
    assert join_numbers([(C, A), (C, B)], ALL, {C: 1, B: 2}).mains == {A: C}


def test_two_accounts_that_are_one_settle_the_dispute() -> None:
    assert join_numbers([(C, A), (D, A), (C, D)], ALL).mains == {A: C, D: C}


def test_a_chain_leads_to_its_first() -> None:
    assert join_numbers([(B, A), (C, B)], ALL).mains == {A: C, B: C}


def test_swapped_columns_lead_to_the_lower() -> None:
    assert join_numbers([(B, A), (A, B)], ALL).mains == {B: A}


def test_where_the_first_is_not_in_the_ledger_its_numbers_are_one_all_the_same() -> None:
    assert join_numbers([(D, C), (D, B)], {B, C}).mains == {C: B}
    assert join_numbers([(D, C)], {C}).mains == {}


@given(st.lists(st.tuples(st.sampled_from(ALL), st.sampled_from(ALL)), max_size=6))
def test_the_order_of_the_claims_changes_nothing(claims: list[tuple[bytes, bytes]]) -> None:
    outcomes = [join_numbers(order, ALL) for order in itertools.islice(itertools.permutations(claims), 24)]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    found = outcomes[0]
    assert not set(found.mains.values()) & found.mains.keys()  # a main stands for itself
