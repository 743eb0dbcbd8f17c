"""The ledger as the trace engines read it: a `Reader` over PostgreSQL; the stated rules are `rules.tracing`.

One recursive statement reads ahead: FIFO's or reach's whole trace, or by an estimate what pro rata and LIBR will ask for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from accounts.rules.tracing.params import EPOCH, FIFO, FORWARD, LIBR, PRO_RATA, REACH, Params
from accounts.rules.tracing.rows import CASH, NOBODY, UNNAMED, Place, Row, Seed, Stretch
from accounts.selectors.identity import index_of
from accounts.selectors.prepared import array, fetch
from accounts.selectors.tracing_rows import (
    OTHER,
    Ahead,
    ahead_unpacked,
    chains_unpacked,
    maker,
    places_unpacked,
    unpacked,
)
from accounts.selectors.tracing_sql import PLACES, PLACES_TYPES, STATEMENTS, Statement

WIDTH = 11  # columns of a row
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC).isoformat()
_FEW_ROWS = 1_000  # read ahead at least; beyond, FIFO asks hop by hop
_FEW_REACHED = 200  # the same for reach, which can come to a thousand times as much: to read that twice would cost most
# Percent of the least amount from which on the estimate follows a payment: several small ones may add up in an account.
_READ_ON = {FIFO: 100, PRO_RATA: 66, LIBR: 100, REACH: 100}
_FEW_MET = 8  # so many are looked through faster than searched
_PLACE, _START, _ARRIVAL = attrgetter("place"), attrgetter("start"), attrgetter("arrival")
Known = tuple[int, int, int]


class LedgerReader:
    """One trace in one case and currency. Raises nothing of its own; unknown entries are absent."""

    def __init__(self, case_id: UUID, currency: str, params: Params) -> None:
        self.case_id, self.currency, self.params = case_id, currency, params
        self._sign = 1 if params.direction == FORWARD else -1
        self._until = params.until.isoformat() if params.until else ALWAYS
        self._texts, self._make = STATEMENTS[params.direction], maker(params.direction)
        self._stops: dict[int, str] = {}
        self._followed: set[int] = set()  # accounts whose rows are in _met: all that any lot of the trace meets
        self._ahead: dict[int, tuple[Stretch, list[Row]]] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}  # times for which reach has all that leaves an account
        self._hubs: set[int] = set()
        self._met: dict[int, list[Row]] = {}
        self._places: dict[int, Place] = {}
        self._sought: set[int] = set()  # accounts whose facts are in _places, if there are any
        self._asked: set[int] = set()  # accounts whose payments were asked for

    def seeds(self, seeds: Sequence[Seed], params: Params) -> list[Row]:
        """The seeds' rows, and with them what follows them, if that is not too much."""
        return self._read_ahead(seeds)

    def stops(self) -> dict[int, str]:
        """Cash and unnamed of the case."""
        return self._stops

    def meeting(self, lots: Sequence[Known]) -> list[list[Row]]:
        """From what was read ahead, else asked."""
        asked = [lot for lot in lots if lot[0] not in self._followed]
        fresh: dict[Known, list[Row]] = {lot: [] for lot in asked}
        if asked:
            columns = [array(column) for column in zip(*asked, strict=True)]
            for number, *row in _run(self._texts.meeting, [*columns, self.currency, self._until]):
                fresh[asked[number - 1]].append(self._make(tuple(row)))
        return [fresh[lot] if lot in fresh else self._overlap(lot) for lot in lots]

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """What the estimate found worth reading."""
        return self._ahead

    def leaving(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """One statement for all stretches."""
        self._asked.update(stretch.node for stretch in stretches)
        found = _by_node(
            stretches,
            map(self._make, _run(self._texts.leaving, [*self._columns(stretches), self.currency, self._until, most])),
        )
        return {node: rows if len(rows) <= most else None for node, rows in found.items()}

    def going(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """From what was read ahead, else asked; an account with too many payments comes back as one empty row."""
        found: dict[int, list[Row] | None] = {}
        asked = []
        for stretch in stretches:
            node, first, last = stretch
            if node in self._hubs:
                found[node] = None
            elif any(lo <= first and last <= hi for lo, hi in self._spans.get(node, ())):
                found[node] = [row for row in self._met.get(node, ()) if first <= row.leaves <= last]
            else:
                found[node] = []
                asked.append(stretch)
        if not asked:
            return found
        nodes, firsts, lasts = self._columns(asked, is_time=True)
        for node, packed in _run(
            self._texts.going, [nodes, firsts, lasts, self._until, most, self.params.min_amount_minor]
        ):
            found[node] = None if packed is None else unpacked(packed, self.params.direction)
        return found

    def lowest(self, stretches: Sequence[Stretch]) -> dict[int, int]:
        """One statement for all, with the facts of those that were not read ahead: they will be asked for next."""
        fresh = {*self._asked, *(stretch.node for stretch in stretches)} - self._sought
        found = _run(self._texts.lowest, [*self._columns(stretches), self.currency, self._until, array(fresh)])
        self._places.update((row[2], Place._make(row[3:])) for row in found if row[2] is not None)
        self._sought |= fresh
        return {row[0]: row[1] for row in found if row[1] is not None}

    def places(self, nodes: Collection[int]) -> dict[int, Place]:
        """What the chains tell; what was read ahead is not asked again."""
        asked = sorted(node for node in nodes if node not in self._sought)
        found = fetch("trace_places", PLACES, PLACES_TYPES, [array(asked), self.currency]) if asked else []
        self._places.update((row[0], Place._make(row[1:])) for row in found)
        self._sought.update(asked)
        return {node: self._places[node] for node in nodes if node in self._places}

    def _read_ahead(self, seeds: Sequence[Seed]) -> list[Row]:
        entries, froms, tos = (array(column) for column in zip(*seeds, strict=True))
        params = self.params
        most = len(seeds) + (_FEW_REACHED if params.method == REACH else max(_FEW_ROWS, 4 * params.max_edges))
        window = f"{params.window_seconds} seconds"  # as days the server would ask its calendar
        statement: Statement = getattr(self._texts, params.method)
        found = _run(
            statement,
            [
                str(self.case_id), entries, _side_words(), froms, tos, self.currency, self._until, window,
                params.min_amount_minor * _READ_ON[params.method] // 100, params.max_hops, most,
            ],
        )  # fmt: skip
        nodes, kinds, packed, facts = found[0]
        ahead = ahead_unpacked(packed or b"", params.direction, self.currency)
        if ahead.steps & OTHER:
            return self._read_seeds([seed.entry for seed in seeds])
        self._note_stops(nodes, kinds)
        if ahead.size < most:
            self._keep(ahead)
            self._keep_facts(facts or b"")
        return list(ahead.seeded.values())

    def _read_seeds(self, entries: Sequence[int]) -> list[Row]:
        """Nothing but the seeds' entries, in whatever currency."""
        found = _run(self._texts.seeds, [str(self.case_id), array(sorted(set(entries))), _side_words()])
        for row in found[:1]:
            self._note_stops(*row[WIDTH:])
        return [self._make(row[:WIDTH]) for row in found]

    def _keep(self, ahead: Ahead) -> None:
        """Rows by the account that they leave, and which accounts were followed: no stops, none that a seed leaves."""
        order, arrivals = _START if self.params.method == FIFO else _PLACE, ahead.arrivals
        self._met = {
            node: sorted(rows.values(), key=order) if len(rows) > 1 else list(rows.values())
            for node, rows in ahead.met.items()
        }
        self._sought = set(arrivals)
        for node in (NOBODY, *self._stops, *(row.frm for row in ahead.seeded.values())):
            arrivals.pop(node, None)
        if self.params.method == FIFO:
            self._followed = set(arrivals)
        elif self.params.method == REACH:
            self._spans = {node: self._spans_of(rows) for node, rows in arrivals.items()}
        else:
            self._ahead = {node: self._stretch(node, rows) for node, rows in arrivals.items()}

    def _keep_facts(self, packed: bytes) -> None:
        """Of the accounts that money goes on to."""
        if self.params.method == REACH:
            self._places, counts = chains_unpacked(packed)
            self._hubs = {node for node, count in counts.items() if count > self.params.hub_entries}
        else:
            self._places = places_unpacked(packed)

    def _stretch(self, node: int, arrivals: list[Row]) -> tuple[Stretch, list[Row]]:
        """What was read from the first arrival on, as long as the windows of the arrivals follow each other without a gap."""
        ranked = sorted(arrivals, key=_ARRIVAL) if len(arrivals) > 1 else arrivals
        mark, window = ranked[0].mark(self.params.direction), self.params.window
        last = ranked[0].came + window
        for row in ranked[1:]:
            if row.came <= last:
                last = max(last, row.came + window)
        stretch = Stretch(node, mark, last)
        return stretch, stretch.held(self._met.get(node, []), self.params.direction)

    def _spans_of(self, arrivals: list[Row]) -> list[tuple[int, int]]:
        """The windows of the arrivals, those that meet as one."""
        window = self.params.window
        if len(arrivals) == 1:
            return [(arrivals[0].came, arrivals[0].came + window)]
        spans: list[tuple[int, int]] = []
        for came in sorted(row.came for row in arrivals):
            last = came + window
            if spans and came <= spans[-1][1]:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((came, last))
        return spans

    def _overlap(self, lot: Known) -> list[Row]:
        """Of the rows read ahead those that meet the lot; on one chain they do not overlap each other."""
        node, lo, hi = lot
        rows = self._met.get(node, [])
        if len(rows) <= _FEW_MET:
            return [row for row in rows if row.start < hi and lo < row.start + row.amount]
        first = bisect_left(rows, lo, key=lambda row: row.start + row.amount - 1)
        last = bisect_left(rows, hi, key=_START)
        return rows[first:last]

    def _columns(self, stretches: Sequence[Stretch], *, is_time: bool = False) -> list[str]:
        nodes = array(stretch.node for stretch in stretches)
        marks = array(self._time(stretch.mark) if is_time else stretch.mark for stretch in stretches)
        return [nodes, marks, array(self._time(stretch.last) for stretch in stretches)]

    def _time(self, at: int) -> str:
        """A mirrored time turned back."""
        return (EPOCH + timedelta(microseconds=self._sign * at)).isoformat()

    def _note_stops(self, nodes: Sequence[int] | None, kinds: Sequence[str] | None) -> None:
        self._stops = dict(zip(nodes or [], kinds or [], strict=True))


def _by_node(stretches: Sequence[Stretch], rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Rows of each stretch along its chain."""
    found: dict[int, list[Row]] = {stretch.node: [] for stretch in stretches}
    for row in rows:
        found[row.frm].append(row)
    for own in found.values():
        own.sort(key=_PLACE)
    return found


def _run(statement: Statement, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    return fetch(statement.name, statement.sql, statement.types, values)


@cache
def _side_words() -> str:
    """Blind indexes of the words under which the ledger keeps cash and unnamed."""
    return array(f"\\\\x{index_of(word).hex()}" for word in (CASH, UNNAMED))
