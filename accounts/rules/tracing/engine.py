"""`trace`: check the seeds, run the method, name the ends, digest what was read; storing it is `services.traces`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from accounts.rules.tracing.book import Book
from accounts.rules.tracing.fifo import Fifo
from accounts.rules.tracing.params import FIFO, REACH, Params, ParamsError
from accounts.rules.tracing.pooled import Pooled
from accounts.rules.tracing.reach import Reach
from accounts.rules.tracing.result import Result, digest
from accounts.rules.tracing.rows import NOBODY, Place, Reader, Row, Seed
from antifraud.problems import Problem

MOST_SEEDS = 200


class Traced(NamedTuple):
    """The result, and everything that it was made from: rows by entry, facts by node, least balances by node."""

    result: Result
    read: dict[int, Row]
    places: dict[int, Place]
    floors: dict[int, int]

    def inputs_digest(self) -> bytes:
        """SHA-256 over what was read, in one order."""
        return digest(
            {
                "rows": [self.read[entry] for entry in sorted(self.read)],
                "places": [(node, *self.places[node]) for node in sorted(self.places)],
                "floors": sorted(self.floors.items()),
            }
        )


def trace(reader: Reader, seeds: Sequence[Seed], params: Params) -> Traced:
    """Follow the seeds' money. Raises ParamsError (field "seeds") for seeds that cannot be traced together."""
    if not 0 < len(seeds) <= MOST_SEEDS:
        raise _wrong("seeds_missing", most=MOST_SEEDS)
    ordered = sorted(seeds)
    rows = {row.entry: row for row in reader.seeds(ordered, params)}
    _check(ordered, rows)
    pairs = [(seed, rows[seed.entry]) for seed in ordered]
    origins = frozenset(row.frm for row in rows.values()) - {NOBODY}

    def make_book() -> Book:
        book = Book(params, origins)
        book.seed = sum(seed.to_minor - seed.from_minor for seed in ordered)
        return book

    if params.method == FIFO:
        fifo = Fifo(reader, params, make_book())
        fifo.run(pairs)
        return _closed(reader, fifo.book, fifo.read, {})
    if params.method == REACH:
        reach = Reach(reader, params, make_book())
        reach.run(pairs)
        places = reader.places(reach.book.nodes)
        return Traced(reach.close(places), reach.read, places, {})
    pooled = Pooled(reader, params, make_book)
    book = pooled.run(pairs)
    return _closed(reader, book, pooled.read, pooled.floors)


def _closed(reader: Reader, book: Book, read: dict[int, Row], floors: dict[int, int]) -> Traced:
    places = reader.places(book.nodes)
    return Traced(book.close(places), read, places, floors)


def _check(seeds: Sequence[Seed], rows: dict[int, Row]) -> None:
    """Every entry is there, in one currency; parts lie within their entries and apart."""
    before = Seed(-1, 0, 0)
    for seed in seeds:
        if seed.entry not in rows:
            raise _wrong("seed_unknown", entry=seed.entry)
        if not 0 <= seed.from_minor < seed.to_minor <= rows[seed.entry].amount:
            raise _wrong("seed_range", entry=seed.entry)
        if seed.entry == before.entry and seed.from_minor < before.to_minor:
            raise _wrong("seed_overlap", entry=seed.entry)
        before = seed
    if len({row.currency for row in rows.values()}) > 1:
        raise _wrong("seed_currencies")


def _wrong(code: str, **values: int) -> ParamsError:
    return ParamsError([Problem(code, values, field="seeds")])
