"""What a return is drafted from and what a bank tells of paying it; whether it may stand is judged in `facts` and `payout`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class ClaimInput:
    """One victim's claim. Amounts are minor units of the hold's currency; `place` names the line in a refusal.

    `elsewhere_minor`: what came back outside of this platform, as the officer states. `run_id`: the trace that starts
    from this victim's payments, where there is one. The payee is the victim's own account, or one that they named.
    """

    victim_id: UUID
    loss_minor: int
    reported_at: datetime
    payee_name: str
    payee_account: str
    payee_bank: str
    elsewhere_minor: int = 0
    run_id: UUID | None = None
    place: str = ""


@dataclass(frozen=True)
class RefundInput:
    """A whole computation. `is_stated_single`: the officer answers for it that one payment fed the account."""

    legal_basis: str
    claims: tuple[ClaimInput, ...]
    is_stated_single: bool = False


@dataclass(frozen=True)
class ShareResult:
    """What the bank says of one share: paid (with its transfer id, the moment, the amount) or failed (with a reason)."""

    share_id: UUID
    outcome: str
    transfer_id: str = ""
    paid_at: datetime | None = None
    amount_minor: int | None = None
    reason: str = ""
    place: str = ""


@dataclass(frozen=True)
class ShownShare:
    """A share that a proof of payment shows, with the amount that it shows (minor units)."""

    share_id: UUID
    amount_minor: int
