"""How held money goes back to its owners: facts → branch → shares → worksheet (domain.md §5); pure arithmetic on integers.

Who may decide, and where the facts come from, is the services' affair.
"""

from __future__ import annotations

from accounts.rules.refunds.branches import BRANCH_LABELS, REASON_LABELS, judge
from accounts.rules.refunds.shapes import MESSAGES, Claim, Facts, RefundError
from accounts.rules.refunds.sharing import Share, share_out
from accounts.rules.refunds.worksheet import SCHEMA, build, canonical, digest, is_recomputable, outcome, recompute

__all__ = [
    "BRANCH_LABELS",
    "MESSAGES",
    "REASON_LABELS",
    "SCHEMA",
    "Claim",
    "Facts",
    "RefundError",
    "Share",
    "build",
    "canonical",
    "digest",
    "is_recomputable",
    "judge",
    "outcome",
    "recompute",
    "share_out",
]
