"""A table of texts, whatever file it stands in: find the headings, name the columns, hand its rows on in chunks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from accounts.rules.statements.batch import SHEET_ROWS, NeedsMapping, StatementError
from accounts.rules.statements.cells import Cells
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.fields import (
    MAX_COLUMNS,
    apply_mapping,
    heading_key,
    known_field,
    missing_fields,
    recognise,
)
from accounts.rules.statements.words import account_number

HEADING_LINES = 60
SAMPLES = 5
_OWNER = re.compile(
    r"(?:账号|帐号|卡号|账户|账卡号|account(?: ?(?:number|no\.?))?|iban)\s*[:：]\s*['\"]?([0-9A-Za-z][0-9A-Za-z -]{3,40})",
    re.IGNORECASE,
)
_OWNER_NAME = re.compile(
    r"(?:户名|姓名|客户名称|账户名称|account name|holder)\s*[:：]\s*([^\s,，:：\[\]]{2,60})", re.IGNORECASE
)
# Control and format characters: nobody sees or types them, and the database takes some of them in no text.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CHINESE = re.compile(r"[一-鿿]")

Row = tuple[int, Sequence[str]]
Turned = Sequence[Sequence[str]]  # column by column


class Rows(Protocol):
    """Rows of a table as (line number, cells), a stretch at a time; empty lines are left out."""

    def __call__(self, count: int) -> tuple[list[int], list[Sequence[str]]]: ...


class Columns(Protocol):
    """The same turned, of rows that are all `width` cells wide; None where they are not: nothing is taken then."""

    def __call__(self, count: int, width: int) -> tuple[list[int], list[Sequence[str]]] | None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How a table is read: its headings, which column is which field, constants, and what stood above the headings."""

    headings: tuple[str, ...]
    columns: Mapping[int, str]
    constants: Mapping[str, str]
    heading_row: int
    account: str
    account_name: str
    currency: str
    assumed: tuple[str, ...]

    @property
    def mapping(self) -> dict[str, str]:
        """{heading: field}, constants as "=value"."""
        found = {self.headings[at]: field for at, field in self.columns.items()}
        return {**found, **{f"={value}": field for field, value in self.constants.items()}}

    @property
    def unused(self) -> tuple[str, ...]:
        """Headings that are not read."""
        return tuple(h for at, h in enumerate(self.headings) if at not in self.columns and h.strip())


def heading_score(cells: Sequence[str], mapping: Mapping[str, str] | None) -> int:
    """How much a line looks like headings: the number of different known fields, named columns counted twice."""
    keys = {heading_key(name) for name in mapping or ()}
    cells = cells[: MAX_COLUMNS + 1]
    known = {field for cell in cells if len(cell) <= 40 and (field := known_field(cell))}
    return len(known) + 2 * sum(bool(cell.strip()) and heading_key(cell) in keys for cell in cells)


def find_headings(rows: Sequence[Row], mapping: Mapping[str, str] | None) -> int | None:
    """Index of the line that looks most like headings among the first ones; None where none has two cells."""
    best, at_best = 1, None
    for at, (_, cells) in enumerate(rows):
        score = heading_score(cells, mapping)
        if score > best:
            best, at_best = score, at
    if at_best is not None:
        return at_best
    return next((at for at, (_, cells) in enumerate(rows) if _filled(cells) >= 3 and not _has_numbers(cells)), None)


def currency_assumed(headings: Iterable[str]) -> str:
    """The currency of a table that names none: yuan under Chinese headings, else "" (it has to be named)."""
    return "CNY" if any(map(_CHINESE.search, headings)) else ""


