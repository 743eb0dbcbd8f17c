"""Dates and times as statements write them -> microseconds since 1970 in UTC; no clock is read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from accounts.rules.statements.cell_numbers import day_and_second
from accounts.rules.statements.cells import Cells
from accounts.rules.statements.memo import Fault, Memo
from accounts.rules.statements.plain_lines import column_text
from antifraud.lazily import lazily
from antifraud.plain_text import fold

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_MIN_YEAR, _MAX_YEAR = 1949, 2100
_EXCEL_FIRST, _EXCEL_LAST = 17_899, 73_050  # 1949-01-01 to 2099-12-31 as days since 1899-12-30
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EXCEL_DAY = date(1899, 12, 30).toordinal() - _EPOCH_DAY

_DATE = r"(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?"
_CLOCK = (
    r"(?P<h>[0-9]{1,2})[:时点](?P<i>[0-9]{1,2})(?:[:分](?P<s>[0-9]{1,2})秒?)?分?"
    r"(?:[.,:](?P<f>[0-9]{1,9}))?(?: ?(?P<half>[AP]M))?"
)
_OFFSET = r"(?: ?(?P<o>Z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?))?"
_LONG = re.compile(rf"{_DATE}(?:[T ]+{_CLOCK}{_OFFSET})?")
_DASHED = re.compile(rf"{_DATE}-(?P<h>[0-9]{{2}})\.(?P<i>[0-9]{{2}})\.(?P<s>[0-9]{{2}})(?:\.(?P<f>[0-9]{{1,9}}))?")
_DAY_FIRST = re.compile(
    rf"(?P<d>[0-9]{{1,2}})(?P<sep>[./-])(?P<m>[0-9]{{1,2}})(?P=sep)(?P<y>[0-9]{{4}})(?:[T ]+{_CLOCK})?"
)
_DIGITS = re.compile(
    r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
    r"(?:[ T]?(?P<h>[0-9]{2}):?(?P<i>[0-9]{2})(?::?(?P<s>[0-9]{2}))?(?:\.?(?P<f>[0-9]{1,9}))?)?" + _OFFSET
)
_ONLY_CLOCK = re.compile(rf"{_CLOCK}|(?P<h2>[0-9]{{2}})(?P<i2>[0-9]{{2}})(?P<s2>[0-9]{{2}})(?:\.?[0-9]{{1,6}})?")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]{1,17})?")


# Columns in which every cell has one of these shapes are read in one go: (shape, where the day ends, the clock begins).
_COLUMNS = (
    (re.compile(r"(?:[0-9]{14}\n)*+"), 8, 8),
    (re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\n)*+"), 10, 11),
    (re.compile(r"(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\n)*+"), 10, 11),
)


class Moment(NamedTuple):
    """`at_us` in UTC; `day_only` where no time of day is said; `doubt` a code of messages.py or ""."""

    at_us: int
    day_only: bool
    doubt: str = ""


class Moments:
    """Reads the times of one file; `zone` holds for times without an offset. Each text is read once."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.memo: Memo[Moment | Fault] = Memo(self._read)
        self.clocks: Memo[int | Fault] = Memo(_clock_us)

    def column(self, texts: Sequence[str]) -> tuple[list[int], list[bool]] | None:
        """(at_us, day_only) of a column in which all cells look alike and are right; None where they are not."""
        if isinstance(texts, Cells):
            return self._of_cells(texts)
        joined = column_text(texts)
        for shape, day, clock in _COLUMNS:
            if shape.fullmatch(joined):
                days, clocks = [text[:day] for text in texts], [text[clock:] for text in texts]
                starts = {text: self._uniform_day(text) for text in set(days)}
                after = list(map(self.clocks.__getitem__, clocks))
                if None in starts.values() or self.clocks.has_faults:
                    return None
                return [starts[d] + a for d, a in zip(days, after, strict=True)], [not a for a in after]  # type: ignore[operator]
        return None

    def _of_cells(self, cells: Cells) -> tuple[list[int], list[bool]] | None:
        found = day_and_second(cells)
        if found is None:
            return None
        numbers, seconds = found
        heads = np.flatnonzero(np.diff(numbers, prepend=-1))  # a day's rows stand together
        starts = {day: self._uniform_day(str(day).zfill(8)) for day in set(numbers[heads].tolist())}
        if None in starts.values():
            return None
        days = np.repeat(
            np.array([starts[day] for day in numbers[heads].tolist()], dtype=np.int64),
            np.diff(heads, append=len(numbers)),
        )
        return (days + seconds * _SECOND).tolist(), (seconds == 0).tolist()

    def _uniform_day(self, text: str) -> int | None:
        """Microseconds of the local midnight of a day of 24 hours; None for no day or one on which clocks change."""
        moment = self.memo[text]
        if isinstance(moment, Fault):
            return None
        following = self._midnight(self._ordinal(moment.at_us) + 1)
        return moment.at_us if following - moment.at_us == _DAY else None

    def pair(self, day: str, clock: str) -> Moment | Fault:
        """A date in one column and a time of day in another; either may hold the whole."""
        if not day.strip():
            return self.memo[clock]
        if not clock.strip():
            return self.memo[day]
        if (at := self.clocks[clock]).__class__ is Fault:
            whole = self.memo[clock]
            return whole if isinstance(whole, Moment) else self._join(day, Fault(str(at)))
        return self._join(day, at)

    def _join(self, day: str, at: int | Fault) -> Moment | Fault:
        found = self.memo[day]
        if isinstance(found, Fault):
            return found
        if isinstance(at, Fault):
            return at
        if not found.day_only:
            return found
        return self._local(self._ordinal(found.at_us), at, found.doubt)

    def _ordinal(self, at_us: int) -> int:
        """The local day (since 1970) of a day_only moment."""
        local = datetime.fromtimestamp(at_us // _SECOND, self._zone)
        return local.toordinal() - _EPOCH_DAY

    def _read(self, text: str) -> Moment | Fault:
        plain = fold(text[:60]).strip().upper()
        if not plain or not plain.strip("0"):
            return Fault("time_missing")
        if _SERIAL.fullmatch(plain):
            return self._excel(plain)
        for shape in (_LONG, _DIGITS, _DAY_FIRST, _DASHED):
            if match := shape.fullmatch(plain):
                return self._matched(match.groupdict())
        return Fault("time_unreadable")

    def _midnight(self, number: int) -> int:
        day = date.fromordinal(number + _EPOCH_DAY)
        return _utc_us(datetime(day.year, day.month, day.day, tzinfo=self._zone))

    def _excel(self, text: str) -> Moment | Fault:
        """Days since 1899-12-30 with the time of day as a fraction, to the second."""
        whole, _, fraction = text.partition(".")
        days = int(whole)
        if not _EXCEL_FIRST <= days <= _EXCEL_LAST:
            return Fault("time_unreadable")
        seconds = (int(fraction) * 86_400 * 2 + 10 ** len(fraction)) // (2 * 10 ** len(fraction)) if fraction else 0
        days, seconds = days + seconds // 86_400, seconds % 86_400
        return self._local(days + _EXCEL_DAY, seconds * _SECOND, "")

    def _matched(self, parts: dict[str, str | None]) -> Moment | Fault:
        number = _day_number(int(parts["y"] or 0), int(parts["m"] or 0), int(parts["d"] or 0))
        if isinstance(number, Fault):
            return number
        after = _after_midnight(parts)
        if isinstance(after, Fault):
            return after
        if offset := parts.get("o"):
            shift = _offset_us(offset)
            return Fault("time_impossible") if shift is None else Moment(number * _DAY + after - shift, day_only=False)
        return self._local(number, after, "")

    def _local(self, number: int, after: int, doubt: str) -> Moment:
        """`after` microseconds of wall clock past the midnight of day `number`. 00:00:00 exactly says the day only."""
        if not after:
            return Moment(self._midnight(number), day_only=True, doubt=doubt)
        wall = datetime.fromordinal(number + _EPOCH_DAY) + timedelta(microseconds=after)
        first, second = wall.replace(tzinfo=self._zone, fold=0), wall.replace(tzinfo=self._zone, fold=1)
        unsure = first.utcoffset() != second.utcoffset()
        return Moment(_utc_us(first), day_only=False, doubt=doubt or ("time_not_in_zone" if unsure else ""))


def _utc_us(moment: datetime) -> int:
    utc = moment.astimezone(UTC)
    return (
        (utc.toordinal() - _EPOCH_DAY) * _DAY
        + (utc.hour * 3600 + utc.minute * 60 + utc.second) * _SECOND
        + utc.microsecond
    )


def _day_number(year: int, month: int, day: int) -> int | Fault:
    """Days since 1970 of a date of the calendar between 1949 and 2100."""
    if not _MIN_YEAR <= year <= _MAX_YEAR:
        return Fault("time_impossible")
    try:
        return date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return Fault("time_impossible")


def _after_midnight(parts: dict[str, str | None]) -> int | Fault:
    hour, minute, second = (int(parts.get(key) or 0) for key in "his")
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return Fault("time_impossible")
        hour = hour % 12 + (12 if half == "PM" else 0)
    if (hour, minute, second) == (24, 0, 0):
        return _DAY - _SECOND  # "24:00" closes the day it is written with
    if hour > 23 or minute > 59 or second > 60:
        return Fault("time_impossible")
    micro = int((parts.get("f") or "").ljust(6, "0")[:6])
    return (hour * 3600 + minute * 60 + min(second, 59)) * _SECOND + micro


def _clock_us(text: str) -> int | Fault:
    """Microseconds past midnight of a time of day alone: 13:05, 13:05:09, 130509, 13时5分9秒."""
    digits = text[:2] + text[3:5] + text[6:] if len(text) == 8 and text[2] == text[5] == ":" else text
    if len(digits) == 6 and digits.isascii() and digits.isdigit():
        hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:])
        if hour < 24 and minute < 60 and second < 60:
            return (hour * 3600 + minute * 60 + second) * _SECOND
        return _after_midnight({"h": digits[:2], "i": digits[2:4], "s": digits[4:]})
    plain = fold(text[:40]).strip().upper()
    match = _ONLY_CLOCK.fullmatch(plain.zfill(6) if plain.isdigit() and len(plain) == 5 else plain)
    if not match:
        return Fault("time_unreadable")
    parts = match.groupdict()
    if parts["h2"]:
        parts = {"h": parts["h2"], "i": parts["i2"], "s": parts["s2"]}
    return _after_midnight(parts)


def _offset_us(text: str) -> int | None:
    if text in {"Z", "UTC", "GMT"}:
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        return None
    shift = (hours * 3600 + minutes * 60) * _SECOND
    return -shift if text[0] == "-" else shift
