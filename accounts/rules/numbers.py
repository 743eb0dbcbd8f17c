"""Account, card and phone numbers: their normal form, their shape and what the shape suggests; no bank
is named.

The bank comes from banks.rules.card_prefixes. Only the shape is judged here: a failing Luhn digit is a
warning, since passbooks and corporate accounts are not cards.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import phonenumbers

from antifraud.plain_text import fold

MIN_LENGTH, MAX_LENGTH = 4, 34
_MAX_RAW = 200
_EXCEL_DIGITS = 15

NumberKind = Literal["card", "passbook", "corporate", "unknown"]

MESSAGES: dict[str, str] = {
    "number_empty": "The account number is missing. Enter 4 to 34 letters and digits.",
    "number_too_short": "The account number has fewer than 4 characters. Enter the full number.",
    "number_too_long": "The account number has more than 34 characters. Enter one number only.",
    "number_bad_character": "The account number holds a sign other than letters and digits. Remove it.",
    "number_scientific": "The account number was shortened by the spreadsheet program (like 6.2E+18). "
    "Format the column as text and copy it again.",
    "number_without_digits": "The account number holds no digit. Enter the number, not the name.",
    "number_luhn": "The check digit does not fit a bank card. Compare the number with the source.",
    "number_rounded": "The number ends in zeros after its 15th digit, as spreadsheet programs round it. "
    "Compare it with the source.",
    "phone_empty": "The phone number is missing. Enter it with its country code or as dialled in the country.",
    "phone_bad": "The phone number cannot be read. Enter it like +86 138 0013 8000.",
    "phone_impossible": "The phone number has the wrong number of digits for its country. Add the "
    "area code or compare it with the source.",
    "phone_unassigned": "The phone number belongs to no assigned range of its country; it may be forged. "
    "Compare it with the source.",
}

_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}")
_DECIMAL_TAIL = re.compile(r"([0-9]+)\.0+")
_NORMAL = re.compile(r"[0-9A-Z]+")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")


@dataclass(frozen=True, slots=True)
class NumberReading:
    """`number` is the normal form (given also when it has problems); the codes are keys of MESSAGES."""

    number: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    kind: NumberKind


@dataclass(frozen=True, slots=True)
class PhoneReading:
    """`number` is E.164 ("+8613800138000"), or the bare short code ("10086") of `region`."""

    number: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def normalise_number(text: str) -> str:
    """Folded (full-width digits), without blanks, dashes and the apostrophe of Excel; ASCII letters as
    capitals.

    What is no letter or digit otherwise stays, so that it can be seen and refused. Stable: twice = once.
    """
    joined = "".join(c for c in _capitals(fold(text)) if not _separates(c))
    number = fold(joined).lstrip("'’`")
    tail = _DECIMAL_TAIL.fullmatch(number)
    return tail[1] if tail else number


def read_number(text: str) -> NumberReading:
    """Normal form of an account or card number with what is wrong (blocks) and what is odd (tells)."""
    if len(text) > _MAX_RAW:
        return NumberReading("", ("number_too_long",), (), "unknown")
    if _SCIENTIFIC.fullmatch(_capitals(fold(text)).strip()):
        return NumberReading(normalise_number(text), ("number_scientific",), (), "unknown")
    number = normalise_number(text)
    problem = _number_problem(number)
    if problem:
        return NumberReading(number, (problem,), (), "unknown")
    kind = classify(number)
    warnings = [
        code
        for code, odd in (
            ("number_luhn", kind == "card" and not luhn_ok(number)),
            ("number_rounded", _looks_rounded(number)),
        )
        if odd
    ]
    return NumberReading(number, (), tuple(warnings), kind)


def luhn_ok(number: str) -> bool:
    """Whether a string of two or more ASCII digits ends in the right check digit (ISO/IEC 7812)."""
    if not _digits(number) or len(number) < 2:
        return False
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    values = [int(c) for c in reversed(number)]
    return (sum(values[::2]) + sum(doubled[v] for v in values[1::2])) % 10 == 0


def classify(number: str) -> NumberKind:
    """What a normalised number looks like; a guess for the form to offer, never a fact.

    card: 13 to 19 digits that pass Luhn, or 16 to 19 digits that begin with 62 (the Chinese card scheme).
    corporate: letters in it, or 20 and more digits, or 9 to 16 digits that are no card.
    passbook: 17 to 19 digits that are no card. Anything shorter is unknown.
    """
    length = len(number)
    if not _digits(number):
        return "corporate" if length >= 9 and _NORMAL.fullmatch(number) else "unknown"
    if (13 <= length <= 19 and luhn_ok(number)) or (16 <= length <= 19 and number.startswith("62")):
        return "card"
    if 17 <= length <= 19:
        return "passbook"
    return "corporate" if length >= 9 else "unknown"


def read_phone(text: str, *, region: str) -> PhoneReading:
    """A phone number in E.164; `region` (ISO 3166, "CN") is the country of numbers without a country code.

    Short codes of 3 to 6 digits (service numbers) stay as they are. A number in no assigned range is a
    warning: fraud calls show forged numbers, and exactly those are reported.
    """
    folded = fold(text).strip()
    if not folded:
        return PhoneReading("", ("phone_empty",), ())
    bare = "".join(c for c in folded if not _separates(c))
    if _SHORT_CODE.fullmatch(bare):
        return PhoneReading(bare, (), ())
    if len(bare) > 30 or any(c.isalpha() for c in bare):
        return PhoneReading("", ("phone_bad",), ())
    try:
        parsed = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return PhoneReading("", ("phone_bad",), ())
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:  # also what can be dialled inside one town only
        return PhoneReading(number, ("phone_impossible",), ())
    assigned = phonenumbers.is_valid_number(parsed)
    return PhoneReading(number, (), () if assigned else ("phone_unassigned",))


def _number_problem(number: str) -> str:
    if not number:
        return "number_empty"
    if not _NORMAL.fullmatch(number):
        return "number_bad_character"
    if len(number) < MIN_LENGTH:
        return "number_too_short"
    if len(number) > MAX_LENGTH:
        return "number_too_long"
    return "" if any(c.isdigit() for c in number) else "number_without_digits"


def _looks_rounded(number: str) -> bool:
    """Excel keeps 15 digits: two and more zeros in the places beyond are a one in a hundred chance
    otherwise.
    """
    return _digits(number) and len(number) >= _EXCEL_DIGITS + 2 and not number[_EXCEL_DIGITS:].strip("0")


def _separates(char: str) -> bool:
    """Blanks, dashes (also the minus sign), underscores and middle dots that people group digits with."""
    return char.isspace() or char in "_·•−" or unicodedata.category(char) == "Pd"


def _capitals(text: str) -> str:
    """Only ASCII: "ß" must not become two letters of an account number."""
    return "".join(c.upper() if c.isascii() else c for c in text)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
