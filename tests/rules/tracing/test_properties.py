"""What must hold for every ledger, contradicting clocks among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.rules.tracing import Params, Seed
from accounts.rules.tracing.params import EPOCH
from accounts.rules.tracing.result import canonical
from tests.rules.tracing.ledgers import (
    DIRECTIONS,
    METHODS,
    chain_ledger,
    contradictions,
    ledgers,
    limits,
    seeds_of,
    traced,
)
from tests.rules.tracing.memory import CASH_NODE, Entry, Ledger

MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_method = st.sampled_from(METHODS)
every_direction = st.sampled_from(DIRECTIONS)


@MANY
@given(st.data(), every_method, every_direction)
def test_every_cent_of_the_seed_ends_once(data: st.DataObject, method: str, direction: str) -> None:
    ledger = data.draw(ledgers(skew=4))
    seeds = data.draw(seeds_of(ledger))
    params: Params = data.draw(limits(method, direction, max_edges=data.draw(st.sampled_from([1, 2, 5000]))))
    result = traced(ledger, seeds, params).result
    totals = dict(result.totals)
    assert totals.pop("seed") == sum(seed.to_minor - seed.from_minor for seed in seeds) == sum(totals.values())
    amounts = {entry.id: entry.amount for entry in ledger.entries}
    assert all(0 < edge.amount <= amounts[edge.entry] for edge in result.edges)
    for node in result.nodes:
        if node.level:
            assert node.came == node.out + sum(node.ends.values())
            assert node.out <= node.came
        assert all(amount > 0 for amount in node.ends.values())
    assert len(result.edges) <= max(params.max_edges, len({seed.entry for seed in seeds}))
    assert all(edge.hop <= params.max_hops for edge in result.edges)
    assert result.is_cut == ("cut" in totals)


def ends_of(ledger: Ledger, seeds: list[Seed], params: Params) -> int:
    """The sum of all ends."""
    totals = dict(traced(ledger, seeds, params).result.totals)
    del totals["seed"]
    return sum(totals.values())


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_the_ends_add_up_to_the_seed_where_clocks_contradict_each_other(method: str, direction: str) -> None:
    @settings(MANY, max_examples=300)
    @given(st.data())
    def add_up(data: st.DataObject) -> None:
        ledger = data.draw(contradictions())
        seeds = data.draw(seeds_of(ledger))
        params: Params = data.draw(limits(method, direction))
        assert ends_of(ledger, seeds, params) == sum(seed.to_minor - seed.from_minor for seed in seeds)

    add_up()


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_that_a_circle_waits_for_is_not_lost(method: str) -> None:
    """The seed comes to account 3 after a payment that the circle lets go first: it had moved, and nobody took it."""
    ledger = Ledger((Entry(1, 1, 3, 6, 4, 9), Entry(2, 3, 1, 5, 5, 9), Entry(3, 2, 3, 4, 5, 12)))
    assert ends_of(ledger, [Seed(3, 0, 12)], Params(method=method, min_amount_minor=0)) == 12


@MANY
@given(st.data(), st.sampled_from([*METHODS, "reach"]), every_direction, st.integers(1, 2**16))
def test_the_order_of_rows_changes_nothing(data: st.DataObject, method: str, direction: str, shuffle: int) -> None:
    ledger = data.draw(ledgers(skew=4))
    seeds = data.draw(seeds_of(ledger))
    params: Params = data.draw(limits(method, direction, max_edges=data.draw(st.sampled_from([1, 3, 5000]))))
    one, two = traced(ledger, seeds, params), traced(ledger, seeds[::-1], params, shuffle)
    assert canonical(one.result.as_dict()) == canonical(two.result.as_dict())
    assert one.inputs_digest() == two.inputs_digest()


@MANY
@given(st.data(), st.sampled_from([*METHODS, "reach"]))
def test_no_payment_goes_before_its_money_came(data: st.DataObject, method: str) -> None:
    ledger = data.draw(ledgers())
    seeds = data.draw(seeds_of(ledger))
    result = traced(ledger, seeds, data.draw(limits(method, "forward"))).result
    orders = {key: [entry.id for entry, _out in events] for key, events in ledger.chains().items()}
    seeded = {seed.entry for seed in seeds}
    for edge in result.edges:
        if edge.entry not in seeded:
            chain = orders[edge.src, "CNY"]
            before = set(chain[: chain.index(edge.entry)])
            assert any(other.dst == edge.src and other.entry in before for other in result.edges)


@MANY
@given(st.data(), st.sampled_from([*METHODS, "reach"]), every_direction)
def test_without_the_returns_there_is_no_circle(data: st.DataObject, method: str, direction: str) -> None:
    ledger = data.draw(ledgers())
    result = traced(ledger, data.draw(seeds_of(ledger)), data.draw(limits(method, direction))).result
    onwards: dict[int, set[int]] = {}
    for edge in result.edges:
        if not edge.is_return:
            onwards.setdefault(edge.src, set()).add(edge.dst)
    while True:
        ended = {node for node, after in onwards.items() if not after & onwards.keys()}
        if not ended:
            break
        onwards = {node: after for node, after in onwards.items() if node not in ended}
    assert not onwards


@MANY
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), every_direction)
def test_the_methods_agree_where_the_money_has_one_source(amounts: list[int], direction: str) -> None:
    falling = sorted(amounts, reverse=True)
    ledger = chain_ledger(falling, opening=falling[0])
    entry = ledger.entries[0] if direction == "forward" else ledger.entries[-1]
    results = [
        traced(
            ledger, [Seed(entry.id, 0, entry.amount)], Params(method=method, direction=direction, min_amount_minor=0)
        )
        for method in METHODS
    ]
    assert len({canonical(found.result.as_dict()) for found in results}) == 1
    assert len(results[0].result.edges) == len(falling)


@MANY
@given(st.data(), every_method, st.integers(0, 14))
def test_until_is_the_ledger_of_that_moment(data: st.DataObject, method: str, until: int) -> None:
    ledger = replace(data.draw(ledgers(skew=0)), closings={})
    kept = tuple(entry for entry in ledger.entries if entry.out_at <= until)
    if not kept:
        return
    cut = Ledger(kept, ledger.openings, ledger.covered)
    seeds = data.draw(seeds_of(cut))
    params: Params = data.draw(limits(method, "forward"))
    early = replace(params, until=EPOCH + timedelta(seconds=until))
    assert traced(ledger, seeds, early).result == traced(cut, seeds, params).result


@pytest.mark.parametrize("method", METHODS)
def test_cash_is_never_followed(method: str) -> None:
    ledger = Ledger((Entry(1, 1, 2, 0, 0, 100), Entry(2, 2, CASH_NODE, 1, 1, 60), Entry(3, CASH_NODE, 3, 2, 2, 60)))
    result = traced(ledger, [Seed(1, 0, 100)], Params(method=method, min_amount_minor=0)).result
    assert result.totals == {"seed": 100, "cash": 60, "unknown": 40}
    assert [edge.entry for edge in result.edges] == [1, 2]
