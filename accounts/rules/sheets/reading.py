"""Rows of a sheet to typed values: finding the headings, reading each cell, numbering each problem by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from accounts.rules.setting import Setting
from accounts.rules.sheets.cells import Value, read_cell
from accounts.rules.sheets.columns import COLUMN_LABELS, Column, compared, heading_words
from antifraud.money import EXPONENTS
from antifraud.problems import Problem
from antifraud.spreadsheets import Cell, SheetRow

_SEARCHED_ROWS = 10


@dataclass(slots=True)
class RowResult:
    """One filled-in row: `row_no` as the spreadsheet program counts, values by column name (empty ones
    absent).

    Amounts are minor units of values["currency"], which is always there.
    """

    row_no: int
    values: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing blocks the row."""
        return not any(p.severity == "error" for found in self.problems.values() for p in found)

    def note(self, problem: Problem) -> None:
        """Add a problem to its field."""
        self.problems.setdefault(problem.field, []).append(problem)


@dataclass(frozen=True, slots=True)
class SheetReading:
    """A whole sheet. `problems` concern the headings; with an error among them there are no rows.

    `untouched` counts rows whose cells to fill in were all empty.
    """

    problems: tuple[Problem, ...]
    rows: tuple[RowResult, ...] = ()
    untouched: int = 0


def read_sheet(
    columns: Sequence[Column],
    rows: Sequence[SheetRow],
    setting: Setting,
    *,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> SheetReading:
    """Rows below the headings, which stand in one of the first ten rows; row order and numbers are kept.

    `currency`: of rows without a currency column. `region`: of phone numbers without a country code.
    `words`: further accepted words by column (translated labels -> value). Columns of kind "shown" are
    for people and never read back.
    """
    extended = [_with_words(column, (words or {}).get(column.name, {})) for column in columns]
    at, found, problems = _find_headings(extended, rows)
    if any(problem.severity == "error" for problem in problems):
        return SheetReading(tuple(problems))
    results: list[RowResult] = []
    untouched = 0
    for row in rows[at + 1 :]:
        cells = {column.name: _cell(row, index) for index, column in found.items() if column.kind != "shown"}
        if all(cells.get(c.name, "") == "" for c in extended if c.kind not in {"shown", "id"} and not _technical(c)):
            untouched += 1
            continue
        results.append(_read_row(row.row_no, cells, {c.name: c for c in extended}, setting))
    return SheetReading(tuple(problems), tuple(results), untouched)


def _find_headings(columns: Sequence[Column], rows: Sequence[SheetRow]) -> tuple[int, dict[int, Column], list[Problem]]:
    """Position of the heading row, its columns by cell, and what is wrong with it."""
    words = heading_words(columns)
    best = -1
    found: dict[int, Column] = {}
    for at, row in enumerate(rows[:_SEARCHED_ROWS]):
        known = {i: words[compared(c)] for i, c in enumerate(row.cells) if isinstance(c, str) and compared(c) in words}
        if len(known) > len(found):
            best, found = at, known
    if len(found) < 2:
        return best, found, [Problem("headings_missing")]
    problems: list[Problem] = []
    names = [column.name for column in found.values()]
    problems += [
        Problem("column_repeated", {"heading": COLUMN_LABELS[name]}, name)
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    problems += [
        Problem("column_missing", {"heading": COLUMN_LABELS[c.name]}, c.name)
        for c in columns
        if c.needed and c.name not in names
    ]
    problems += [
        Problem("column_unknown", {"heading": str(cell)[:40]}, severity="warning")
        for i, cell in enumerate(rows[best].cells)
        if i not in found and str(cell).strip()
    ]
    return best, found, problems


def _read_row(row_no: int, cells: Mapping[str, Cell], columns: Mapping[str, Column], setting: Setting) -> RowResult:
    result = RowResult(row_no, {"currency": setting.currency})
    if "currency" in cells:
        _take(result, columns["currency"], cells["currency"], setting)
    if result.values["currency"] not in EXPONENTS:
        result.values["currency"] = setting.currency
        result.note(Problem("currency_unknown", field="currency"))
    for name, cell in cells.items():
        if name != "currency":
            _take(result, columns[name], cell, setting)
    for column in columns.values():
        absent = column.name not in result.values and column.name not in result.problems
        if column.required and not column.of_case and absent:
            result.note(Problem("cell_required", field=column.name))
    return result


def _take(result: RowResult, column: Column, cell: Cell, setting: Setting) -> None:
    value, problems = read_cell(column, cell, setting, currency=str(result.values["currency"]))
    if value is not None:
        result.values[column.name] = value.upper() if column.name == "currency" and isinstance(value, str) else value
    for problem in problems:
        result.note(problem)


def _cell(row: SheetRow, index: int) -> Cell:
    return row.cells[index] if index < len(row.cells) else ""


def _technical(column: Column) -> bool:
    """Filled in by the platform when it writes the sheet, so it says nothing about whether a person wrote."""
    return column.name in {"order_version", "currency"}


def _with_words(column: Column, words: Mapping[str, str]) -> Column:
    if not words:
        return column
    return replace(column, words={**column.words, **{compared(word): value for word, value in words.items()}})
