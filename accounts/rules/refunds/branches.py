"""The three-branch rule: one source → direct; several but traceable by time → direct by trace; else pro rata by loss.

Each answer comes with the reasons in order, as codes; `REASON_LABELS` has the sentences.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from accounts.rules.refunds.shapes import BY_TIME, Facts

Branch = Literal["single", "trace", "pro_rata"]

BRANCH_LABELS: dict[str, str] = {
    "single": "Direct: one source",
    "trace": "Direct: traced by time",
    "pro_rata": "Pro rata by loss",
}
REASON_LABELS: dict[str, str] = {
    "one_victim": "One victim claims the money on this account.",
    "several_victims": "Several victims claim the money on this account.",
    "one_source": "The account's statement shows one payment into it and no opening balance.",
    "one_source_stated": "An officer answers for it that one payment fed this account; the statement is not in the ledger.",
    "several_sources": "More than one payment, or an opening balance, fed this account.",
    "sources_unknown": "The account's own statement is not in the ledger, so its sources are not known completely.",
    "single_applies": "One victim and one source: the money goes back directly.",
    "trace_missing": "For at least one victim no trace says what rests on this account.",
    "trace_not_by_time": "At least one trace apportions by another method than time.",
    "trace_mixed": "The victims' traces differ in method or read different versions of the ledger.",
    "trace_stale": "The ledger has changed since the traces were run. Run them again.",
    "trace_exceeds": "What the traces leave on this account is more than what is held.",
    "trace_nothing": "By the traces, no victim's money rests on this account.",
    "trace_applies": "By time, each victim's money on this account can be told apart: it goes back directly.",
    "pro_rata_applies": "The victims' money cannot be told apart: each gets a part by loss, after public notice.",
}


class Judgement(NamedTuple):
    """The branch, and why: codes of REASON_LABELS in the order in which the questions were asked."""

    branch: Branch
    reasons: tuple[str, ...]


def judge(facts: Facts) -> Judgement:
    """Which branch the facts call for; `facts` as `Facts.checked` gives them."""
    reasons = ["one_victim" if len(facts.claims) == 1 else "several_victims", _sources(facts)]
    if len(facts.claims) == 1 and reasons[1] in {"one_source", "one_source_stated"}:
        return Judgement("single", (*reasons, "single_applies"))
    problem = _trace_problem(facts)
    if not problem:
        return Judgement("trace", (*reasons, "trace_applies"))
    return Judgement("pro_rata", (*reasons, problem, "pro_rata_applies"))


def _sources(facts: Facts) -> str:
    if facts.is_covered:
        return "one_source" if facts.sources == 1 else "several_sources"
    if facts.is_stated_single and facts.sources <= 1:
        return "one_source_stated"
    return "several_sources" if facts.sources > 1 else "sources_unknown"


def _trace_problem(facts: Facts) -> str:
    """Why the victims' money cannot be told apart by time, or "" where it can."""
    if not facts.is_covered or any(claim.traced_minor is None for claim in facts.claims):
        return "trace_missing"
    if any(claim.method not in BY_TIME for claim in facts.claims):
        return "trace_not_by_time"
    if len({(claim.method, claim.ledger) for claim in facts.claims}) > 1:
        return "trace_mixed"
    if any(claim.ledger != facts.ledger for claim in facts.claims):
        return "trace_stale"
    traced = sum(claim.traced_minor or 0 for claim in facts.claims)
    if traced > facts.held_minor:
        return "trace_exceeds"
    return "" if traced else "trace_nothing"
