"""Connected components of cases: union-find, comparison with stored labels, and what a split by hand has to cut.

Plain data in and out; what a link is and who may decide is told elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)
K = TypeVar("K", bound=Hashable)


class UnionFind(Generic[N]):
    """Disjoint sets, joined by size with halved paths: nearly constant time for each act."""

    def __init__(self) -> None:
        self._parent: dict[N, N] = {}
        self._size: dict[N, int] = {}

    def find(self, node: N) -> N:
        """The representative of the node's set; an unknown node is a set of its own."""
        parent = self._parent
        if node not in parent:
            parent[node] = node
            self._size[node] = 1
            return node
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def union(self, a: N, b: N) -> bool:
        """Join the two sets; False where they were one."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if self._size[a] < self._size[b]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] += self._size[b]
        return True

    def sets(self) -> list[frozenset[N]]:
        """All sets."""
        found: dict[N, set[N]] = defaultdict(set)
        for node in list(self._parent):
            found[self.find(node)].add(node)
        return [frozenset(each) for each in found.values()]


def components(
    nodes: Iterable[N], links: Iterable[tuple[N, Hashable]], ties: Iterable[tuple[N, N]] = ()
) -> list[frozenset[N]]:
    """The components of cases that share a thing or are tied; single cases are components of one.

    `links` are (case, thing); those and the ties of cases outside `nodes` count too.
    """
    forest: UnionFind[N] = UnionFind()
    for node in nodes:
        forest.find(node)
    first: dict[Hashable, N] = {}
    for case, thing in links:
        forest.union(first.setdefault(thing, case), case)
    for a, b in ties:
        forest.union(a, b)
    return forest.sets()


def differences(stored: Mapping[N, Hashable], computed: Iterable[frozenset[N]]) -> list[frozenset[N]]:
    """Groups of cases whose stored labels do not say what was computed, each group closed under both partitions.

    Computed components of one case must have no label; every other component exactly one of its own.
    """
    groups: UnionFind[N] = UnionFind()
    holders: dict[Hashable, set[N]] = defaultdict(set)
    for case, label in stored.items():
        holders[label].add(case)
    wrong: set[N] = set()
    named: set[N] = set()
    for component in computed:
        named |= component
        labels = {stored.get(case) for case in component}
        if len(component) == 1:
            right = labels == {None}
        else:
            right = len(labels) == 1 and None not in labels and holders[next(iter(labels))] == component
        if not right:
            _gather(groups, component)
            wrong |= component
            for label in labels - {None}:
                _gather(groups, holders[label] | component)
                wrong |= holders[label]
    for members in holders.values():  # labelled, though nothing links them any more
        if members - named:
            _gather(groups, members)
            wrong |= members
    return [each for each in groups.sets() if each & wrong]


def _gather(groups: UnionFind[N], members: Iterable[N]) -> None:
    rows = iter(members)
    first = next(rows)
    groups.find(first)
    for other in rows:
        groups.union(first, other)


@dataclass(frozen=True)
class SplitPlan(Generic[N, K]):
    """What a split does: links to cut, ties (by their key) to end, pairs of chosen cases to tie together instead."""

    cuts: tuple[tuple[N, K], ...]
    ended: tuple[int, ...]
    ties: tuple[tuple[N, N], ...]


def plan_split(
    chosen: frozenset[N], rest: frozenset[N], links: Iterable[tuple[N, K]], ties: Mapping[int, tuple[N, N]]
) -> SplitPlan[N, K]:
    """Take `chosen` out: every thing shared with `rest` is cut from the chosen cases, every tie across is ended.

    The chosen cases stay one series where they were one by themselves: what the cuts would take apart is tied.
    """
    links = list(links)
    there = {thing for case, thing in links if case in rest}
    cuts = sorted({(case, thing) for case, thing in links if case in chosen and thing in there}, key=repr)
    ended = tuple(sorted(key for key, (a, b) in ties.items() if (a in chosen) != (b in chosen)))
    within = [pair for pair in ties.values() if pair[0] in chosen and pair[1] in chosen]
    mine = [(case, thing) for case, thing in links if case in chosen]
    kept = [row for row in mine if row[1] not in there]
    forest: UnionFind[N] = UnionFind()
    for part in components(chosen, kept, within):
        _gather(forest, part)
    added: list[tuple[N, N]] = []
    for part in components(chosen, mine, within):
        ordered = sorted(part, key=repr)
        added += [(ordered[0], other) for other in ordered[1:] if forest.union(ordered[0], other)]
    return SplitPlan(tuple(cuts), ended, tuple(added))
