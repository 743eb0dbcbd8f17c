"""A legal profile's JSON to its typed form, naming every wrong place at once; it stores nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from antifraud.problems import Param, Problem
from banks.rules.legal_profile.shapes import (
    NAME_MATCHES,
    ORDER_KINDS,
    URGENCIES,
    Announce,
    AutoLift,
    Clocks,
    LegalProfile,
    Matching,
)

MESSAGES: dict[str, str] = {
    "profile_missing": "{field} is missing. Add it to the profile.",
    "profile_unknown": "{field} is not a part of a profile. Remove it or correct its name.",
    "profile_not_object": "{field} must be an object with named parts. Write it in braces.",
    "profile_not_integer": "{field} must be a whole number. Write it without quotes and without decimals.",
    "profile_out_of_range": "{field} must be between {minimum} and {maximum}. Correct the number.",
    "profile_not_word": "{field} must be one of: {words}. Choose one of them.",
    "profile_bad_code": "{field} must be 2 to 20 capital letters, digits or hyphens. Correct the code.",
    "profile_not_list": "{field} must be a list of whole numbers from large to small, without repeats. Correct it.",
    "profile_freeze_term": "{field} must give months or days, not both. Keep one of them.",
    "profile_major_shorter": "{field} must not be shorter than the ordinary freeze. Correct the number.",
    "profile_bad_currency": "{field} must be an ISO 4217 code of three capital letters. Correct the code.",
}

_YEAR_HOURS = 24 * 366
_RANGES: dict[str, tuple[int, int]] = {
    "first_account_minutes": (1, 1_440),
    "stop_hours": (1, _YEAR_HOURS),
    "stop_extension_hours": (1, _YEAR_HOURS),
    "stop_max_per_account_case": (1, 100),
    "freeze_months": (1, 120),
    "freeze_major_months": (1, 120),
    "freeze_days": (1, 3_660),
    "freeze_max_terms": (1, 1_000),
    "approval_minutes": (1, 1_440),
    "emergency_approval_minutes": (1, 1_440),
    "lift_confirm_hours": (1, 720),
    "issued_in_error_hours": (1, 720),
    "release_unrelated_hours": (1, _YEAR_HOURS),
    "bank_first_hours": (1, _YEAR_HOURS),
    "alert_minutes": (1, 60 * 24 * 60),
    "refund_notice_days": (0, 3_660),
    "refund_payout_days": (1, 366),
    "refund_payout_hours": (1, _YEAR_HOURS),
}
_OPTIONAL = frozenset(
    {
        "stop_extension_hours", "freeze_months", "freeze_major_months", "freeze_days", "freeze_max_terms", "alert_minutes",
        "refund_notice_days", "refund_payout_days", "refund_payout_hours",
    }
)  # fmt: skip
ANSWER_RANGE = (1, 60 * 24 * 60)
ALERT_MINUTES = 24 * 60  # to acknowledge an alert, where the profile gives no number of its own
REFUND_NOTICE_DAYS = 30  # of a return, likewise
REFUND_PAYOUT_DAYS = 3
# Kinds that came after the first profiles were published, which never change: their terms where a profile says none.
LATER_ANSWER_MINUTES: dict[str, dict[str, int]] = {
    "watch": {"normal": 120, "urgent": 30},
    "watch_end": {"normal": 120, "urgent": 30},
}
_CODE = re.compile(r"[A-Z0-9-]{2,20}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class ProfileError(ValueError):
    """A profile or agreement that cannot be used; `problems` name each wrong place by its path in `field`."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.text(MESSAGES) for problem in problems))
        self.problems = tuple(problems)