def plan(rows: Sequence[Row], at: int, mapping: Mapping[str, str] | None, *, has_owner: bool, sheet: str = "") -> Plan:
    """The plan for a table whose headings are rows[at]. Raises NeedsMapping where a needed field is not recognised."""
    heading_row, cells = rows[at]
    headings = tuple(_INVISIBLE.sub("", cell).strip() for cell in cells)
    if len(headings) > MAX_COLUMNS:
        raise StatementError("headings_too_many")
    columns, constants = apply_mapping(headings, mapping) if mapping else (recognise(headings), {})
    columns = _lone_clock(columns)
    account, name = _owner_above(rows[:at])
    fields = {*columns.values(), *constants}
    missing = missing_fields(fields, has_owner=has_owner or bool(account))
    currency = ""
    assumed: tuple[str, ...] = ()
    if "currency" in missing or "currency" in fields:
        currency = currency_assumed(headings)
        if "currency" in missing and currency:
            missing.remove("currency")
            assumed = ("currency",)
    if missing:
        samples = [row for _, row in rows[at + 1 : at + 1 + SAMPLES]]
        known = {headings[column]: field for column, field in columns.items()}
        raise NeedsMapping(headings, samples, recognised=known, missing=missing, sheet=sheet, row=heading_row)
    return Plan(headings, columns, constants, heading_row, account, name, currency, assumed)


def chunks(
    table: Plan, first: Sequence[Row], more: Rows, size: int, *, sheet_no: int = 0, columns: Columns | None = None
) -> Iterator[Chunk]:
    """The rows below the headings, `size` at a time; `first` were read already while looking for headings.

    `columns` gives the next of the same rows faster, where it can.
    """
    numbers, rows = [number for number, _ in first], [cells for _, cells in first]
    width = len(table.headings)
    base = sheet_no * SHEET_ROWS
    while True:
        taken = columns(size - len(rows), width) if columns is not None else None
        fresh_numbers, fresh = more(size - len(rows)) if taken is None else (taken[0], [])
        numbers, rows = [number + base for number in numbers + fresh_numbers], rows + fresh
        if not numbers:
            return
        wide = _even(rows, width)
        turned: Turned = list(zip(*rows, strict=True))
        if taken is not None:
            turned = list(map(_after, turned, taken[1])) if rows else taken[1]
        chunk = _chunk(table, numbers, turned)
        for at in wide:
            chunk.fault(at, "", "row_too_wide")
        yield chunk
        numbers, rows = [], []


def _after(texts: Sequence[str], more: Sequence[str]) -> Sequence[str]:
    """A column and what follows, as bytes where that can be."""
    before = Cells.of(texts) if isinstance(more, Cells) else None
    return [*texts, *more] if before is None else Cells.joined([before, more])  # type: ignore[list-item]


def _chunk(table: Plan, numbers: list[int], turned: Turned) -> Chunk:
    columns: dict[str, Sequence[str]] = {field: turned[at] for at, field in table.columns.items()}
    columns.update({field: (value,) * len(numbers) for field, value in table.constants.items()})
    return Chunk(numbers, columns, lambda at: [column[at] for column in turned])


def _even(rows: list[Sequence[str]], width: int) -> list[int]:
    """Make all rows `width` cells wide in place; gives the indexes of those with text beyond the last heading."""
    wide: list[int] = []
    if set(map(len, rows)) == {width}:
        return wide
    for at, cells in enumerate(rows):
        if len(cells) < width:
            rows[at] = [*cells, *[""] * (width - len(cells))]
        elif len(cells) > width:
            if any(cell.strip() for cell in cells[width:]):
                wide.append(at)
            rows[at] = cells[:width]
    return wide


def _lone_clock(columns: dict[int, str]) -> dict[int, str]:
    """A column headed 时间 alone holds the whole moment."""
    if {"at", "date"} & set(columns.values()):
        return columns
    return {at: "at" if field == "time" else field for at, field in columns.items()}


def _owner_above(rows: Sequence[Row]) -> tuple[str, str]:
    """Account number and name that the lines above the headings state ("账号：6222…"), "" where they do not."""
    number = name = ""
    for _, cells in rows:
        line = " ".join(cells)[:1000]
        if not number and (match := _OWNER.search(line)):
            found = account_number(match[1].strip())
            number = found if type(found) is str else ""
        if not name and (match := _OWNER_NAME.search(line)):
            name = match[1]
    return number, name


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells[: MAX_COLUMNS + 1])


def _has_numbers(cells: Sequence[str]) -> bool:
    return any(any(c.isdigit() for c in cell) for cell in cells[: MAX_COLUMNS + 1])
