"""List, report, completion, steps of law and timeline of cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.forms.cases import AttachmentForm, CaseFilterForm, CaseForm, NoteForm, StepForm
from cases.forms.victims import VictimCorrectionForm
from cases.models import Case, Victim
from cases.policy import Action
from cases.rules.fraud_types import FRAUD_TYPE_LABELS
from cases.selectors import cases as selectors
from cases.services.cases import case_update
from cases.services.steps import NEEDS_DOCUMENT, VERBS, case_step
from cases.services.victims import victim_update
from cases.states import case_flow
from cases.views.tabs import case_context
from cases.views.words import timeline_items

STEP_LABELS = {
    "accept": gettext_lazy("Accept the case"),
    "docket": gettext_lazy("File the case"),
    "refuse": gettext_lazy("Refuse to file"),
    "solve": gettext_lazy("Mark as solved"),
    "transfer": gettext_lazy("Transfer jurisdiction"),
    "withdraw": gettext_lazy("Withdraw the case"),
    "clear": gettext_lazy("Not fraud"),
    "close": gettext_lazy("Close the case"),
}
STEP_HELP = {
    "docket": gettext_lazy("From this date on, freezes can be asked for."),
    "refuse": gettext_lazy(
        "Releases of all holds of this case are drafted at once; they must be out within three days."
    ),
    "withdraw": gettext_lazy(
        "Releases of all holds of this case are drafted at once; they must be out within three days."
    ),
    "clear": gettext_lazy(
        "Releases of all holds of this case are drafted at once; they must be out within three days."
    ),
    "transfer": gettext_lazy("The receiving unit sees the case with its orders, clocks and answers from now on."),
}
MISSING_LABELS = {
    "incident_number": gettext_lazy("Incident number"),
    "victim": gettext_lazy("Victim"),
    "narrative": gettext_lazy("What happened"),
    "occurred_at": gettext_lazy("When it happened"),
    "loss": gettext_lazy("Loss"),
    "accounts": gettext_lazy("Involved accounts"),
    "transfers": gettext_lazy("Transfers"),
}


@login_required
@require_GET
def case_list(request: UserRequest) -> HttpResponse:
    """Cases newest first with the query form."""
    form = CaseFilterForm(request.GET or None)
    filters = {k: v for k, v in form.cleaned_data.items() if v} if form.is_valid() else {}
    rows = selectors.cases_list(user=request.user, **filters)
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    context = {
        "form": form,
        "page": page,
        "labels": FRAUD_TYPE_LABELS,
        "may_file": policy.can(request.user, Action.CASE_FILE),
    } | page_urls(request, page)
    return render(request, "cases/case_list.html", context)


@login_required
@require_GET
def case_report(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The tab Report: what was reported, victims, clues, steps of law, files and notes."""
    case = selectors.case_detail(user=request.user, case_id=case_id)
    related = selectors.related(case)
    missing = selectors.case_missing(
        case,
        has_victim=bool(related["victims"]),
        has_transfer=case.accounts_total > 0 and case.first_account_at is not None,
    )
    context = case_context(case, "report") | related
    context |= {
        "narrative": case.narrative.open() if case.narrative else "",
        "missing": [MISSING_LABELS[code] for code in missing],
        "steps_open": _open_steps(request, case),
        "note_form": NoteForm(),
        "may_add_victim": policy.can(request.user, Action.VICTIM_ADD) and case.status != Case.Status.CLOSED,
        "may_draft": policy.can(request.user, "order.draft"),  # the floor above serves the button's page
        "attachment_form": AttachmentForm(),
    }
    return render(request, "cases/case_report.html", context)


def _open_steps(request: UserRequest, case: Case) -> list[dict[str, Any]]:
    """Steps that are legal now and within the reader's role; the reach is that of the case, which the reader sees."""
    return [
        {"verb": verb, "label": STEP_LABELS[verb], "url": reverse("cases:step", args=[case.id, verb])}
        for verb in VERBS
        if any(case.status in step.sources for step in case_flow.transitions[verb])
        and policy.can(request.user, f"case.{verb}")
    ]


