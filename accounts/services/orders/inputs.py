"""What an officer says when drafting orders, from whatever door it comes; checked in `checks` and `lines`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Order
from banks.models import User
from cases.models import Attachment


@dataclass(frozen=True)
class OrderLine:
    """One order of a draft: an account of the case, or (to extend or release) a hold. Amount in minor units.

    `transfer_id` is the transfer into the account; where none is named, the latest one that the case knows is taken.
    """

    involvement_id: UUID | None = None
    hold_id: UUID | None = None
    amount_minor: int | None = None
    transfer_id: UUID | None = None


@dataclass(frozen=True)
class OrderTerms:
    """What the orders of one draft share. `instrument` is a file of the case; times aware; `urgency` "01" or "02"."""

    legal_basis: str
    second_officer: User | None
    urgency: str = "01"
    emergency: bool = False
    instrument_type: str = ""
    instrument_number: str = ""
    instrument_issued_on: date | None = None
    instrument: Attachment | None = None
    mode: str = ""
    currency: str = "CNY"
    with_sub_accounts: bool = True
    with_interest: bool = False
    starts_at: datetime | None = None
    asked_expires_at: datetime | None = None
    major_case: bool = False
    period_from: date | None = None
    period_to: date | None = None
    reason: str = ""
    join_waiting_list: bool = False

    @classmethod
    def of(cls, order: Order) -> OrderTerms:
        """The terms that an order has, to check it again or to fill a form."""
        return cls(
            legal_basis=order.legal_basis, second_officer=order.second_officer, urgency=order.urgency, emergency=order.emergency,
            instrument_type=order.instrument_type, instrument_number=order.instrument_number,
            instrument_issued_on=order.instrument_issued_on, instrument=order.instrument, mode=order.mode, currency=order.currency,
            with_sub_accounts=order.with_sub_accounts, with_interest=order.with_interest, starts_at=order.starts_at,
            asked_expires_at=order.asked_expires_at, major_case=order.major_case, period_from=order.period_from,
            period_to=order.period_to, reason=order.reason.open() if order.reason is not None else "",
            join_waiting_list=order.join_waiting_list,
        )  # fmt: skip
