"""The four things a bank compares before it acts: number, name, amount, time; what to do about it is
the answer's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.rules.numbers import normalise_number
from accounts.rules.order_kinds import order_kind
from antifraud.plain_text import fold
from banks.rules.legal_profile import NAME_MATCHES

FOUR_THINGS = ("number", "name", "amount", "time")

# All that is used for the middle dot in names of many peoples of China; U+00B7 is the standard's.
_MIDDLE_DOTS = frozenset("·•‧∙⋅・･᛫⸱․")
_MIDDLE_DOT = "·"


@dataclass(frozen=True, slots=True)
class FourThings:
    """One side's view of a transaction; `at` must be aware. What a side does not know is "" or None."""

    number: str = ""
    name: str = ""
    amount_minor: int | None = None
    currency: str = ""
    at: datetime | None = None


def match_four(
    order_side: FourThings,
    bank_side: FourThings,
    *,
    tolerance_minutes: int,
    name_match: str = "normalised",
    fields: tuple[str, ...] = FOUR_THINGS,
) -> list[str]:
    """The compared `fields` that differ, in the order number, name, amount, time; [] = the bank may act.

    A field that either side lacks does not match. Numbers are compared in normal form, names by `same_name`,
    amounts exactly in minor units and currency, times within the tolerance (both ends included).
    """
    same = {
        "number": _same_number(order_side.number, bank_side.number),
        "name": same_name(order_side.name, bank_side.name, name_match=name_match),
        "amount": _same_amount(order_side, bank_side),
        "time": _same_time(order_side.at, bank_side.at, tolerance_minutes),
    }
    return [name for name in FOUR_THINGS if name in fields and not same[name]]


def match_for(
    kind: str,
    order_side: FourThings,
    bank_side: FourThings,
    *,
    tolerance_minutes: int,
    name_match: str = "normalised",
) -> list[str]:
    """`match_four` over the fields that this kind of order is matched by (stop: four, freeze: two,
    query: one).
    """
    return match_four(
        order_side,
        bank_side,
        tolerance_minutes=tolerance_minutes,
        name_match=name_match,
        fields=order_kind(kind).four_things,
    )


def normalise_name(name: str) -> str:
    """Folded, without blanks, lower case, with one kind of middle dot; stable: twice = once.

    A full stop between two non-Latin letters is a middle dot (阿布都.热合曼). Traditional and
    simplified characters stay different: they are different names until a person says otherwise.
    """
    joined = "".join(fold(name).split())
    lower = fold(fold(joined).casefold())
    return "".join(_MIDDLE_DOT if _is_middle_dot(lower, at) else char for at, char in enumerate(lower))


def same_name(one: str, other: str, *, name_match: str = "normalised") -> bool:
    """Whether two names match; "exact" only folds widths and outer blanks. An empty name never matches."""
    if name_match not in NAME_MATCHES:
        raise ValueError(f"unknown way to match names: {name_match}")
    if name_match == "exact":
        return bool(fold(one).strip()) and fold(one).strip() == fold(other).strip()
    return bool(normalise_name(one)) and normalise_name(one) == normalise_name(other)


def _is_middle_dot(text: str, at: int) -> bool:
    if text[at] in _MIDDLE_DOTS:
        return True
    between = 0 < at < len(text) - 1
    return text[at] == "." and between and _not_latin(text[at - 1]) and _not_latin(text[at + 1])


def _not_latin(char: str) -> bool:
    return char.isalpha() and ord(char) >= 0x2E80


def _same_number(one: str, other: str) -> bool:
    normal = normalise_number(one)
    return bool(normal) and normal == normalise_number(other)


def _same_amount(one: FourThings, other: FourThings) -> bool:
    known = one.amount_minor is not None and bool(one.currency)
    return known and (one.amount_minor, one.currency) == (other.amount_minor, other.currency)


def _same_time(one: datetime | None, other: datetime | None, tolerance_minutes: int) -> bool:
    if one is None or other is None:
        return False
    if one.tzinfo is None or other.tzinfo is None:
        raise ValueError("times to compare must carry a time zone")
    return abs(one - other) <= timedelta(minutes=tolerance_minutes)