class Reader:
    """Takes typed values out of parsed JSON and collects what is wrong, each with its path."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, code: str, path: str, **params: Param) -> None:
        """Collect one problem at `path`."""
        self.problems.append(Problem(code, {"field": path, **params}, field=path))

    def part(self, data: object, path: str, required: frozenset[str], optional: frozenset[str]) -> Mapping[str, object]:
        """The object at `path` with its known keys only; {} when it is none."""
        if not isinstance(data, Mapping):
            self.note("profile_not_object", path)
            return {}
        for key in sorted(required - data.keys()):
            self.note("profile_missing", _join(path, key))
        for key in sorted(str(key) for key in data.keys() - required - optional):
            self.note("profile_unknown", _join(path, key))
        return data

    def integer(self, data: Mapping[str, object], key: str, path: str, limits: tuple[int, int]) -> int:
        """A whole number within limits; the lower limit when it is missing or wrong (a problem is noted)."""
        value = data.get(key)
        if key not in data:
            return limits[0]
        if not isinstance(value, int) or isinstance(value, bool):
            self.note("profile_not_integer", _join(path, key))
        elif not limits[0] <= value <= limits[1]:
            self.note("profile_out_of_range", _join(path, key), minimum=limits[0], maximum=limits[1])
        else:
            return value
        return limits[0]

    def integers(self, data: Mapping[str, object], key: str, path: str) -> tuple[int, ...]:
        """A falling list of positive whole numbers; it may be empty."""
        value = data.get(key, [])
        numbers = (
            [n for n in value if isinstance(n, int) and not isinstance(n, bool) and n > 0]
            if isinstance(value, list)
            else None
        )
        if numbers is None or numbers != value or sorted(set(numbers), reverse=True) != numbers:
            self.note("profile_not_list", _join(path, key))
            return ()
        return tuple(numbers)


def parse_profile(data: object) -> LegalProfile:
    """JSON (as in `presets`) -> LegalProfile. Raises ProfileError with all problems found."""
    reader = Reader()
    required = frozenset({"code", "version", "clocks", "matching", "announce"})
    top = reader.part(data, "profile", required, frozenset({"auto_lift"}))
    code = top.get("code")
    if "code" in top and not (isinstance(code, str) and _CODE.fullmatch(code)):
        reader.note("profile_bad_code", "code")
    version = reader.integer(top, "version", "", (1, 1_000_000))
    clocks = _clocks(reader, top["clocks"]) if "clocks" in top else None
    matching = _matching(reader, top["matching"]) if "matching" in top else None
    announce = _announce(reader, top["announce"]) if "announce" in top else None
    lift = _auto_lift(reader, top["auto_lift"]) if top.get("auto_lift") is not None else None
    if reader.problems or clocks is None or matching is None or announce is None:
        raise ProfileError(reader.problems)
    return LegalProfile(str(code), version, clocks, matching, announce, lift)


def answer_minutes(reader: Reader, data: object, path: str, *, complete: bool) -> dict[tuple[str, str], int]:
    """{kind: {urgency: minutes}} -> {(kind, urgency): minutes}; `complete` asks for every kind and
    urgency.
    """
    kinds, urgencies = frozenset(ORDER_KINDS), frozenset(URGENCIES)
    none: frozenset[str] = frozenset()
    later = frozenset(LATER_ANSWER_MINUTES)
    table = reader.part(data, path, kinds - later if complete else none, later if complete else kinds)
    found: dict[tuple[str, str], int] = {}
    if complete:
        found = {(kind, word): term for kind, row in LATER_ANSWER_MINUTES.items() for word, term in row.items()}
    for kind in ORDER_KINDS:
        if kind not in table:
            continue
        here = _join(path, kind)
        row = reader.part(table[kind], here, urgencies if complete else none, none if complete else urgencies)
        for urgency in URGENCIES:
            if urgency in row:
                found[kind, urgency] = reader.integer(row, urgency, here, ANSWER_RANGE)
    return found


def _clocks(reader: Reader, data: object) -> Clocks:
    required = frozenset(_RANGES) - _OPTIONAL | {"answer_minutes"}
    part = reader.part(data, "clocks", required, _OPTIONAL)
    term = {
        key: reader.integer(part, key, "clocks", limits)
        for key, limits in _RANGES.items()
        if part.get(key) is not None or key not in _OPTIONAL
    }
    months, days = term.get("freeze_months"), term.get("freeze_days")
    if part and (months is None) == (days is None):
        reader.note("profile_freeze_term", "clocks.freeze_months")
    major = term.get("freeze_major_months")
    if major is not None and (months is None or major < months):
        reader.note("profile_major_shorter", "clocks.freeze_major_months")
    minutes = (
        answer_minutes(reader, part["answer_minutes"], "clocks.answer_minutes", complete=True)
        if "answer_minutes" in part
        else {}
    )
    return Clocks(
        first_account_minutes=term["first_account_minutes"],
        stop_hours=term["stop_hours"],
        stop_extension_hours=term.get("stop_extension_hours", term["stop_hours"]),
        stop_max_per_account_case=term["stop_max_per_account_case"],
        freeze_months=months,
        freeze_major_months=major,
        freeze_days=days,
        freeze_max_terms=term.get("freeze_max_terms"),
        answer_minutes=minutes,
        approval_minutes=term["approval_minutes"],
        emergency_approval_minutes=term["emergency_approval_minutes"],
        lift_confirm_hours=term["lift_confirm_hours"],
        issued_in_error_hours=term["issued_in_error_hours"],
        release_unrelated_hours=term["release_unrelated_hours"],
        bank_first_hours=term["bank_first_hours"],
        alert_minutes=term.get("alert_minutes", ALERT_MINUTES),
        refund_notice_days=term.get("refund_notice_days", REFUND_NOTICE_DAYS),
        refund_payout_days=term.get("refund_payout_days", REFUND_PAYOUT_DAYS),
        refund_payout_hours=term.get("refund_payout_hours"),
    )


def _matching(reader: Reader, data: object) -> Matching:
    keys = frozenset({"name_match", "time_tolerance_minutes"})
    part = reader.part(data, "matching", keys, frozenset())
    name = part.get("name_match", NAME_MATCHES[0])
    if name not in NAME_MATCHES:
        reader.note("profile_not_word", "matching.name_match", words=", ".join(NAME_MATCHES))
    return Matching(str(name), reader.integer(part, "time_tolerance_minutes", "matching", (0, 10_080)))


def _announce(reader: Reader, data: object) -> Announce:
    part = reader.part(data, "announce", frozenset({"stop_hours", "freeze_days"}), frozenset())
    return Announce(reader.integers(part, "stop_hours", "announce"), reader.integers(part, "freeze_days", "announce"))


def _auto_lift(reader: Reader, data: object) -> AutoLift:
    part = reader.part(data, "auto_lift", frozenset({"days", "below_minor", "currency"}), frozenset())
    currency = part.get("currency", "XXX")
    if not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        reader.note("profile_bad_currency", "auto_lift.currency")
    return AutoLift(
        reader.integer(part, "days", "auto_lift", (1, 3_660)),
        reader.integer(part, "below_minor", "auto_lift", (1, 2**63 - 1)),
        str(currency),
    )


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path not in {"", "profile"} else key
