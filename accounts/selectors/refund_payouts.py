"""Which payments in a case's ledger are the payouts of its own returns: those are subtracted already and entered by nobody.

A bank may pay out of the held account, or by way of an account of its own. What returns are is in `services.refunds`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import LedgerEntry, Refund, RefundShare
from accounts.selectors.holds_beside import committed
from accounts.selectors.joined_accounts import account_nodes
from antifraud.crypto.blind import row_key
from cases.models import Case

A_DAY = timedelta(days=1)  # statements that name the day only say its first moment
REFERENCE = "statement.reference"
# A bank has three working days to pay out; over holidays its own account may keep the money for so long.
ON_THE_WAY = timedelta(days=15)
_FACTS = (
    "pk",
    "src",
    "out_at",
    "amount_minor",
    "out_line__reference",
    "in_line__reference",
    "out_line__serial",
    "in_line__serial",
)
_LEG = ("pk", "dst", "in_at", "amount_minor")


@dataclass(frozen=True)
class Payouts:
    """Keys of entries: `own` are payouts; `doubtful` have the amount and the time of one, and nothing says whose they are."""

    own: frozenset[int] = frozenset()
    doubtful: frozenset[int] = frozenset()


@dataclass
class _Return:
    """A decided return: its shares that no payment was found for yet, as (amount, the bank's number of the payment)."""

    since: datetime
    held: frozenset[int]
    left: list[tuple[int, str]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    legs: list[dict[str, Any]] = field(default_factory=list)  # out of the held account to whoever paid one of the rows


def payouts(case: Case, currency: str, payers: set[int]) -> Payouts:
    """The payouts of the case's decided returns among the payments to these accounts; one row for each share at most.

    Certain: straight from the held account; of any account with the bank's number of the payment; or passed on, the same
    amount, by the account that the held account paid. Two statements, and three for each return.
    """
    found = list(_returns(case, currency, payers)) if payers else []
    own: set[int] = set()
    doubtful: set[int] = set()
    for judge, into in ((_is_direct, own), (_is_named, own), (_Passing(), own), (_is_alike, doubtful)):
        for each in found:
            for row in each.rows:
                share = next((share for share in each.left if share[0] == row["amount_minor"]), None)
                named = next(
                    (share for share in each.left if share[0] == row["amount_minor"] and _names(row, share)), share
                )
                if row["pk"] not in own | doubtful and named is not None and judge(each, row, named):
                    each.left.remove(named)
                    into.add(row["pk"])
    return Payouts(frozenset(own), frozenset(doubtful))


def _returns(case: Case, currency: str, payers: set[int]) -> Iterator[_Return]:
    shares = committed(RefundShare.objects.filter(case=case, refund__currency=currency, share_minor__gt=0))
    left: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for refund_id, amount, number in shares.values_list("refund", "share_minor", "transfer_id"):
        left[refund_id].append((amount, number))
    for refund in Refund.objects.filter(pk__in=left).select_related("hold__account").order_by("decided_at", "pk"):
        each = _Return(
            (refund.decided_at or refund.created_at) - A_DAY,
            account_nodes(case.id, refund.hold.account),
            left[refund.pk],
        )
        since = _since(case, currency, each, [amount for amount, _number in each.left])
        each.rows = list(since.filter(dst__in=payers).order_by("out_at", "pk").values(*_FACTS))
        between = {row["src"] for row in each.rows if row["src"] is not None and row["src"] not in each.held}
        if between:
            legs = since.filter(src__in=each.held, dst__in=between).order_by("in_at", "pk")
            each.legs = list(legs.values(*_LEG))
        yield each


def _since(case: Case, currency: str, each: _Return, amounts: Iterable[int]) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(
        case=case, currency=currency, amount_minor__in=list(amounts), out_at__gte=each.since
    )  # fmt: skip


def _is_direct(each: _Return, row: dict[str, Any], _share: tuple[int, str]) -> bool:
    return row["src"] in each.held


def _is_named(_each: _Return, row: dict[str, Any], share: tuple[int, str]) -> bool:
    return _names(row, share)


def _names(row: dict[str, Any], share: tuple[int, str]) -> bool:
    """Whether a statement gives the payment the number that the bank reported for the share."""
    number = share[1].strip().upper()
    if not number:
        return False
    index = row_key(REFERENCE)(number.encode())
    told = {bytes(row[name]) for name in ("out_line__reference", "in_line__reference") if row[name] is not None}
    serials = {(row[name] or "").strip().upper() for name in ("out_line__serial", "in_line__serial")}
    return index in told or number in serials


def _is_alike(each: _Return, row: dict[str, Any], _share: tuple[int, str]) -> bool:
    return row["src"] not in each.held


class _Passing:
    """Whether the payer of a row had the same sum from the held account shortly before; each such payment is used once."""

    def __init__(self) -> None:
        self._used: set[int] = set()

    def __call__(self, each: _Return, row: dict[str, Any], share: tuple[int, str]) -> bool:
        first, last = row["out_at"] - ON_THE_WAY, row["out_at"] + A_DAY
        fitting = (
            leg["pk"]
            for leg in each.legs
            if leg["dst"] == row["src"] and leg["amount_minor"] == share[0] and first <= leg["in_at"] < last
        )
        found = next((leg for leg in fitting if leg not in self._used), None)
        if found is not None:
            self._used.add(found)
        return found is not None