@login_required
@require_http_methods(["GET", "POST"])
def case_edit(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Complete or correct the report."""
    case = policy.get(request.user, Action.CASE_UPDATE, Case.objects.select_related("unit"), case_id)
    form = CaseForm(request.POST or None, initial=_initial(case) | _proposed(request.GET.get("loss", "")))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with unit_of_work(request.user):
                    case_update(
                        by=request.user,
                        case_id=case_id,
                        expected_version=form.cleaned_data["version"] or 0,
                        changes=form.changes(),
                    )
            except AppError as error:
                status = attach_errors(form, error)
            else:
                messages.success(request, _("The report was saved."))
                return redirect("cases:report", case_id)
    return render(request, "cases/case_edit.html", case_context(case, "report") | {"form": form}, status=status)


def _proposed(loss: str) -> dict[str, Any]:
    """A loss in minor units that another page proposes; the officer sees it in the field before it is kept."""
    return {"loss": int(loss)} if loss.isascii() and loss.isdigit() and len(loss) < 19 else {}


def _initial(case: Case) -> dict[str, Any]:
    names = ("incident_number", "jurisdiction", "fraud_type", "fraud_subtype", "occurred_at", "version")
    text = case.narrative.open() if case.narrative else ""
    return {name: getattr(case, name) for name in names} | {"loss": case.loss_minor, "narrative": text}


@login_required
@require_http_methods(["GET", "POST"])
def victim_edit(request: UserRequest, victim_id: UUID) -> HttpResponse:
    """Correct a victim's data; the values of now stay masked."""
    rows = Victim.objects.select_related("case__unit")
    victim = policy.get(request.user, Action.VICTIM_UPDATE, rows, victim_id)
    form = VictimCorrectionForm(request.POST or None, victim=victim)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with unit_of_work(request.user):
                    victim_update(by=request.user, victim_id=victim_id, changes=form.changes())
            except AppError as error:
                status = attach_errors(form, error)
            else:
                messages.success(request, _("The victim's data was corrected."))
                return redirect("cases:report", victim.case_id)
    context = case_context(victim.case, "report") | {"form": form, "victim": victim}
    return render(request, "cases/victim_edit.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def case_step_view(request: UserRequest, case_id: UUID, verb: str) -> HttpResponse:
    """One step of law with its paper."""
    if verb not in VERBS:
        raise Http404
    case = policy.get(request.user, f"case.{verb}", Case.objects.select_related("unit"), case_id)
    form = StepForm(request.POST or None, verb=verb, initial={"version": case.version})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                with unit_of_work(request.user):
                    case_step(
                        by=request.user, case_id=case_id, verb=verb, on=data["on"], document_number=data["document_number"],
                        note=data["note"], to_unit=data.get("to_unit"), expected_version=data["version"],
                    )  # fmt: skip
            except AppError as error:
                status = attach_errors(form, error)
            else:
                messages.success(request, _("The step was recorded."))
                return redirect("cases:report", case_id)
    context = case_context(case, "report") | {
        "form": form,
        "title": STEP_LABELS[verb],
        "help": STEP_HELP.get(verb, ""),
        "needs_document": verb in NEEDS_DOCUMENT,
        "danger": verb in {"refuse", "withdraw", "clear"},
    }
    return render(request, "cases/case_step.html", context, status=status)


@login_required
@require_GET
def case_timeline(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The tab Timeline: facts and acts in one line, newest first."""
    case = selectors.case_detail(user=request.user, case_id=case_id)
    rows = selectors.case_timeline(user=request.user, case=case)
    page = keyset_page(rows, ("-at", "-id"), request.GET.get("cursor"), 100)
    context = (
        case_context(case, "timeline")
        | {
            "items": timeline_items(page.items),
        }
        | page_urls(request, page)
    )
    return render(request, "cases/case_timeline.html", context)
