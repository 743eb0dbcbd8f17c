"""Components of cases against networkx, stored labels that differ, and what a split by hand cuts."""

from __future__ import annotations

import itertools
import random
from typing import Any

import networkx
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import series_map
from accounts.rules.series import UnionFind, components, differences, plan_split

LINKS = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 12)), max_size=40)
TIES = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=6)


def by_networkx(links: Any, ties: Any, nodes: Any = ()) -> set[frozenset[int]]:
    graph = networkx.Graph()
    graph.add_nodes_from(("case", node) for node in nodes)
    graph.add_edges_from((("case", case), ("thing", thing)) for case, thing in links)
    graph.add_edges_from((("case", a), ("case", b)) for a, b in ties)
    return {
        frozenset(node for what, node in part if what == "case")
        for part in networkx.connected_components(graph)
    }  # fmt: skip


@given(LINKS, TIES)
def test_components_are_those_of_another_library(links: Any, ties: Any) -> None:
    assert set(components((), links, ties)) == by_networkx(links, ties)


@given(LINKS, TIES, st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(links: Any, ties: Any, shuffler: random.Random) -> None:
    before = set(components((), links, ties))
    shuffler.shuffle(links)
    shuffler.shuffle(ties)
    assert set(components((), links, ties)) == before


def test_a_chain_of_shared_things_is_one_series() -> None:
    links = [("a", 1), ("b", 1), ("b", 2), ("c", 2), ("d", 3)]
    assert set(components(("e",), links)) == {frozenset("abc"), frozenset("d"), frozenset("e")}


def test_a_deep_chain_needs_no_recursion() -> None:
    forest: UnionFind[int] = UnionFind()
    assert all(forest.union(n, n + 1) for n in range(100_000))
    assert not forest.union(0, 100_000)
    assert len(forest.sets()) == 1


def test_right_labels_differ_in_nothing() -> None:
    stored = {"a": 1, "b": 1, "c": 2, "d": 2}
    assert differences(stored, [frozenset("ab"), frozenset("cd"), frozenset("e")]) == []


def test_every_kind_of_wrong_label_is_found() -> None:
    whole = [frozenset("ab"), frozenset("cd"), frozenset("e")]
    wrong: list[tuple[dict[str, int], set[str]]] = [
        ({"a": 1, "b": 2, "c": 3, "d": 3}, {"ab"}),  # torn apart
        ({"a": 1, "c": 3, "d": 3}, {"ab"}),  # one without a label
        ({"c": 3, "d": 3}, {"ab"}),  # none has one
        ({"a": 1, "b": 1, "c": 1, "d": 1}, {"abcd"}),  # two under one label
        ({"a": 1, "b": 1, "e": 1, "c": 2, "d": 2}, {"abe"}),  # a single case labelled with others
        ({"a": 1, "b": 1, "c": 2, "d": 2, "x": 9}, {"x"}),  # labelled, and linked to nothing known
    ]
    for stored, expected in wrong:
        assert {"".join(sorted(group)) for group in differences(stored, whole)} == expected, stored


@given(LINKS, TIES, st.dictionaries(st.integers(0, 15), st.integers(0, 4)))
def test_differences_are_empty_exactly_where_the_partitions_agree(links: Any, ties: Any, stored: Any) -> None:
    parts = components((), links, ties)
    found = differences(stored, parts)
    labelled: dict[int, set[int]] = {}
    for case, label in stored.items():
        labelled.setdefault(label, set()).add(case)
    same = {frozenset(each) for each in labelled.values()} == {part for part in parts if len(part) > 1}
    assert (found == []) == same
    assert sum(map(len, found)) == len(set().union(*found)), "the groups overlap"


@given(LINKS, TIES, st.sets(st.integers(0, 15), min_size=1))
def test_after_a_split_nothing_leads_across_and_the_chosen_stay_together(links: Any, ties: Any, chosen: Any) -> None:
    ties = [(a, b) for a, b in ties if a != b]
    for members in components((), links, ties):
        gone = frozenset(chosen) & members
        if not gone or gone == members:
            continue
        mine = [row for row in links if row[0] in members]
        numbered = {at: pair for at, pair in enumerate(ties) if pair[0] in members}
        plan = plan_split(gone, members - gone, mine, numbered)
        kept = [row for row in mine if row not in plan.cuts]
        left = [pair for at, pair in numbered.items() if at not in plan.ended] + list(plan.ties)
        after = components(members, kept, left)
        assert all(part <= gone or part.isdisjoint(gone) for part in after)
        alone = [row for row in mine if row[0] in gone]
        inner = [pair for pair in numbered.values() if set(pair) <= gone]
        assert {part for part in after if part <= gone} == set(components(gone, alone, inner))


def test_a_split_cuts_only_what_leads_across() -> None:
    links = [("a", 1), ("b", 1), ("b", 2), ("c", 2), ("c", 3), ("d", 3)]
    plan = plan_split(frozenset("cd"), frozenset("ab"), links, {7: ("a", "d"), 8: ("c", "d")})
    assert plan.cuts == (("c", 2),)
    assert plan.ended == (7,)
    assert plan.ties == ()


def test_what_the_cuts_take_apart_is_tied() -> None:
    links = [("a", 1), ("b", 1), ("c", 1)]
    plan = plan_split(frozenset("bc"), frozenset("a"), links, {})
    assert plan.cuts == (("b", 1), ("c", 1))
    assert plan.ties == (("b", "c"),)


def test_the_map_draws_every_line_once_and_says_what_has_no_room() -> None:
    things = [((0, 1), (0,)), ((1, 2), ())]
    drawn = series_map.draw(3, things, 1)
    assert len(drawn.boxes) == 3 + 2 + 1
    assert len(drawn.lines) == 5
    assert drawn.hidden == 0
    crowded = series_map.draw(50, [(tuple(range(50)), ())], 0)
    assert crowded.hidden == 10
    assert len(crowded.lines) == series_map.MOST_ROWS


@given(st.lists(st.tuples(st.sets(st.integers(0, 9), min_size=1), st.sets(st.integers(0, 3))), max_size=30))
def test_boxes_of_the_map_never_overlap(things: Any) -> None:
    drawn = series_map.draw(10, [(sorted(mine), sorted(theirs)) for mine, theirs in things], 4)
    corners = [(box.x, box.y) for box in drawn.boxes.values()]
    assert len(corners) == len(set(corners))
    for column in range(3):
        heights = sorted(box.y for (at, _), box in drawn.boxes.items() if at == column)
        assert all(b - a >= series_map.BOX_HEIGHT for a, b in itertools.pairwise(heights))
        assert all(y + series_map.BOX_HEIGHT <= drawn.height for y in heights)
