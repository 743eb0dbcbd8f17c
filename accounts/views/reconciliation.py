"""How platform and institutions agree: per institution the last comparisons, exact ids, proposals; and the end of the
reconciling mode.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.reconciliation import ResumeForm
from accounts.models import SyncRun
from accounts.policy import Action
from accounts.selectors.reconciliation import comparisons, findings_of, institution_compared, open_count, runs_of
from accounts.services.reconciliation import MOST_REPAIRED, sync_repair
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.policy import Action as BankAction
from banks.selectors.platform import platform_now
from banks.services.platform import platform_resume


@login_required
@require_GET
def reconciliation(request: UserRequest) -> HttpResponse:
    """All connected institutions; an institution sees itself alone."""
    return _page(request)


def _page(request: UserRequest, form: ResumeForm | None = None, status: int = 200) -> HttpResponse:
    rows = comparisons(user=request.user)
    state = platform_now()
    behind = sum(1 for row in rows if row.has_system and _epoch(row.orders) < state.epoch)
    figures = [
        {"label": _("Epoch"), "value": state.epoch, "hint": _("rises with each restore or failover")},
        {
            "label": _("Open differences"),
            "value": sum(row.findings for row in rows),
            "tone": "bad" if any(row.findings for row in rows) else "ok",
            "hint": _("warning above 0"),
        },
        {
            "label": _("Not compared in this epoch"),
            "value": behind,
            "tone": "warn" if behind else "",
            "hint": _("institutions with a system of their own"),
        },
    ]
    may_resume = not state.is_running and policy.can(request.user, BankAction.PLATFORM_RESUME)
    context = {
        "rows": rows,
        "figures": figures,
        "state": state,
        "form": (form or ResumeForm(initial={"epoch": state.epoch})) if may_resume else None,
        "outcomes": SyncRun.Outcome,
    }
    return render(request, "accounts/reconciliation.html", context, status=status)


def _epoch(run: SyncRun | None) -> int:
    return run.epoch if run is not None and run.last_at is not None else 0


@login_required
@require_GET
def institution_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """One institution: its comparisons day by day and every id that differs."""
    return render(request, "accounts/reconciliation_detail.html", _context(request, institution_id))


def _context(request: UserRequest, institution_id: UUID) -> dict[str, Any]:
    institution = institution_compared(user=request.user, institution_id=institution_id)
    findings = findings_of(user=request.user, institution=institution)
    shown = [finding for finding in findings if finding.resolved_at is None]
    return {
        "institution": institution,
        "runs": runs_of(user=request.user, institution=institution),
        "open": shown,
        "not_shown": open_count(user=request.user, institution=institution) - len(shown),
        "settled": [finding for finding in findings if finding.resolved_at is not None],
        "may_repair": policy.can(request.user, Action.SYNC_REPAIR),
        "crumbs": [(_("Reconciliation"), reverse("accounts:reconciliation")), (institution.title, "")],
    }


@login_required
@require_POST
def repair_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """Deliver the ticked orders again; what cannot be is said with its reason."""
    policy.require(request.user, Action.SYNC_REPAIR)
    institution = institution_compared(user=request.user, institution_id=institution_id)
    ids = _ids(request.POST.getlist("ids"))
    with unit_of_work(request.user):
        done = sync_repair(by=request.user, ids=ids, institution=institution)
    count = len(done.redelivered)
    if count:
        text = ngettext("{count} order is in the lane again.", "{count} orders are in the lane again.", count)
        messages.success(request, text.format(count=count))
    if done.unchanged or not ids:
        messages.warning(
            request, _("Some were not delivered again: they are in the lane already, or need two persons.")
        )
    return HttpResponseRedirect(reverse("accounts:reconciliation_institution", args=[institution.pk]), status=303)


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:MOST_REPAIRED]:
        try:
            found.append(UUID(str(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


@login_required
@require_POST
def resume_view(request: UserRequest) -> HttpResponse:
    """An administrator ends the reconciling mode and says why."""
    policy.require(request.user, BankAction.PLATFORM_RESUME)
    form = ResumeForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        with unit_of_work(request.user):
            platform_resume(by=request.user, **form.cleaned_data)
    except (Invalid, Conflict) as error:
        return _page(request, form, attach_errors(form, error))
    messages.success(request, _("The platform hands over again."))
    return HttpResponseRedirect(reverse("accounts:reconciliation"), status=303)
