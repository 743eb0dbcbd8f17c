"""Draft an alert on one page: what to look for, to whom, and which accounts; the lines are pasted, typed or uploaded."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.alert_lines import AlertImportForm, BoxLine, box_lines, box_text, kept_lines, line_inputs
from accounts.forms.alerts import AlertForm
from accounts.forms.pasted_choices import BOX
from accounts.models import Alert
from accounts.policy import Action
from accounts.rules.sheets import ALERT_COLUMNS, YES_NO_LABELS, headings
from accounts.services.alerts.checks import require_room
from accounts.services.alerts.draft import alert_draft, alert_update, require_drafter
from accounts.services.alerts.reveals import alert_edit_content
from antifraud import db, policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid, RateLimited
from antifraud.spreadsheets import write_rows
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.selectors.institutions import executing_institutions

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_http_methods(["GET", "POST"])
def alert_new_view(request: UserRequest) -> HttpResponse:
    """A new draft."""
    require_drafter(request.user)
    if request.method == "POST":
        return _save(request, None)
    form = AlertForm(user=request.user, initial={"case_number": request.GET.get("case", "")[:40]})
    return _page(request, form, [], None)


@login_required
@require_http_methods(["GET", "POST"])
def alert_edit_view(request: UserRequest, alert_id: UUID) -> HttpResponse:
    """A draft to write on; opening its content is in the audit log."""
    if request.method == "POST":
        # Whether it is a draft still is asked in saving: a refusal there keeps what was typed.
        rows = Alert.objects.defer("payload", "content")
        return _save(request, policy.get(request.user, Action.ALERT_UPDATE, rows, alert_id))
    with unit_of_work(request.user):
        alert = alert_edit_content(by=request.user, alert_id=alert_id)
    text, lines = kept_lines(user=request.user, lines=list(alert.lines.all()))
    names = ("kind", "title", "legal_basis", "purpose", "expires_at", "audience", "version")
    initial = {name: getattr(alert, name) for name in names} | {
        "content": alert.content.open(),
        "case_number": alert.case.number if alert.case else "",
        "addressees": [each.pk for each in alert.addressees.all()],
        BOX: text,
    }
    return _page(request, AlertForm(user=request.user, initial=initial), lines, alert)


def _save(request: UserRequest, alert: Alert | None) -> HttpResponse:
    form = AlertForm(request.POST, user=request.user)
    lines = box_lines(user=request.user, post=request.POST)
    bad = [line for line in lines if line.preview.problems]
    if not form.is_valid() or bad:
        return _page(request, form, lines, alert, status=422, unread=bad)
    data = form.alert_input(line_inputs(lines))
    try:
        with unit_of_work(request.user):
            saved = (
                alert_update(
                    by=request.user, alert_id=alert.id, data=data, expected_version=form.cleaned_data["version"]
                )
                if alert
                else alert_draft(by=request.user, data=data)
            )
    except Invalid as error:
        _note_lines(error, lines)
        return _page(request, form, lines, alert, status=attach_errors(form, error))
    except Conflict as error:
        return _page(request, form, lines, alert, status=attach_errors(form, error))
    except RateLimited as error:
        attach_errors(form, error)
        answer = _page(request, form, lines, alert, status=error.status)
        answer["Retry-After"] = str(error.extra["retry_after"])
        return answer
    messages.success(request, _("Alert {number} was saved as a draft.").format(number=saved.number))
    return HttpResponseRedirect(reverse("accounts:alert", args=[saved.id]), status=303)


def _note_lines(error: Invalid, lines: list[BoxLine]) -> None:
    """Sentences about a line go to its row; the form says only how many lines are wrong."""
    by_place = {line.place: line for line in lines}
    wrong = 0
    for place in [name for name in error.fields if name in by_place]:
        by_place[place].preview.problems += [str(text) for text in error.fields.pop(place)]
        wrong += 1
    if "lines" in error.fields:
        error.fields[BOX] = error.fields.pop("lines")
    if wrong:
        error.fields.setdefault(BOX, []).append(_how_many(wrong))


def _how_many(wrong: int) -> str:
    text = ngettext(
        "{count} line needs your attention; see the table.", "{count} lines need your attention; see the table.", wrong
    )
    return text.format(count=wrong)


@login_required
@require_POST
def alert_preview(request: UserRequest) -> HttpResponse:
    """The table under the paste box, while it is typed."""
    require_drafter(request.user)
    return render(request, "accounts/alert_lines.html", _lines(box_lines(user=request.user, post=request.POST)))


@login_required
@require_GET
def alert_import_template(request: UserRequest) -> HttpResponse:
    """An empty workbook with headings in the reader's language."""
    require_drafter(request.user)
    names = [column.name for column in ALERT_COLUMNS]
    banks = [institution.title for institution in executing_institutions()]
    notes = [
        _("One row for each account. Only the account number is needed."),
        _("Without an institution it is guessed from the card number."),
        _("Each line is shown to the institution that keeps the account, and to nobody else."),
        _("Write Yes in the last column only where every addressee is meant to see the line."),
    ]
    words = {names.index("account_bank"): banks, names.index("to_all"): [_(word) for word in YES_NO_LABELS.values()]}
    chinese = (get_language() or "").startswith("zh")
    content = write_rows(headings(ALERT_COLUMNS, chinese=chinese), [], notes=notes, choices=words, title=_("Accounts"))
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="alert-template.xlsx"'
    return response


