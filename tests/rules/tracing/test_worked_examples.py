"""The worked examples of docs/fund-flow/tracing.md, number by number."""

from __future__ import annotations

import pytest

from accounts.rules.tracing import Params, Result, Seed
from tests.rules.tracing.ledgers import traced
from tests.rules.tracing.memory import Entry, Ledger

VICTIM, OTHER, MULE, A, B = 1, 2, 3, 4, 5
DAY = (0, 86_400)
# The mule has 300.00. 10:00 the victim pays 1,000.00; 10:05 another 700.00; 10:10 800.00 go to A; 10:20 600.00 to B.
LEDGER = Ledger(
    (
        Entry(1, VICTIM, MULE, 36_000, 36_000, 100_000),
        Entry(2, OTHER, MULE, 36_300, 36_300, 70_000),
        Entry(3, MULE, A, 36_600, 36_600, 80_000),
        Entry(4, MULE, B, 37_200, 37_200, 60_000),
    ),
    openings={MULE: 30_000},
    covered={MULE: DAY, A: DAY},
    closings={MULE: 60_000},
)


def amounts(result: Result) -> dict[int, int]:
    return {edge.entry: edge.amount for edge in result.edges}


def run(method: str, direction: str, seed: int, amount: int) -> Result:
    return traced(
        LEDGER, [Seed(seed, 0, amount)], Params(method=method, direction=direction, min_amount_minor=0)
    ).result


@pytest.mark.parametrize(
    ("method", "to_a", "to_b", "resting"),
    [("fifo", 50_000, 50_000, 50_000), ("pro_rata", 40_000, 30_000, 70_000), ("libr", 0, 40_000, 60_000)],
)
def test_forward(method: str, to_a: int, to_b: int, resting: int) -> None:
    result = run(method, "forward", 1, 100_000)
    found = {1: 100_000, 3: to_a, 4: to_b}
    assert amounts(result) == {entry: amount for entry, amount in found.items() if amount}
    # B has no statement of its own: what came there is unknown.
    assert result.totals == {"seed": 100_000, "resting": resting, "unknown": to_b}


@pytest.mark.parametrize(
    ("method", "victim", "other", "opening"),
    [("fifo", 50_000, 10_000, 0), ("pro_rata", 30_000, 21_000, 9_000), ("libr", 30_000, 0, 30_000)],
)
def test_backward(method: str, victim: int, other: int, opening: int) -> None:
    result = run(method, "backward", 4, 60_000)
    found = {4: 60_000, 1: victim, 2: other}
    assert amounts(result) == {entry: amount for entry, amount in found.items() if amount}
    totals = {"seed": 60_000, "unknown": victim + other, "opening": opening}
    assert result.totals == {word: amount for word, amount in totals.items() if amount}


def test_pro_rata_rounds_half_up_and_keeps_every_cent() -> None:
    """100.00 of 300.00 are traced: a third of 100.00, half of what is left but a cent, the rest."""
    ledger = Ledger(
        (Entry(1, 1, 2, 0, 0, 10_000), Entry(2, 2, 3, 1, 1, 10_000), Entry(3, 2, 4, 2, 2, 10_000)),
        openings={2: 20_000},
        covered={2: DAY},
    )
    params = Params(method="pro_rata", min_amount_minor=0)
    result = traced(ledger, [Seed(1, 0, 10_000)], params).result
    assert amounts(result) == {1: 10_000, 2: 3_333, 3: 3_334}
    assert result.totals == {"seed": 10_000, "resting": 3_333, "unknown": 6_667}


@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr"])
def test_more_than_the_bank_states_cannot_rest(method: str) -> None:
    ledger = Ledger((Entry(1, 1, 2, 0, 0, 10_000),), covered={2: DAY}, closings={2: 4_000})
    result = traced(ledger, [Seed(1, 0, 10_000)], Params(method=method)).result
    assert result.totals == {"seed": 10_000, "resting": 4_000, "unknown": 6_000}


@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr"])
def test_money_that_comes_back_to_the_payer_is_returned(method: str) -> None:
    ledger = Ledger((Entry(1, 1, 2, 0, 0, 10_000), Entry(2, 2, 1, 1, 1, 4_000), Entry(3, 1, 3, 2, 2, 4_000)))
    result = traced(ledger, [Seed(1, 0, 10_000)], Params(method=method, min_amount_minor=0)).result
    assert result.totals == {"seed": 10_000, "returned": 4_000, "unknown": 6_000}
    assert [(edge.entry, edge.is_return) for edge in result.edges] == [(1, False), (2, True)]


@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr"])
def test_clocks_that_contradict_each_other_stop_the_circle(method: str) -> None:
    """By account 2's clock payment 2 came in before payment 3 left; by account 3's clock it is the other way round."""
    ledger = Ledger((Entry(1, 1, 2, 0, 0, 100), Entry(2, 2, 3, 5, 1, 100), Entry(3, 3, 2, 2, 0, 100, in_serial=-1)))
    result = traced(ledger, [Seed(1, 0, 100)], Params(method=method, min_amount_minor=0)).result
    assert sum(amount for word, amount in result.totals.items() if word != "seed") == 100
    assert all(edge.amount <= 100 for edge in result.edges)


def test_a_seed_whose_payer_nobody_names_has_its_place() -> None:
    """Both sides that nobody names are node 0; it is no account, so nothing has to add up there."""
    ledger = Ledger((Entry(1, None, 2, 0, 0, 100), Entry(2, 2, None, 1, 1, 100)))
    result = traced(ledger, [Seed(1, 0, 100), Seed(2, 0, 100)], Params(min_amount_minor=0)).result
    assert {node.node: node.level for node in result.nodes} == {0: 0, 2: 0}
    assert result.totals == {"seed": 200, "returned": 100, "unnamed": 100}
