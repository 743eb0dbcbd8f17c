"""Trace the victims' payments that no trace has yet, in one step; which those are is `selectors.victims_traces`."""

from __future__ import annotations

from uuid import UUID

from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.rules.tracing import Seed
from accounts.rules.tracing.engine import MOST_SEEDS
from accounts.selectors.victims_traces import VictimsTraces, victims_traces
from accounts.services.traces import trace_run
from antifraud import policy
from banks.models import User
from cases.models import Case


def victims_trace(*, by: User, case_id: UUID) -> list[TraceRun]:
    """A run for each currency in which payments are missing: of all victims' payments in it, of the missing where these are too many.

    With the limits and the method of the trace that stands for this currency's money now, else the usual ones; [] where
    nothing is missing. Raises like `trace_run`.
    """
    case = policy.get(by, FlowAction.TRACE_RUN, Case.objects.all(), case_id)
    runs = policy.scope(by, FlowAction.TRACE_VIEW, TraceRun.objects.filter(case=case))
    found = victims_traces(runs, case.pk)
    missing = found.missing
    made = []
    for currency in sorted({currency for _amount, currency in missing.values()}):
        wanted = [entry for entry, (_amount, each) in found.payments.items() if each == currency]
        if len(wanted) > MOST_SEEDS:
            wanted = [entry for entry in wanted if entry in missing][:MOST_SEEDS]
        seeds = [Seed(entry, 0, found.payments[entry][0]) for entry in wanted]
        made.append(trace_run(by=by, case_id=case.pk, seeds=seeds, params=_limits(found, currency)))
    return made


def _limits(found: VictimsTraces, currency: str) -> dict[str, object]:
    """What the newest questions were asked with: `until` not, which would keep the new payments out."""
    first = next((each for each in found.chosen if each.currency == currency), None)
    if first is None:
        return {}
    params: dict[str, object] = dict(TraceRun.objects.values_list("params", flat=True).get(pk=first.run_id))
    return {name: value for name, value in params.items() if name not in {"rule", "until"}}
