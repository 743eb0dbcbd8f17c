"""Many answers at once by a workbook: download the open queue, upload it filled in, see what became of every row."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.answer_sheet import (
    ALL,
    CHECK,
    MOST_ANSWERS,
    AnswerLine,
    AnswerSheet,
    AnswerSheetForm,
    refusal,
    sheet_of,
)
from accounts.models import Answer, Order
from accounts.selectors.queue import queue_counts, queue_order
from accounts.services.answers import order_answer
from accounts.services.order_contents import orders_export
from accounts.views.bank_side import institution_page
from accounts.views.queue import queue_tabs
from antifraud import db
from antifraud.db import unit_of_work
from antifraud.errors import AppError, Conflict
from banks.middleware import UserRequest
from banks.selectors.platform import page_now

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@institution_page
@require_http_methods(["GET", "POST"])
def bulk_answers(request: UserRequest) -> HttpResponse:
    """The page; its answer to htmx is the result alone, so that the chosen file stays chosen."""
    if request.method == "GET":
        return _page(request, AnswerSheetForm(user=request.user, now=db.app_now()), None, status=200)
    form = AnswerSheetForm(request.POST, request.FILES, user=request.user, now=db.app_now())
    if not form.is_valid():
        return _page(request, form, None, status=422)
    sheet = AnswerSheet(user=request.user, reading=form.reading)
    mode = form.cleaned_data["mode"]
    sent = 0
    if mode == ALL and not sheet.wrong:
        sent = _send_all(request, sheet)
    elif mode not in {ALL, CHECK}:
        sent = sum(_send(request, line) for line in sheet.good)
    done = mode == CHECK or sent or not (sheet.wrong or sheet.good)
    return _page(request, form, sheet, sent=sent, status=200 if done else 422)


@institution_page
@require_POST
def bulk_sheet(request: UserRequest) -> HttpResponse:
    """The open queue as a workbook (POST: numbers in clear are an audited act)."""
    clear = request.POST.get("clear") == "1"
    with unit_of_work(request.user):
        orders = orders_export(by=request.user, clear=clear, limit=MOST_ANSWERS)
    response = HttpResponse(sheet_of(orders, zone=request.user.zone_name), content_type=XLSX)
    response["Content-Disposition"] = (
        f'attachment; filename="answers-{timezone.localtime(db.app_now()):%Y%m%d-%H%M}.xlsx"'
    )
    return response


def _send(request: UserRequest, line: AnswerLine) -> int:
    """One row in its own unit; a refusal is noted at the row. Returns how many were sent."""
    try:
        with unit_of_work(request.user):
            _answer(request, line)
    except AppError as error:
        _note(request, line, error)
        return 0
    line.state = "sent"
    return 1


def _send_all(request: UserRequest, sheet: AnswerSheet) -> int:
    """All good rows in one unit, or none; rows that were answered before stay as they are."""
    lines = sheet.good
    line = lines[0] if lines else None
    try:
        with unit_of_work(request.user):
            for line in lines:
                _answer(request, line)
    except AppError as error:
        if line is not None:
            _note(request, line, error)
        return 0
    for line in lines:
        line.state = "sent"
    return len(lines)


def _answer(request: UserRequest, line: AnswerLine) -> None:
    if line.order is not None and line.answer is not None:
        order_answer(by=request.user, order_id=line.order.pk, answer=line.answer, source=Answer.Source.LOGGED_IN)


def _note(request: UserRequest, line: AnswerLine, error: AppError) -> None:
    """A row whose order somebody answered while the sheet was read is no mistake of the sheet."""
    if line.order is not None and isinstance(error, Conflict):
        line.order = queue_order(user=request.user, order_id=line.order.pk)
        if line.order.status == Order.Status.ANSWERED:
            line.state = "answered"
            return
    line.refuse(*refusal(error))


def _page(
    request: UserRequest, form: AnswerSheetForm, sheet: AnswerSheet | None, *, sent: int = 0, status: int
) -> HttpResponse:
    is_fragment = "HX-Request" in request.headers
    if sent and not is_fragment:
        messages.success(
            request, ngettext("{count} answer was sent.", "{count} answers were sent.", sent).format(count=sent)
        )
    context = {
        "form": form,
        "sheet": sheet,
        "sent": sent,
        "bad": len(sheet.wrong) if sheet else 0,
        "is_check": form.is_bound and form.is_valid() and form.cleaned_data["mode"] == CHECK,
    }
    if is_fragment:
        return render(request, "accounts/bulk_answers_result.html", context, status=status)
    now = page_now()
    context |= {
        "server_now": now,
        "tabs": queue_tabs("bulk"),
        "most": MOST_ANSWERS,
        "open": queue_counts(user=request.user, now=now)["total"],
        "crumbs": [(_("Queue"), reverse("accounts:queue")), (_("Bulk answers"), "")],
    }
    return render(request, "accounts/bulk_answers.html", context, status=status)
