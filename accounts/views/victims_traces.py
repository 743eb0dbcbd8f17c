"""What a page says of the traces that stand for the victims' money, and the one step that traces what none of them has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.selectors.flow import runs_list
from accounts.selectors.flow_seeds import ledger_version
from accounts.selectors.trace_checks import run_is_stale
from accounts.selectors.victims_traces import VictimsTraces, victims_traces, whole_in
from accounts.services.victims_traces import victims_trace
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.middleware import UserRequest
from cases.models import Case
from cases.selectors.cases import case_detail


def traces_of_victims(request: UserRequest, case: Case) -> VictimsTraces:
    """The traces of the case that stand for its victims' money, as far as the reader may see them."""
    return victims_traces(runs_list(user=request.user, case=case), case.id)


def cover_context(
    request: UserRequest, case: Case, traces: VictimsTraces, run: TraceRun | None = None
) -> dict[str, Any]:
    """For `accounts/victims_traces.html`; `run`: the trace that the page shows, whose own share is told."""
    found: dict[str, Any] = {
        "payments": len(traces.payments),
        "missing": len(traces.missing),
        "missing_sums": traces.missing_sums(),
        "may_trace": policy.can(request.user, FlowAction.TRACE_RUN, case),
    }
    if run is not None:
        found["whole"] = whole_in(run, traces)
        found["others"] = [(each, len(each.whole)) for each in traces.chosen if each.run_id != run.id]
        found["is_stale"] = run_is_stale(run, ledger_version(user=request.user, case=case))
    return {"cover": found}


@login_required
@require_POST
def victims_trace_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Trace the victims' payments that no trace has; the page it was asked from is the frontier."""
    case = case_detail(user=request.user, case_id=case_id)
    policy.require(request.user, FlowAction.TRACE_RUN, case)
    back = reverse("accounts:frontier", args=[case.id])
    try:
        with unit_of_work(request.user):
            made = victims_trace(by=request.user, case_id=case.id)
    except AppError as error:
        texts = [str(text) for several in error.fields.values() for text in several]
        messages.error(request, " ".join(texts) or str(error.message))
        return HttpResponseRedirect(back, status=303)
    if made:
        text = ngettext("{count} trace was run.", "{count} traces were run.", len(made))
        messages.success(request, text.format(count=len(made)))
    return HttpResponseRedirect(back, status=303)
