"""Whether an answer holds together, in the reader's words; the judging is plain Python in `accounts.rules.answers`."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as translate

from accounts.models import Hold, Order
from accounts.rules import answers as rules
from accounts.rules import deadlines
from accounts.rules.order_kinds import OrderKind, order_kind
from accounts.services.answer_input import AnswerInput
from antifraud import db
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid
from antifraud.problems import Problem, errors_of, warnings_of
from banks.selectors.profiles import profile_of

# The rules speak of what comes with an answer, the doors of the field that brings it.
_DOOR_NAMES = {"has_file": "statement", "has_holder": "holder"}


def answer_check(order: Order, answer: AnswerInput) -> dict[str, list[Problem]]:
    """Errors and warnings of an answer before it is sent, by field (accounts.rules.answers). Nothing is written."""
    row = order_kind(order.kind)
    hold = order.original.holds.order_by("-created_at", "-pk").first() if order.original else None
    asked = rules.Asked(
        issued_at=order.issued_at or order.created_at,
        now=db.app_now(),
        available_at=order.available_at,
        mode=order.mode,
        amount_minor=order.amount_minor,
        currency=order.currency,
        original_expires_at=hold.legal_expires_at if hold else None,
        legal_expires_at=_latest_end(row, order, answer, hold),
    )
    return rules.validate_answer(order.kind, asked, _draft(answer))


def answer_warnings(order: Order, answer: AnswerInput) -> dict[str, list[str]]:
    """What is odd but allowed, in the reader's words."""
    return _words(warnings_of(answer_check(order, answer)))


def answer_problems(order: Order, answer: AnswerInput) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(what blocks, what is odd) in the reader's words, by the door's field names. Nothing is written."""
    found = answer_check(order, answer)
    return _words(errors_of(found)), _words(warnings_of(found))


def answer_refuse_invalid(order: Order, answer: AnswerInput) -> None:
    """Raise Invalid with every problem that blocks the answer, by the door's field names."""
    blocking = _words(errors_of(answer_check(order, answer)))
    if blocking:
        raise Invalid(fields=blocking)
    for name in ("reason_text", "remarks"):
        reject_forbidden(getattr(answer, name), field=name)


def _latest_end(row: OrderKind, order: Order, answer: AnswerInput, hold: Hold | None) -> datetime | None:
    """The latest end that the law allows for what the institution says it did; None where the law gives none.

    What makes no sense in itself (an end that was asked for has passed) is told by the service that opens the hold.
    """
    start = answer.effective_from
    if start is None or start.utcoffset() is None or row.family not in {"stop", "freeze"}:
        return None
    if row.verb == "place":
        profile = profile_of(order.legal_profile)
        if row.family == "stop":
            return deadlines.stop_expires_at(start, profile)
        return deadlines.freeze_expires_at(start, profile, zone=order.institution.time_zone, major=order.major_case)
    if row.verb == "extend" and hold is not None and hold.legal_expires_at is not None:
        return deadlines.extend_expires_at(
            "stop" if row.family == "stop" else "freeze", hold.legal_expires_at, profile_of(hold.legal_profile),
            zone=order.institution.time_zone, major=order.major_case,
        )  # fmt: skip
    return None


def _words(problems: dict[str, list[Problem]]) -> dict[str, list[str]]:
    texts = {code: translate(text) for code, text in rules.MESSAGES.items()}
    return {_DOOR_NAMES.get(name, name): [problem.text(texts) for problem in found] for name, found in problems.items()}


def _draft(answer: AnswerInput) -> rules.AnswerDraft:
    return rules.AnswerDraft(
        outcome=answer.outcome,
        reason=answer.reason,
        reason_text=answer.reason_text,
        suggested_institution=answer.suggested_institution.code if answer.suggested_institution else "",
        mismatch_field=answer.mismatch_field,
        handled_by=answer.handled_by,
        handled_phone=answer.handled_phone,
        second_person=answer.second_person,
        branch=answer.branch,
        effective_from=answer.effective_from,
        expires_at=answer.expires_at,
        mode=answer.mode,
        executed_minor=answer.executed_minor,
        balance_minor=answer.balance_minor,
        previously_frozen_minor=answer.previously_frozen_minor,
        free_minor=answer.free_minor,
        currency=answer.currency if _has_amounts(answer) else "",
        waiting_rank=answer.waiting_rank,
        prior_freezes=tuple(rules.PriorFreeze(p.body, p.amount_minor, "", p.expires_at) for p in answer.prior_freezes),
        results=answer.results,
        next_hops=tuple(
            rules.NextHop(
                h.institution.code if h.institution else h.institution_text, h.number, h.name, h.amount_minor, "", h.at
            )
            for h in answer.next_hops
        ),
        has_file=answer.statement is not None,
        has_holder=answer.holder is not None,
    )


def _has_amounts(answer: AnswerInput) -> bool:
    """A currency alone says nothing: the doors fill it in by themselves."""
    amounts = (answer.executed_minor, answer.balance_minor, answer.previously_frozen_minor, answer.free_minor)
    return any(amount is not None for amount in amounts)
