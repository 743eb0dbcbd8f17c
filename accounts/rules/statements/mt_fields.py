"""The fields of MT940 and MT942 messages: lines to tagged fields, field 61 and 86 to texts; banks' deviations allowed."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stdnum import iban

from antifraud.money import EXPONENTS

_MAX_FIELD = 20_000
_TAG = re.compile(r":(13D?|20|21|25P?|28C?|34F?|60[FM]?|61|62[FM]?|64|65|86|90[DC]?|NS):(.*)", re.DOTALL)
_ENTRY = re.compile(
    r"\s*(?P<y>[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<em>[0-9]{2})?(?P<ed>[0-9]{2})?\s{0,4}"
    r"(?P<mark>E[DC]|R[DC]|[DC])(?P<funds>[A-Z])?[\n ]{0,2}(?P<amount>[0-9][0-9,.]{0,19}|,[0-9]{1,4})"
    r"(?P<kind>[A-Z][A-Z0-9 ]{3})?(?P<rest>[^\n]*)(?P<more>.*)",
    re.DOTALL,
)
_BALANCE = re.compile(r"\s*([DC])([0-9]{6})([A-Z]{3})?([0-9,.]{1,20})", re.DOTALL)
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_REFERENCE = re.compile(r"(?:EREF|KREF)\+(.{1,35}?)(?=[A-Z]{4}\+|$)")
_SLASHED = re.compile(r"/(EREF|IBAN|NAME|CNTP|REMI|BENM|ORDP)/")
_NO_REFERENCE = {"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "EREF", "PREF", "MARF"}  # "see field 86"
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b")


class Field(NamedTuple):
    """A tagged field with the line on which it begins; `text` may hold line breaks."""

    line: int
    tag: str
    text: str


class Entry(NamedTuple):
    """Field 61. `day` and `value_day` are YYYYMMDD; `mark` D, C, RD, RC, ED, EC; `is_corrected`: the day did not exist."""

    day: str
    mark: str
    amount: str
    kind: str
    reference: str
    bank_reference: str
    extra: str
    is_corrected: bool


def fields(lines: Iterable[str]) -> Iterator[Field]:
    """The known fields of all messages of a file; a tag that MT940 does not know is text of the field before it.

    A single "-" ends a message (tag "-"); a tag broken after its colon is put together.
    """
    line_no, tag, parts, size = 0, "", [""], 0
    colon = False
    for number, raw in enumerate(lines, start=1):
        line = _content(raw.rstrip("\r\n"))
        if line.strip() == ":":
            colon = True
            continue
        match = _TAG.match((":" + line) if colon else line)
        colon = False
        is_end = line.startswith("-") and line.strip(" -}{0123456789:X") == ""
        if match or is_end:
            if tag:
                yield Field(line_no, tag, "\n".join(parts))
            line_no, tag, parts, size = number, match[1] if match else "-", [match[2] if match else ""], 0
        elif tag and size < _MAX_FIELD:
            parts.append(line)
            size += len(line)
    if tag:
        yield Field(line_no, tag, "\n".join(parts))


def _content(line: str) -> str:
    """A line without the blocks of the SWIFT envelope."""
    if not line.startswith("{"):
        return line
    _, found, after = line.partition("{4:")
    return after if found else ""


def entry(text: str) -> Entry | None:
    """Field 61 read; None where it does not follow the rules of the format even loosely."""
    match = _ENTRY.match(text)
    if not match:
        return None
    value_day, is_corrected = _day(int(match["y"]), int(match["m"]), int(match["d"]))
    if not value_day:
        return None
    day = _booked(value_day, match["em"], match["ed"]) or value_day
    customer, _, bank = match["rest"].partition("//")
    return Entry(
        day=day, mark=match["mark"], amount=amount(match["amount"]), kind=(match["kind"] or "").strip(),
        reference=_said(customer[:16]), bank_reference=_said(bank[:34]), extra=" ".join(match["more"].split()),
        is_corrected=is_corrected and day == value_day,
    )  # fmt: skip


def amount(text: str) -> str:
    """1.234,5 or 1234,5 or 1234, -> the same with a decimal point."""
    whole, comma, part = text.rpartition(",") if "," in text else (text, "", "")
    return f"{whole.replace('.', '')}.{part}".rstrip(".") if comma else text


def balance(text: str) -> tuple[str, str, str] | None:
    """(signed amount, YYYYMMDD, currency) of fields 60, 62, 64."""
    match = _BALANCE.match(text)
    if not match:
        return None
    day, _ = _day(int(match[2][:2]), int(match[2][2:4]), int(match[2][4:]))
    sign = "-" if match[1] == "D" else ""
    return sign + amount(match[4]), day, match[3] or ""


def account(text: str) -> tuple[str, str]:
    """(account, currency) of field 25: "BLZ/account", "account EUR", "1291.99.348EUR"."""
    joined = "".join(text.split()).upper()
    currency = joined[-3:] if joined[-3:] in EXPONENTS and joined[-4:-3].isdigit() else ""
    joined = joined[: len(joined) - len(currency)]
    parts = [part for part in joined.split("/") if sum(c.isdigit() for c in part) >= 4]
    return (parts[-1] if parts else joined).replace(".", "").replace("-", ""), currency


def other_side(text: str, own: str) -> dict[str, str]:
    """What field 86 says of the counterpart and the purpose, by field of statements."""
    found = _structured(text) if _SUBFIELD.search(text) else _loose(text)
    number = found.get("counter", "")
    if not number:
        ibans = {c for c in _IBAN.findall(" ".join(text.split())) if c != own and iban.is_valid(c)}
        number = ibans.pop() if len(ibans) == 1 else ""
    return {**found, "counter": number}


def iban_of(text: str) -> str:
    """The text if it is an IBAN: some banks write the counterpart's into the second line of field 61."""
    return text if _IBAN.fullmatch(text) and iban.is_valid(text) else ""


