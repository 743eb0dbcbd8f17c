"""The sums along a chain: co, ci, balances, openings, top-ups, breaks, coverage."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accounts.models import LedgerChain, LedgerEntry
from tests.accounts.factories import new_case
from tests.accounts.flow.ledger_rows import Made, ledger
from tests.cast import World

pytestmark = pytest.mark.django_db


def sums(made: Made) -> list[tuple[int, int, int, int]]:
    return [(e.co, e.src_before, e.ci, e.dst_before) for e in made.entries]


def test_sums_count_what_was_paid_out_and_what_came_in(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [("v", "m", 0, 500), ("w", "m", 10, 300), ("m", "x", 20, 600), ("m", "y", 30, 200)]
    made = ledger(world.analyst_a, case, rows, covered=("m",), openings={"m": 100})
    assert [(e.ci, e.dst_before) for e in made.entries[:2]] == [(100, 100), (600, 600)]
    assert [(e.co, e.src_before) for e in made.entries[2:]] == [(0, 900), (600, 300)]
    chain = made.chain("m")
    assert (chain.opening_minor, chain.is_opening_stated, chain.closing_minor) == (100, True, 100)
    assert (chain.entries_in, chain.entries_out, chain.in_minor, chain.out_minor) == (2, 2, 800, 800)
    assert (chain.top_up_minor, chain.breaks) == (0, 0)
    assert chain.covered_from == made.entries[0].in_at
    assert chain.covered_to == made.entries[3].out_at
    assert made.chain("v").covered_from is None


def test_what_was_spent_without_coming_in_is_topped_up_just_before(world: World) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("a", "m", 0, 100), ("m", "b", 1, 250), ("a", "m", 2, 40), ("m", "c", 3, 50)])
    assert [(e.ci, e.dst_before) for e in (made.entries[0], made.entries[2])] == [(0, 0), (250, 0)]
    assert [(e.co, e.src_before) for e in (made.entries[1], made.entries[3])] == [(0, 250), (250, 50)]
    assert made.chain("m").top_up_minor == 160
    assert not made.chain("m").is_opening_stated


def test_a_place_in_the_chain_follows_from_the_sums(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [("a", "m", 0, 7), ("m", "b", 0, 5), ("c", "m", 1, 3), ("m", "d", 2, 9), ("a", "m", 3, 1)]
    made = ledger(world.analyst_a, case, rows, covered=("m",), openings={"m": 4})
    node = made.node["m"]
    places = [e.co + e.co + e.src_before if e.src == node else e.ci + e.ci - e.dst_before for e in made.entries]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


def test_a_break_is_counted_where_a_stated_balance_does_not_follow(world: World) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("a", "m", 0, 100), ("m", "b", 60, 30)], covered=("m",))
    ledger(world.analyst_a, case, [("z", "m", 30, 5)], into=made)  # another bank's statement names it, m's does not
    assert made.chain("m").breaks == 1


def test_an_opening_below_zero_is_zero_and_a_break(world: World) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("z", "m", -60, 500)])
    ledger(world.analyst_a, case, [("a", "m", 0, 100)], covered=("m",), into=made)
    chain = made.chain("m")
    assert (chain.opening_minor, chain.is_opening_stated, chain.breaks) == (0, False, 1)


def test_currencies_have_chains_of_their_own(world: World) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("a", "m", 0, 100)])
    ledger(world.analyst_a, case, [("m", "b", 1, 60)], currency="USD", into=made)
    assert made.chain("m").out_minor == 0
    assert made.chain("m", "USD").top_up_minor == 60


def test_cash_has_no_chain(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [("m", "cash", 0, 100), ("cash", "m", 1, 50), ("n", "cash", 2, 100)]
    made = ledger(world.analyst_a, case, rows, cash=("cash",))
    assert [(e.ci, e.dst_before) for e in (made.entries[0], made.entries[2])] == [(0, 0), (0, 0)]
    assert not LedgerEntry.objects.filter(src=made.node["cash"]).exclude(co=0).exists()
    with pytest.raises(LedgerChain.DoesNotExist):
        made.chain("cash")


def test_random_ledgers_agree_with_a_plain_walk(world: World) -> None:
    dice = random.Random(7)  # noqa: S311
    for _round in range(6):
        names = ["a", "b", "c", "d"]
        rows = []
        for at in range(60):
            src, dst = dice.sample(names, 2)
            rows.append((src, dst, at, dice.randrange(1, 500)))
        covered = dice.sample(names, 2)
        openings = {name: dice.randrange(0, 3) * 400 for name in covered}
        made = ledger(world.analyst_a, new_case(world.analyst_a), rows, covered=covered, openings=openings)
        for name in names:
            expected = _walk(name, rows, openings.get(name, 0))
            node = made.node[name]
            found = [
                (e.co, e.src_before) if e.src == node else (e.ci, e.dst_before)
                for e in made.entries
                if node in {e.src, e.dst}
            ]
            assert found == expected[:-1]
            assert made.chain(name).top_up_minor == expected[-1]
        for entry in made.entries:  # nobody pays out what has not come in
            assert entry.src_before >= entry.amount_minor


def _walk(name: str, rows: list[tuple[str, str, int, int]], opening: int) -> list[Any]:
    """(cumulative before, balance before) of each of the account's rows in order, then what was topped up."""
    came, went, top_up, found = opening, 0, 0, []
    for src, dst, _at, amount in rows:
        if name == dst:
            found.append((came, came - went))
            came += amount
        elif name == src:
            short = max(0, went + amount - came)
            came, top_up = came + short, top_up + short
            found.append((went, came - went))
            went += amount
    return [*found, top_up]
