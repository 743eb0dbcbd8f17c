"""The ledger as the trace engines read it: a `Reader` over PostgreSQL; the stated rules are `rules.tracing`.

One recursive statement reads ahead: FIFO's whole trace, or by an estimate what pro rata and LIBR will ask for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from accounts.rules.tracing.params import EPOCH, FIFO, FORWARD, REACH, Params
from accounts.rules.tracing.rows import CASH, UNNAMED, Place, Row, Seed, Stretch
from accounts.selectors.identity import index_of
from accounts.selectors.prepared import fetch
from accounts.selectors.tracing_rows import maker, places_unpacked, unpacked
from accounts.selectors.tracing_sql import PLACES, PLACES_TYPES, STATEMENTS, Statement

WIDTH = 11  # columns of a row
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
_FEW_ROWS = 1_000  # read ahead at least; beyond, FIFO asks hop by hop
_PLACE = attrgetter("place")
Known = tuple[int, int, int]


class LedgerReader:
    """One trace in one case and currency. Raises nothing of its own; unknown entries are absent."""

    def __init__(self, case_id: UUID, currency: str, params: Params) -> None:
        self.case_id, self.currency, self.params = case_id, currency, params
        self._sign = 1 if params.direction == FORWARD else -1
        self._until = params.until or ALWAYS
        self._texts, self._make = STATEMENTS[params.direction], maker(params.direction)
        self._stops: dict[int, str] = {}
        self._followed: set[int] = set()  # accounts whose rows are in _met: all that any lot of the trace meets
        self._ahead: dict[int, tuple[Stretch, list[Row]]] = {}
        self._met: dict[int, list[Row]] = {}
        self._places: dict[int, Place] = {}

    def seeds(self, seeds: Sequence[Seed], params: Params) -> list[Row]:
        """The seeds' rows; but for reach with what follows them, if that is not too much."""
        if params.method == REACH:
            return self._read_seeds([seed.entry for seed in seeds])
        return self._read_ahead(seeds)

    def stops(self) -> dict[int, str]:
        """Cash and unnamed of the case."""
        return self._stops

    def meeting(self, lots: Sequence[Known]) -> list[list[Row]]:
        """From what was read ahead, else asked."""
        asked = [lot for lot in lots if lot[0] not in self._followed]
        fresh: dict[Known, list[Row]] = {lot: [] for lot in asked}
        if asked:
            columns = [list(column) for column in zip(*asked, strict=True)]
            for number, *row in _run(self._texts.meeting, [*columns, self.currency, self._until]):
                fresh[asked[number - 1]].append(self._make(tuple(row)))
        return [fresh[lot] if lot in fresh else self._overlap(lot) for lot in lots]

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """What the estimate found worth reading."""
        return self._ahead

    def leaving(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """One statement for all stretches."""
        found = _by_node(
            stretches,
            map(self._make, _run(self._texts.leaving, [*self._columns(stretches), self.currency, self._until, most])),
        )
        return {node: rows if len(rows) <= most else None for node, rows in found.items()}

    def going(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """One statement for all stretches; an account with too many payments comes back as one empty row."""
        nodes, firsts, lasts = self._columns(stretches, is_time=True)
        found: dict[int, list[Row] | None] = {stretch.node: [] for stretch in stretches}
        for node, *row in _run(
            self._texts.going, [nodes, firsts, lasts, self._until, most, self.params.min_amount_minor]
        ):
            rows = found[node]
            if rows is None or row[0] is None:
                found[node] = None
            else:
                rows.append(self._make(tuple(row)))
        return found

    def lowest(self, stretches: Sequence[Stretch]) -> dict[int, int]:
        """One statement for all, with the facts of those that were not read ahead: they will be asked for next."""
        fresh = [stretch.node not in self._places for stretch in stretches]
        found = _run(self._texts.lowest, [*self._columns(stretches), self.currency, self._until, fresh])
        self._places.update((row[2], Place._make(row[3:])) for row in found if row[2] is not None)
        return {row[0]: row[1] for row in found if row[1] is not None}

    def places(self, nodes: Collection[int]) -> dict[int, Place]:
        """What the chains tell; what was read ahead is not asked again."""
        asked = sorted(node for node in nodes if node not in self._places)
        found = fetch("trace_places", PLACES, PLACES_TYPES, [asked, self.currency]) if asked else []
        self._places.update((row[0], Place._make(row[1:])) for row in found)
        return {node: self._places[node] for node in nodes if node in self._places}

    def _read_ahead(self, seeds: Sequence[Seed]) -> list[Row]:
        entries, froms, tos = (list(column) for column in zip(*seeds, strict=True))
        params, most = self.params, max(_FEW_ROWS, 4 * self.params.max_edges)
        window = f"{params.window_seconds} seconds"  # as days the server would ask its calendar
        statement: Statement = getattr(self._texts, params.method)
        found = _run(
            statement,
            [
                _uuid(self.case_id), entries, _side_words(), froms, tos, self.currency, self._until, window,
                params.min_amount_minor, params.max_hops, most,
            ],
        )  # fmt: skip
        nodes, kinds, packed, places = found[0]
        rows = list(unpacked(packed or b"", params.direction, self.currency))
        if any(is_other for _row, _hop, is_other, _go in rows):
            return self._read_seeds(entries)
        self._note_stops(nodes, kinds)
        if len(rows) < most:
            self._keep(rows, places or b"")
        return list({row.entry: row for row, hop, _other, _go in rows if hop == 1}.values())

    def _read_seeds(self, entries: Sequence[int]) -> list[Row]:
        """Nothing but the seeds' entries, in whatever currency."""
        found = _run(self._texts.seeds, [_uuid(self.case_id), sorted(set(entries)), _side_words()])
        for row in found[:1]:
            self._note_stops(*row[WIDTH:])
        return [self._make(row[:WIDTH]) for row in found]

    def _keep(self, found: Sequence[tuple[Row, int, bool, bool]], places: bytes) -> None:
        met: dict[int, dict[int, Row]] = {}
        arrivals: dict[int, list[Row]] = {}
        for row, hop, _other, go in found:
            if hop > 1:
                met.setdefault(row.frm, {})[row.entry] = row
            if go:
                arrivals.setdefault(row.to, []).append(row)
        self._met = {node: sorted(rows.values(), key=_PLACE) for node, rows in met.items()}
        self._places.update(places_unpacked(places))
        if self.params.method == FIFO:
            self._followed = set(arrivals)
        else:
            self._ahead = {node: self._stretch(node, rows) for node, rows in arrivals.items()}

    def _stretch(self, node: int, arrivals: list[Row]) -> tuple[Stretch, list[Row]]:
        """What was read from the first arrival on, as long as the windows of the arrivals follow each other without a gap."""
        ranked = sorted(arrivals, key=lambda row: row.arrival)
        stretch = Stretch(node, ranked[0].mark(self.params.direction), ranked[0].came + self.params.window)
        for row in ranked[1:]:
            if row.came <= stretch.last:
                stretch = stretch._replace(last=max(stretch.last, row.came + self.params.window))
        return stretch, [row for row in self._met.get(node, []) if stretch.holds(row, self.params.direction)]

    def _overlap(self, lot: Known) -> list[Row]:
        """Of the rows read ahead those that meet the lot; on one chain they do not overlap each other."""
        node, lo, hi = lot
        rows = self._met.get(node, [])
        if self._sign < 0:  # along the mirrored chain the starts fall
            rows = rows[::-1]
        first = bisect_left(rows, lo, key=lambda row: row.start + row.amount - 1)
        last = bisect_left(rows, hi, key=lambda row: row.start)
        return rows[first:last]

    def _columns(self, stretches: Sequence[Stretch], *, is_time: bool = False) -> list[list[Any]]:
        nodes = [stretch.node for stretch in stretches]
        marks = [self._time(stretch.mark) if is_time else stretch.mark for stretch in stretches]
        return [nodes, marks, [self._time(stretch.last) for stretch in stretches]]

    def _time(self, at: int) -> datetime:
        """A mirrored time turned back."""
        return EPOCH + timedelta(microseconds=self._sign * at)

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
def _side_words() -> list[bytes]:
    """Blind indexes of the words under which the ledger keeps cash and unnamed."""
    return [index_of(CASH), index_of(UNNAMED)]


def _uuid(case_id: UUID) -> str:
    return str(case_id)
