"""What was asked and what is answered, as plain values; amounts in minor units, times aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where money went on to; `institution` is a name or code as the bank knows it."""

    institution: str = ""
    number: str = ""
    name: str = ""
    amount_minor: int | None = None
    currency: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PriorFreeze:
    """A freeze by another body that ranks before this one."""

    body: str = ""
    amount_minor: int | None = None
    currency: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubResult:
    """What was held on one sub-account."""

    number: str = ""
    executed_minor: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The side of the order. `now` is the server's clock.

    `original_expires_at`: the present end of the hold that an extension or release is about.
    `legal_expires_at`: the latest end that the profile allows for this answer, where the caller knows
    it. `bank_first`: the bank held before the order existed. `skew_minutes`: how far the bank's clock
    may differ from ours.
    """

    issued_at: datetime
    now: datetime
    available_at: datetime | None = None
    mode: str = ""
    amount_minor: int | None = None
    currency: str = ""
    original_expires_at: datetime | None = None
    legal_expires_at: datetime | None = None
    bank_first: bool = False
    skew_minutes: int = 5


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """The side of the bank, as filled in; the field names are those of a kind's `answer_fields`.

    `currency` "" means the order's. `has_file` and `has_holder` say that a file or a holder record
    comes with it.
    """

    outcome: str = ""
    reason: str = ""
    reason_text: str = ""
    suggested_institution: str = ""
    mismatch_field: str = ""
    handled_by: str = ""
    handled_phone: str = ""
    second_person: str = ""
    branch: str = ""
    effective_from: datetime | None = None
    expires_at: datetime | None = None
    mode: str = ""
    executed_minor: int | None = None
    balance_minor: int | None = None
    previously_frozen_minor: int | None = None
    free_minor: int | None = None
    currency: str = ""
    waiting_rank: int | None = None
    prior_freezes: tuple[PriorFreeze, ...] = ()
    results: tuple[SubResult, ...] = ()
    next_hops: tuple[NextHop, ...] = ()
    has_file: bool = False
    has_holder: bool = False