@login_required
@require_POST
def alert_import(request: UserRequest) -> HttpResponse:
    """The rows of a file into the paste box, with a result for each wrong row; nothing is stored yet.

    429 with Retry-After while a lane of a keeper of these accounts is crowded with alerts.
    """
    require_drafter(request.user)
    sheet = AlertImportForm(request.POST, request.FILES, user=request.user, now=db.app_now())
    form = AlertForm(request.POST, user=request.user)
    post = request.POST.copy()
    refused = not sheet.is_valid() or (bool(sheet.wrong) and sheet.cleaned_data["bad_rows"] != "skip")
    taken = [] if refused else sheet.taken()
    if taken:
        require_room([keeper for _row, keeper in taken if keeper is not None], bulk=True)
        _add(post, taken)
    form.data = post
    context = _lines(box_lines(user=request.user, post=post)) | {"form": form, "sheet": sheet, "taken": len(taken)}
    return render(request, "accounts/alert_box.html", context, status=422 if refused else 200)


def _add(post: QueryDict, taken: list[Any]) -> None:
    """Write the rows below what stands in the box, their institutions and ticks as the officer's own choices."""
    first = len(post.get(BOX, "").rstrip().splitlines()) + 2  # below the line of headings
    rows = [(str(row.values["account_number"]), str(row.values.get("account_name", ""))) for row, _keeper in taken]
    post[BOX] = box_text(post.get(BOX, ""), rows)
    for at, (row, keeper) in enumerate(taken, start=first):
        number = row.values["account_number"]
        post[f"bank-{number}-{at}"] = str(keeper.pk) if keeper is not None else ""
        if row.values.get("to_all") == "yes":
            post[f"all-{number}-{at}"] = "on"


def _lines(lines: list[BoxLine]) -> dict[str, Any]:
    return {"lines": lines, "banks": list(executing_institutions())}


def _page(
    request: UserRequest,
    form: AlertForm,
    lines: list[BoxLine],
    alert: Alert | None,
    *,
    status: int = 200,
    unread: list[BoxLine] | None = None,
) -> HttpResponse:
    if unread:
        form.add_error(BOX, _how_many(len(unread)))
    title = alert.number if alert else _("New alert")
    back = reverse("accounts:alert", args=[alert.id]) if alert else reverse("accounts:alerts")
    context = _lines(lines) | {
        "form": form,
        "alert": alert,
        "title": title,
        "back": back,
        "sheet": AlertImportForm(user=request.user, now=db.app_now()),
        "crumbs": [(_("Alerts"), reverse("accounts:alerts")), (title, "")],
    }
    return render(request, "accounts/alert_draft.html", context, status=status)
