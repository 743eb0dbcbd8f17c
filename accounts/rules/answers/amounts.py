"""The five amounts of an answer against the amount asked for; minor units of one currency."""

from __future__ import annotations

from accounts.rules.answers.findings import Findings
from accounts.rules.answers.shapes import AnswerDraft, Asked
from accounts.rules.order_kinds import MODE_LABELS, OrderKind
from antifraud.money import MAX_MINOR

_AMOUNTS = ("executed_minor", "balance_minor", "previously_frozen_minor", "free_minor")


def check_amounts(row: OrderKind, asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    """Executed against asked and outcome, no amount below zero, one currency, the sums that must agree."""
    if "executed_minor" not in row.answer_fields:
        return
    negative = [name for name in _AMOUNTS if (getattr(answer, name) or 0) < 0]
    for name in negative:
        found.error(name, "amount_negative")
    for name in _AMOUNTS:
        if (getattr(answer, name) or 0) > MAX_MINOR:
            found.error(name, "amount_out_of_range")
    if answer.currency and asked.currency and answer.currency != asked.currency:
        found.error("currency", "currency_differs", currency=asked.currency)
    _check_mode(asked, answer, found)
    if "executed_minor" not in negative and answer.outcome in {"executed", "partial"}:
        _check_executed(asked, answer, found)
    if not negative:
        _check_sums(answer, found)


def _check_mode(asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    if answer.mode and answer.mode not in MODE_LABELS:
        found.error("mode", "mode_unknown")
    elif answer.mode and asked.mode and answer.mode != asked.mode:
        found.warn("mode", "mode_differs")


def _check_executed(asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    executed, limited = answer.executed_minor, asked.mode == "limited"
    if answer.outcome == "partial" and not limited:
        found.error("outcome", "partial_without_limit")
    elif not executed and answer.waiting_rank is not None:
        return  # nothing is held before its turn comes
    elif executed is None:
        if limited:
            found.error("executed_minor", "executed_required")
        else:
            found.warn("executed_minor", "executed_unknown")
    elif limited:
        code = _against_asked(executed, asked.amount_minor, answer.outcome)
        if code:
            found.error("executed_minor", code)


def _against_asked(executed: int, asked: int | None, outcome: str) -> str:
    if executed == 0:
        return "executed_not_positive"
    if asked is None or (outcome == "executed" and executed == asked):
        return ""
    if executed > asked:
        return "executed_above_asked"
    if outcome == "executed":
        return "executed_below_asked"
    return "partial_not_below_asked" if executed == asked else ""


def _check_sums(answer: AnswerDraft, found: Findings) -> None:
    """Odd, not wrong: an amount can be held beyond the balance, and banks count "free" in their own way."""
    balance = answer.balance_minor
    if balance is None:
        return
    if answer.executed_minor is not None and answer.executed_minor > balance:
        found.warn("executed_minor", "executed_above_balance")
    frozen, free = answer.previously_frozen_minor, answer.free_minor
    if frozen is not None and free is not None and free != max(0, balance - frozen):
        found.warn("free_minor", "free_inconsistent")
