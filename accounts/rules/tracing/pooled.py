"""Pro rata and lowest intermediate balance: rows fetched in rounds to a fixed point, then one pass in order.

A pass takes the payments in the order of their dependencies, time as priority. Its rows are all that leaves the
accounts that traced money reached, as long as their windows are open; what a pass misses is fetched for the next one.
Where that order decides something (circles, no more room for edges, hubs), rows that were read without need are left out.

What was read ahead: in a pass where nothing was contested each payment goes after all that its two chains have before it, so
that its amount follows from those alone, and rows more carry nothing. Two such passes that miss nothing agree, whatever either
has read. Rounds take of what was read only what they need. Yet a round that knows too few payments may take money too far;
what it asks for there would stay in a later round's circle and decide who goes first. Hence `_narrow`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.flow_pass import FlowPass, Pool
from accounts.rules.tracing.params import LIBR, PRO_RATA, Params
from accounts.rules.tracing.result import WINDOW
from accounts.rules.tracing.rows import Reader, Row, Seed, Stretch
from accounts.rules.tracing.shelf import Shelf

Share = Callable[[int, int, int], int]


def pro_rata(traced: int, amount: int, pool: int) -> int:
    """The traced part of a payment of `amount` from a pool in which `traced` is: to the nearest cent, half up."""
    return (2 * traced * amount + pool) // (2 * pool)


def libr(traced: int, amount: int, pool: int) -> int:
    """The same where the account's other money is spent first."""
    return max(0, traced - (pool - amount))


SHARES: Mapping[str, Share] = {PRO_RATA: pro_rata, LIBR: libr}


class Pooled:
    """One trace; `read` keeps every row of the last pass. What was read ahead saves asking and changes nothing else."""

    def __init__(self, reader: Reader, params: Params, make_book: Callable[[], Book]) -> None:
        self.reader, self.params, self.make_book = reader, params, make_book
        self._window = params.window
        self.read: dict[int, Row] = {}
        self.floors: dict[int, int] = {}
        self._stretches: dict[int, Stretch] = {}
        self._rows: dict[int, list[Row]] = {}
        self._hubs: set[int] = set()
        self._shelf = Shelf(params.direction, params.hub_entries, reader.ahead())

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> Book:
        """A pass over all that was read, or rounds; then what is left after the windows."""
        flow = self._over_all(seeds)
        if flow.is_contested or self._shelf.hubs():
            flow = self._in_rounds(seeds)
        self.read = {row.entry: row for _seed, row in seeds}
        for node, pool in flow.pools.items():
            for row in self._own(node, pool).held(self._rows[node], self.params.direction):
                self.read[row.entry] = row
        self._leave(flow.book, flow.pools)
        return flow.book

    def _over_all(self, seeds: Sequence[tuple[Seed, Row]]) -> FlowPass:
        """Over all that was read, until nothing is missing: the result, unless it was contested which payment goes first."""
        while True:
            rows = self._shelf.by_node()
            for _seed, row in seeds:  # what a seed's payer pays is not followed
                rows.pop(row.frm, None)
            flow = self._pass(seeds, rows, self._shelf.hubs())
            missing = self._missing(flow.pools, self._shelf.stretches())
            if not missing:
                self._rows = rows
                return flow
            self._ask(missing)

    def _in_rounds(self, seeds: Sequence[tuple[Seed, Row]]) -> FlowPass:
        """Each round over what those before it need and nothing more: rows of others may not decide which payment goes first."""
        self._rows = {}
        narrowed: set[int] = set()
        while True:
            flow = self._pass(seeds, self._rows, self._hubs)
            missing = self._missing(flow.pools, self._stretches)
            if missing and self._fetch(missing):
                continue
            if not flow.is_contested or not self._narrow(flow.pools, narrowed):
                return flow

    def _narrow(self, pools: Mapping[int, Pool], narrowed: set[int]) -> bool:
        """Leave out, once for each account, what only earlier rounds took to be needed; False where there is no such thing."""
        own = {node: self._own(node, pool) for node, pool in pools.items()}
        spare = {node for node, have in self._stretches.items() if have != own.get(node)} - narrowed
        for node in spare:
            del self._stretches[node]
            self._rows.pop(node, None)
            self._hubs.discard(node)
        self._fetch([own[node] for node in sorted(spare & own.keys())])
        narrowed |= spare
        return bool(spare)

    def _ask(self, wishes: Sequence[Stretch]) -> None:
        self._shelf.put(wishes, self.reader.leaving(wishes, self._shelf.most))

    def _pass(
        self, seeds: Sequence[tuple[Seed, Row]], rows: Mapping[int, list[Row]], hubs: Collection[int]
    ) -> FlowPass:
        flow = FlowPass(self.params, SHARES[self.params.method], self.make_book(), self.reader.stops(), rows, hubs)
        flow.run(seeds)
        return flow

    def _missing(self, pools: Mapping[int, Pool], stretches: Mapping[int, Stretch]) -> list[Stretch]:
        """What the pools need beyond these stretches."""
        wishes = (self._wish(node, pool, stretches.get(node)) for node, pool in pools.items())
        return [wish for wish in wishes if wish is not None]

    def _own(self, node: int, pool: Pool) -> Stretch:
        """What a pool needs, whatever more was read."""
        return Stretch(node, pool.mark, pool.last + self._window)

    def _wish(self, node: int, pool: Pool, have: Stretch | None) -> Stretch | None:
        """The stretch to fetch for a pool whose rows are not all there."""
        if have is None:
            return self._own(node, pool)
        mark, last = pool.earlier(have.mark), pool.last + self._window
        if mark == have.mark and last <= have.last:
            return None
        return Stretch(node, mark, max(last, have.last))

    def _fetch(self, missing: list[Stretch]) -> bool:
        """What the next round needs; only this, whatever more was read: a round may not depend on it.

        False where no payment came with it: a pass with more accounts that only gather would find the same.
        """
        unread = [wish for wish in missing if not self._shelf.has(wish)]
        if unread:
            self._ask(unread)
        is_more = False
        for wish in missing:
            rows = self._shelf.rows(wish)
            self._stretches[wish.node] = wish
            if rows is None:
                self._hubs.add(wish.node)
                self._rows.pop(wish.node, None)
                is_more = True
            else:
                is_more = is_more or len(rows) > len(self._rows.get(wish.node, ()))
                self._rows[wish.node] = rows
        return is_more

    def _leave(self, book: Book, pools: Mapping[int, Pool]) -> None:
        """After its window a pool is not followed; it rests as far as the account never held less since."""
        # Asked also where later payments that happened to be read have shown it: the inputs are the same without them.
        left = sorted((node, pool) for node, pool in pools.items() if pool.traced or WINDOW in book.ends.get(node, ()))
        self.floors = self.reader.lowest([self._own(node, pool) for node, pool in left]) if left else {}
        for node, pool in left:
            gone = max(0, pool.traced - max(0, self.floors.get(node, pool.traced)))
            book.end(node, WINDOW, gone)
            book.rest(node, pool.traced - gone, pool.last, 0)
