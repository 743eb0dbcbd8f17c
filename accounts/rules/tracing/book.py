"""The books of one trace while it runs: what each payment carries, where each cent ended; closing them makes the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from accounts.rules.tracing.circles import returns
from accounts.rules.tracing.params import FORWARD, Params, micros
from accounts.rules.tracing.result import (
    CUT,
    ENDS,
    OPENING,
    PASSED,
    RESTING,
    RETURNED,
    UNKNOWN,
    UNNAMED,
    Edge,
    Node,
    Result,
)
from accounts.rules.tracing.rows import NOBODY, Place, Row

NOTHING_KNOWN = Place()
_new = tuple.__new__  # a trace makes many edges and nodes: this is twice as fast as Edge(…)


class Rest(NamedTuple):
    """What did not go on from `node`: it came at `at` (mirrored backward), on the chain from `lo` on."""

    node: int
    amount: int
    at: int
    lo: int


class Carried:
    """Traced money in one payment; a payment that several parts pass has its lowest hop."""

    __slots__ = ("amount", "hop", "row")

    def __init__(self, row: Row, hop: int) -> None:
        self.row, self.hop, self.amount = row, hop, 0


class Book:
    """Edges, arrivals and ends. `origins` are the accounts that the seeds leave: what comes back there is returned."""

    def __init__(self, params: Params, origins: frozenset[int]) -> None:
        self.params, self.origins = params, origins
        self.edges: dict[int, Carried] = {}
        self.ends: dict[int, dict[str, int]] = {}
        self.rests: list[Rest] = []
        self.seed = 0

    def has_room(self, entry: int) -> bool:
        """Whether the edge is there already or may still be added."""
        return entry in self.edges or len(self.edges) < self.params.max_edges

    def carry(self, row: Row, amount: int, hop: int) -> None:
        """Traced money goes with this payment."""
        edge = self.edges.get(row.entry)
        if edge is None:
            edge = self.edges[row.entry] = Carried(row, hop)
        edge.amount += amount
        if hop < edge.hop:
            edge.hop = hop

    def stop(self, node: int, stops: Mapping[int, str]) -> str | None:
        """Why money that comes to this node is not followed further; None for an account."""
        if node == NOBODY:
            return UNNAMED
        return stops.get(node) or (RETURNED if node in self.origins else None)

    def end(self, node: int, word: str, amount: int) -> None:
        """So many cents of the seed end here, for this reason."""
        if amount:
            ends = self.ends.setdefault(node, {})
            ends[word] = ends.get(word, 0) + amount

    def rest(self, node: int, amount: int, at: int, lo: int) -> None:
        """What stays; closing the books says whether it rests or is unknown."""
        if amount:
            self.rests.append(Rest(node, amount, at, lo))

    @property
    def nodes(self) -> set[int]:
        """Every account that traced money reached, the seeds' own left out."""
        return {edge.row.to for edge in self.edges.values()} - {NOBODY} - self.origins

    def close(self, places: Mapping[int, Place]) -> Result:
        """Name what stays, order everything. `places` of all `nodes`."""
        settle = self._settle_forward if self._forward else self._settle_backward
        for rest in self.rests:
            settle(rest, places.get(rest.node, NOTHING_KNOWN))
        self._cap(places)
        edges = self.drawn()
        nodes = self.tallied(places, self._main)
        totals = {"seed": self.seed}
        for node in nodes:
            for word, amount in node.ends.items():
                totals[word] = totals.get(word, 0) + amount
        return Result(edges, nodes, totals, is_cut=CUT in totals)

    def drawn(self) -> tuple[Edge, ...]:
        """The edges by hop, time and entry, turned back into the payments' own direction."""
        ranked = sorted([(item.hop, item.row.leaves, entry, item) for entry, item in self.edges.items()])
        back = returns([(entry, item.row.frm, item.row.to) for _hop, _leaves, entry, item in ranked])
        found, is_forward = [], self._forward
        for hop, leaves, entry, item in ranked:
            row = item.row
            src, dst, at = (row.frm, row.to, leaves) if is_forward else (row.to, row.frm, -row.came)
            found.append(_new(Edge, (entry, src, dst, hop, item.amount, at, entry in back)))
        return tuple(found)

    def tallied(self, places: Mapping[int, Place], end: Callable[[int, int | None, Place], str]) -> tuple[Node, ...]:
        """The accounts by level and node; `end` names an account's main end from its node, last arrival and facts."""
        came: dict[int, int] = {}
        out: dict[int, int] = {}
        level: dict[int, int] = dict.fromkeys(self.origins, 0)
        last: dict[int, int] = {}
        sign = 1 if self._forward else -1
        for item in self.edges.values():
            row, hop, amount = item.row, item.hop, item.amount
            frm, to, at = row.frm, row.to, sign * row.came
            came[to] = came.get(to, 0) + amount
            out[frm] = out.get(frm, 0) + amount
            if frm == NOBODY:  # a seed whose payer no statement names
                level[NOBODY] = 0
            if hop < level.setdefault(to, hop):
                level[to] = hop
            if at > last.setdefault(to, at):
                last[to] = at
        found = []
        for low, node in sorted([(low, node) for node, low in level.items()]):
            place, at_last, ends = places.get(node, NOTHING_KNOWN), last.get(node), self.ends.get(node)
            word = end(node, at_last, place)
            kept = {name: ends[name] for name in ENDS if name in ends} if ends else {}
            sums = (came.get(node, 0), out.get(node, 0))
            found.append(_new(Node, (node, low, *sums, word, kept, at_last, place.covered_to)))
        return tuple(found)

    @property
    def _forward(self) -> bool:
        return self.params.direction == FORWARD

    def _main(self, node: int, _at: int | None, _place: Place) -> str:
        ends = self.ends.get(node)
        if not ends:
            return PASSED
        return next(iter(ends)) if len(ends) == 1 else max(ends, key=lambda word: (ends[word], -ENDS.index(word)))

    def _settle_forward(self, rest: Rest, place: Place) -> None:
        self.end(rest.node, RESTING if place.covers(rest.at) else UNKNOWN, rest.amount)

    def _settle_backward(self, rest: Rest, place: Place) -> None:
        """What no arrival explains: the stated opening balance does, as far as it reaches; else nobody knows."""
        known = place.is_opening_stated and place.covers(-rest.at)
        opening = min(rest.amount, max(0, place.opening - rest.lo)) if known else 0
        self.end(rest.node, OPENING, opening)
        self.end(rest.node, UNKNOWN, rest.amount - opening)

    def _cap(self, places: Mapping[int, Place]) -> None:
        """More cannot rest than the bank states at the end of its statement."""
        for node, ends in self.ends.items():
            place, resting = places.get(node, NOTHING_KNOWN), ends.get(RESTING, 0)
            if place.closing is None or not resting or not _holds(self.params.until, place):
                continue
            surplus = resting - max(place.closing, 0)
            if surplus > 0:
                self.end(node, UNKNOWN, surplus)
                ends[RESTING] -= surplus
                if not ends[RESTING]:
                    del ends[RESTING]


def _holds(until: datetime | None, place: Place) -> bool:
    """Whether the stated closing balance is that of the moment that the trace looks at."""
    return until is None or place.covered_to is None or micros(until) >= place.covered_to
