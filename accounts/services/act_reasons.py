"""Why an act was done, kept beside its object and not in the audit log, which holds no words about people (R21)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import ActReason
from antifraud import db
from antifraud.plain_text import without_numbers
from banks.models import User

LONGEST = 300


def kept_reason(reason: str) -> str:
    """As it is kept: trimmed, without numbers that name somebody."""
    return without_numbers(reason).strip()[:LONGEST]


def act_reason(verb: str, *, by: User, obj: Any, reason: str) -> UUID:
    """Keep the reason of an act on an object of a case; the key that its audit row names."""
    made = ActReason(
        case_id=obj.case_id, verb=verb, object_id=obj.pk, reason=reason, by=by, at=db.require_unit_of_work().now
    )
    made.save(force_insert=True)
    return made.pk
