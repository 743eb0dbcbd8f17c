"""Pro rata and lowest intermediate balance: rows fetched in rounds to a fixed point, then one pass in order.

A pass takes the payments in the order of their dependencies, time as priority. Its rows are all that leaves the
accounts that traced money reached, as long as their windows are open; what a pass misses is fetched for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.flow_pass import FlowPass, Pool
from accounts.rules.tracing.params import LIBR, PRO_RATA, Params
from accounts.rules.tracing.result import WINDOW
from accounts.rules.tracing.rows import Reader, Row, Seed, Stretch

Share = Callable[[int, int, int], int]


def pro_rata(traced: int, amount: int, pool: int) -> int:
    """The traced part of a payment of `amount` from a pool in which `traced` is: to the nearest cent, half up."""
    return (2 * traced * amount + pool) // (2 * pool)


def libr(traced: int, amount: int, pool: int) -> int:
    """The same where the account's other money is spent first."""
    return max(0, traced - (pool - amount))


SHARES: Mapping[str, Share] = {PRO_RATA: pro_rata, LIBR: libr}


class Pooled:
    """One trace; `read` keeps every row of the last pass."""

    def __init__(self, reader: Reader, params: Params, make_book: Callable[[], Book]) -> None:
        self.reader, self.params, self.make_book = reader, params, make_book
        self.read: dict[int, Row] = {}
        self.floors: dict[int, int] = {}
        self._stretches: dict[int, Stretch] = {}
        self._rows: dict[int, list[Row]] = {}
        self._hubs: set[int] = set()

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> Book:
        """Rounds until nothing is missing, then what is left after the windows."""
        for node, (stretch, rows) in self.reader.ahead().items():
            if len(rows) <= self.params.hub_entries:
                self._stretches[node], self._rows[node] = stretch, rows
        while True:
            book = self.make_book()
            flow = FlowPass(self.params, SHARES[self.params.method], book, self.reader.stops(), self._rows, self._hubs)
            flow.run(seeds)
            missing = [wish for wish in map(self._wish, flow.pools.items()) if wish is not None]
            if not missing:
                break
            self._fetch(missing)
        self.read = {row.entry: row for _seed, row in seeds}
        for node, pool in flow.pools.items():
            own = self._own(node, pool)
            self.read.update((row.entry, row) for row in self._rows[node] if own.holds(row, self.params.direction))
        self._leave(book, flow.pools)
        return book

    def _own(self, node: int, pool: Pool) -> Stretch:
        """What a pool needs, whatever more was read."""
        return Stretch(node, pool.mark, pool.last + self.params.window)

    def _wish(self, item: tuple[int, Pool]) -> Stretch | None:
        """The stretch to fetch for a pool whose rows are not all there."""
        node, pool = item
        own, have = self._own(node, pool), self._stretches.get(node)
        if have is None:
            return own
        mark = pool.earlier(have.mark)
        if mark == have.mark and own.last <= have.last:
            return None
        return Stretch(node, mark, max(own.last, have.last))

    def _fetch(self, missing: list[Stretch]) -> None:
        for node, rows in self.reader.leaving(missing, self.params.hub_entries).items():
            if rows is None:
                self._hubs.add(node)
                self._rows.pop(node, None)
            else:
                self._rows[node] = rows
        self._stretches.update((stretch.node, stretch) for stretch in missing)

    def _leave(self, book: Book, pools: Mapping[int, Pool]) -> None:
        """After its window a pool is not followed; it rests as far as the account never held less since."""
        left = sorted((node, pool) for node, pool in pools.items() if pool.traced)
        self.floors = self.reader.lowest([self._own(node, pool) for node, pool in left]) if left else {}
        for node, pool in left:
            gone = max(0, pool.traced - max(0, self.floors.get(node, pool.traced)))
            book.end(node, WINDOW, gone)
            book.rest(node, pool.traced - gone, pool.last, 0)
