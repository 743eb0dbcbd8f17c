"""Reach: which payments could carry the money on at all, by time alone; no amounts are divided, all currencies are followed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.params import Params
from accounts.rules.tracing.result import CASH, CUT, PASSED, REACHED, RETURNED, UNKNOWN, UNNAMED, Result
from accounts.rules.tracing.rows import Place, Reader, Row, Seed, Stretch

_STRONGEST = (CASH, UNNAMED, RETURNED, CUT, PASSED)
_FEW = 8  # so many are looked through faster than searched
_LEAVES, _IN_TIME = attrgetter("leaves"), attrgetter("leaves", "entry")


def _largest_first(row: Row) -> tuple[int, int]:
    return -row.amount, row.entry


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
            layer = self._enter(list(found.values()), hop)

    def _goes_on(self, row: Row) -> bool:
        word = self.book.stop(row.to, self.reader.stops())
        if word is not None:
            self._say(row.to, word)
        return word is None

    def _fetch(self, arrivals: Sequence[Row]) -> None:
        """The stretches that the arrivals open, as far as they are not there yet."""
        wanted: dict[int, Stretch] = {}
        stretches, window = self._stretches, self.params.window
        for row in arrivals:
            node, came = row.to, row.came
            if node in self._hubs:
                continue
            have, last = wanted.get(node) or stretches.get(node), came + window
            if have is None:
                wanted[node] = Stretch(node, came, last)
            elif came < have.mark or last > have.last:
                wanted[node] = Stretch(node, min(came, have.mark), max(last, have.last))
        if not wanted:
            return
        read = self.read
        for node, rows in self.reader.going(list(wanted.values()), self.params.hub_entries).items():
            if rows is None:
                self._hubs.add(node)
                continue
            self._rows[node] = sorted(rows, key=_IN_TIME) if len(rows) > 1 else rows
            for row in rows:
                read[row.entry] = row
        stretches.update(wanted)

    def _onwards(self, arrival: Row) -> list[Row]:
        """What may follow an arrival: within the window, not before it on the chain, not seen yet."""
        node, came = arrival.to, arrival.came
        if node in self._hubs:
            self._say(node, CUT)
            return []
        rows, last = self._rows.get(node, []), came + self.params.window
        if len(rows) > _FEW:
            rows = rows[bisect_left(rows, came, key=_LEAVES) : bisect_right(rows, last, key=_LEAVES)]
        return [row for row in rows if came <= row.leaves <= last and self._follows(arrival, row)]

    def _follows(self, arrival: Row, row: Row) -> bool:
        before = row.currency == arrival.currency and row.place < arrival.arrival
        return not before and row.entry not in self.book.edges

    def _enter(self, rows: Sequence[Row], hop: int) -> list[Row]:
        """The payments of this hop as edges, the largest first while there is room."""
        layer = []
        book, is_over = self.book, hop > self.params.max_hops
        for row in sorted(rows, key=_largest_first) if len(rows) > 1 else rows:
            if is_over or not book.has_room(row.entry):
                self._say(row.frm, CUT)
                continue
            self._say(row.frm, PASSED)
            book.carry(row, row.amount, hop)
            layer.append(row)
        return layer

    def _say(self, node: int, word: str) -> None:
        said = self.words.get(node)
        if said is None:
            self.words[node] = {word}
        else:
            said.add(word)
        if word == CUT:
            self.is_cut = True

    def close(self, places: Mapping[int, Place]) -> Result:
        """Edges with the payments' whole amounts; the accounts' ends without amounts; the seed is the only total."""
        edges = self.book.drawn()
        nodes = self.book.tallied(places, self._end)
        return Result(edges, nodes, {"seed": self.book.seed}, is_cut=self.is_cut)

    def _end(self, node: int, last: int | None, place: Place) -> str:
        words = self.words.get(node, ())
        for word in _STRONGEST if words else ():
            if word in words:
                return word
        if last is None:
            return PASSED
        return REACHED if place.covers(last) else UNKNOWN
