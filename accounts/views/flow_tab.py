"""The tab "Fund flow" of a case: run a trace, the list of traces; one trace is in `flow`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.flow import METHOD_MEANINGS, TraceForm
from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.selectors.flow import runs_list
from accounts.selectors.flow_seeds import SeedChoice, has_victim_account, ledger_version, seed_choices
from accounts.selectors.trace_checks import runs_later, runs_stale
from accounts.services.traces import trace_run
from accounts.views.victims_traces import cover_context, traces_of_victims
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.models import Case
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

MOST_RUNS = 100


@login_required
@require_http_methods(["GET", "POST"])
def flow_tab_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """GET `from`: the key of an account whose payments are offered instead of the victims'; `direction`, likewise."""
    case = case_detail(user=request.user, case_id=case_id)
    policy.require(request.user, FlowAction.TRACE_VIEW)
    node = request.GET.get("from", "")
    account = int(node) if node.isdecimal() and len(node) < 19 else None
    seeds = seed_choices(user=request.user, case=case, node=account)
    keys = [(str(seed.entry), seed.payee) for seed in seeds]
    if request.method == "GET":
        form = TraceForm(seeds=keys)
        if request.GET.get("direction") in TraceRun.Direction.values:
            form.initial["direction"] = request.GET["direction"]
        fitting = {"", form.initial["direction"]}
        form.initial["seeds"] = [str(seed.entry) for seed in seeds if seed.direction in fitting]
        return _page(request, case, seeds, form)
    policy.require(request.user, FlowAction.TRACE_RUN, case)
    form = TraceForm(request.POST, seeds=keys)
    status = 422
    if form.is_valid():
        try:
            with unit_of_work(request.user):
                run = _run(request, case, form, seeds, account)
        except AppError as error:
            status = attach_errors(form, error)
        else:
            messages.success(request, _("Trace {number} was run.").format(number=run.number))
            return HttpResponseRedirect(reverse("accounts:flow_run", args=[run.id]), status=303)
    return _page(request, case, seeds, form, status=status)


def _run(
    request: UserRequest, case: Case, form: TraceForm, seeds: list[SeedChoice], account: int | None
) -> TraceRun:  # fmt: skip
    chosen = set(form.cleaned_data["seeds"])
    begin = [
        {"entry": seed.entry, "from_minor": 0, "to_minor": seed.amount_minor}
        for seed in seeds
        if str(seed.entry) in chosen
    ]
    return trace_run(by=request.user, case_id=case.id, seeds=begin, params=form.params(), account=account)


def _page(
    request: UserRequest, case: Case, seeds: list[SeedChoice], form: TraceForm, *, status: int = 200
) -> HttpResponse:
    chosen = {str(key) for key in form["seeds"].value() or []}
    runs = list(runs_list(user=request.user, case=case)[:MOST_RUNS])
    version, later = ledger_version(user=request.user, case=case), runs_later(case.id) if runs else {}
    stale = runs_stale(runs, version)
    context = case_context(case, "flow") | cover_context(request, case, traces_of_victims(request, case))
    context |= {
        "runs": [(run, run.pk in stale, later.get(run.pk)) for run in runs],
        "newest": runs[0] if runs else None,
        "seeds": seeds,
        "groups": _groups(seeds, chosen),
        "form": form,
        "methods": [
            (word, label, METHOD_MEANINGS[word]) for word, label in TraceRun.Method.choices if word in METHOD_MEANINGS
        ],
        "may_run": policy.can(request.user, FlowAction.TRACE_RUN),
        "has_victim": has_victim_account(user=request.user, case=case),
    }
    return render(request, "accounts/flow_tab.html", context, status=status)


def _groups(seeds: list[SeedChoice], chosen: set[str]) -> list[dict[str, Any]]:
    """The payments that are offered: the victims' in one group without a heading, an account's by the direction they fit."""
    titles: dict[str, tuple[Any, Any]] = {"": ("", "")}
    if any(seed.direction for seed in seeds):
        titles = {
            TraceRun.Direction.FORWARD.value: (
                _("Payments out of this account, to trace forward"),
                _("The ledger knows no payment out of this account."),
            ),
            TraceRun.Direction.BACKWARD.value: (
                _("Payments into this account, to trace backward"),
                _("The ledger knows no payment into this account."),
            ),
        }
    return [
        {
            "direction": direction, "title": title, "nothing": nothing,
            "seeds": [(seed, str(seed.entry) in chosen) for seed in seeds if seed.direction == direction],
        }
        for direction, (title, nothing) in titles.items()
    ]  # fmt: skip
