"""The sheet of bulk answers: its columns, and a row as the answer that accounts.rules.answers judges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.rules.answers import AnswerDraft, NextHop, PriorFreeze
from accounts.rules.order_kinds import MATCH_FIELD_LABELS, MODE_LABELS, OUTCOME_LABELS
from accounts.rules.reasons import REASON_LABELS, REASONS
from accounts.rules.sheets.cells import Value
from accounts.rules.sheets.columns import Column, word_table

_REASON_CODES = {row.name: row.code for row in REASONS.values() if row.code}

ANSWER_COLUMNS: tuple[Column, ...] = (
    Column("order_id", "id", needed=True, required=True),
    Column("order_version", "integer"),
    Column("case_number", "shown"),
    Column("order_kind", "shown"),
    Column("account_number", "shown"),
    Column("account_name", "shown"),
    Column("asked_amount", "shown"),
    Column("answer_due_at", "shown"),
    Column("outcome", "word", needed=True, required=True, words=word_table(OUTCOME_LABELS)),
    Column("reason", "word", words=word_table(REASON_LABELS, _REASON_CODES)),
    Column("reason_text", "text", max_length=2_000),
    Column("suggested_institution", "text"),
    Column("mismatch_field", "word", words=word_table(MATCH_FIELD_LABELS)),
    Column("effective_from", "time"),
    Column("expires_at", "time"),
    Column("mode", "word", words=word_table(MODE_LABELS)),
    Column("executed", "amount"),
    Column("balance", "amount"),
    Column("previously_frozen", "amount"),
    Column("free", "amount"),
    Column("currency", "text", max_length=3),
    Column("waiting_rank", "integer"),
    Column("prior_body", "text"),
    Column("prior_amount", "amount"),
    Column("prior_expires_at", "time"),
    Column("handled_by", "text"),
    Column("handled_phone", "text", max_length=60),
    Column("second_person", "text"),
    Column("branch", "text"),
    Column("hop_institution", "text"),
    Column("hop_number", "number"),
    Column("hop_name", "text"),
    Column("hop_amount", "amount"),
    Column("hop_at", "time"),
)
_HOP = ("hop_institution", "hop_number", "hop_name", "hop_amount", "hop_at")
_PRIOR = ("prior_body", "prior_amount", "prior_expires_at")


def answer_draft(values: Mapping[str, Value]) -> AnswerDraft:
    """The answer of one row; its next hop and prior freeze where any of their cells is filled in."""
    currency = _text(values, "currency")
    hop = NextHop(
        institution=_text(values, "hop_institution"),
        number=_text(values, "hop_number"),
        name=_text(values, "hop_name"),
        amount_minor=_integer(values, "hop_amount"),
        currency=currency,
        at=_time(values, "hop_at"),
    )
    prior = PriorFreeze(
        _text(values, "prior_body"), _integer(values, "prior_amount"), currency, _time(values, "prior_expires_at")
    )
    return AnswerDraft(
        outcome=_text(values, "outcome"),
        reason=_text(values, "reason"),
        reason_text=_text(values, "reason_text"),
        suggested_institution=_text(values, "suggested_institution"),
        mismatch_field=_text(values, "mismatch_field"),
        handled_by=_text(values, "handled_by"),
        handled_phone=_text(values, "handled_phone"),
        second_person=_text(values, "second_person"),
        branch=_text(values, "branch"),
        effective_from=_time(values, "effective_from"),
        expires_at=_time(values, "expires_at"),
        mode=_text(values, "mode"),
        executed_minor=_integer(values, "executed"),
        balance_minor=_integer(values, "balance"),
        previously_frozen_minor=_integer(values, "previously_frozen"),
        free_minor=_integer(values, "free"),
        currency=currency
        if any(name in values for name in ("executed", "balance", "previously_frozen", "free"))
        else "",
        waiting_rank=_integer(values, "waiting_rank"),
        prior_freezes=(prior,) if any(name in values for name in _PRIOR) else (),
        next_hops=(hop,) if any(name in values for name in _HOP) else (),
    )


def _text(values: Mapping[str, Value], name: str) -> str:
    value = values.get(name, "")
    return value if isinstance(value, str) else ""


def _integer(values: Mapping[str, Value], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) else None


def _time(values: Mapping[str, Value], name: str) -> datetime | None:
    value = values.get(name)
    return value if isinstance(value, datetime) else None
