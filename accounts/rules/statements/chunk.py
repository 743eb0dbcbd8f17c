"""A stretch of rows as a reader hands it on: texts by field, column by column, and what was found wrong so far."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from accounts.rules.statements.batch import Issue, Severity, StatedBalance
from accounts.rules.statements.cells import Cells, each
from accounts.rules.statements.memo import Fault, Memo

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Chunk:
    """`rows` line numbers; `columns` {field: texts}, each as long as `rows`. `cells` gives a row's cells as they stand.

    `faults` {index: issue} says which rows are not taken; the first reason found stays.
    """

    rows: list[int]
    columns: dict[str, Sequence[str]]
    cells: Callable[[int], Sequence[str]] = lambda _: ()
    done_bytes: int = 0
    stated: list[StatedBalance] = dataclasses.field(default_factory=list)
    doubts: list[Issue] = dataclasses.field(default_factory=list)
    faults: dict[int, Issue] = dataclasses.field(default_factory=dict)
    _filled: dict[str, bool] = dataclasses.field(default_factory=dict)

    def column(self, field: str) -> Sequence[str] | None:
        """The texts of a field, None where the file has no such column or nothing in it here."""
        if field not in self._filled:
            texts = self.columns.get(field, ())
            self._filled[field] = texts.is_filled if isinstance(texts, Cells) else any(texts)
        return self.columns[field] if self._filled[field] else None

    def fault(self, at: int, field: str, code: str, severity: Severity = "bad") -> None:
        """The row is not taken."""
        if at not in self.faults:
            self.faults[at] = Issue(self.rows[at], field, code, severity)

    def doubt(self, at: int, field: str, code: str) -> None:
        """The row is taken; somebody should look."""
        self.doubts.append(Issue(self.rows[at], field, code, "doubt"))

    def read(self, field: str, texts: Iterable[str], memo: Memo[T | Fault], instead: T) -> list[T]:
        """Every text through the memo; a Fault becomes a finding of its row and `instead` its value."""
        values = each(texts, memo.__getitem__)
        if memo.has_faults:
            for at, value in enumerate(values):
                if isinstance(value, Fault):
                    self.fault(at, field, str(value))
                    values[at] = instead
        return values  # type: ignore[return-value]  # no Fault is left
