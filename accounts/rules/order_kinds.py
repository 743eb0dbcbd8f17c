"""THE table of order kinds: what each asks for, when it may be sent and what its answer may carry.

Kinds of later issues (query_accounts) are absent on purpose: what is not in this table cannot be
drafted. Sending order, states and clocks are elsewhere; the words for the kinds are in `banks.rules.legal_profile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["stop", "freeze", "query", "watch", "number"]
Verb = Literal["place", "release", "extend", "ask"]
Target = Literal["account", "phone"]

MODE_LABELS: dict[str, str] = {
    "limited": "Up to an amount",
    "full": "The whole account",
    "credit_only": "Credit only",
}
OUTCOME_LABELS: dict[str, str] = {
    "executed": "Executed",
    "partial": "Partly executed",
    "refused": "Refused",
    "mismatch": "Mismatch",
}
MATCH_FIELD_LABELS: dict[str, str] = {
    "number": "Account number",
    "name": "Account name",
    "amount": "Amount",
    "time": "Transaction time",
}

# Case states in which an order may be drafted (domain.md, chapters 2 and 4).
# A stop needs only the incident number, but no stop is begun once the case turned out to be none.
_LIVE = frozenset({"reported", "accepted", "filed", "solved", "transferred"})
_ACCEPTED = _LIVE - {"reported"}
_FILED = frozenset({"filed"})
_AFTER_FILING = frozenset({"filed", "solved", "transferred"})
# Setting free must never be blocked by what became of the case.
_ANY = frozenset(
    {
        "reported",
        "accepted",
        "filed",
        "not_filed",
        "solved",
        "transferred",
        "withdrawn",
        "not_fraud",
        "closed",
    }
)

_EVERY_ANSWER = frozenset(
    {
        "outcome",
        "reason",
        "reason_text",
        "suggested_institution",
        "mismatch_field",
        "handled_by",
        "handled_phone",
        "second_person",
        "branch",
    }
)
_AMOUNTS = frozenset({"executed_minor", "balance_minor", "previously_frozen_minor", "free_minor", "currency"})
_HOLD = _EVERY_ANSWER | _AMOUNTS | {"effective_from", "expires_at", "mode", "results", "prior_freezes", "next_hops"}


@dataclass(frozen=True, slots=True)
class OrderKind:
    """One row. `four_things` are what the bank must match before acting; `priority` 10 is sent before 20.

    `needs_mode`: the order says limited, full or credit_only, and an amount when limited. `originals`:
    the kinds of order that this one refers to. `hold_kind`: the hold that an executed answer creates.
    """

    name: str
    code: str
    family: Family
    verb: Verb
    target: Target
    case_statuses: frozenset[str]
    priority: int
    outcomes: tuple[str, ...]
    answer_fields: frozenset[str]
    hold_kind: str = ""
    originals: tuple[str, ...] = ()
    needs_mode: bool = False
    four_things: tuple[str, ...] = ()
    own_code: bool = False

    @property
    def creates_hold(self) -> bool:
        """Whether an executed answer creates a hold."""
        return bool(self.hold_kind)

    @property
    def references_original(self) -> bool:
        """Whether the order carries the order (or its hold) that it extends or releases."""
        return bool(self.originals)

    @property
    def asks_end(self) -> bool:
        """Whether the order may say how long it should last."""
        return self.verb in {"place", "extend"} or self.name == "watch"

    def needs_amount(self, mode: str) -> bool:
        """Whether the order carries an amount in this mode."""
        return self.needs_mode and mode == "limited"


_ACTED = ("executed", "refused")
_ASKED = ("executed", "refused", "mismatch")
_ALL = ("executed", "partial", "refused", "mismatch")

_ROWS = (
    OrderKind(
        "stop", "100101", "stop", "place", "account", _LIVE, 10, _ALL, _HOLD,
        hold_kind="stop", needs_mode=True, four_things=("number", "name", "amount", "time"),
    ),
    OrderKind(
        "stop_release", "100103", "stop", "release", "account", _ANY, 10, _ACTED,
        _EVERY_ANSWER | {"effective_from"}, originals=("stop",),
    ),
    OrderKind(
        "stop_extend", "100105", "stop", "extend", "account", _LIVE, 10, _ACTED,
        _EVERY_ANSWER | {"effective_from", "expires_at"}, originals=("stop",),
    ),
    OrderKind(
        "freeze", "100201", "freeze", "place", "account", _FILED, 20, _ALL, _HOLD | {"waiting_rank"},
        hold_kind="freeze", needs_mode=True, four_things=("number", "name"),
    ),
    OrderKind(
        "freeze_release", "100203", "freeze", "release", "account", _ANY, 10, _ACTED,
        _EVERY_ANSWER | {"effective_from"}, originals=("freeze",),
    ),
    OrderKind(
        "freeze_extend", "100205", "freeze", "extend", "account", _AFTER_FILING, 20, _ACTED,
        _EVERY_ANSWER | {"effective_from", "expires_at"}, originals=("freeze",),
    ),
    OrderKind(
        "query_transactions", "100301", "query", "ask", "account", _ACCEPTED, 30, _ALL,
        _EVERY_ANSWER | {"has_file", "next_hops"}, four_things=("number",),
    ),
    OrderKind(
        "query_holder", "100303", "query", "ask", "account", _ACCEPTED, 30, _ASKED,
        _EVERY_ANSWER | {"has_file", "has_holder"}, four_things=("number",),
    ),
    # A watch holds nothing: the bank tells each credit as it comes (`services.watches`) until the end that was asked for.
    OrderKind(
        "watch", "100305", "watch", "ask", "account", _ACCEPTED, 30, _ASKED, _EVERY_ANSWER | {"effective_from"},
        four_things=("number",),
    ),
    OrderKind("watch_end", "100307", "watch", "ask", "account", _ANY, 30, _ACTED, _EVERY_ANSWER | {"effective_from"}),
    # The material names no codes for telephone numbers: 200101 and 200103 are this platform's own.
    OrderKind(
        "suspend_number", "200101", "number", "place", "phone", _LIVE, 10, _ASKED,
        _EVERY_ANSWER | {"effective_from"}, hold_kind="suspend", four_things=("number",), own_code=True,
    ),
    OrderKind(
        "restore_number", "200103", "number", "release", "phone", _ANY, 10, _ACTED,
        _EVERY_ANSWER | {"effective_from"}, originals=("suspend_number",), own_code=True,
    ),
)  # fmt: skip

ORDER_KINDS: dict[str, OrderKind] = {row.name: row for row in _ROWS}
_BY_CODE = {row.code: row for row in _ROWS}


def order_kind(name: str) -> OrderKind:
    """The row of a kind. Raises ValueError on a kind that this platform does not offer (yet)."""
    try:
        return ORDER_KINDS[name]
    except KeyError:
        raise ValueError(f"unknown order kind: {name}") from None


def order_kind_of_code(code: str) -> OrderKind:
    """The row of a six-digit code. Raises ValueError when no kind has it."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise ValueError(f"unknown order code: {code}") from None


def case_allows(name: str, case_status: str) -> bool:
    """Whether an order of this kind may be drafted while its case is in this state."""
    return case_status in order_kind(name).case_statuses
