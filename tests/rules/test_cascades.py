"""Holds that rest only on a wrong one, by hand and against the definition by brute force."""

from __future__ import annotations

import itertools

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.cascades import dependants

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda edge: edge[0] != edge[1]), max_size=30)


def test_a_chain_behind_the_wrong_account_rests_on_it() -> None:
    found = dependants([("v", "a"), ("a", "b"), ("b", "c")], ["v"], "a")
    assert found.only == {"b": ("a", "b"), "c": ("a", "b", "c")}
    assert found.also == {}


def test_an_account_that_is_fed_otherwise_too_keeps_its_hold() -> None:
    found = dependants([("v", "a"), ("a", "b"), ("v", "x"), ("x", "b"), ("b", "c"), ("a", "d")], ["v"], "a")
    assert found.only == {"d": ("a", "d")}
    assert found.also == {"b": ("v", "x", "b"), "c": ("v", "x", "b", "c")}


def test_a_cycle_ends_and_the_wrong_one_is_no_dependant() -> None:
    found = dependants([("v", "a"), ("a", "b"), ("b", "a"), ("b", "b2"), ("b2", "b")], ["v"], "a")
    assert set(found.only) == {"b", "b2"}


def test_a_victims_own_account_is_never_proposed() -> None:
    assert dependants([("a", "v"), ("v", "b")], ["v"], "a").only == {}


@settings(max_examples=300, deadline=None)
@given(EDGES, st.sets(st.integers(0, 9), min_size=1, max_size=3), st.integers(0, 9))
def test_by_the_definition(edges: list[tuple[int, int]], sources: set[int], wrong: int) -> None:
    graph = nx.DiGraph(edges)
    graph.add_nodes_from([*sources, wrong])
    without = graph.copy()
    without.remove_node(wrong)
    roots = sources - {wrong}
    elsewhere = set().union(*({root} | nx.descendants(without, root) for root in roots), set())
    downstream = nx.descendants(graph, wrong) - roots - {wrong}
    found = dependants(edges, sources, wrong)
    assert set(found.only) == downstream - elsewhere
    assert set(found.also) == downstream & elsewhere
    for node, way in (*found.only.items(), *found.also.items()):
        assert way[-1] == node
        assert all(graph.has_edge(*step) for step in itertools.pairwise(way))
