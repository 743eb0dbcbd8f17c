"""One pass over the fetched payments: each once, after everything that its account's chain has before it.

Where two banks' clocks contradict each other so that payments wait for one another in a circle, the one that left first
by its own bank's clock goes first (ties by entry); what comes in afterwards counts from there on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.params import BACKWARD, FORWARD, Params
from accounts.rules.tracing.result import BELOW_MINIMUM, CUT, UNKNOWN, WINDOW
from accounts.rules.tracing.rows import Row, Seed

Event = tuple[int, bool, Row]  # place on the chain, whether the row leaves here, the row
_AT = itemgetter(0)
_NOTHING = (0, 0)  # no traced part, no hop


class Pool:
    """Traced money in one account: how much, at which hop, when it last came, from where on its payments count."""

    __slots__ = ("hop", "is_forward", "last", "mark", "traced")

    def __init__(self, row: Row, hop: int, direction: str) -> None:
        self.traced, self.hop, self.last = 0, hop, row.came
        self.mark, self.is_forward = row.mark(direction), direction == FORWARD

    def earlier(self, mark: int) -> int:
        """Of this pool's mark and another the one that takes in more."""
        return min(self.mark, mark) if self.is_forward else max(self.mark, mark)

    def take(self, row: Row, amount: int, hop: int) -> None:
        """More came; its window counts for all that is here, its hop where it is the lower or all else has gone."""
        if hop < self.hop or not self.traced:
            self.hop = hop
        self.traced += amount
        if row.came > self.last:
            self.last = row.came
        self.mark = self.earlier(row.mark(FORWARD if self.is_forward else BACKWARD))


class FlowPass:
    """`rows` by the account that they leave, ordered along its chain; an account without rows only gathers."""

    def __init__(
        self,
        params: Params,
        share: Callable[[int, int, int], int],
        book: Book,
        stops: Mapping[int, str],
        rows: Mapping[int, list[Row]],
        hubs: Collection[int],
    ) -> None:
        self.params, self.share, self.book, self.stops, self.hubs = params, share, book, stops, hubs
        self.pools: dict[int, Pool] = {}
        self.is_contested = False  # which payment goes first decided something: a circle, or the last room for an edge
        self._window, self._least, self._hops = params.window, params.min_amount_minor, params.max_hops
        self._rows = rows
        self._events: dict[int, list[Event]] = {}
        self._head: dict[int, int] = {}
        self._moved: dict[int, tuple[int, int]] = {}  # entry -> traced part and hop
        self._late: set[int] = set()
        self._heap: list[tuple[int, int, Row]] = []

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> None:
        """Seeds first, then every payment."""
        first: dict[int, Row] = {}
        for seed, row in seeds:
            part = self._moved.get(row.entry, (0, 1))[0] + seed.to_minor - seed.from_minor
            self._moved[row.entry] = (part, 1)
            self.book.carry(row, seed.to_minor - seed.from_minor, 1)
            first[row.entry] = row
        self._line_up(first)
        for row in first.values():
            if row.to not in self._events:
                self._take(row)
        for node in self._events:
            self._advance(node)
        while self._heap or self._loosen():
            self._pay(heapq.heappop(self._heap)[2])

    def _line_up(self, seeds: Mapping[int, Row]) -> None:
        """Both sides of each account's chain, in its order."""
        events: dict[int, list[Event]] = {
            node: [(row.place, True, row) for row in rows] for node, rows in self._rows.items()
        }
        for rows in (*self._rows.values(), seeds.values()):
            for row in rows:
                if row.to in events:
                    events[row.to].append((row.arrival, False, row))
        for found in events.values():
            found.sort(key=_AT)
        self._events, self._head = events, dict.fromkeys(events, 0)

    def _advance(self, node: int) -> None:
        """Take what has come, up to the next payment; that one may go."""
        events, at = self._events[node], self._head[node]
        late, moved = self._late, self._moved
        while at < len(events):
            _place, leaves, row = events[at]
            if leaves:
                heapq.heappush(self._heap, (row.leaves, row.entry, row))
                break
            if row.entry not in late:
                if row.entry not in moved:
                    break
                self._take(row)
            at += 1
        self._head[node] = at

    def _loosen(self) -> bool:
        """Nothing may go: let the payment that left first go before what it waits for. False where none is left."""
        stuck = []
        for node, at in self._head.items():
            events = self._events[node]
            row = next((event[2] for event in events[at:] if event[1]), None)
            if row is not None:
                stuck.append((row.leaves, row.entry, node))
        if not stuck:
            return False
        self.is_contested = True
        node = min(stuck)[2]
        for _place, leaves, row in self._events[node][self._head[node] :]:
            if leaves:
                break
            if row.entry not in self._moved:  # what has moved is there: it is taken where the chain has it
                self._late.add(row.entry)
        self._advance(node)
        return True

    def _pay(self, row: Row) -> None:
        """One payment goes; the chains on both its sides move on."""
        self._moved[row.entry] = self._part(row)
        self._head[row.frm] += 1
        self._advance(row.frm)
        events = self._events.get(row.to)
        if events is None or row.entry in self._late:
            self._take(row)
        elif events[self._head[row.to]][2] is row:
            self._advance(row.to)

    def _take(self, row: Row) -> None:
        """Traced money has come to `row.to`."""
        amount, hop = self._moved[row.entry]
        if not amount:
            return
        node = row.to
        pool = self.pools.get(node)
        if pool is None:
            word = CUT if node in self.hubs else self.book.stop(node, self.stops)
            if word is not None:
                self.book.end(node, word, amount)
                return
            pool = self.pools[node] = Pool(row, hop, self.params.direction)
        pool.take(row, amount, hop)

    def _part(self, row: Row) -> tuple[int, int]:
        """The traced part of a payment that is followed, and its hop; nothing where it ends here."""
        pool = self.pools.get(row.frm)
        if pool is None or not pool.traced:
            return _NOTHING
        if row.leaves > pool.last + self._window:
            self._limit(row.frm, pool, row.pool - row.amount, WINDOW)
            return _NOTHING
        self._limit(row.frm, pool, row.pool, UNKNOWN)
        part = self.share(pool.traced, row.amount, row.pool)
        if not part:
            return _NOTHING
        word = self._refusal(row, part, pool)
        pool.traced -= part
        if word is not None:
            self.book.end(row.frm, word, part)
            return _NOTHING
        hop = pool.hop + 1
        self.book.carry(row, part, hop)
        return (part, hop)

    def _refusal(self, row: Row, part: int, pool: Pool) -> str | None:
        if part < self._least and part < pool.traced:
            return BELOW_MINIMUM
        if pool.hop >= self._hops:
            return CUT
        if self.book.has_room(row.entry):
            return None
        self.is_contested = True
        return CUT

    def _limit(self, node: int, pool: Pool, most: int, word: str) -> None:
        """Not more than `most` of the account's money can be traced."""
        if pool.traced > most:
            self.book.end(node, word, pool.traced - most)
            pool.traced = most
