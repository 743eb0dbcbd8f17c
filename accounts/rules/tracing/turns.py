"""Which of several payments of one moment went first: as each account's chain has them; how chains are made is in the ledger."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Tied(NamedTuple):
    """One of several payments of one moment; `…_place` is where it stands on the chain of that account, None if not known."""

    entry: int
    hop: int
    src: int | None
    src_place: int | None
    dst: int | None
    dst_place: int | None


def in_turn(tied: Sequence[Tied]) -> list[int]:
    """The entries, none before one that precedes it on an account's chain; what no chain decides by hop, then entry.

    Chains of differing clocks may contradict each other: then the lowest hop and entry of those that are left goes first.
    """
    after, waits = _links(tied)
    ready = [(each.hop, each.entry, at) for at, each in enumerate(tied) if not waits[at]]
    heapq.heapify(ready)
    found: dict[int, int] = {}  # place in `tied` -> entry
    while len(found) < len(tied):
        if not ready:
            ready = [min((each.hop, each.entry, at) for at, each in enumerate(tied) if at not in found)]
        _hop, entry, at = heapq.heappop(ready)
        if at in found:
            continue
        found[at] = entry
        for other in after[at]:
            waits[other] -= 1
            if not waits[other] and other not in found:
                heapq.heappush(ready, (tied[other].hop, tied[other].entry, other))
    return list(found.values())


def _links(tied: Sequence[Tied]) -> tuple[list[set[int]], list[int]]:
    """(who comes next on a chain, on how many each waits), by places in `tied`."""
    chains: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for at, each in enumerate(tied):
        for node, place in ((each.src, each.src_place), (each.dst, each.dst_place)):
            if node is not None and place is not None:
                chains[node].append((place, at))
    after: list[set[int]] = [set() for _each in tied]
    waits = [0] * len(tied)
    for chain in chains.values():
        for (place, one), (later, other) in pairwise(sorted(chain)):
            if place < later and other not in after[one]:
                after[one].add(other)
                waits[other] += 1
    return after, waits
