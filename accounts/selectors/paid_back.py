"""What returns of a case have paid out of an account while its ledger does not show it yet; a return's own sums are elsewhere."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, Sum

from accounts.models import LedgerEntry, RefundShare
from accounts.selectors.joined_accounts import account_nodes
from accounts.selectors.refund_payouts import A_DAY


@dataclass
class _Paid:
    amounts: list[int] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)


def paid_back(case_id: UUID, currency: str) -> dict[int, int]:
    """For each node of the ledger that returns were paid out of: what they paid and no statement shows, in minor units.

    What left the account since the return was decided, while it was held, is taken as the payout: a bank may collect
    several in one sum. One statement, and two for each account that something was paid out of. The caller has judged
    who reads.
    """
    shares = RefundShare.objects.filter(case=case_id, refund__currency=currency, outcome=RefundShare.Outcome.PAID)
    paid: dict[frozenset[int], _Paid] = defaultdict(_Paid)
    nodes_of: dict[UUID, frozenset[int]] = {}
    for share in shares.select_related("refund__hold__account").order_by("paid_at", "pk"):
        refund, hold = share.refund, share.refund.hold
        if hold.account_id not in nodes_of:
            nodes_of[hold.account_id] = account_nodes(case_id, hold.account)
        each = paid[nodes_of[hold.account_id]]
        each.amounts.append(share.share_minor)
        each.since.append((refund.decided_at or refund.created_at) - A_DAY)
        each.held.append(hold.effective_from or refund.created_at)
    found: dict[int, int] = {}
    for nodes, each in paid.items():
        left = sum(each.amounts) - _shown(nodes, currency, each)
        found |= dict.fromkeys(nodes, left) if left > 0 else {}
    return found


def _shown(nodes: frozenset[int], currency: str, paid: _Paid) -> int:
    rows = LedgerEntry.objects.filter(src__in=nodes, currency=currency, out_at__gte=min(paid.since))
    # A statement that names the day only may date a payout before the hold took effect: then its amount tells.
    rows = rows.filter(Q(out_at__gte=min(paid.held)) | Q(amount_minor__in=paid.amounts))
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
