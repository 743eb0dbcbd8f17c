"""What an officer reads of a trace before it is named in a return: where it begins, and why it may say nothing of what rests.

The return itself is judged in `services.refunds` and `rules.refunds`; here are words' facts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from accounts.models import CaseLedger, LedgerEntry, TraceRun
from accounts.rules.refunds.shapes import BY_TIME, UNCERTAIN
from accounts.rules.tracing.result import RETURNED
from accounts.selectors.flow import ledger_rows
from accounts.selectors.refund_payouts import payouts
from accounts.selectors.refunds import case_traces
from accounts.selectors.trace_checks import versions_stood_on
from banks.models import User
from cases.models import Case

MOST_TOLD = 200


@dataclass(frozen=True)
class Back:
    """The traced part of one payment to where the trace began. `is_own`: a payout of this platform's own return, which
    `facts.returned_to` subtracts already; `is_doubtful`: it may be one."""

    entry: int
    amount_minor: int
    is_own: bool
    is_doubtful: bool


@dataclass(frozen=True)
class TraceStart:
    """One forward trace. `payer` is masked, "" where the seeds have several payers or none that is known.

    `lacks`: "" or the first of stale, cut, until, method, uncertain that keeps it from telling victims' money apart.
    """

    run: TraceRun
    at: datetime
    payments: int
    amount_minor: int
    payer: str
    lacks: str
    back: tuple[
        Back, ...
    ] = ()  # of the traced money, to the account that paid it; empty where the ledger changed since


def trace_starts(*, user: User, case: Case, currency: str) -> dict[UUID, TraceStart]:
    """The newest traces that may be named in a return, by id, without their results; seven statements.

    Where money came back, more by `refund_payouts`.
    """
    rows = case_traces(user=user, case=case, currency=currency).annotate(totals=F("result__totals"))
    runs = list(rows[:MOST_TOLD])
    version = CaseLedger.objects.filter(case=case).values_list("version", flat=True).first()
    stood_on = versions_stood_on(runs)
    payers = _payer_nodes(case, runs)
    names = _payers(user, case, payers)
    back = {run.pk: int((run.totals or {}).get(RETURNED, 0)) for run in runs}
    asked = {run.pk: payers[run.pk] for run in runs if back[run.pk] and stood_on[run.pk] == version}
    backs = _backs(case, currency, asked)
    return {
        run.pk: TraceStart(
            run, run.run_at, len(run.seeds), sum(seed["to_minor"] - seed["from_minor"] for seed in run.seeds),
            names[run.pk], _lacks(run, stood_on[run.pk] == version), backs.get(run.pk, ()),
        )
        for run in runs
    }  # fmt: skip


def _payer_nodes(case: Case, runs: Iterable[TraceRun]) -> dict[UUID, set[int | None]]:
    """The accounts that each run's seeds were paid from; None for one that no statement names."""
    entries = {run.pk: {seed["entry"] for seed in run.seeds} for run in runs}
    wanted = {entry for each in entries.values() for entry in each}
    sides = dict(LedgerEntry.objects.filter(case=case, pk__in=wanted).values_list("pk", "src"))
    return {run: {sides.get(entry) for entry in each} for run, each in entries.items()}


def _payers(user: User, case: Case, payers: Mapping[UUID, set[int | None]]) -> dict[UUID, str]:
    nodes = {node for each in payers.values() for node in each if node}
    accounts = ledger_rows(user=user, case_id=case.id, nodes=nodes, names=False)
    found = {}
    for run, each in payers.items():
        account = accounts.get(next(iter(each)) or 0) if len(each) == 1 else None
        found[run] = account.number.masked() if account is not None and account.number else ""
    return found


def _backs(case: Case, currency: str, payers: Mapping[UUID, set[int | None]]) -> dict[UUID, tuple[Back, ...]]:
    """What of each run's money came back to where it began, payment by payment."""
    if not payers:
        return {}
    known = payouts(case, currency, {node for each in payers.values() for node in each if node})
    edges = TraceRun.objects.filter(pk__in=payers).values_list("pk", "result__edges")
    return {
        run: tuple(
            Back(edge["entry"], edge["amount"], edge["entry"] in known.own, edge["entry"] in known.doubtful)
            for edge in each
            if edge["dst"] in payers[run]
        )
        for run, each in edges
    }


def _lacks(run: TraceRun, is_current: bool) -> str:
    totals = run.totals or {}  # type: ignore[attr-defined]
    problems = {
        "stale": not is_current,
        "cut": run.is_cut,
        "until": bool(run.params.get("until")),
        "method": run.method not in BY_TIME,
        "uncertain": any(totals.get(end) for end in UNCERTAIN),
    }
    return next((name for name, is_so in problems.items() if is_so), "")
