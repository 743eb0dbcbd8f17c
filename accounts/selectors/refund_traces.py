"""What an officer reads of a trace before it is named in a return: where it begins, and why it may say nothing of what rests.

The return itself is judged in `services.refunds` and `rules.refunds`; here are words' facts only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from accounts.models import CaseLedger, LedgerEntry, Refund, RefundShare, TraceRun
from accounts.rules.refunds.shapes import BY_TIME, UNCERTAIN
from accounts.rules.tracing.result import RETURNED
from accounts.selectors.flow import ledger_rows
from accounts.selectors.holds_beside import committed
from accounts.selectors.joined_accounts import account_nodes
from accounts.selectors.refunds import case_traces
from banks.models import User
from cases.models import Case

MOST_TOLD = 200
A_DAY = timedelta(days=1)  # statements that name the day only say its first moment


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
    came_back_minor: int = 0  # of the traced money, to the account that paid it
    repaid_minor: int = 0  # of that, by this platform's own returns: `facts.returned_to` subtracts it already


def trace_starts(*, user: User, case: Case, currency: str) -> dict[UUID, TraceStart]:
    """The newest traces that may be named in a return, by id, without their results; six statements.

    Where returns of the case are decided, five more for each of their holds, and one.
    """
    rows = case_traces(user=user, case=case, currency=currency).annotate(totals=F("result__totals"))
    runs = list(rows[:MOST_TOLD])
    version = CaseLedger.objects.filter(case=case).values_list("version", flat=True).first()
    payers = _payer_nodes(case, runs)
    names = _payers(user, case, payers)
    back = {run.pk: int((run.totals or {}).get(RETURNED, 0)) for run in runs}
    asked = {run.pk: payers[run.pk] for run in runs if back[run.pk] and run.ledger_version == version}
    repaid = _repaid(case, currency, asked)
    return {
        run.pk: TraceStart(
            run, run.run_at, len(run.seeds), sum(seed["to_minor"] - seed["from_minor"] for seed in run.seeds),
            names[run.pk], _lacks(run, version), back[run.pk], min(back[run.pk], repaid.get(run.pk, 0)),
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


def _repaid(case: Case, currency: str, payers: Mapping[UUID, set[int | None]]) -> dict[UUID, int]:
    """What of each run's money returns of this case brought back to where it began."""
    paid = _payouts(case, currency, {node for each in payers.values() for node in each if node}) if payers else set()
    if not paid:
        return {}
    edges = TraceRun.objects.filter(pk__in=payers).values_list("pk", "result__edges")
    return {
        run: sum(edge["amount"] for edge in each if edge["entry"] in paid and edge["dst"] in payers[run])
        for run, each in edges
    }


def _payouts(case: Case, currency: str, payers: set[int]) -> set[int]:
    """Rows of the ledger that are the payment of a decided share: from the held account, exactly the share, since then."""
    shares = committed(RefundShare.objects.filter(case=case, refund__currency=currency, share_minor__gt=0))
    left: dict[UUID, list[int]] = defaultdict(list)
    for refund_id, amount in shares.values_list("refund", "share_minor"):
        left[refund_id].append(amount)
    found: set[int] = set()
    for refund in Refund.objects.filter(pk__in=left).select_related("hold__account").order_by("decided_at", "pk"):
        since = (refund.decided_at or refund.created_at) - A_DAY
        rows = LedgerEntry.objects.filter(
            case=case, currency=currency, src__in=account_nodes(case.id, refund.hold.account), dst__in=payers,
            amount_minor__in=left[refund.pk], out_at__gte=since,
        )  # fmt: skip
        for pk, amount in rows.exclude(pk__in=found).order_by("out_at", "pk").values_list("pk", "amount_minor"):
            if amount in left[refund.pk]:
                left[refund.pk].remove(amount)  # one row for each share
                found.add(pk)
    return found


def _lacks(run: TraceRun, version: int | None) -> str:
    totals = run.totals or {}  # type: ignore[attr-defined]
    problems = {
        "stale": run.ledger_version != version,
        "cut": run.is_cut,
        "until": bool(run.params.get("until")),
        "method": run.method not in BY_TIME,
        "uncertain": any(totals.get(end) for end in UNCERTAIN),
    }
    return next((name for name, is_so in problems.items() if is_so), "")