def _structured(text: str) -> dict[str, str]:
    """?20 to ?29 and ?60 to ?63 purpose, ?30 bank, ?31 account, ?32 and ?33 name."""
    pieces = _SUBFIELD.split(text.replace("\n", ""))
    parts: dict[str, str] = {}
    for code, value in zip(pieces[1::2], pieces[2::2], strict=True):
        parts[code] = parts.get(code, "") + value
    purpose = "".join(parts.get(str(code), "") for code in (*range(20, 30), *range(60, 64)))
    reference = _REFERENCE.search(purpose)
    return {
        "summary": " ".join(f"{parts.get('00', '')} {purpose}".split()),
        "counter_bank": parts.get("30", "").strip(),
        "counter": parts.get("31", "").strip(),
        "counter_name": (parts.get("32", "") + parts.get("33", "")).strip(),
        "reference": _said(reference[1].strip()) if reference else "",
    }


def _loose(text: str) -> dict[str, str]:
    """Free text, with the words between slashes that Dutch and Belgian banks use."""
    flat = " ".join(text.split())
    pieces = _SLASHED.split(flat)
    said = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    number, name = said.get("IBAN", ""), said.get("NAME", "")
    if said.get("CNTP"):
        number, name = (*said["CNTP"].split("/"), "", "", "")[:3:2]
    return {"summary": flat, "counter": number, "counter_name": name, "reference": _said(said.get("EREF", ""))}


def _said(text: str) -> str:
    plain = text.strip().strip("/")
    return "" if plain.upper() in _NO_REFERENCE else plain


def _day(year: int, month: int, day: int) -> tuple[str, bool]:
    """(YYYYMMDD, corrected): 30 February becomes the last of its month; ("", False) for what is no date at all."""
    year += 2000 if year < 70 else 1900
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return "", False
    last = calendar.monthrange(year, month)[1]
    return f"{year:04}{month:02}{min(day, last):02}", day > last


def _booked(value_day: str, month: str | None, day: str | None) -> str:
    """The booking day in the year that brings it nearest to the value day."""
    if not month or not day:
        return ""
    year, value_month = int(value_day[2:4]), int(value_day[4:6])
    if int(month) - value_month > 6:
        year -= 1
    elif value_month - int(month) > 6:
        year += 1
    return _day(year % 100, int(month), int(day))[0]
