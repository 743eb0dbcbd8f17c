"""Other holds of one account, of whatever unit and case, and what was returned out of them: one account's money goes back once.

The platform knows all holds; what a reader is shown of another unit's is unit, state, end and amounts, never the case
(domain.md §3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum

from accounts.models import Hold, RefundShare
from accounts.selectors.holds import in_force
from accounts.selectors.joined_accounts import accounts_joined

RETURNABLE = (Hold.Kind.STOP, Hold.Kind.FREEZE)
LIMITED = "limited"
Said = RefundShare.Outcome


@dataclass(frozen=True)
class Beside:
    """One other hold of the account; amounts in minor units of the currency of both.

    `state`: active, waiting, ended. `returned_minor`: decided out of it and not paid before the hold that asks took effect. `kept_minor`:
    what it held besides at that moment, zero unless it is active. `is_apart`: the bank's own figures say that the two
    hold different money.
    """

    hold: Hold
    state: str
    returned_minor: int
    kept_minor: int
    is_apart: bool


def committed(rows: QuerySet[RefundShare]) -> QuerySet[RefundShare]:
    """Shares that are decided and not given up: paid, to be paid, or to be tried again."""
    decided = rows.filter(refund__decided_at__isnull=False, round__number=F("refund__round_number"))
    return decided.exclude(outcome=Said.GIVEN_UP)


def same_money(hold: Hold) -> QuerySet[Hold]:
    """The hold with those that it was converted from or to: one sum on one account, held under one order after another."""
    last = hold.converted_to_id or hold.pk
    return Hold.objects.filter(Q(pk=last) | Q(converted_to=last))


def paid_out_of(hold: Hold) -> int:
    """What the bank paid back out of this hold: what was paid of a stop's return once the freeze was in effect is the freeze's."""
    paid = RefundShare.objects.filter(refund__hold__in=same_money(hold), outcome=Said.PAID)
    into = Hold.objects.filter(pk=hold.converted_to_id).first() if hold.converted_to_id else None
    if into is not None:
        rows = paid.filter(refund__hold=hold, paid_at__lt=into.effective_from)
    elif hold.effective_from is not None:
        rows = paid.filter(Q(refund__hold=hold) | Q(paid_at__gte=hold.effective_from))
    else:
        rows = paid.filter(refund__hold=hold)
    return int(rows.aggregate(total=Sum("share_minor"))["total"] or 0)


def holds_beside(hold: Hold) -> list[Beside]:
    """Those that are in force or wait, and those out of which money was returned, oldest first; eight statements."""
    rows = Hold.objects.filter(account__in=accounts_joined(hold.account), currency=hold.currency, kind__in=RETURNABLE)
    rows = rows.exclude(pk__in=same_money(hold).values("pk"))
    active = set(in_force(rows).values_list("pk", flat=True))
    told = Q(pk__in=active) | Q(status=Hold.Status.WAITING) | Q(refunds__decided_at__isnull=False)
    found = list(rows.filter(told).select_related("unit", "answer").order_by("created_at", "pk").distinct())
    before, after = _returned(found, hold.effective_from)
    return [_beside(hold, each, each.pk in active, before, after) for each in found]


def is_held_for_others(hold: Hold) -> bool:
    """Whether another case's measure binds the account, or waits for it: then another payment than this case's is likely."""
    return any(each.state != "ended" and each.hold.case_id != hold.case_id for each in holds_beside(hold))


def left_besides(hold: Hold, taken_minor: int) -> int:
    """What the account has left for the hold where `taken_minor` is decided out of its own money already.

    Holds that may cover the same money hold no more together than the largest of them; all that is returned out of any
    of them is taken from that.
    """
    own = hold.amount_minor or 0
    shared = [each for each in holds_beside(hold) if not each.is_apart]
    gone = sum(each.returned_minor for each in shared)
    return min(own - taken_minor, max([own, *(each.kept_minor for each in shared)]) - taken_minor - gone)


def _returned(holds: list[Hold], since: datetime | None) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Decided out of each hold: (paid before that moment, all the rest)."""
    rows = committed(RefundShare.objects.filter(refund__hold__in=holds)).order_by()
    early = Q(outcome=Said.PAID, paid_at__lt=since) if since is not None else Q(pk__in=[])
    return _sums(rows.filter(early)), _sums(rows.exclude(early))


def _sums(rows: QuerySet[RefundShare]) -> dict[UUID, int]:
    found: Any = rows.values("refund__hold").annotate(total=Sum("share_minor"))
    return {row["refund__hold"]: int(row["total"]) for row in found}


def _beside(hold: Hold, other: Hold, is_active: bool, before: dict[UUID, int], after: dict[UUID, int]) -> Beside:
    state = "active" if is_active else "waiting" if other.status == Hold.Status.WAITING else "ended"
    kept = max(0, (other.amount_minor or 0) - before.get(other.pk, 0)) if is_active else 0
    return Beside(other, state, after.get(other.pk, 0), kept, is_active and _is_apart(hold, other))


def _is_apart(hold: Hold, other: Hold) -> bool:
    """Both limited, and the answer to the later one counts the earlier one's sum as frozen before and has its own on top."""
    if hold.mode != LIMITED or other.mode != LIMITED or hold.effective_from is None or other.effective_from is None:
        return False
    first, later = sorted((hold, other), key=lambda each: each.effective_from or each.created_at)
    balance, frozen = later.answer.balance_minor, later.answer.previously_frozen_minor
    if balance is None or frozen is None or first.amount_minor is None or later.amount_minor is None:
        return False
    return frozen >= first.amount_minor and balance >= frozen + later.amount_minor
