"""The order of payments of one moment: chains decide, hop and entry where none does, contradictions end."""

from __future__ import annotations

from accounts.rules.tracing.turns import Tied, in_turn


def test_the_chain_decides_before_hop_and_entry() -> None:
    tied = [Tied(1, 2, 10, 500, 20, 0), Tied(2, 1, 5, 0, 10, 0), Tied(3, 2, 10, 100, 30, 0)]
    assert in_turn(tied) == [2, 3, 1]
    assert in_turn(list(reversed(tied))) == [2, 3, 1]


def test_without_places_hop_then_entry() -> None:
    assert in_turn([Tied(7, 2, None, None, None, None), Tied(9, 1, 1, 0, 2, None), Tied(8, 1, 3, 0, 4, 0)]) == [8, 9, 7]


def test_chains_that_contradict_each_other_still_give_an_order() -> None:
    circle = [Tied(1, 1, 10, 5, 20, 0), Tied(2, 2, 20, 5, 10, 0)]
    assert in_turn(circle) == [1, 2]
    assert in_turn([*circle, Tied(3, 3, 20, 20, 30, 0)]) == [1, 2, 3]
