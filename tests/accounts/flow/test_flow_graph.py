"""accounts.selectors.flow: what is shown of a trace, what is hidden, filters, expansions; and who sees none of it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.selectors.flow import FlowView, flow_graph, microseconds, moment, run_detail, runs_list, way_to
from antifraud.errors import NotFound
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.runs import scene


def test_accounts_carry_their_sums_bank_balance_and_hidden_neighbours(world: Any) -> None:
    case = scene(world)
    graph = flow_graph(user=world.analyst_a, run=case.run)
    first, third = graph.nodes[case.node("first")], graph.nodes[case.node("third")]
    assert (first.level, first.came, first.left, first.rest, first.end) == (1, 600_00, 450_00, 150_00, "resting")
    assert first.bank == world.bank_a.title
    assert (first.is_covered, first.balance_minor) == (True, 500_00 - 300_00 - 150_00 + 100_00 - 10_00 + 12_00)
    assert first.hidden == 2
    assert (third.bank, third.hidden, third.is_covered, third.balance_minor) == ("", 0, False, None)
    assert [node for node, each in graph.nodes.items() if each.is_seed] == [case.node("victim")]
    assert len(graph.edges) == 4
    assert graph.left_out == 0


def test_filters_by_amount_and_time(world: Any) -> None:
    case = scene(world)
    few = flow_graph(user=world.analyst_a, run=case.run, view=FlowView(min_minor=200_00))
    assert {edge.amount for edge in few.edges} == {500_00, 300_00}
    assert set(few.nodes) == {case.node(name) for name in ("victim", "first", "second")}
    assert few.left_out == 2
    early = flow_graph(user=world.analyst_a, run=case.run, view=FlowView(until=microseconds(START) + 7_000_000))
    assert [edge.amount for edge in early.edges] == [500_00, 300_00]


def test_an_account_is_opened_by_its_ledger_neighbours(world: Any) -> None:
    case = scene(world)
    view = FlowView(opened=(case.node("first"),))
    graph = flow_graph(user=world.analyst_a, run=case.run, view=view)
    beyond = {edge.src: edge.dst for edge in graph.edges if edge.is_beyond}
    assert beyond == {case.node("first"): case.node("aunt"), case.node("shop"): case.node("first")}
    assert graph.nodes[case.node("first")].hidden == 0
    aunt, shop = graph.nodes[case.node("aunt")], graph.nodes[case.node("shop")]
    assert (aunt.is_beyond, aunt.level, shop.level) == (True, 2, 0)
    assert not shop.is_seed


def test_what_is_not_shown_cannot_be_opened(world: Any) -> None:
    case = scene(world)
    graph = flow_graph(user=world.analyst_a, run=case.run, view=FlowView(opened=(case.node("aunt"), 10**15)))
    assert len(graph.nodes) == 4


def test_another_case_lends_no_account(world: Any) -> None:
    case, other = scene(world), scene(world)
    graph = flow_graph(user=world.analyst_a, run=case.run, view=FlowView(opened=(other.node("first"),)))
    assert {each.row.case_id for each in graph.nodes.values()} == {case.case.id}


def test_the_way_to_an_account_goes_back_to_the_seed(world: Any) -> None:
    case = scene(world)
    graph = flow_graph(user=world.analyst_a, run=case.run)
    ends = [(edge.src, edge.dst) for edge in way_to(graph, case.node("third"))]
    assert (case.node("victim"), case.node("first")) in ends
    assert (case.node("first"), case.node("third")) in ends


def test_a_hold_of_whatever_case_is_told(world: Any) -> None:
    """By number: unit, kind, amount; the other case stays unknown."""
    case = scene(world)
    foreign = factories.new_case(world.analyst_b)
    row = factories.involve(world.analyst_b, foreign, world.bank_a, number=case.made.account["first"].number.open())
    factories.pay(world.analyst_b, foreign, row.account)
    order = factories.submit(factories.draft(world.analyst_b, world.second_b, row))
    factories.approve(order, world.approver_b)
    taken = flow_graph(user=world.analyst_a, run=case.run).nodes[case.node("first")].taken
    assert [(each.kind, each.state, each.unit, each.is_own) for each in taken] == [
        ("stop", "asked", world.unit_b.title, False)
    ]
    assert taken[0].order_id is None
    assert flow_graph(user=world.analyst_a, run=case.run).nodes[case.node("second")].taken == []


def test_the_number_of_statements_does_not_grow_with_the_trace(world: Any, counted: Any) -> None:
    case = scene(world)
    flow_graph(user=world.analyst_a, run=case.run)
    with counted(14) as few:
        flow_graph(user=world.analyst_a, run=case.run)
    with counted(14) as more:
        flow_graph(user=world.analyst_a, run=case.run, view=FlowView(opened=(case.node("first"),)))
    assert len(more) <= len(few) + 1


@pytest.mark.parametrize("name", ["analyst_b", "risk_a", "risk_b", "auditor", "admin"])
def test_nobody_else_sees_a_trace(world: Any, name: str) -> None:
    case = scene(world)
    someone = getattr(world, name)
    assert list(runs_list(user=someone, case=case.case)) == []
    with pytest.raises(NotFound):
        run_detail(user=someone, run_id=case.run.id)
    with pytest.raises(NotFound):
        flow_graph(user=someone, run=case.run)


def test_times_go_both_ways() -> None:
    assert moment(microseconds(START)) == START
    assert microseconds(START.isoformat()) == microseconds(START) == microseconds(microseconds(START))
