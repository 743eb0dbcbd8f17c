"""Which edges close a circle, so that the others can be drawn in layers."""

from __future__ import annotations

from collections.abc import Iterable


def returns(edges: Iterable[tuple[int, int, int]]) -> set[int]:
    """The entries (entry, frm, to), taken in order, whose `to` had already led to their `frm` by edges that are no returns."""
    bit: dict[int, int] = {}
    above: dict[int, int] = {}  # node -> bits of the nodes that lead to it, itself among them
    onwards: dict[int, list[int]] = {}
    found = set()
    for entry, frm, to in edges:
        if frm not in bit:
            bit[frm] = above[frm] = 1 << len(bit)
        if to not in bit:  # as mostly: nothing leads on from it yet
            bit[to] = 1 << len(bit)
            above[to] = bit[to] | above[frm]
        elif above[frm] & bit[to]:
            found.add(entry)
            continue
        else:
            _pass_on(above, onwards, to, above[frm])
        onwards.setdefault(frm, []).append(to)
    return found


def _pass_on(above: dict[int, int], onwards: dict[int, list[int]], first: int, bits: int) -> None:
    """Whatever leads to an account also leads to all that follow it."""
    waiting = [first]
    while waiting:
        node = waiting.pop()
        if above[node] | bits != above[node]:
            above[node] |= bits
            waiting += onwards.get(node, [])
