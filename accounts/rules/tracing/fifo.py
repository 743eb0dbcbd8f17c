"""First in, first out: each part of a payment is a stretch of its chain, and meets the payments that overlap it.

Parts are followed hop by hop. Within a hop the larger edges come first, ties by entry, until there are `max_edges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.params import Params
from accounts.rules.tracing.result import BELOW_MINIMUM, CUT, UNKNOWN, WINDOW
from accounts.rules.tracing.rows import Reader, Row, Seed


class Lot(NamedTuple):
    """Traced money on the chain of `node`: [lo, hi), come at `came`."""

    node: int
    lo: int
    hi: int
    came: int


class Part(NamedTuple):
    """The cents [lo, hi) of the chain of `row.frm` that go on with `row`."""

    row: Row
    lo: int
    hi: int

    @property
    def lot(self) -> Lot:
        """Where they are afterwards, on the chain of `row.to`."""
        shift = self.row.land - self.row.start
        return Lot(self.row.to, self.lo + shift, self.hi + shift, self.row.came)


class Fifo:
    """One trace; `read` keeps every row that was looked at."""

    def __init__(self, reader: Reader, params: Params, book: Book) -> None:
        self.reader, self.params, self.book = reader, params, book
        self.read: dict[int, Row] = {}
        self._passed: dict[int, list[tuple[int, int]]] = {}

    def run(self, seeds: Sequence[tuple[Seed, Row]]) -> None:
        """Follow the seeds to their ends."""
        parts = [Part(row, row.start + seed.from_minor, row.start + seed.to_minor) for seed, row in seeds]
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
        rest, found = lot.hi - lot.lo, []
        for row in rows:
            self.read[row.entry] = row
            part = Part(row, max(lot.lo, row.start), min(lot.hi, row.start + row.amount))
            rest -= part.hi - part.lo
            word = self._refusal(lot, part, hop)
            if word is None:
                found.append(part)
            else:
                self.book.end(lot.node, word, part.hi - part.lo)
        self.book.rest(lot.node, rest, lot.came, lot.lo)
        return found

    def _refusal(self, lot: Lot, part: Part, hop: int) -> str | None:
        size = part.hi - part.lo
        if part.row.leaves > lot.came + self.params.window:
            return WINDOW
        if size < self.params.min_amount_minor and size < lot.hi - lot.lo:
            return BELOW_MINIMUM
        if hop > self.params.max_hops:
            return CUT
        return UNKNOWN if self._again(part) else None

    def _again(self, part: Part) -> bool:
        """Whether these cents went through this payment before: two banks' clocks contradict each other in a circle."""
        passed = self._passed.get(part.row.entry, ())
        return any(lo < part.hi and part.lo < hi for lo, hi in passed)

    def _within(self, parts: Iterable[Part]) -> list[Part]:
        """As many as `max_edges` leaves room for; the others are cut."""
        by_entry: dict[int, list[Part]] = {}
        for part in parts:
            by_entry.setdefault(part.row.entry, []).append(part)
        ranked = sorted(by_entry.items(), key=lambda item: (-sum(part.hi - part.lo for part in item[1]), item[0]))
        room = self.params.max_edges - len(self.book.edges)
        found = []
        for entry, same in ranked:
            if entry not in self.book.edges:
                room -= 1
            if entry in self.book.edges or room >= 0:
                found += same
            else:
                for part in same:
                    self.book.end(part.row.frm, CUT, part.hi - part.lo)
        return found

    def _move(self, parts: Iterable[Part], hop: int) -> list[Lot]:
        """Enter the parts as edges; the lots that they make, in one order whatever the reader's was."""
        stops, lots = self.reader.stops(), []
        for part in parts:
            row, size = part.row, part.hi - part.lo
            self.read[row.entry] = row
            self.book.carry(row, size, hop)
            self._passed.setdefault(row.entry, []).append((part.lo, part.hi))
            word = self.book.stop(row.to, stops)
            if word is None:
                lots.append(part.lot)
            else:
                self.book.end(row.to, word, size)
        return sorted(lots)
