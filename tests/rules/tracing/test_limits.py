"""Limits: what is cut, too small or too late, and how a trace says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.rules.tracing import Params, ParamsError, Result, Seed, difference
from tests.rules.tracing.ledgers import METHODS, traced
from tests.rules.tracing.memory import Entry, Ledger

DAY = (0, 86_400)
# Account 2 gets 1,000.00 and pays 600.00 to 3, 300.00 to 4 and, two days later, 50.00 to 5.
FAN = Ledger(
    (
        Entry(1, 1, 2, 0, 0, 100_000),
        Entry(2, 2, 3, 60, 60, 60_000),
        Entry(3, 2, 4, 120, 120, 30_000),
        Entry(4, 2, 5, 172_800, 172_800, 5_000),
        Entry(5, 3, 6, 180, 180, 60_000),
    ),
    covered={2: (0, 200_000), 3: DAY, 4: DAY, 6: DAY},
)
SEED = [Seed(1, 0, 100_000)]


def run(params: Params) -> Result:
    return traced(FAN, SEED, params).result


@pytest.mark.parametrize("method", METHODS)
def test_later_than_the_window_is_not_followed_but_said(method: str) -> None:
    assert run(Params(method=method)).totals == {"seed": 100_000, "resting": 95_000, "window": 5_000}


@pytest.mark.parametrize("method", METHODS)
def test_a_part_below_the_minimum_ends_where_it_leaves(method: str) -> None:
    result = run(Params(method=method, min_amount_minor=40_000))
    assert result.totals == {"seed": 100_000, "resting": 65_000, "below_minimum": 30_000, "window": 5_000}


@pytest.mark.parametrize("method", METHODS)
def test_what_lies_beyond_the_hops_is_cut(method: str) -> None:
    result = run(Params(method=method, max_hops=2))
    assert result.totals == {"seed": 100_000, "resting": 35_000, "cut": 60_000, "window": 5_000}
    assert result.is_cut


@pytest.mark.parametrize("method", METHODS)
def test_what_finds_no_room_among_the_edges_is_cut(method: str) -> None:
    result = run(Params(method=method, max_edges=2))
    assert [edge.entry for edge in result.edges] == [1, 2]
    assert result.totals == {"seed": 100_000, "resting": 5_000, "cut": 90_000, "window": 5_000}


@pytest.mark.parametrize("method", ["pro_rata", "libr", "reach"])
def test_a_hub_is_not_followed(method: str) -> None:
    result = run(Params(method=method, hub_entries=1))
    assert result.is_cut
    assert [edge.entry for edge in result.edges] == [1]


def test_reach_takes_every_payment_that_time_allows() -> None:
    result = run(Params(method="reach"))
    assert [edge.entry for edge in result.edges] == [1, 2, 3, 5]
    assert {node.node: node.end for node in result.nodes} == {
        1: "passed",
        2: "passed",
        3: "passed",
        4: "reached",
        6: "reached",
    }
    assert result.totals == {"seed": 100_000}


def test_reach_follows_an_account_into_another_currency() -> None:
    ledger = Ledger(
        (Entry(1, 1, 2, 0, 0, 100_000), Entry(2, 2, 3, 5, 5, 50_000, "EUR"), Entry(3, 2, 4, 0, 0, 50_000, "EUR"))
    )
    result = traced(ledger, SEED, Params(method="reach")).result
    assert [edge.entry for edge in result.edges] == [1, 3, 2]
    fifo = traced(ledger, SEED, Params()).result
    assert [edge.entry for edge in fifo.edges] == [1]


def test_limits_go_through_json_and_back() -> None:
    params = Params.from_dict({"method": "libr", "max_hops": 3, "until": "2026-11-01T08:00:00+08:00"})
    told = params.as_dict()
    assert told["until"] == "2026-11-01T00:00:00+00:00"
    assert told["rule"] == 2
    assert Params.from_dict(told) == params
    assert Params.from_dict({}) == Params()


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({"method": "guess"}, "method", "trace_choice"),
        ({"direction": None}, "direction", "trace_choice"),
        ({"max_hops": 0}, "max_hops", "trace_number"),
        ({"max_edges": "12"}, "max_edges", "trace_number"),
        ({"min_amount_minor": True}, "min_amount_minor", "trace_number"),
        ({"until": "yesterday"}, "until", "trace_until"),
        ({"until": "2026-11-01T08:00:00"}, "until", "trace_until"),
        ({"until": "0001-01-01T00:00:00+08:00"}, "until", "trace_until"),
        ({"until": "9999-12-31T23:59:59Z"}, "until", "trace_until"),
        ({"until": "9999-12-31T23:59:59-08:00"}, "until", "trace_until"),
        ({"speed": 3}, "speed", "trace_unknown_field"),
    ],
)
def test_wrong_limits_are_named(data: dict[str, object], field: str, code: str) -> None:
    with pytest.raises(ParamsError) as refused:
        Params.from_dict(data)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, code)]


@pytest.mark.parametrize(
    ("seeds", "code"),
    [
        ([], "seeds_missing"),
        ([Seed(99, 0, 1)], "seed_unknown"),
        ([Seed(1, 0, 100_001)], "seed_range"),
        ([Seed(1, 5, 5)], "seed_range"),
        ([Seed(1, 0, 10), Seed(1, 9, 20)], "seed_overlap"),
    ],
)
def test_wrong_seeds_are_named(seeds: list[Seed], code: str) -> None:
    with pytest.raises(ParamsError) as refused:
        traced(FAN, seeds, Params())
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("seeds", code)]


def test_seeds_of_two_currencies_are_refused() -> None:
    ledger = replace(FAN, entries=(*FAN.entries, Entry(9, 1, 2, 0, 0, 5, "EUR")))
    with pytest.raises(ParamsError, match="seed_currencies"):
        traced(ledger, [*SEED, Seed(9, 0, 5)], Params())


def test_the_difference_names_what_appeared_vanished_and_changed() -> None:
    before, after = run(Params(method="fifo")).as_dict(), run(Params(method="fifo", max_hops=2)).as_dict()
    told = difference(before, after)
    assert [edge["entry"] for edge in told["edges"]["vanished"]] == [5]
    assert told["edges"]["appeared"] == told["edges"]["changed"] == []
    assert [node["node"] for node in told["nodes"]["vanished"]] == [6]
    changed = {item["node"]: (item["before"]["end"], item["after"]["end"]) for item in told["nodes"]["changed"]}
    assert changed == {3: ("passed", "cut")}
    assert told["totals"] == {"cut": {"before": 0, "after": 60_000}, "resting": {"before": 95_000, "after": 35_000}}
    assert difference(after, before)["edges"]["appeared"] == told["edges"]["vanished"]
    assert difference(before, before)["totals"] == {}
