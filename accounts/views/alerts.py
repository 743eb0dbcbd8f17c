"""The police's list of alerts, one alert with what became of each notice, values in clear, the export; drafts are in
`alert_draft`, decisions in `alert_decision`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.alerts import AlertFilterForm
from accounts.forms.orders import ReasonForm, VersionForm
from accounts.models import AlertNotice
from accounts.policy import Action
from accounts.selectors import alerts as selectors
from accounts.services.alerts.decide import alert_cancel, alert_recall, alert_submit
from accounts.services.alerts.draft import may_draft
from accounts.services.alerts.reveals import alert_export, alert_line_reveal, alert_reveal, notice_report_reveal
from accounts.services.alerts.send import alert_close
from accounts.views.alert_words import alert_actions, alert_progress, alert_steps, told_to
from antifraud import db, policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from antifraud.spreadsheets import write_rows
from banks.forms.errors import attach_errors, show_version
from banks.middleware import UserRequest
from cases.views.parts import reveal_shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS: dict[str, type[forms.Form]] = {
    "submit": VersionForm,
    "recall": VersionForm,
    "cancel": ReasonForm,
    "close": ReasonForm,
}
DONE = {
    "submit": gettext_lazy("The alert was submitted."),
    "recall": gettext_lazy("The alert was taken back to draft."),
    "cancel": gettext_lazy("The alert was cancelled."),
    "close": gettext_lazy("The alert was closed."),
}


@login_required
@require_GET
def alert_list(request: UserRequest) -> HttpResponse:
    """Alerts newest first with the query form; renews itself."""
    policy.require(request.user, Action.ALERT_VIEW)
    form = AlertFilterForm(request.GET or None)
    rows = selectors.alerts_list(user=request.user, filters=form.filters())
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    context = {"form": form, "page": page, "may_draft": may_draft(request.user)}
    return render(request, "accounts/alert_list.html", context | page_urls(request, page))


@login_required
@require_GET
def alert_detail_view(request: UserRequest, alert_id: UUID) -> HttpResponse:
    """One alert."""
    return alert_page(request, alert_id)


def alert_page(
    request: UserRequest, alert_id: UUID, *, refused: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    """The page, also with the form of an act that was refused (by its verb)."""
    alert = selectors.alert_detail(user=request.user, alert_id=alert_id)
    lines, notices = list(alert.lines.all()), list(alert.notices.all())
    preload_rows([alert, *lines])
    refused = refused or {}
    for form in refused.values():
        show_version(form, alert.version)
    shown: dict[str, Any] = {
        "submit": VersionForm(initial={"version": alert.version}, auto_id="submit_%s"),
        "cancel": ReasonForm(auto_id="cancel_%s"),
        "close": ReasonForm(auto_id="close_%s"),
    } | refused
    context = {
        "alert": alert,
        "lines": lines,
        "notices": notices,
        "writers": list(selectors.alert_writers(alert)),
        "told": told_to(alert, lines),
        "progress": alert_progress(notices, db.app_now()),
        "steps": alert_steps(alert, notices),
        "actions": alert_actions(request.user, alert),
        "now": db.app_now(),
        "forms": shown,
        "problem": next(iter(refused.values()), None),
        "refused": next(iter(refused), ""),
        # What the page has already is not put in its place again: values that were opened there stay open.
        "is_as_seen": request.headers.get("HX-Request") == "true" and request.GET.get("seen") == str(alert.version),
        "crumbs": [(_("Alerts"), reverse("accounts:alerts")), (alert.number, "")],
    }
    return render(request, "accounts/alert_detail.html", context, status=status)


@login_required
@require_POST
def alert_step_view(request: UserRequest, alert_id: UUID, verb: str) -> HttpResponse:
    """Carry out one act; a refusal shows the alert again with what was typed."""
    if verb not in FORMS:
        raise Http404
    form = FORMS[verb](request.POST, auto_id=f"{verb}_%s")
    if not form.is_valid():
        return alert_page(request, alert_id, refused={verb: form}, status=422)
    try:
        with unit_of_work(request.user):
            _act(request, alert_id, verb, form.cleaned_data)
    except (Invalid, Conflict) as error:
        return alert_page(request, alert_id, refused={verb: form}, status=attach_errors(form, error))
    messages.success(request, DONE[verb])
    return HttpResponseRedirect(reverse("accounts:alert", args=[alert_id]), status=303)


def _act(request: UserRequest, alert_id: UUID, verb: str, data: dict[str, Any]) -> None:
    if verb == "submit":
        alert_submit(by=request.user, alert_id=alert_id, expected_version=data["version"])
    elif verb == "recall":
        alert_recall(by=request.user, alert_id=alert_id)
    elif verb == "cancel":
        alert_cancel(by=request.user, alert_id=alert_id, reason=data["reason"])
    else:
        alert_close(by=request.user, alert_id=alert_id, reason=data["reason"])


@login_required
@require_POST
def alert_reveal_view(request: UserRequest, alert_id: UUID) -> HttpResponse:
    """The alert's text in clear, with the reason in the audit log."""
    return reveal_shown(request, alert_reveal, empty="", alert_id=alert_id)


@login_required
@require_POST
def alert_line_reveal_view(request: UserRequest, alert_id: UUID, line_id: UUID, field: str) -> HttpResponse:
    """One value of a line in clear, with the reason in the audit log."""
    return reveal_shown(request, alert_line_reveal, alert_id=alert_id, line_id=line_id, field=field)


@login_required
@require_POST
def notice_report_reveal_view(request: UserRequest, notice_id: UUID) -> HttpResponse:
    """What an institution reported, in clear, with the reason in the audit log."""
    return reveal_shown(request, notice_report_reveal, notice_id=notice_id)


@login_required
@require_POST
def alert_export_view(request: UserRequest, alert_id: UUID) -> HttpResponse:
    """What became of each notice, as a workbook (POST: an export is an audited act)."""
    with unit_of_work(request.user):
        notices = list(alert_export(by=request.user, alert_id=alert_id))
    headings = [
        _("Alert"), _("Institution"), _("State"), _("At the institution"), _("Acknowledge by"), _("Opened"), _("Opened by"),
        _("Acknowledged"), _("Acknowledged by"), _("Reported back"), _("Finding"), _("Ended"),
    ]  # fmt: skip
    response = HttpResponse(write_rows(headings, map(_row, notices), title=_("Alerts")), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="alert-{timezone.localtime():%Y%m%d-%H%M}.xlsx"'
    return response


def _row(notice: AlertNotice) -> list[str]:
    return [
        notice.alert.number, notice.institution.title, str(notice.get_status_display()), _moment(notice.available_at),
        _moment(notice.due_at), _moment(notice.read_at), str(notice.read_by or ""), _moment(notice.acknowledged_at),
        str(notice.acknowledged_by or ""), _moment(notice.reported_at), str(notice.get_finding_display()),
        _moment(notice.closed_at),
    ]  # fmt: skip


def _moment(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""
