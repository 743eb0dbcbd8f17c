"""FIFO for reference: forward a queue of money with its colour in each account, backward every cent remembers its way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.rules.tracing import Params, Seed
from tests.rules.tracing.memory import CASH_NODE, Entry, Ledger
from tests.rules.tracing.reference_play import Found, cap, covers, play, stopped


@dataclass(frozen=True)
class Lot:
    """Traced money that came together: its size then, hop and time."""

    size: int
    hop: int
    came: int
    number: int


Colour = Lot | None
Chunk = tuple[int, Colour]


class FifoForward:
    """Queues of coloured money."""

    def __init__(self, ledger: Ledger, seeds: Sequence[Seed], params: Params) -> None:
        self.ledger, self.seeds, self.params, self.found = ledger, seeds, params, Found()
        self.by_id = {entry.id: entry for entry in ledger.entries}
        self.origins = {src for src in (self.by_id[seed.entry].src for seed in seeds) if src is not None}
        self.queues: dict[int, deque[Chunk]] = {}
        self.carried: dict[int, list[Chunk]] = {}
        self.lots = 0

    def run(self) -> Found:
        for node, opening in self.ledger.openings.items():
            self.queues[node] = deque([(opening, None)] if opening else [])
        for entry in self.ledger.entries:
            if entry.src is None or entry.src == CASH_NODE:
                self.carried[entry.id] = self.paint(entry, [(entry.amount, None)])
        play(self.ledger, self.leave, self.come)
        for number, chunks in self.carried.items():  # sides that have no chain
            receiver = self.by_id[number].dst
            word = stopped(receiver, set())
            for size, lot in chunks:
                if lot is not None and word is not None:
                    self.found.end(receiver or 0, word, size)
        for account, queue in self.queues.items():
            for size, lot in queue:
                if lot is not None:
                    self.found.end(
                        account, "rest-covered" if covers(self.ledger, account, lot.came) else "unknown", size
                    )
        return cap(self.ledger, self.found)

    def paint(self, entry: Entry, chunks: list[Chunk]) -> list[Chunk]:
        """Seeds colour their part of the payment."""
        mine = [seed for seed in self.seeds if seed.entry == entry.id]
        if not mine:
            return chunks
        colours: list[Colour] = [None] * entry.amount
        for seed in mine:
            self.lots += 1
            lot = Lot(seed.to_minor - seed.from_minor, 1, entry.in_at, self.lots)
            colours[seed.from_minor : seed.to_minor] = [lot] * lot.size
            self.found.edge(entry.id, 1, lot.size)
        return [(1, colour) for colour in colours]

    def leave(self, node: int, entry: Entry) -> None:
        queue, wanted, parts = self.queues.setdefault(node, deque()), entry.amount, []
        while wanted:
            size, lot = queue.popleft() if queue else (wanted, None)
            taken = min(size, wanted)
            if taken < size:
                queue.appendleft((size - taken, lot))
            parts.append((taken, lot))
            wanted -= taken
        self.carried[entry.id] = self.paint(
            entry, [chunk for part in gathered(parts) for chunk in self.go(node, entry, part)]
        )

    def go(self, node: int, entry: Entry, part: Chunk) -> list[Chunk]:
        """A coloured part goes on with the payment, or ends here and goes on without its colour."""
        size, lot = part
        if lot is None:
            return [part]
        word = None
        if entry.out_at > lot.came + self.params.window_seconds:
            word = "window"
        elif size < self.params.min_amount_minor and size < lot.size:
            word = "below_minimum"
        elif lot.hop >= self.params.max_hops:
            word = "cut"
        if word is not None:
            self.found.end(node, word, size)
            return [(size, None)]
        self.found.edge(entry.id, lot.hop + 1, size)
        self.lots += 1
        return [(size, Lot(size, lot.hop + 1, entry.in_at, self.lots))]

    def come(self, node: int, entry: Entry) -> None:
        queue = self.queues.setdefault(node, deque())
        word = stopped(node, self.origins)
        for size, lot in self.carried.pop(entry.id):
            if lot is not None and word is not None:
                self.found.end(node, word, size)
                lot = None
            if queue and queue[-1][1] is lot and lot is not None:
                queue[-1] = (queue[-1][0] + size, lot)
            else:
                queue.append((size, lot))


def gathered(parts: list[Chunk]) -> list[Chunk]:
    """Neighbours of one lot as one part."""
    found: list[Chunk] = []
    for size, lot in parts:
        if found and lot is not None and found[-1][1] is lot:
            found[-1] = (found[-1][0] + size, lot)
        else:
            found.append((size, lot))
    return found


@dataclass(frozen=True)
class Cent:
    """One cent: the entries that it went through, and whether it was born in an opening balance."""

    way: tuple[int, ...]
    is_opening: bool


class FifoBackward:
    """Every cent remembers its way; the seeds' cents are asked."""

    def __init__(self, ledger: Ledger, seeds: Sequence[Seed], params: Params) -> None:
        self.ledger, self.seeds, self.params, self.found = ledger, seeds, params, Found()
        self.by_id = {entry.id: entry for entry in ledger.entries}
        self.origins = {dst for dst in (self.by_id[seed.entry].dst for seed in seeds) if dst is not None}
        self.queues: dict[int, deque[Cent]] = {}
        self.ways: dict[int, list[Cent]] = {}

    def run(self) -> Found:
        for node, opening in self.ledger.openings.items():
            self.queues[node] = deque([Cent((), is_opening=True)] * opening)
        for entry in self.ledger.entries:
            if entry.src is None or entry.src == CASH_NODE:
                self.ways[entry.id] = [Cent((entry.id,), is_opening=False)] * entry.amount
        play(
            self.ledger,
            self.leave,
            lambda node, entry: self.queues.setdefault(node, deque()).extend(self.ways[entry.id]),
        )
        for seed in self.seeds:
            cents = self.ways[seed.entry][seed.from_minor : seed.to_minor]
            self.back(seed.entry, [Cent(cent.way[:-1], cent.is_opening) for cent in cents], 1)
        return self.found

    def leave(self, node: int, entry: Entry) -> None:
        queue, taken = self.queues.setdefault(node, deque()), []
        for _cent in range(entry.amount):
            cent = queue.popleft() if queue else Cent((), is_opening=False)
            taken.append(Cent((*cent.way, entry.id), cent.is_opening))
        self.ways[entry.id] = taken

    def back(self, entry_id: int, cents: list[Cent], hop: int) -> None:
        """These cents left with the entry; where they had come from."""
        entry = self.by_id[entry_id]
        self.found.edge(entry_id, hop, len(cents))
        word = stopped(entry.src, self.origins)
        if word is not None or entry.src is None:
            self.found.end(entry.src or 0, word or "", len(cents))
            return
        by_last: dict[int, list[Cent]] = {}
        for cent in cents:
            by_last.setdefault(cent.way[-1] if cent.way else 0, []).append(Cent(cent.way[:-1], cent.is_opening))
        for born in by_last.pop(0, []):
            known = (
                born.is_opening and entry.src in self.ledger.openings and covers(self.ledger, entry.src, entry.out_at)
            )
            self.found.end(entry.src, "opening" if known else "unknown", 1)
        for last, part in by_last.items():
            if self.by_id[last].in_at < entry.out_at - self.params.window_seconds:
                self.found.end(entry.src, "window", len(part))
            elif len(part) < self.params.min_amount_minor and len(part) < len(cents):
                self.found.end(entry.src, "below_minimum", len(part))
            elif hop >= self.params.max_hops:
                self.found.end(entry.src, "cut", len(part))
            else:
                self.back(last, part, hop + 1)
