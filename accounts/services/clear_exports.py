"""Tables with numbers in clear for a legal paper: its purpose, one audit row that lists whose they are, then the values (R17, R29).

Masked files, which need no purpose, are in `flow_exports` and `refunds.reveals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import LedgerAccount, Refund, RefundRound, RefundShare, TraceRun
from accounts.policy import FlowAction, RefundAction
from accounts.selectors.flow import FlowGraph, FlowView, flow_graph
from accounts.services.refunds.decide import round_shares
from accounts.services.refunds.draft import ROWS
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Forbidden, Invalid, NotFound
from banks.models import User

FORMS = ("csv", "xlsx")  # a table only: a picture with numbers in clear is passed on without its mark


@dataclass(frozen=True)
class Watermark:
    """Who took values in clear, when, and under which number of the audit log; it stands on every line of the file."""

    who: str
    at: datetime
    number: UUID


@dataclass(frozen=True)
class ClearTrace:
    """A trace with the numbers of its accounts by key of the ledger; accounts that nobody knows are absent."""

    run: TraceRun
    graph: FlowGraph
    numbers: dict[int, str]
    mark: Watermark


@dataclass(frozen=True)
class ClearWorksheet:
    """One round of a return; values by share: name of the victim, name and account of the payee."""

    refund: Refund
    round: RefundRound
    shares: list[RefundShare]
    values: dict[UUID, tuple[str, str, str]]
    mark: Watermark


def trace_export_clear(*, by: User, run_id: UUID, form: str, purpose: str, view: FlowView | None = None) -> ClearTrace:
    """The payments of a trace, as `view` filters them, with account numbers. Raises NotFound, Forbidden, Invalid (form, purpose)."""
    _check(form, purpose)
    run = policy.get(by, FlowAction.TRACE_EXPORT, TraceRun.objects.select_related("case__unit", "run_by"), run_id)
    graph = flow_graph(user=by, run=run, view=view or FlowView())
    rows = [node.row for node in graph.nodes.values() if node.row.number is not None]
    _require_all(by, rows)
    detail = {"form": form, "number": run.number, "result": bytes(run.result_digest).hex()}
    mark = _mark("trace.export_clear", by, run, run.case_id, purpose, detail | {"accounts": [row.id for row in rows]})
    numbers = {row.node: row.number.open() for row in rows if row.number is not None}
    return ClearTrace(run, graph, numbers, mark)


def worksheet_export_clear(*, by: User, refund_id: UUID, round_number: int, form: str, purpose: str) -> ClearWorksheet:
    """One round's worksheet with victims and payees, for the decision's paper or the bank. Raises as the trace's."""
    _check(form, purpose)
    refund = policy.get(by, RefundAction.REFUND_EXPORT, ROWS, refund_id)
    policy.require(by, RefundAction.REFUND_REVEAL, refund)
    found = RefundRound.objects.filter(refund=refund, number=round_number).first()
    if found is None:
        raise NotFound
    shares = round_shares(found)
    detail = {"form": form, "round": round_number, "sha256": bytes(found.sha256).hex()}
    detail |= {"shares": [share.id for share in shares], "victims": [share.victim_id for share in shares]}
    mark = _mark("refund.export_clear", by, refund, refund.case_id, purpose, detail, legal_basis=refund.legal_basis)
    values = {
        share.id: (share.victim.name.open(), share.payee_name.open(), share.payee_account.open()) for share in shares
    }
    return ClearWorksheet(refund, found, shares, values, mark)


def _check(form: str, purpose: str) -> None:
    db.require_unit_of_work()
    if form not in FORMS:
        raise Invalid(fields={"form": [_("Choose one of the files that are offered.")]})
    diary.require_purpose(purpose)


def _require_all(by: User, rows: Sequence[LedgerAccount]) -> None:
    """Each of them may be shown to this person; one that may not keeps the whole file back."""
    asked = LedgerAccount.objects.filter(pk__in=[row.pk for row in rows])
    if policy.scope(by, FlowAction.LEDGER_REVEAL, asked).count() != len(rows):
        raise Forbidden


def _mark(
    verb: str, by: User, obj: TraceRun | Refund, case_id: UUID, purpose: str, detail: dict[str, Any], *, legal_basis: str = ""
) -> Watermark:  # fmt: skip
    entry = diary.record(
        verb, by=by, obj=obj, case_id=case_id, purpose=purpose, legal_basis=legal_basis, detail=_plain(detail)
    )
    return Watermark(entry.actor_name, entry.at, entry.id)


def _plain(detail: dict[str, Any]) -> dict[str, Any]:
    """Ids as text, also within lists."""
    return {name: [str(each) for each in value] if isinstance(value, list) else value for name, value in detail.items()}
