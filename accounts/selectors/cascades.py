"""Holds of a case that were found wrong, and what lies behind them by transfers and traces (domain.md §5, release cascades)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Hold, InvolvedAccount, Involvement, LedgerAccount, TraceRun, Transfer
from accounts.models.hold import LIVE
from accounts.policy import Action, FlowAction, RefundAction
from accounts.rules.cascades import dependants
from accounts.rules.tracing.questions import Question, questions
from accounts.selectors.identity import family
from accounts.selectors.traces import begin_with_victims
from antifraud import policy
from antifraud.errors import WrongState
from banks.models import User
from cases.models import Case

# Why a hold ends because it should not have been; the rest of the register concerns the whole case.
WRONG_CAUSES = ("error", "unrelated", "appeal", "crossed", "overruled")
Node = tuple[str, str]  # ("account", id) or ("ledger", node), so that both kinds of facts make one graph
UNKNOWN_PAYER: Node = ("payer", "unknown")
AT_ONCE = 20  # results of traces in memory


@dataclass(frozen=True)
class Proposal:
    """A live hold behind a wrong one. `way` are the accounts from the wrong one to it; `is_only`: nothing else feeds it."""

    hold: Hold
    way: tuple[InvolvedAccount, ...]
    is_only: bool
    steps: int


def wrong_holds(*, user: User, case: Case) -> QuerySet[Hold]:
    """Holds of the case that ended because they were wrong, newest first."""
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related("account", "institution", "order", "unit"))
    rows = rows.filter(case=case, end_cause__in=WRONG_CAUSES).defer("order__payload", "order__reason")
    return rows.order_by("-ended_at", "-pk")


def cascade_of(*, user: User, hold_id: UUID) -> tuple[Hold, list[Proposal]]:
    """A wrong hold and the live holds of its case that money reaches from it, those that rest only on it first.

    Raises NotFound out of reach, WrongState for a hold that was not found wrong.
    """
    rows = Hold.objects.select_related("case__unit", "account", "institution", "order", "unit")
    wrong = policy.get(user, Action.HOLD_VIEW, rows.defer("order__payload", "case__narrative"), hold_id)
    policy.require(user, RefundAction.CASCADE_VIEW, wrong.case)
    if wrong.end_cause not in WRONG_CAUSES:
        raise WrongState(extra={"state": wrong.status, "cause": wrong.end_cause})
    live = policy.scope(user, Action.HOLD_VIEW, Hold.objects.filter(case=wrong.case_id, status__in=LIVE))
    holds = list(
        live.select_related("account", "institution", "order").defer("order__payload").order_by("created_at", "pk")
    )
    edges, sources, roots = _graph(user, wrong, holds)
    found = dependants(edges, sources, _key(wrong.account_id, roots))
    named = _named({node for way in (*found.only.values(), *found.also.values()) for node in way})
    proposals = []
    for hold in holds:
        node = _key(hold.account_id, roots)
        way = found.only.get(node) or found.also.get(node)
        if way is None or _stands_otherwise(hold, wrong):
            continue
        accounts = tuple(named[step] for step in way if step in named)
        proposals.append(Proposal(hold, accounts, is_only=node in found.only, steps=len(way) - 1))
    return wrong, sorted(proposals, key=lambda each: (not each.is_only, each.steps))


def _stands_otherwise(hold: Hold, wrong: Hold) -> bool:
    """The account of the wrong hold itself is the release's affair, not the cascade's."""
    return hold.account_id == wrong.account_id


def _graph(user: User, wrong: Hold, holds: list[Hold]) -> tuple[list[tuple[Node, Node]], list[Node], dict[UUID, UUID]]:
    """Edges of told transfers and of the case's latest forward traces of victims' payments.

    Sources are victims' accounts and unknown payers.
    """
    case = wrong.case_id
    told = list(Transfer.objects.filter(case=case).values_list("from_account", "to_account"))
    victims = list(
        Involvement.objects.filter(case=case, role=Involvement.Role.VICTIM).values_list("account", flat=True)
    )
    ledger = dict(LedgerAccount.objects.filter(case=case, account__isnull=False).values_list("node", "account"))
    ids = {pk for pair in told for pk in pair if pk} | set(victims) | set(ledger.values())
    roots = family([*ids, wrong.account_id, *(hold.account_id for hold in holds)])
    edges = [(_key(src, roots) if src else UNKNOWN_PAYER, _key(dst, roots)) for src, dst in told]
    sources: list[Node] = [UNKNOWN_PAYER, *(_key(pk, roots) for pk in victims)]
    for result in _latest(user, wrong.case).values_list("result", flat=True).iterator(AT_ONCE):
        found = [edge for edge in result["edges"] if not edge["is_return"]]
        edges += [(_ledger(edge["src"], ledger, roots), _ledger(edge["dst"], ledger, roots)) for edge in found]
        sources += [_ledger(edge["src"], ledger, roots) for edge in found if edge["hop"] == 1]
    return [edge for edge in edges if edge[0] != edge[1]], sources, roots


def _latest(user: User, case: Case) -> QuerySet[TraceRun]:
    """The newest forward run of each question that begins with victims' payments.

    However often one victim's trace is run again, the others' ways stay. A trace of a single account would make a source
    of that account, as if its money were nobody's.
    """
    runs = policy.scope(user, FlowAction.TRACE_VIEW, TraceRun.objects.filter(case=case, direction="forward"))
    found = list(runs.order_by("-number").values_list("pk", "params", "seeds"))
    begins = begin_with_victims(user=user, case=case, asked=[row[2] for row in found])
    rows = [row for row, is_theirs in zip(found, begins, strict=True) if is_theirs]
    newest: dict[Question, UUID] = {}
    for question, (pk, _params, _seeds) in zip(questions(row[1:] for row in rows), rows, strict=True):
        newest.setdefault(question, pk)
    return runs.filter(pk__in=newest.values()).order_by("-number")


def _key(account_id: UUID, roots: dict[UUID, UUID]) -> Node:
    return ("account", str(roots.get(account_id, account_id)))


def _ledger(node: int, ledger: dict[int, UUID], roots: dict[UUID, UUID]) -> Node:
    return _key(ledger[node], roots) if node in ledger else ("ledger", str(node))


def _named(nodes: set[Any]) -> dict[Node, InvolvedAccount]:
    ids = [node[1] for node in nodes if node[0] == "account"]
    rows = InvolvedAccount.objects.filter(pk__in=ids).select_related("institution")
    return {("account", str(row.pk)): row for row in rows}
