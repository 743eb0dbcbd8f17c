"""An independent reference: every account's whole chain is played, cent by cent or with fractions, without sums or windows to fetch.

Here: pro rata and LIBR with fractions, and reach by looking at every pair of payments; FIFO is in `reference_fifo`.
No limit on edges or hubs. Slow, and meant to be read beside docs/fund-flow/tracing.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from accounts.rules.tracing import Params, Seed
from accounts.rules.tracing.params import FORWARD
from tests.rules.tracing.memory import CASH_NODE, Entry, Ledger
from tests.rules.tracing.reference_fifo import FifoBackward, FifoForward
from tests.rules.tracing.reference_play import Found, cap, covers, play, stopped


class Pool:
    """Traced money in an account, exactly."""

    def __init__(self) -> None:
        self.traced, self.hop, self.last = Fraction(0), 0, 0


class Mixed:
    """Pro rata and LIBR, both directions: backward is the same on reversed chains."""

    def __init__(self, ledger: Ledger, seeds: Sequence[Seed], params: Params) -> None:
        self.ledger, self.params, self.found = ledger, params, Found()
        self.back = params.direction != FORWARD
        self.seeded: dict[int, int] = {}
        for seed in seeds:
            self.seeded[seed.entry] = self.seeded.get(seed.entry, 0) + seed.to_minor - seed.from_minor
        ends = ((e.dst if self.back else e.src) for e in ledger.entries if e.id in self.seeded)
        self.origins = {node for node in ends if node is not None}
        self.pools: dict[int, Pool] = {}
        self.carried: dict[int, tuple[int, int]] = {entry: (part, 1) for entry, part in self.seeded.items()}
        self.held = held(ledger)

    def run(self) -> Found:
        for number, part in self.seeded.items():
            self.found.edge(number, 1, part)
        play(self.ledger, self.leave, self.come, back=self.back)
        for entry in self.ledger.entries:  # sides that have no chain
            node = entry.src if self.back else entry.dst
            if entry.id in self.carried and (node is None or node == CASH_NODE):
                self.found.end(node or 0, stopped(node, set()) or "", self.carried[entry.id][0])
        for account, pool in self.pools.items():
            self.settle(account, int(pool.traced), pool.last)
        return cap(self.ledger, self.found)

    def settle(self, node: int, amount: int, last: int) -> None:
        if not self.back:
            self.found.end(node, "rest-covered" if covers(self.ledger, node, last) else "unknown", amount)
            return
        stated = node in self.ledger.openings and covers(self.ledger, node, -last)
        opening = min(amount, self.ledger.openings.get(node, 0)) if stated else 0
        self.found.end(node, "opening", opening)
        self.found.end(node, "unknown", amount - opening)

    def leave(self, node: int, entry: Entry) -> None:
        pool = self.pools.get(node)
        if pool is None or not pool.traced:
            return
        before = self.held[node, entry.id]
        pooled = Fraction(before + entry.amount if self.back else before)
        at = -entry.in_at if self.back else entry.out_at
        if at > pool.last + self.params.window_seconds:
            self.lower(node, pool, pooled - entry.amount, "window")
            return
        self.lower(node, pool, pooled, "unknown")
        if self.params.method == "libr":
            part = max(Fraction(0), pool.traced - (pooled - entry.amount))
        else:
            part = Fraction(floor(pool.traced * entry.amount / pooled + Fraction(1, 2)))
        is_small = part < self.params.min_amount_minor and part < pool.traced
        word = "below_minimum" if is_small else "cut" if pool.hop >= self.params.max_hops else None
        pool.traced -= part
        if word is not None:
            self.found.end(node, word, int(part))
        elif part:
            self.found.edge(entry.id, pool.hop + 1, int(part))
            self.carried[entry.id] = (int(part), pool.hop + 1)

    def lower(self, node: int, pool: Pool, most: Fraction, word: str) -> None:
        if pool.traced > most:
            self.found.end(node, word, int(pool.traced - most))
            pool.traced = most

    def come(self, node: int, entry: Entry) -> None:
        part, hop = self.carried.get(entry.id, (0, 0))
        if not part:
            return
        word = stopped(node, self.origins)
        if word is not None:
            self.found.end(node, word, part)
            return
        at = -entry.out_at if self.back else entry.in_at
        pool = self.pools.setdefault(node, Pool())
        pool.last = max(pool.last, at) if pool.hop else at
        pool.hop = min(pool.hop, hop) if pool.traced else hop
        pool.traced += part


def held(ledger: Ledger) -> dict[tuple[int, int], int]:
    """What each account holds just before each of its events, a payment's own top-up included."""
    found = {}
    for (node, currency), events in ledger.chains().items():
        if currency == "CNY":
            holds = ledger.openings.get(node, 0)
            for entry, is_out in events:
                holds = max(holds, entry.amount) if is_out else holds
                found[node, entry.id] = holds
                holds += -entry.amount if is_out else entry.amount
    return found


def reference(ledger: Ledger, seeds: Sequence[Seed], params: Params) -> Found:
    """What the rules say. Raises Circular."""
    if params.method == "fifo":
        return (
            FifoForward(ledger, seeds, params).run()
            if params.direction == FORWARD
            else FifoBackward(ledger, seeds, params).run()
        )
    return Mixed(ledger, seeds, params).run()


def reachable(ledger: Ledger, seeds: Sequence[Seed], params: Params) -> dict[int, int]:
    """Entries that time allows, with their lowest hop: every pair of payments is looked at."""
    orders = {key: {e.id: n for n, (e, _out) in enumerate(events)} for key, events in ledger.chains().items()}
    by_id = {entry.id: entry for entry in ledger.entries}
    origins = {by_id[seed.entry].src for seed in seeds} - {None}
    found, layer = {seed.entry: 1 for seed in seeds}, {seed.entry for seed in seeds}
    for hop in range(2, params.max_hops + 1):
        fresh = set()
        for one in (by_id[entry] for entry in layer):
            if stopped(one.dst, {node for node in origins if node is not None}):
                continue
            for two in ledger.entries:
                if (
                    two.src is not None
                    and two.src == one.dst
                    and two.id not in found
                    and two.amount >= params.min_amount_minor
                ):
                    own = orders[two.src, two.currency] if two.currency == one.currency else None
                    if one.in_at <= two.out_at <= one.in_at + params.window_seconds and (
                        own is None or own[one.id] < own[two.id]
                    ):
                        fresh.add(two.id)
        found.update(dict.fromkeys(fresh, hop))
        layer = fresh
    return found
