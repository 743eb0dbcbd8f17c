"""What an institution says in an answer, from whatever door it comes; checked by `accounts.rules.answers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.files.base import File

from accounts.rules.answers import SubResult
from antifraud.crypto.evidence import StoredEvidence
from banks.models import Institution


@dataclass(frozen=True)
class PriorFreezeInput:
    """A hold of another body that ranks before ours."""

    rank: int
    body: str
    amount_minor: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class NextHopInput:
    """Where the money went: a number at least; `institution` where the bank's name could be recognised."""

    number: str
    institution: Institution | None = None
    institution_text: str = ""
    name: str = ""
    amount_minor: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class HolderInput:
    """The holder as the bank knows them."""

    name: str
    id_kind: str = ""
    id_number: str = ""
    phone: str = ""
    address: str = ""
    opened_on: date | None = None
    opening_branch: str = ""


@dataclass(frozen=True)
class AnswerInput:
    """One answer; amounts in minor units of `currency`, times aware. The names are those of the rules' AnswerDraft.

    `mode` and `expires_at` are what the institution's system really holds, where it differs from the order: they
    shape the hold (an earlier end is taken, a later one refused). A `statement` of more than 20 MB is stored ahead
    (`answer_ahead`).
    """

    outcome: str
    handled_by: str
    reason: str = ""
    reason_text: str = ""
    mismatch_field: str = ""
    suggested_institution: Institution | None = None
    executed_minor: int | None = None
    balance_minor: int | None = None
    previously_frozen_minor: int | None = None
    free_minor: int | None = None
    currency: str = "CNY"
    effective_from: datetime | None = None
    expires_at: datetime | None = None
    mode: str = ""
    waiting_rank: int | None = None
    handled_phone: str = ""
    second_person: str = ""
    branch: str = ""
    remarks: str = ""
    prior_freezes: tuple[PriorFreezeInput, ...] = ()
    next_hops: tuple[NextHopInput, ...] = ()
    holder: HolderInput | None = None
    statement: File[Any] | StoredEvidence | None = None
    results: tuple[SubResult, ...] = ()
