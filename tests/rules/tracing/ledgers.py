"""Random ledgers: circles, payments within one second, clocks that differ, overdrafts, missing statements, cash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from accounts.rules.tracing import Params, Result, Seed, Traced, trace
from tests.rules.tracing.memory import CASH_NODE, UNNAMED_NODE, Entry, Ledger, MemoryReader
from tests.rules.tracing.reference_play import Found

METHODS = ("fifo", "pro_rata", "libr")
DIRECTIONS = ("forward", "backward")


@st.composite
def ledgers(draw: Any, *, skew: int = 2, most: int = 22, span: int = 14) -> Ledger:
    """2 to 7 accounts, payments of 1 to 30 cents within a few seconds."""
    count = draw(st.integers(2, 7))
    sides = st.sampled_from([*range(1, count + 1), *range(1, count + 1), None, CASH_NODE, UNNAMED_NODE])
    entries = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        src, dst = draw(sides), draw(sides)
        if src == dst:
            src, dst = 1, 2
        at = draw(st.integers(0, span))
        came = at + draw(st.integers(-skew, skew))
        serials = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        entries.append(Entry(number, src, dst, at, came, draw(st.integers(1, 30)), "CNY", *serials))
    nodes = range(1, count + 1)
    openings = {node: draw(st.integers(0, 40)) for node in nodes if draw(st.booleans())}
    covered = {node: (draw(st.integers(-3, 6)), draw(st.integers(4, 18))) for node in nodes if draw(st.booleans())}
    closings = {node: draw(st.integers(-5, 40)) for node in covered if draw(st.integers(0, 3)) == 0}
    return Ledger(tuple(entries), openings, covered, closings)


@st.composite
def contradictions(draw: Any) -> Ledger:
    """2 to 4 accounts that pay each other in circles, by clocks that differ by more than the payments are apart."""
    count = draw(st.integers(2, 4))
    entries = []
    for number in range(1, draw(st.integers(3, 12)) + 1):
        src = draw(st.integers(1, count))
        dst = (src + draw(st.integers(0, count - 2))) % count + 1
        at = draw(st.integers(0, 8))
        entries.append(Entry(number, src, dst, at, at + draw(st.integers(-3, 2)), draw(st.integers(1, 30))))
    return Ledger(tuple(entries))


@st.composite
def seeds_of(draw: Any, ledger: Ledger) -> list[Seed]:
    """One or two entries, whole or in part."""
    chosen = draw(st.lists(st.sampled_from(ledger.entries), min_size=1, max_size=2, unique=True))
    found = []
    for entry in chosen:
        lo = draw(st.integers(0, entry.amount - 1)) if draw(st.booleans()) else 0
        found.append(Seed(entry.id, lo, draw(st.integers(lo + 1, entry.amount)) if lo else entry.amount))
    return found


def limits(method: str, direction: str, **fixed: Any) -> st.SearchStrategy[Params]:
    """Tight and loose limits; edges and hubs without one."""
    return st.builds(
        Params,
        **{
            "direction": st.just(direction),
            "method": st.just(method),
            "min_amount_minor": st.sampled_from([0, 0, 2, 5]),
            "window_seconds": st.sampled_from([1, 3, 8, 1000]),
            "max_hops": st.sampled_from([1, 2, 3, 10, 40]),
            "max_edges": st.just(5000),
            **{name: st.just(value) for name, value in fixed.items()},
        },
    )


def traced(ledger: Ledger, seeds: list[Seed], params: Params, shuffle: int = 0) -> Traced:
    """The engine over the ledger in memory."""
    return trace(MemoryReader(ledger, params, shuffle=shuffle), seeds, params)


def found_of(result: Result) -> Found:
    """A result in the reference's terms."""
    edges = {edge.entry: edge.amount for edge in result.edges}
    hops = {edge.entry: edge.hop for edge in result.edges}
    ends = {(node.node, word): amount for node in result.nodes for word, amount in node.ends.items()}
    return Found(edges, hops, ends)


def chain_ledger(amounts: list[int], *, opening: int = 0) -> Ledger:
    """One payment into account 2, from there on from account to account, ever less; all statements are there."""
    entries = tuple(Entry(n, n, n + 1, 10 * n, 10 * n, amount) for n, amount in enumerate(amounts, 1))
    nodes = range(1, len(amounts) + 2)
    ledger = Ledger(entries, {}, dict.fromkeys(nodes, (0, 10_000)))
    return replace(ledger, openings={1: opening}) if opening else ledger
