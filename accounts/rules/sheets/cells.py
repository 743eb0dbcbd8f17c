"""One cell of a sheet to a typed value, by the kind of its column."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from accounts.rules.numbers import read_number, read_phone
from accounts.rules.paste.moments import as_utc, read_compact, read_moment
from accounts.rules.setting import Setting
from accounts.rules.sheets.columns import Column, compared
from antifraud.money import MoneyError, marked_currency, to_minor
from antifraud.plain_text import fold
from antifraud.problems import Param, Problem
from antifraud.spreadsheets import Cell

Value = str | int | datetime
_EXACT = 10**15
_CODE_DIGITS = 4
_CLOCK_SKEW = timedelta(minutes=5)


class CellError(ValueError):
    """A cell that cannot be taken."""

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def read_cell(column: Column, cell: Cell, setting: Setting, *, currency: str) -> tuple[Value | None, list[Problem]]:
    """Value of a cell (None when it is empty or wrong) with its problems; warnings come with a value.

    Amounts are minor units of `currency`; times without an offset are in the setting's zone, the value
    is UTC.
    """
    if cell == "" or (isinstance(cell, str) and not fold(cell).strip()):
        return None, []
    try:
        value, warnings = _READERS[column.kind](column, cell, setting, currency)
    except CellError as e:
        return None, [Problem(e.code, e.params, field=column.name)]
    except MoneyError as e:
        return None, [Problem(e.code, e.params, field=column.name)]
    return value, [Problem(code, field=column.name, severity="warning") for code in warnings]


def as_text(cell: Cell) -> str:
    """The text of a cell as people see it; long numbers that lost their digits, dates and truth values
    are refused.
    """
    if isinstance(cell, str):
        return fold(cell).strip()
    if isinstance(cell, bool | date | time | timedelta):
        raise CellError("cell_not_text")
    if not abs(cell) < _EXACT:  # also what is no number at all
        raise CellError("cell_number_rounded")
    return str(int(cell)) if cell == int(cell) else repr(cell)


def _text(column: Column, cell: Cell, _setting: Setting, _currency: str) -> tuple[str, tuple[str, ...]]:
    text = as_text(cell)
    if len(text) > column.max_length:
        raise CellError("cell_too_long", limit=column.max_length)
    return text, ()


def _word(column: Column, cell: Cell, _setting: Setting, _currency: str) -> tuple[str, tuple[str, ...]]:
    word = compared(as_text(cell))
    value = column.words.get(word) or column.words.get(word.zfill(_CODE_DIGITS))  # a program makes 302 of 0302
    if value is None:
        raise CellError("cell_not_word")
    return value, ()


def _number(_column: Column, cell: Cell, _setting: Setting, _currency: str) -> tuple[str, tuple[str, ...]]:
    reading = read_number(as_text(cell))
    if reading.problems:
        raise CellError(reading.problems[0])
    return reading.number, reading.warnings


def _phone(_column: Column, cell: Cell, setting: Setting, _currency: str) -> tuple[str, tuple[str, ...]]:
    reading = read_phone(as_text(cell), region=setting.region)
    if reading.problems:
        raise CellError(reading.problems[0])
    return reading.number, reading.warnings


def _amount(_column: Column, cell: Cell, _setting: Setting, currency: str) -> tuple[int, tuple[str, ...]]:
    text = as_text(cell)
    marked = marked_currency(text)
    if marked is not None and marked != currency:
        raise CellError("amount_other_currency", found=marked, currency=currency)
    minor = to_minor(text if isinstance(cell, str) else Decimal(text), currency)
    if minor < 0:
        raise CellError("cell_amount_negative")
    return minor, ()


def _time(_column: Column, cell: Cell, setting: Setting, _currency: str) -> tuple[datetime, tuple[str, ...]]:
    if isinstance(cell, datetime):
        # A spreadsheet program counts days as fractions: 13:05:00 comes as 13:04:59.999999 now and then.
        rounded = (cell + timedelta(microseconds=500_000)).replace(microsecond=0)
        at: datetime | None = rounded.replace(tzinfo=setting.zone).astimezone(UTC)
    elif isinstance(cell, date):
        raise CellError("cell_time_of_day_missing")
    else:
        text = as_text(cell)
        moment = read_moment(text, setting) or read_compact(text)
        if moment is None or moment.broken or moment.day is None or moment.year_assumed:
            raise CellError("cell_not_time")
        if moment.clock is None:
            raise CellError("cell_time_of_day_missing")
        at = as_utc(moment, setting)
    if at is None:
        raise CellError("cell_not_time")
    return at, (("cell_time_in_future",) if at > setting.now + _CLOCK_SKEW else ())


def _integer(_column: Column, cell: Cell, _setting: Setting, _currency: str) -> tuple[int, tuple[str, ...]]:
    text = as_text(cell)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise CellError("cell_not_integer")
    return int(text), ()


def _id(_column: Column, cell: Cell, _setting: Setting, _currency: str) -> tuple[str, tuple[str, ...]]:
    try:
        return str(uuid.UUID(as_text(cell))), ()
    except ValueError:
        raise CellError("cell_not_id") from None


_READERS: dict[str, Callable[[Column, Cell, Setting, str], tuple[Value, tuple[str, ...]]]] = {
    "text": _text,
    "word": _word,
    "number": _number,
    "phone": _phone,
    "amount": _amount,
    "time": _time,
    "integer": _integer,
    "id": _id,
}
