"""A ledger in memory: entries, the sums that the database keeps, and a `Reader` over them; no SQL."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from accounts.rules.tracing import Params, Place, Row, Seed, Stretch
from accounts.rules.tracing.params import FORWARD, SECOND, micros
from accounts.rules.tracing.rows import NOBODY

CASH_NODE, UNNAMED_NODE = 90, 91
SIDES = {CASH_NODE: "cash", UNNAMED_NODE: "unnamed"}


@dataclass(frozen=True)
class Entry:
    """A payment; times in seconds. `out_serial` and `in_serial` decide within one second on each side's chain."""

    id: int
    src: int | None
    dst: int | None
    out_at: int
    in_at: int
    amount: int
    currency: str = "CNY"
    out_serial: int = 0
    in_serial: int = 0


@dataclass(frozen=True)
class Sums:
    """What the database keeps of an entry."""

    co: int = 0
    src_before: int = 0
    ci: int = 0
    dst_before: int = 0


@dataclass(frozen=True)
class Ledger:
    """Entries with what is known of the accounts in the one currency of most tests."""

    entries: tuple[Entry, ...]
    openings: Mapping[int, int] = field(default_factory=dict)
    covered: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # seconds
    closings: Mapping[int, int] = field(default_factory=dict)

    def chains(self) -> dict[tuple[int, str], list[tuple[Entry, bool]]]:
        """The events of each account and currency in their order; True where the entry leaves."""
        found: dict[tuple[int, str], list[tuple[tuple[int, ...], Entry, bool]]] = {}
        for entry in self.entries:
            for node, is_out in ((entry.src, True), (entry.dst, False)):
                if node is not None and node != CASH_NODE:
                    at, serial = (entry.out_at, entry.out_serial) if is_out else (entry.in_at, entry.in_serial)
                    found.setdefault((node, entry.currency), []).append(((at, serial, is_out, entry.id), entry, is_out))
        return {
            key: [(entry, is_out) for _order, entry, is_out in sorted(events, key=lambda event: event[0])]
            for key, events in found.items()
        }

    def sums(self) -> dict[int, Sums]:
        """As in the docstring of accounts.models.ledger: top-ups just before the payment that needs them."""
        found = {entry.id: Sums() for entry in self.entries}
        for (node, currency), events in self.chains().items():
            outs, ins = 0, self.openings.get(node, 0) if currency == "CNY" else 0
            for entry, is_out in events:
                old = found[entry.id]
                if is_out:
                    ins = max(ins, outs + entry.amount)
                    found[entry.id] = replace(old, co=outs, src_before=ins - outs)
                    outs += entry.amount
                else:
                    found[entry.id] = replace(old, ci=ins, dst_before=ins - outs)
                    ins += entry.amount
        return found

    def place(self, node: int) -> Place:
        """What is known of an account."""
        since, till = self.covered.get(node, (None, None))
        return Place(
            None if since is None else since * SECOND,
            None if till is None else till * SECOND,
            self.openings.get(node, 0),
            node in self.openings,
            self.closings.get(node),
        )


class MemoryReader:
    """Answers from a shuffled list: the engines may not rely on its order."""

    def __init__(self, ledger: Ledger, params: Params, currency: str = "CNY", shuffle: int = 0) -> None:
        self.ledger, self.params, self.currency = ledger, params, currency
        self.is_forward = params.direction == FORWARD
        until = micros(params.until) if params.until else None
        sums = ledger.sums()
        entries = [e for e in ledger.entries if until is None or e.out_at * SECOND <= until]
        self.rows = [self._row(entry, sums[entry.id]) for entry in entries]
        random.Random(shuffle).shuffle(self.rows)  # noqa: S311 (a test)

    def _row(self, e: Entry, s: Sums) -> Row:
        src, dst, out_at, in_at = e.src or NOBODY, e.dst or NOBODY, e.out_at * SECOND, e.in_at * SECOND
        out_place, in_place = 2 * s.co + s.src_before, 2 * s.ci - s.dst_before
        if self.is_forward:
            chain = (s.co, s.ci, s.src_before, out_place, in_place)
            return Row(e.id, src, dst, out_at, in_at, e.amount, *chain, e.currency)
        chain = (s.ci, s.co, s.dst_before + e.amount, -in_place, -out_place)
        return Row(e.id, dst, src, -in_at, -out_at, e.amount, *chain, e.currency)

    def seeds(self, seeds: Sequence[Seed], params: Params) -> list[Row]:
        """The rows of these entries."""
        wanted = {seed.entry for seed in seeds}
        return [row for row in self.rows if row.entry in wanted]

    def stops(self) -> dict[int, str]:
        """Cash and unnamed."""
        return SIDES

    def _own(self, node: int) -> list[Row]:
        return [row for row in self.rows if row.frm == node and row.currency == self.currency]

    def meeting(self, lots: Sequence[tuple[int, int, int]]) -> list[list[Row]]:
        """By overlap."""
        return [
            sorted(
                (r for r in self._own(node) if r.start < hi and lo < r.start + r.amount),
                key=lambda r: r.start,
            )
            for node, lo, hi in lots
        ]

    def _later(self, stretch: Stretch) -> list[Row]:
        rows = self._own(stretch.node)
        return [r for r in rows if (r.start >= stretch.mark if self.is_forward else r.start < stretch.mark)]

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """Nothing: every stretch is asked for."""
        return {}

    def leaving(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """By mark and time."""
        found: dict[int, list[Row] | None] = {}
        for stretch in stretches:
            rows = sorted((r for r in self._later(stretch) if r.leaves <= stretch.last), key=lambda r: r.place)
            found[stretch.node] = rows if len(rows) <= most else None
        return found

    def going(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """By time, all currencies."""
        found: dict[int, list[Row] | None] = {}
        for stretch in stretches:
            own = [r for r in self.rows if r.frm == stretch.node]
            least = self.params.min_amount_minor
            rows = [r for r in own if stretch.mark <= r.leaves <= stretch.last and r.amount >= least]
            found[stretch.node] = rows if len(own) <= most else None
        return found

    def lowest(self, stretches: Sequence[Stretch]) -> dict[int, int]:
        """Over what leaves after the stretch."""
        found = {}
        for stretch in stretches:
            left = [r.pool - r.amount for r in self._later(stretch) if r.leaves > stretch.last]
            if left:
                found[stretch.node] = min(left)
        return found

    def places(self, nodes: Collection[int]) -> dict[int, Place]:
        """What the ledger knows; cash has no chain."""
        return {node: self.ledger.place(node) for node in nodes if node != CASH_NODE}
