"""The typed form of a legal profile; reading it from JSON is in `parsing`, whole profiles are in
`presets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The kinds of order, which banks need before any order exists (powers, agreements, clocks), and THE words for them: short
# ones of the glossary, wherever a kind is named. What a kind means, its code and its answer are in
# accounts.rules.order_kinds, which must name the same kinds.
ORDER_KIND_LABELS: dict[str, str] = {
    "stop": "Stop-payment",
    "stop_release": "Stop release",
    "stop_extend": "Stop extension",
    "freeze": "Freeze",
    "freeze_release": "Unfreeze",
    "freeze_extend": "Freeze extension",
    "query_transactions": "Transaction query",
    "query_holder": "Holder query",
    "watch": "Watch",
    "watch_end": "End of a watch",
    "suspend_number": "Number suspension",
    "restore_number": "Number restoration",
}
ORDER_KINDS = tuple(ORDER_KIND_LABELS)
URGENCIES: dict[str, str] = {"normal": "01", "urgent": "02"}
NAME_MATCHES = ("exact", "normalised")


@dataclass(frozen=True, slots=True)
class Clocks:
    """Terms, each in the unit of its name. `None` means that the profile knows no such rule."""

    first_account_minutes: int
    stop_hours: int
    stop_extension_hours: int
    stop_max_per_account_case: int
    freeze_months: int | None
    freeze_major_months: int | None
    freeze_days: int | None
    freeze_max_terms: int | None
    answer_minutes: Mapping[tuple[str, str], int]
    approval_minutes: int
    emergency_approval_minutes: int
    lift_confirm_hours: int
    issued_in_error_hours: int
    release_unrelated_hours: int
    bank_first_hours: int
    alert_minutes: int
    refund_notice_days: int  # public notice before a pro-rata return, calendar days
    refund_payout_days: int  # working days until the bank has paid a return decision
    refund_payout_hours: int | None  # where the profile counts hours instead

    @property
    def release_unrelated_days(self) -> int:
        """Whole days of the term after which an unrelated account must be free; a part of a day counts
        as one.
        """
        return -(-self.release_unrelated_hours // 24)


@dataclass(frozen=True, slots=True)
class Matching:
    """How a bank's record is compared with an order before a stop."""

    name_match: str
    time_tolerance_minutes: int


@dataclass(frozen=True, slots=True)
class Announce:
    """How long before its end an expiry is announced to both sides, longest first."""

    stop_hours: tuple[int, ...]
    freeze_days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AutoLift:
    """A hold under `below_minor` of `currency` ends after `days` when no court order exists."""

    days: int
    below_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class LegalProfile:
    """One version of one profile, as configured; it claims no conformity with any country's law."""

    code: str
    version: int
    clocks: Clocks
    matching: Matching
    announce: Announce
    auto_lift: AutoLift | None
