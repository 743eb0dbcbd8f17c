"""What a pooled trace has read of accounts, kept so that no rows are asked for twice; what a trace makes of them is not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from accounts.rules.tracing.rows import Row, Stretch


class Shelf:
    """Of each account one stretch with its rows, and a stretch that holds more than `most` rows."""

    def __init__(self, direction: str, most: int, ahead: Mapping[int, tuple[Stretch, list[Row]]]) -> None:
        self.direction, self.most = direction, most
        self._read = dict(ahead)
        self._too_many: dict[int, Stretch] = {}

    def has(self, wish: Stretch) -> bool:
        """Whether `rows` knows the answer."""
        read, too_many = self._read.get(wish.node), self._too_many.get(wish.node)
        return (read is not None and read[0].contains(wish, self.direction)) or (
            too_many is not None and wish.contains(too_many, self.direction)
        )

    def rows(self, wish: Stretch) -> list[Row] | None:
        """As `Reader.leaving` answers for a stretch that `has` knows, along the chain."""
        read = self._read.get(wish.node)
        if read is None or not read[0].contains(wish, self.direction):
            return None
        rows = read[1] if read[0] == wish else wish.held(read[1], self.direction)
        return rows if len(rows) <= self.most else None

    def put(self, stretches: Iterable[Stretch], found: Mapping[int, list[Row] | None]) -> None:
        """What was asked for and came."""
        for stretch in stretches:
            rows = found[stretch.node]
            if rows is None:
                self._too_many[stretch.node] = stretch
            else:
                self._read[stretch.node] = (stretch, rows)

    def stretches(self) -> dict[int, Stretch]:
        """All that was read."""
        return {node: stretch for node, (stretch, _rows) in self._read.items()}

    def by_node(self) -> dict[int, list[Row]]:
        """All that was read of accounts which are no hubs."""
        return {
            node: rows
            for node, (_stretch, rows) in self._read.items()
            if len(rows) <= self.most and node not in self._too_many
        }

    def hubs(self) -> set[int]:
        """Accounts of which a stretch holds too many rows."""
        return {*self._too_many, *(node for node, (_stretch, rows) in self._read.items() if len(rows) > self.most)}
