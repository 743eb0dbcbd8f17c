"""An institution's notices of alerts: the list, one notice, and what is done with it. Nothing tells of other recipients."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.alerts import NoticeFilterForm, ReportBackForm
from accounts.forms.orders import VersionForm
from accounts.selectors import alerts as selectors
from accounts.services.alerts.notices import (
    NoticeReading,
    notice_acknowledge,
    notice_line_reveal,
    notice_lines_export,
    notice_open,
    notice_report_back,
)
from accounts.views.bank_side import institution_page
from accounts.views.order_content import institution_name
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from antifraud.spreadsheets import write_rows
from banks.forms.errors import attach_errors, show_version
from banks.middleware import UserRequest
from cases.rules.fraud_types import FRAUD_TYPE_LABELS
from cases.views.parts import reveal_shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@institution_page
@require_GET
def notice_list(request: UserRequest) -> HttpResponse:
    """The institution's notices, newest first, with what waits; renews itself."""
    form = NoticeFilterForm(request.GET or None)
    rows = selectors.notices_list(user=request.user, **form.filters())
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    counts = selectors.notice_counts(user=request.user)
    here = reverse("accounts:notices")
    kpis = [
        {"label": label, "value": counts[name], "url": f"{here}?state={name}", "tone": tone if counts[name] else ""}
        for name, label, tone in (
            ("unread", _("Not read yet"), "warn"),
            ("issued", _("To acknowledge"), "warn"),
            ("overdue", _("Overdue"), "bad"),
            ("acknowledged", _("To report back"), ""),
        )
    ]
    context = {"form": form, "page": page, "kpis": kpis, "unread": counts["unread"]} | page_urls(request, page)
    return render(request, "accounts/notice_list.html", context)


@institution_page
@require_GET
def notice_view(request: UserRequest, notice_id: UUID) -> HttpResponse:
    """One notice; the first opening marks it as read, and each stands in the audit log."""
    return _page(request, notice_id)


def _page(
    request: UserRequest, notice_id: UUID, *, form: ReportBackForm | None = None, alert: Any = None, status: int = 200
) -> HttpResponse:
    with unit_of_work(request.user):
        reading = notice_open(by=request.user, notice_id=notice_id)
    notice = reading.notice
    if form is not None:
        show_version(form, notice.version)
    case = reading.content["case"]
    kind = case["fraud_type"] if case else ""
    context = {
        "notice": notice,
        "content": reading.content,
        "fraud_type": _(FRAUD_TYPE_LABELS[kind]) if kind in FRAUD_TYPE_LABELS else kind,
        "unit": institution_name(reading.content["unit"]),
        "lines": _shown(reading),
        "acknowledge": VersionForm(initial={"version": notice.version}, auto_id="acknowledge_%s"),
        "form": form or ReportBackForm(initial={"version": notice.version}),
        "problem": alert or form,
        "crumbs": [(_("Alerts"), reverse("accounts:notices")), (notice.alert.number, "")],
    }
    return render(request, "accounts/notice_detail.html", context, status=status)


def _shown(reading: NoticeReading) -> list[dict[str, Any]]:
    return [line | {"keeper": institution_name(line["institution"])} for line in reading.lines]


@institution_page
@require_POST
def notice_acknowledge_view(request: UserRequest, notice_id: UUID) -> HttpResponse:
    """Seen, from the page that was shown."""
    form = VersionForm(request.POST)
    try:
        with unit_of_work(request.user):
            version = form.cleaned_data["version"] if form.is_valid() else None
            notice = notice_acknowledge(by=request.user, notice_id=notice_id, expected_version=version)
    except Conflict as error:
        status = attach_errors(form, error)
        return _page(request, notice_id, alert=form, status=status)
    messages.success(request, _("Alert {number} was acknowledged.").format(number=notice.alert.number))
    return HttpResponseRedirect(reverse("accounts:notice", args=[notice_id]), status=303)


@institution_page
@require_POST
def notice_report_back_view(request: UserRequest, notice_id: UUID) -> HttpResponse:
    """What was found; a refusal shows the notice again with what was typed."""
    form = ReportBackForm(request.POST)
    if not form.is_valid():
        return _page(request, notice_id, form=form, status=422)
    data = form.cleaned_data
    try:
        with unit_of_work(request.user):
            notice = notice_report_back(
                by=request.user, notice_id=notice_id, finding=data["finding"], report=data["report"],
                expected_version=data["version"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _page(request, notice_id, form=form, status=attach_errors(form, error))
    messages.success(request, _("Your report on alert {number} was sent.").format(number=notice.alert.number))
    return HttpResponseRedirect(reverse("accounts:notice", args=[notice_id]), status=303)


@institution_page
@require_POST
def notice_line_reveal_view(request: UserRequest, notice_id: UUID, line_no: int, field: str) -> HttpResponse:
    """One value of a line in clear, with the reason in the audit log."""
    return reveal_shown(request, notice_line_reveal, notice_id=notice_id, line_no=line_no, field=field)


@institution_page
@require_POST
def notice_lines_view(request: UserRequest, notice_id: UUID) -> HttpResponse:
    """The lines in clear as a workbook, for the institution's own systems (POST: an audited act)."""
    with unit_of_work(request.user):
        notice, lines = notice_lines_export(by=request.user, notice_id=notice_id)
    headings = [_("Account number"), _("Account name"), _("Bank or operator")]
    rows = [[line["number"], line["name"], institution_name(line["institution"])] for line in lines]
    response = HttpResponse(write_rows(headings, rows, title=_("Accounts")), content_type=XLSX)
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    response["Content-Disposition"] = f'attachment; filename="{notice.alert.number}-{stamp}.xlsx"'
    return response
