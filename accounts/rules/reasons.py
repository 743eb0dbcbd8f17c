"""The closed vocabulary of reasons in an answer (domain.md, chapter 3): codes, and what each may go with.

Whether a whole answer holds together is judged in `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass

REASON_LABELS: dict[str, str] = {
    "no_such_account": "No such account",
    "name_mismatch": "The account name differs",
    "whitelisted": "The account is on a protected list",
    "reported_lost": "The account is reported lost",
    "original_not_found": "The original order was not found",
    "bad_message": "The order is malformed",
    "missing_legal_document": "The legal document is missing",
    "unknown_institution": "The institution is unknown",
    "bad_date": "A date in the order is wrong",
    "already_processed": "The order was processed before",
    "not_supported": "This kind of order is not supported",
    "bank_internal": "Internal error of the bank",
    "platform_io": "Transmission error of the platform",
    "insufficient_balance": "The balance is lower than the amount asked for",
    "bank_failed": "The bank could not execute the order",
    "already_stopped": "The account is stopped already",
    "already_limited_freeze": "The account is frozen up to an amount already",
    "already_full_freeze": "The account is fully frozen already",
    "stop_count_exceeded": "The number of stops is used up",
    "extension_after_expiry": "The hold expired before the extension arrived",
    "release_after_expiry": "The hold expired before the release arrived",
    "not_ours": "The account is not held here",
    "other": "Other reason",
}

_EVERY_KIND: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is the numeric code of the public interface, "" where it has none (then the name stands).

    `outcomes`: what it may accompany. `kinds`: the order kinds it makes sense for, empty = every kind.
    """

    name: str
    code: str
    outcomes: frozenset[str]
    kinds: frozenset[str] = _EVERY_KIND
    needs_text: bool = False
    needs_institution: bool = False
    needs_field: str = ""

    def fits(self, kind: str, outcome: str) -> bool:
        """Whether the reason may accompany this outcome of an order of this kind."""
        return outcome in self.outcomes and (not self.kinds or kind in self.kinds)


_REFUSED = frozenset({"refused"})
_PARTIAL = frozenset({"partial"})
_NOT_WHOLLY = frozenset({"refused", "partial"})
_HOLDS = frozenset({"stop", "freeze"})
_FOLLOWS = frozenset({"stop_release", "stop_extend", "freeze_release", "freeze_extend", "restore_number"})

_ROWS = (
    Reason("no_such_account", "0300", _REFUSED),
    Reason("name_mismatch", "0301", frozenset({"mismatch"}), kinds=_HOLDS, needs_field="name"),
    Reason("whitelisted", "0302", _REFUSED),
    Reason("reported_lost", "0303", _REFUSED),
    Reason("original_not_found", "0400", _REFUSED, kinds=_FOLLOWS),
    Reason("bad_message", "0500", _REFUSED),
    Reason("missing_legal_document", "0600", _REFUSED),
    Reason("unknown_institution", "0700", _REFUSED),
    Reason("bad_date", "0800", _REFUSED),
    Reason("already_processed", "0900", _REFUSED),
    Reason("not_supported", "1000", _NOT_WHOLLY),
    Reason("bank_internal", "1100", _NOT_WHOLLY),
    Reason("platform_io", "1101", _REFUSED),
    Reason("insufficient_balance", "1200", _PARTIAL, kinds=_HOLDS),
    Reason("bank_failed", "1300", _NOT_WHOLLY),
    # A freeze converts the same case's stop, and joins the waiting list behind another's: never refused
    # for it.
    Reason("already_stopped", "1301", _REFUSED, kinds=frozenset({"stop"})),
    Reason("already_limited_freeze", "1302", _NOT_WHOLLY, kinds=_HOLDS),
    Reason("already_full_freeze", "1303", _NOT_WHOLLY, kinds=_HOLDS),
    Reason("stop_count_exceeded", "1304", _REFUSED, kinds=frozenset({"stop", "stop_extend"})),
    Reason("extension_after_expiry", "1800", _REFUSED, kinds=frozenset({"stop_extend", "freeze_extend"})),
    Reason("release_after_expiry", "1900", _REFUSED, kinds=frozenset({"stop_release", "freeze_release"})),
    Reason("not_ours", "", _REFUSED, needs_institution=True),
    Reason("other", "", _NOT_WHOLLY, needs_text=True),
)

REASONS: dict[str, Reason] = {row.name: row for row in _ROWS}
_BY_CODE = {row.code: row for row in _ROWS if row.code}


def reason(name_or_code: str) -> Reason | None:
    """The reason of a name ("whitelisted") or numeric code ("0302"); None when it is not in the
    vocabulary.
    """
    return REASONS.get(name_or_code) or _BY_CODE.get(name_or_code)


def reasons_for(kind: str, outcome: str) -> list[Reason]:
    """What a form offers for this outcome of an order of this kind, in the order of the vocabulary."""
    return [row for row in _ROWS if row.fits(kind, outcome)]
