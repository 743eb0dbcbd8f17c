"""What the references share: playing all chains of a ledger in their order, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.rules.tracing.memory import CASH_NODE, UNNAMED_NODE, Entry, Ledger


class Circular(Exception):
    """The banks' clocks contradict each other: payments wait for one another."""


@dataclass
class Found:
    """Edges by entry and ends by (account, word); 0 stands for nobody."""

    edges: dict[int, int] = field(default_factory=dict)
    hops: dict[int, int] = field(default_factory=dict)
    ends: dict[tuple[int, str], int] = field(default_factory=dict)

    def edge(self, entry: int, hop: int, amount: int) -> None:
        self.edges[entry] = self.edges.get(entry, 0) + amount
        self.hops[entry] = min(hop, self.hops.get(entry, hop))

    def end(self, node: int, word: str, amount: int) -> None:
        if amount:
            self.ends[node, word] = self.ends.get((node, word), 0) + amount


def stopped(node: int | None, origins: set[int]) -> str | None:
    """Why money there is not followed."""
    if node is None or node == UNNAMED_NODE:
        return "unnamed"
    if node == CASH_NODE:
        return "cash"
    return "returned" if node in origins else None


def play(
    ledger: Ledger, leave: Callable[[int, Entry], None], come: Callable[[int, Entry], None], *, back: bool = False
) -> None:
    """Run all chains of CNY, each in its order (reversed if `back`); an arrival waits until its payment has left."""
    chains = {node: events for (node, currency), events in ledger.chains().items() if currency == "CNY"}
    chains = {node: (events[::-1] if back else events) for node, events in chains.items()}
    at, left = dict.fromkeys(chains, 0), set()
    for entry in ledger.entries:
        payer = entry.dst if back else entry.src
        if payer is None or payer == CASH_NODE:
            left.add(entry.id)
    moved = True
    while moved:
        moved = False
        for node, events in chains.items():
            while at[node] < len(events):
                entry, is_out = events[at[node]]
                if is_out != back:
                    leave(node, entry)
                    left.add(entry.id)
                elif entry.id in left:
                    come(node, entry)
                else:
                    break
                at[node] += 1
                moved = True
    if any(at[node] < len(events) for node, events in chains.items()):
        raise Circular


def covers(ledger: Ledger, node: int, at: int) -> bool:
    """Whether the account's own statement covers the second."""
    return node in ledger.covered and ledger.covered[node][0] <= at <= ledger.covered[node][1]


def cap(ledger: Ledger, found: Found) -> Found:
    """What rests is not more than the bank states."""
    for (node, word), amount in list(found.ends.items()):
        if word == "rest-covered":
            del found.ends[node, word]
            resting = min(amount, max(0, ledger.closings.get(node, amount)))
            found.end(node, "resting", resting)
            found.end(node, "unknown", amount - resting)
    return found
