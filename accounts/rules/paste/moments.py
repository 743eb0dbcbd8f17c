"""Dates and times as people write them; the year may be missing, the zone comes from the setting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from accounts.rules.setting import Setting

_DATE = r"(?:(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})[日号]?|(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号]?)"
_CLOCK = (
    r"(?P<half>上午|下午|晚上|凌晨|中午)?(?P<H>\d{1,2})(?:[:时點点](?P<M>\d{1,2})(?:[:分](?P<S>\d{1,2})(?:\.\d{1,9})?秒?|分)?"
    r"|[时点])(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_WRITTEN = re.compile(rf"{_DATE}(?:[T ]?{_CLOCK})?", re.ASCII)
_CLOCK_ALONE = re.compile(_CLOCK, re.ASCII)
_SHORT_DATE = re.compile(rf"(?P<m2>\d{{1,2}})[-/](?P<d2>\d{{1,2}}) {_CLOCK}", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?", re.ASCII)
_YEARS = range(1990, 2101)
_MAX_LENGTH = 40
_BEGINNINGS = frozenset("0123456789上下晚凌中")


@dataclass(frozen=True, slots=True)
class Moment:
    """What was written: a day (its year may have been left out), a time of day, an offset of its own;
    or neither of them, when it looks like a date that does not exist.
    """

    day: date | None = None
    clock: time | None = None
    offset: timezone | None = None
    year_assumed: bool = False
    broken: bool = False


def read_moment(text: str, setting: Setting) -> Moment | None:
    """A date, a time of day or both out of folded text; None when the text is nothing of the kind."""
    word = text.strip()
    if len(word) > _MAX_LENGTH or word[:1] not in _BEGINNINGS:
        return None
    match = _WRITTEN.fullmatch(word) or _SHORT_DATE.fullmatch(word) or _CLOCK_ALONE.fullmatch(word)
    if match is None:
        return None
    parts = match.groupdict()
    try:
        clock = _clock(parts)
        day, assumed = _day(parts, setting)
        return Moment(day, clock, _offset(parts.get("zone")), assumed)
    except ValueError:
        return Moment(broken=True)


def read_compact(digits: str) -> Moment | None:
    """8, 12 or 14 digits that are a date of our times (20261120, 202611201305, 20261120130522), else None."""
    match = _COMPACT.fullmatch(digits)
    if match is None or int(match[1]) not in _YEARS:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        clock = time(int(match[4]), int(match[5]), int(match[6] or 0)) if match[4] else None
    except ValueError:
        return None
    return Moment(day, clock)


def joined(day: Moment, clock: Moment) -> Moment:
    """A date from one cell with the time of day from another."""
    return Moment(day.day, clock.clock, clock.offset, day.year_assumed)


def as_utc(moment: Moment, setting: Setting) -> datetime | None:
    """The moment in UTC; a date alone means its first moment, a time of day alone is None."""
    if moment.day is None:
        return None
    local = datetime.combine(moment.day, moment.clock or time(), tzinfo=moment.offset or setting.zone)
    return local.astimezone(UTC)


def _clock(parts: dict[str, str | None]) -> time | None:
    if parts.get("H") is None:
        return None
    hour = int(parts["H"] or 0)
    if parts.get("half") in {"下午", "晚上"} and hour < 12:
        hour += 12
    return time(hour, int(parts.get("M") or 0), int(parts.get("S") or 0))


def _day(parts: dict[str, str | None], setting: Setting) -> tuple[date | None, bool]:
    if parts.get("y"):
        year = int(parts["y"] or 0)
        if year not in _YEARS:
            raise ValueError("a year of our times is expected")
        return date(year, int(parts["m"] or 0), int(parts["d"] or 0)), False
    if not parts.get("m2"):
        return None, False
    return _latest(int(parts["m2"] or 0), int(parts["d2"] or 0), setting), True


def _latest(month: int, day: int, setting: Setting) -> date:
    """The latest such day that is not later than tomorrow (clocks differ); 29 February may lie years back."""
    today = setting.now.astimezone(setting.zone).date()
    for year in range(today.year + 1, today.year - 9, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today + timedelta(days=1):
            return found
    raise ValueError("no such day")


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
