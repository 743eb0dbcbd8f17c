"""First in, first out: each part of a payment is a stretch of its chain, and meets the payments that overlap it.

Parts are followed hop by hop. Within a hop the larger edges come first, ties by entry, until there are `max_edges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.params import Params
from accounts.rules.tracing.result import BELOW_MINIMUM, CUT, UNKNOWN, WINDOW
from accounts.rules.tracing.rows import Reader, Row, Seed

Lot = tuple[int, int, int, int]  # (node, lo, hi, came): traced money on the chain of `node`: [lo, hi), come at `came`
Part = tuple[Row, int, int]  # (row, lo, hi): the cents [lo, hi) of the chain of `row.frm` that go on with `row`


class Fifo:
    """One trace; `read` keeps every row that was looked at."""

    def __init__(self, reader: Reader, params: Params, book: Book) -> None:
        self.reader, self.params, self.book = reader, params, book
        self.read: dict[int, Row] = {}
        self._window = params.window
        self._passed: dict[int, list[tuple[int, int]]] = {}

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> None:
        """Follow the seeds to their ends."""
        parts: list[Part] = [(row, row.start + seed.from_minor, row.start + seed.to_minor) for seed, row in seeds]
        lots = self._move(parts, 1)
        hop = 1
        while lots:
            hop += 1
            parts = []
            for lot, rows in zip(lots, self.reader.meeting([lot[:3] for lot in lots]), strict=True):
                parts += self._split(lot, rows, hop)
            lots = self._move(self._within(parts), hop)

    def _split(self, lot: Lot, rows: Iterable[Row], hop: int) -> list[Part]:
        """The parts of the lot that go on; what does not is entered where it ends."""
        node, lo, hi, came = lot
        whole = rest = hi - lo
        found: list[Part] = []
        read, last = self.read, came + self._window
        for row in rows:
            read[row.entry] = row
            start = row.start
            end = start + row.amount
            part = (row, start if start > lo else lo, end if end < hi else hi)
            size = part[2] - part[1]
            rest -= size
            word = WINDOW if row.leaves > last else self._refusal(part, size, whole, hop)
            if word is None:
                found.append(part)
            else:
                self.book.end(node, word, size)
        self.book.rest(node, rest, came, lo)
        return found

    def _refusal(self, part: Part, size: int, whole: int, hop: int) -> str | None:
        if size < self.params.min_amount_minor and size < whole:
            return BELOW_MINIMUM
        if hop > self.params.max_hops:
            return CUT
        return UNKNOWN if self._again(part) else None

    def _again(self, part: Part) -> bool:
        """Whether these cents went through this payment before: two banks' clocks contradict each other in a circle."""
        passed = self._passed.get(part[0].entry)
        return passed is not None and any(lo < part[2] and part[1] < hi for lo, hi in passed)

    def _within(self, parts: list[Part]) -> list[Part]:
        """As many as `max_edges` leaves room for; the others are cut."""
        room = self.params.max_edges - len(self.book.edges)
        if len(parts) <= room:
            return parts
        by_entry: dict[int, list[Part]] = {}
        for part in parts:
            by_entry.setdefault(part[0].entry, []).append(part)
        ranked = sorted(by_entry.items(), key=lambda item: (-sum(hi - lo for _row, lo, hi in item[1]), item[0]))
        found = []
        for entry, same in ranked:
            if entry not in self.book.edges:
                room -= 1
            if entry in self.book.edges or room >= 0:
                found += same
            else:
                for row, lo, hi in same:
                    self.book.end(row.frm, CUT, hi - lo)
        return found

    def _move(self, parts: Iterable[Part], hop: int) -> list[Lot]:
        """Enter the parts as edges; the lots that they make, in one order whatever the reader's was."""
        stops, book, read, passed, lots = self.reader.stops(), self.book, self.read, self._passed, []
        for row, lo, hi in parts:
            to, entry = row.to, row.entry
            read[entry] = row
            book.carry(row, hi - lo, hop)
            if entry in passed:
                passed[entry].append((lo, hi))
            else:
                passed[entry] = [(lo, hi)]
            word = book.stop(to, stops)
            if word is None:
                shift = row.land - row.start
                lots.append((to, lo + shift, hi + shift, row.came))
            else:
                book.end(to, word, hi - lo)
        return sorted(lots)
