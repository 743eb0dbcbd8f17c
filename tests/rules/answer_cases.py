"""An order, good answers to it, and what validation says: the ground of the answer tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts.rules.answers import MESSAGES, AnswerDraft, Asked, NextHop, validate_answer
from antifraud.problems import errors_of, warnings_of

ISSUED = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
NOW = ISSUED + timedelta(minutes=10)
END = ISSUED + timedelta(hours=48)
ASKED = Asked(ISSUED, NOW, mode="limited", amount_minor=10_000, currency="CNY")
FOLLOWS = Asked(ISSUED, NOW, original_expires_at=END)
HELD = AnswerDraft(
    outcome="executed",
    handled_by="王经办",
    second_person="李复核",
    effective_from=ISSUED + timedelta(minutes=3),
    executed_minor=10_000,
    currency="CNY",
)
DONE = AnswerDraft(outcome="executed", handled_by="王经办", effective_from=ISSUED + timedelta(minutes=3))
NOT_DONE = AnswerDraft(outcome="refused", reason="whitelisted", handled_by="王经办")
HOP = NextHop("ICBC", "6222021234567890123", "张三", 5_000, "CNY", ISSUED)


def errors(kind: str, asked: Asked, answer: AnswerDraft) -> list[tuple[str, str]]:
    found = validate_answer(kind, asked, answer)
    assert all(p.field == name and p.text(MESSAGES) for name, problems in found.items() for p in problems)
    return [(name, p.code) for name, problems in errors_of(found).items() for p in problems]


def warnings(kind: str, asked: Asked, answer: AnswerDraft) -> list[tuple[str, str]]:
    return [(n, p.code) for n, found in warnings_of(validate_answer(kind, asked, answer)).items() for p in found]
