"""Which holds rest only on a wrong one: reachability along transfers; no tables, no decisions.

An account rests only on the wrong one where money reaches it, and where no way from any source leads to it once the
wrong account is taken out. Times and amounts are left aside on purpose: that finds more ways, so fewer proposals, and
nobody's money is let go because a time was missing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Dependants(Generic[N]):
    """`only`: accounts that rest only on the wrong one, each with a shortest way from it (both ends included);
    `also`: accounts that money reaches from it as well as by other ways, with such a way from a source."""

    only: dict[N, tuple[N, ...]]
    also: dict[N, tuple[N, ...]]


def dependants(edges: Iterable[tuple[N, N]], sources: Iterable[N], wrong: N) -> Dependants[N]:
    """Split what lies downstream of `wrong`; `sources` are where stolen money enters (victims' accounts, unknown payers).

    `wrong` itself is never a dependant, nor is a source.
    """
    following: dict[N, list[N]] = defaultdict(list)
    for src, dst in edges:
        following[src].append(dst)
    roots = [source for source in sources if source != wrong]
    downstream = _ways(following, [wrong], without=None)
    elsewhere = _ways(following, roots, without=wrong)
    skipped = {wrong, *roots}
    return Dependants(
        {node: way for node, way in downstream.items() if node not in skipped and node not in elsewhere},
        {node: elsewhere[node] for node in downstream if node not in skipped and node in elsewhere},
    )


def _ways(following: dict[N, list[N]], roots: list[N], *, without: N | None) -> dict[N, tuple[N, ...]]:
    """A shortest way to each account that can be reached."""
    found: dict[N, tuple[N, ...]] = {root: (root,) for root in roots}
    waiting = deque(roots)
    while waiting:
        here = waiting.popleft()
        for there in following.get(here, ()):
            if there != without and there not in found:
                found[there] = (*found[here], there)
                waiting.append(there)
    return found
