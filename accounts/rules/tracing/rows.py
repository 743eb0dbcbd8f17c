"""What the engines read, turned into the direction of the trace, so that backward is forward on a mirrored ledger.

Forward, `frm` is the payer and `to` the receiver; backward the other way round, and times and places are negative.
`Reader` is what a source of rows must offer; the SQL one is `selectors.tracing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from accounts.rules.tracing.params import FORWARD, Params, ParamsError
from antifraud.problems import Problem

NOBODY = 0  # stands for the side that no statement names
CASH, UNNAMED = "cash", "unnamed"


class Row(NamedTuple):
    """One ledger entry as the trace meets it. Amounts in minor units, times in microseconds.

    `start` and `land` are its beginnings on the chain of `frm` (cumulative leaving) and of `to` (cumulative coming);
    `pool` is what `frm` holds just before it leaves; `place` and `arrival` its places on the two chains.
    """

    entry: int
    frm: int
    to: int
    leaves: int
    came: int
    amount: int
    start: int
    land: int
    pool: int
    place: int
    arrival: int
    currency: str

    def mark(self, direction: str) -> int:
        """How much had left `to` when this arrived: what leaves later starts there (forward) or below (backward)."""
        return (self.arrival if direction == FORWARD else -self.arrival) - self.land


class Seed(NamedTuple):
    """The part [from_minor, to_minor) of an entry that a trace starts with."""

    entry: int
    from_minor: int
    to_minor: int

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Seed:
        """From {"entry", "from_minor", "to_minor"}. Raises ParamsError (field "seeds") for anything but whole numbers."""
        values = [data.get(name) for name in cls._fields]
        if any(isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63 for value in values):
            raise ParamsError([Problem("seed_numbers", field="seeds")])
        return cls._make(values)


class Stretch(NamedTuple):
    """What leaves `node` from `mark` on and not later than `last`; for reach from the time `mark` on, any currency."""

    node: int
    mark: int
    last: int

    def contains(self, other: Stretch, direction: str) -> bool:
        """Whether all that lies in another stretch of the node lies in it."""
        is_from_there = other.mark >= self.mark if direction == FORWARD else other.mark <= self.mark
        return is_from_there and other.last <= self.last

    def held(self, rows: Iterable[Row], direction: str) -> list[Row]:
        """Those of the rows that leave `node` which lie in it."""
        _node, mark, last = self
        if direction == FORWARD:
            return [row for row in rows if row.leaves <= last and row.start >= mark]
        return [row for row in rows if row.leaves <= last and row.start < mark]


class Place(NamedTuple):
    """What is known of an account in the trace's currency; times in microseconds, never mirrored."""

    covered_from: int | None = None
    covered_to: int | None = None
    opening: int = 0
    is_opening_stated: bool = False
    closing: int | None = None

    def covers(self, at: int) -> bool:
        """Whether the account's own statement covers this moment."""
        return (
            self.covered_from is not None and self.covered_to is not None and self.covered_from <= at <= self.covered_to
        )


class Reader(Protocol):
    """A source of rows, for one direction, currency and `until`; answers do not depend on the order of its rows."""

    def seeds(self, seeds: Sequence[Seed], params: Params) -> list[Row]:
        """The rows of the seeds' entries; a reader may read ahead what the method will ask for."""

    def stops(self) -> dict[int, str]:
        """Nodes that are no accounts, with their kind; known once the seeds are read."""

    def meeting(self, lots: Sequence[tuple[int, int, int]]) -> list[list[Row]]:
        """For each lot (node, lo, hi) the rows that leave node and overlap [lo, hi), by start."""

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """Stretches that were read ahead with the seeds, each with its rows along the chain; may be more than will be asked."""

    def leaving(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """For each stretch (one a node) its rows; None where there are more than `most`."""

    def going(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """In every currency by time alone, from the least amount on; None where the account has more than `most` payments in all."""

    def lowest(self, stretches: Sequence[Stretch]) -> dict[int, int]:
        """The least that is left in each node by what leaves from `mark` on and after `last`; absent: nothing leaves."""

    def places(self, nodes: Collection[int]) -> dict[int, Place]:
        """What is known of these nodes; a node may be absent."""
