"""File a case on one page in under a minute; the paste box answers as it is typed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.filing import FilingForm
from accounts.forms.pasted_choices import chosen_banks
from accounts.selectors.lookups import Known, account_known_elsewhere
from accounts.selectors.pasted import COMPLETE, PreviewLine, pasted_lines
from accounts.services.filing import FiledAccount, case_file_with_accounts
from antifraud import db, policy
from antifraud.crypto.blind import blind_index
from antifraud.db import unit_of_work
from antifraud.errors import AppError, RateLimited
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.selectors.institutions import executing_institutions
from cases.models import FilingDraft
from cases.policy import Action
from cases.selectors.cases import drafts_list
from cases.services.cases import CaseInput
from cases.services.drafts import draft_drop, draft_save
from cases.services.victims import LeadInput

ASKED = "asked_numbers"  # session: HMAC of numbers already looked up, so that typing on does not pay twice
MOST_KEPT = 200


@login_required
@require_http_methods(["GET", "POST"])
def case_file_view(request: UserRequest) -> HttpResponse:
    """The filing page; `express` issues stops next, `file` opens the case page."""
    policy.require(request.user, Action.CASE_FILE)
    if request.method == "POST":
        return _file(request)
    draft = _draft(request, request.GET.get("draft"))
    initial = json.loads(draft.data.open()) | {"draft_id": draft.id} if draft else {}
    form = FilingForm(initial=initial)
    return _page(request, form, text=str(initial.get("accounts", "")))


def _page(request: UserRequest, form: FilingForm, *, text: str, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "lines": _preview(request, text) if text else [],
        "banks": list(executing_institutions()),
        "drafts": list(drafts_list(user=request.user)[:5]),
        "crumbs": [(_("Cases"), reverse("cases:list")), (_("File a case"), "")],
    }
    return render(request, "accounts/case_file.html", context, status=status)


def _file(request: UserRequest) -> HttpResponse:
    form = FilingForm(request.POST)
    text = request.POST.get("accounts", "")
    if not form.is_valid():
        return _page(request, form, text=text, status=422)
    data = form.cleaned_data
    lines = [line for line in _understood(request, text) if not line.line.is_heading]
    bad, good = [line for line in lines if not line.is_good], [line for line in lines if line.is_good]
    if bad and data["bad_lines"] == "refuse":
        for line in bad:
            form.add_error(
                "accounts",
                _("Line {number}: {problem}").format(number=line.line.line_no, problem=" ".join(line.problems)),
            )
        return _page(request, form, text=text, status=422)
    if request.POST.get("verb") == "express" and not data["incident_number"].strip():
        # said before the case is filed: the next page would refuse the stop
        form.add_error(
            "incident_number", _("A stop needs the incident number of the report. Enter it on the case first.")
        )
        return _page(request, form, text=text, status=422)
    try:
        with unit_of_work(request.user):
            case = case_file_with_accounts(
                by=request.user,
                data=_case_input(form, express="express" in request.POST.get("verb", "")),
                accounts=[_filed(line) for line in good],
                victim_account=form.victim_account(),
            )
            if data["draft_id"]:
                draft_drop(by=request.user, draft_id=data["draft_id"])
    except AppError as error:
        return _page(request, form, text=text, status=attach_errors(form, error))
    if bad:
        messages.warning(request, _("Left out {count} lines that could not be read.").format(count=len(bad)))
    messages.success(request, _("Case {number} was filed.").format(number=case.number))
    if request.POST.get("verb") == "express":
        return redirect(reverse("accounts:order_draft", args=[case.id]) + "?kind=stop&emergency=1")
    return redirect("accounts:case_accounts" if good else "cases:report", case.id)


def _case_input(form: FilingForm, *, express: bool) -> CaseInput:
    data = form.cleaned_data
    lead = data["lead_value"].strip()
    return CaseInput(
        reported_at=data["reported_at"],
        fraud_type=data["fraud_type"],
        incident_number=data["incident_number"],
        fraud_subtype=data["fraud_subtype"],
        narrative=data["narrative"],
        occurred_at=data["occurred_at"],
        loss_minor=data["loss"],
        is_express=express,
        victims=(form.victim_input(),),
        leads=(LeadInput(data["lead_kind"], lead),) if lead else (),
    )


def _filed(preview: PreviewLine) -> FiledAccount:
    line = preview.line
    return FiledAccount(
        line.number,
        preview.institution,
        line.name,
        line.amount_minor,
        line.currency or "CNY",
        line.at,
        place="accounts",
    )


@login_required
@require_POST
def paste_preview(request: UserRequest) -> HttpResponse:
    """The table under the paste box, while it is typed."""
    policy.require(request.user, Action.CASE_FILE)
    context = {"lines": _preview(request, request.POST.get("accounts", "")), "banks": list(executing_institutions())}
    return render(request, "accounts/paste_preview.html", context)


def _understood(request: UserRequest, text: str) -> list[PreviewLine]:
    return pasted_lines(user=request.user, text=text, now=timezone.now(), chosen=chosen_banks(request.POST))


def _preview(request: UserRequest, text: str) -> list[PreviewLine]:
    lines = _understood(request, text)
    asked: dict[str, list[Any]] = request.session.get(ASKED, {})
    marks = {
        line.line.number: blind_index("session.lookup", line.line.number).hex() for line in lines if _is_complete(line)
    }
    fresh = [number for number, mark in marks.items() if mark not in asked]
    if fresh:
        asked = asked | _look_up(request, {number: marks[number] for number in fresh})
        request.session[ASKED] = dict(list(asked.items())[-MOST_KEPT:])
    for line in lines:
        found = asked.get(marks.get(line.line.number, ""))
        line.known = Known(found[0], tuple(found[1])) if found else None
    return lines


def _is_complete(line: PreviewLine) -> bool:
    return line.is_good and len(line.line.number) >= COMPLETE


def _look_up(request: UserRequest, marks: dict[str, str]) -> dict[str, list[Any]]:
    """Cases of others by HMAC; nothing where the look-up budget is used up (the page says so)."""
    try:
        with unit_of_work(request.user):
            known = account_known_elsewhere(user=request.user, numbers=list(marks)[:100])
    except RateLimited:
        messages.warning(request, _("Your look-up budget is used up; other cases are not shown for now."))
        return {}
    return {marks[number]: [found.cases, list(found.units)] for number, found in known.items()}


@login_required
@require_POST
def draft_save_view(request: UserRequest) -> HttpResponse:
    """Keep what was typed so far; answers with a short text and the draft's id for the form."""
    form = FilingForm(request.POST)
    kept = {name: request.POST.get(name, "") for name in form.fields if name not in {"draft_id", "bad_lines"}}
    with unit_of_work(request.user):
        found = _draft(request, request.POST.get("draft_id"))
        draft = draft_save(by=request.user, draft_id=found.id if found else None, text=json.dumps(kept))
    return render(request, "accounts/draft_saved.html", {"draft": draft, "now": db.app_now()})


def _draft(request: UserRequest, draft_id: str | None) -> FilingDraft | None:
    try:
        wanted = UUID(draft_id or "")
    except ValueError:
        return None
    return drafts_list(user=request.user).filter(pk=wanted).first()
