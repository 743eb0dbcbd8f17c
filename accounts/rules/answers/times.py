"""When an executed answer took effect and when it ends; only answers of an institution that acted come
here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.rules.answers.findings import Findings
from accounts.rules.answers.shapes import AnswerDraft, Asked
from accounts.rules.order_kinds import OrderKind


def check_times(row: OrderKind, asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    """Effective time and expiry of an executed or partly executed answer."""
    if "effective_from" not in row.answer_fields:
        return
    naive = [name for name in ("effective_from", "expires_at") if _naive(getattr(answer, name))]
    for name in naive:
        found.error(name, "time_without_zone")
    if naive:
        return
    if answer.waiting_rank is not None:
        if answer.effective_from is not None:
            found.error("effective_from", "effective_while_waiting")
        if answer.expires_at is not None:
            found.error("expires_at", "expires_while_waiting")
        return
    if answer.effective_from is None:
        found.error("effective_from", "effective_required")
        return
    _check_effective(asked, answer.effective_from, found)
    _check_expiry(row, asked, answer, answer.effective_from, found)


def _check_effective(asked: Asked, effective_from: datetime, found: Findings) -> None:
    skew = timedelta(minutes=asked.skew_minutes)
    if effective_from > asked.now + skew:
        found.error("effective_from", "effective_in_future")
    elif effective_from < asked.issued_at - skew and not asked.bank_first:
        found.error("effective_from", "effective_before_issue")


def _check_expiry(row: OrderKind, asked: Asked, answer: AnswerDraft, effective_from: datetime, found: Findings) -> None:
    present = asked.original_expires_at if row.verb == "extend" else None
    if present is not None and effective_from >= present:
        found.error("effective_from", "extended_after_expiry")
    if answer.expires_at is None:
        return
    if answer.expires_at <= effective_from:
        found.error("expires_at", "expires_before_effective")
    elif present is not None and answer.expires_at <= present:
        found.error("expires_at", "expires_not_extended")
    elif asked.legal_expires_at is not None and answer.expires_at > asked.legal_expires_at:
        found.error("expires_at", "expires_beyond_legal")


def _naive(at: datetime | None) -> bool:
    return at is not None and at.utcoffset() is None
