"""The whole judgement of one answer, put together from its parts."""

from __future__ import annotations

from dataclasses import fields, replace

from accounts.rules.answers.amounts import check_amounts
from accounts.rules.answers.findings import Findings
from accounts.rules.answers.lists import check_next_hops, check_prior_freezes, check_results
from accounts.rules.answers.outcome import check_fields, check_outcome, check_people, check_reason
from accounts.rules.answers.shapes import AnswerDraft, Asked
from accounts.rules.answers.times import check_times
from accounts.rules.order_kinds import OrderKind, order_kind
from antifraud.problems import Problem


def validate_answer(kind: str, asked: Asked, answer: AnswerDraft) -> dict[str, list[Problem]]:
    """Everything that is wrong or odd, by field; {} = the answer can be taken as it is.

    Problems of severity "error" block, "warning" tells (see antifraud.problems.errors_of). Lists use
    their field's name, with the 1-based `position` in the params. Raises ValueError on an unknown kind.
    """
    row = order_kind(kind)
    found = Findings()
    if not check_outcome(row, answer, found):
        return found.by_field()
    check_fields(row, answer, found)
    answer = _own_fields(row, answer)
    check_reason(row, asked, answer, found)
    check_people(answer, found)
    if answer.outcome in {"executed", "partial"}:
        check_times(row, asked, answer, found)
        _check_evidence(kind, answer, found)
    check_amounts(row, asked, answer, found)
    check_results(asked, answer, found)
    check_prior_freezes(answer, found)
    check_next_hops(asked, answer, found)
    return found.by_field()


def _own_fields(row: OrderKind, answer: AnswerDraft) -> AnswerDraft:
    """The answer without what this kind does not have: that was named once and says nothing more."""
    empty = AnswerDraft()
    foreign = {f.name: getattr(empty, f.name) for f in fields(answer) if f.name not in row.answer_fields}
    return replace(answer, **foreign)


def _check_evidence(kind: str, answer: AnswerDraft, found: Findings) -> None:
    if kind == "query_transactions" and not answer.has_file:
        found.error("has_file", "file_required")
    if kind == "query_holder" and not (answer.has_holder or answer.has_file):
        found.error("has_holder", "holder_required")
