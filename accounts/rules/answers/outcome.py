"""Outcome, reason, the field that differs, the people: which of them go together."""

from __future__ import annotations

from dataclasses import fields

from accounts.rules.answers.findings import Findings
from accounts.rules.answers.shapes import AnswerDraft, Asked
from accounts.rules.matching import normalise_name
from accounts.rules.order_kinds import OUTCOME_LABELS, OrderKind
from accounts.rules.reasons import Reason, reason

# What only an institution that acted can fill in.
_ACTED_FIELDS = frozenset(
    {"effective_from", "expires_at", "mode", "executed_minor", "results", "waiting_rank", "has_file", "has_holder"}
)
_AFTER_EXPIRY = frozenset({"extension_after_expiry", "release_after_expiry"})


def check_outcome(row: OrderKind, answer: AnswerDraft, found: Findings) -> bool:
    """Whether the outcome exists for this kind; without it nothing else can be judged."""
    if not answer.outcome:
        found.error("outcome", "outcome_required")
    elif answer.outcome not in OUTCOME_LABELS:
        found.error("outcome", "outcome_unknown")
    elif answer.outcome not in row.outcomes:
        found.error("outcome", "outcome_not_for_kind")
    else:
        return True
    return False


def check_fields(row: OrderKind, answer: AnswerDraft, found: Findings) -> None:
    """Fields that this kind or this outcome does not have must be empty; an executed amount of 0 counts
    as empty.
    """
    acted = answer.outcome in {"executed", "partial"}
    for name in (f.name for f in fields(answer)):
        value = getattr(answer, name)
        if not value and (value != 0 or isinstance(value, bool) or name == "executed_minor"):
            continue
        if name not in row.answer_fields:
            found.error(name, "field_not_for_kind")
        elif name in _ACTED_FIELDS and not acted:
            found.error(name, "field_not_for_outcome")


def check_reason(row: OrderKind, asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    """The reason: present where needed, of the vocabulary, fitting, true as far as the platform can see."""
    if answer.outcome == "mismatch":
        _check_mismatch(row, answer, found)
    elif answer.mismatch_field:
        found.error("mismatch_field", "field_not_for_outcome")
    if not answer.reason:
        if answer.outcome in {"refused", "partial"}:
            found.error("reason", "reason_required")
        return
    known = reason(answer.reason)
    if known is None:
        found.error("reason", "reason_unknown")
        return
    _check_fit(row, asked, answer, known, found)
    if known.needs_text and not answer.reason_text.strip():
        found.error("reason_text", "reason_text_required")
    if known.needs_institution and not answer.suggested_institution.strip():
        found.error("suggested_institution", "institution_required")


def check_people(answer: AnswerDraft, found: Findings) -> None:
    """Somebody at the institution acted; a second person is another one."""
    if not answer.handled_by.strip():
        found.error("handled_by", "handled_by_required")
    elif answer.second_person.strip() and normalise_name(answer.second_person) == normalise_name(answer.handled_by):
        found.error("second_person", "second_person_same")


def _check_fit(row: OrderKind, asked: Asked, answer: AnswerDraft, known: Reason, found: Findings) -> None:
    if answer.outcome == "executed":
        found.error("reason", "reason_not_executed")
    elif known.name == "already_stopped" and row.family == "freeze":
        found.error("reason", "stop_is_no_refusal")
    elif answer.outcome not in known.outcomes:
        found.error("reason", "reason_not_for_outcome")
    elif not known.fits(row.name, answer.outcome):
        found.error("reason", "reason_not_for_kind")
    elif known.name in _AFTER_EXPIRY and _arrived_in_time(asked):
        found.error("reason", "reason_untrue_expiry")
    elif known.needs_field and answer.mismatch_field and answer.mismatch_field != known.needs_field:
        found.error("mismatch_field", "mismatch_field_not_reason")


def _arrived_in_time(asked: Asked) -> bool:
    arrived = asked.available_at or asked.issued_at
    return asked.original_expires_at is not None and arrived < asked.original_expires_at


def _check_mismatch(row: OrderKind, answer: AnswerDraft, found: Findings) -> None:
    if not answer.mismatch_field:
        found.error("mismatch_field", "mismatch_field_required")
    elif answer.mismatch_field not in row.four_things:
        found.error("mismatch_field", "mismatch_field_unknown", fields=", ".join(row.four_things))
