"""Numbers of a workbook as texts: dates by their style, what was kept with 15 digits exactly; no cells here."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from accounts.rules.statements.xlsx_parts import Book

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:E[+-]?[0-9]{1,3})?")
_SHORT = re.compile(r"-?(?:0|[1-9][0-9]{0,11})\.[0-9]{0,2}[1-9]")  # shown as it is written
_EXACT_DIGITS = 15  # what a spreadsheet program keeps of a number
_DAY_ZERO = date(1899, 12, 30)


def number_text(text: str, style: str | None, book: Book) -> str:
    """A number as text: dates by their style, what was kept with 15 digits exactly, the rest as it was written.

    Digits written out in full are exact, since the program that wrote them never made a floating number of them.
    """
    if style is not None and style.isdigit() and int(style) in book.dates:
        return _date(text, book.shift) or text
    if text.isdigit() or _SHORT.fullmatch(text):
        return text
    upper = text.upper()
    if not _NUMBER.fullmatch(upper):
        return text
    value = Decimal(upper)
    if value.adjusted() >= _EXACT_DIGITS or value.adjusted() < -_EXACT_DIGITS:
        return upper
    short = value.quantize(Decimal(1).scaleb(max(value.adjusted() - _EXACT_DIGITS + 1, -_EXACT_DIGITS)))
    shown = f"{short:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _date(text: str, shift: int) -> str:
    """Days since 1899-12-30 as 2026-11-20 13:05:09, a time of day alone as 13:05:09; "" for what is neither."""
    if not _NUMBER.fullmatch(text.upper()):
        return ""
    value = Decimal(text.upper())
    if not 0 <= value < 2_958_466:
        return ""
    seconds = int((value * 86_400).quantize(Decimal(1)))
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if value < 1:
        return clock
    day = _DAY_ZERO + timedelta(days=days + shift)
    return f"{day.isoformat()} {clock}"
