"""The lists of an answer: sub-accounts, prior freezes, next hops; each line complete, each list
consistent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.rules.answers.findings import Findings
from accounts.rules.answers.shapes import AnswerDraft, Asked, NextHop
from accounts.rules.numbers import read_number
from antifraud.money import MAX_MINOR

LAST_RANK = 999  # nobody waits behind a thousand freezes: a mistyped number


def check_results(asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    """Each sub-account has its number and amount; those in the answer's currency add up to what was
    executed.
    """
    whole = True
    for position, line in enumerate(answer.results, start=1):
        if not line.number.strip() or line.executed_minor is None:
            found.error("results", "results_incomplete", position=position)
            whole = False
        elif line.executed_minor < 0:
            found.error("results", "amount_negative", position=position)
            whole = False
    if answer.results and whole and answer.executed_minor is not None:
        same = [r for r in answer.results if r.currency in {"", answer.currency or asked.currency}]
        if sum(r.executed_minor or 0 for r in same) != answer.executed_minor:
            found.error("results", "results_do_not_add_up")


def check_prior_freezes(answer: AnswerDraft, found: Findings) -> None:
    """Each prior freeze names its body; a waiting freeze has a rank and something to wait for."""
    for position, line in enumerate(answer.prior_freezes, start=1):
        if not line.body.strip():
            found.error("prior_freezes", "prior_freeze_incomplete", position=position)
        elif line.amount_minor is not None and line.amount_minor < 0:
            found.error("prior_freezes", "amount_negative", position=position)
        elif (line.amount_minor or 0) > MAX_MINOR:
            found.error("prior_freezes", "amount_out_of_range", position=position)
    if answer.waiting_rank is None:
        return
    if not 1 <= answer.waiting_rank <= LAST_RANK:
        found.error("waiting_rank", "waiting_rank_bad")
    if not answer.prior_freezes:
        found.error("prior_freezes", "waiting_without_prior")


def check_next_hops(asked: Asked, answer: AnswerDraft, found: Findings) -> None:
    """Each next hop can become an account of the case: institution, number, amount and time; the name
    if known.
    """
    latest = asked.now + timedelta(minutes=asked.skew_minutes)
    for position, hop in enumerate(answer.next_hops, start=1):
        for code in _hop_problems(hop, latest):
            found.error("next_hops", code, position=position)
        if not hop.name.strip():
            found.warn("next_hops", "hop_name_missing", position=position)


def _hop_problems(hop: NextHop, latest: datetime) -> list[str]:
    problems = [] if hop.institution.strip() else ["hop_institution_required"]
    if not hop.number.strip():
        problems.append("hop_number_required")
    elif read_number(hop.number).problems:
        problems.append("hop_number_bad")
    if hop.amount_minor is None:
        problems.append("hop_amount_required")
    elif hop.amount_minor <= 0:
        problems.append("hop_amount_not_positive")
    elif hop.amount_minor > MAX_MINOR:
        problems.append("amount_out_of_range")
    if hop.at is None:
        problems.append("hop_time_required")
    elif hop.at.utcoffset() is None:
        problems.append("time_without_zone")
    elif hop.at > latest:
        problems.append("hop_time_in_future")
    return problems
