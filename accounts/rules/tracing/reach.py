"""Reach: which payments could carry the money on at all, by time alone; no amounts are divided, all currencies are followed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.params import Params
from accounts.rules.tracing.result import CASH, CUT, PASSED, REACHED, RETURNED, UNKNOWN, UNNAMED, Result
from accounts.rules.tracing.rows import Place, Reader, Row, Seed, Stretch

_STRONGEST = (CASH, UNNAMED, RETURNED, CUT, PASSED)


class Reach:
    """One trace, breadth first: each payment is followed once, from the lowest hop that it can have."""

    def __init__(self, reader: Reader, params: Params, book: Book) -> None:
        self.reader, self.params, self.book = reader, params, book
        self.read: dict[int, Row] = {}
        self.words: dict[int, set[str]] = {}
        self.is_cut = False
        self._stretches: dict[int, Stretch] = {}
        self._rows: dict[int, list[Row]] = {}
        self._hubs: set[int] = set()

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> None:
        """Follow the seeds, hop by hop."""
        for seed, row in seeds:
            self.book.carry(row, seed.to_minor - seed.from_minor, 1)
            self.read[row.entry] = row
        hop, layer = 1, [self.book.edges[entry].row for entry in sorted(self.book.edges)]
        while layer:
            hop += 1
            arrivals = [row for row in layer if self._goes_on(row)]
            self._fetch(arrivals)
            found = {row.entry: row for arrival in arrivals for row in self._onwards(arrival)}
            layer = self._enter([found[entry] for entry in sorted(found)], hop)

    def _goes_on(self, row: Row) -> bool:
        word = self.book.stop(row.to, self.reader.stops())
        if word is not None:
            self._say(row.to, word)
        return word is None

    def _fetch(self, arrivals: Sequence[Row]) -> None:
        """The stretches that the arrivals open, as far as they are not there yet."""
        wanted: dict[int, Stretch] = {}
        for row in arrivals:
            have = wanted.get(row.to) or self._stretches.get(row.to)
            last = row.came + self.params.window
            if have is None:
                wanted[row.to] = Stretch(row.to, row.came, last)
            elif row.came < have.mark or last > have.last:
                wanted[row.to] = Stretch(row.to, min(row.came, have.mark), max(last, have.last))
        wanted = {node: stretch for node, stretch in wanted.items() if node not in self._hubs}
        if not wanted:
            return
        for node, rows in self.reader.going(list(wanted.values()), self.params.hub_entries).items():
            if rows is None:
                self._hubs.add(node)
            else:
                self._rows[node] = sorted(rows, key=lambda row: (row.leaves, row.entry))
                self.read.update((row.entry, row) for row in rows)
        self._stretches.update(wanted)

    def _onwards(self, arrival: Row) -> list[Row]:
        """What may follow an arrival: within the window, not before it on the chain, not seen yet."""
        node = arrival.to
        if node in self._hubs:
            self._say(node, CUT)
            return []
        rows, last = self._rows.get(node, []), arrival.came + self.params.window
        found = []
        for row in rows[bisect_left(rows, arrival.came, key=lambda row: row.leaves) :]:
            if row.leaves > last:
                break
            if self._follows(arrival, row):
                found.append(row)
        return found

    def _follows(self, arrival: Row, row: Row) -> bool:
        before = row.currency == arrival.currency and row.place < arrival.arrival
        return not before and row.entry not in self.book.edges

    def _enter(self, rows: Sequence[Row], hop: int) -> list[Row]:
        """The payments of this hop as edges, the largest first while there is room."""
        layer = []
        for row in sorted(rows, key=lambda row: (-row.amount, row.entry)):
            if hop > self.params.max_hops or not self.book.has_room(row.entry):
                self._say(row.frm, CUT)
                continue
            self._say(row.frm, PASSED)
            self.book.carry(row, row.amount, hop)
            layer.append(row)
        return layer

    def _say(self, node: int, word: str) -> None:
        self.words.setdefault(node, set()).add(word)
        self.is_cut = self.is_cut or word == CUT

    def close(self, places: Mapping[int, Place]) -> Result:
        """Edges with the payments' whole amounts; the accounts' ends without amounts; the seed is the only total."""
        edges = self.book.drawn()
        nodes = self.book.tallied(edges, places, self._end)
        return Result(edges, nodes, {"seed": self.book.seed}, is_cut=self.is_cut)

    def _end(self, node: int, last: int | None, place: Place) -> str:
        words = self.words.get(node, set())
        found = next((word for word in _STRONGEST if word in words), None)
        if found is not None or last is None:
            return found or PASSED
        return REACHED if place.covers(last) else UNKNOWN
