"""Cases from a workbook: template, check, and filing with a result for every row."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.case_import import ALL, CHECK, CaseImportForm, ImportedSheet
from accounts.rules.sheets import CASE_COLUMNS, CaseGroup, headings
from accounts.services.filing import case_file_with_accounts
from antifraud import db, policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from antifraud.spreadsheets import write_rows
from banks.middleware import UserRequest
from cases.models import Case
from cases.policy import Action
from cases.rules.fraud_types import FRAUD_TYPES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_GET
def case_import_template(request: UserRequest) -> HttpResponse:
    """An empty workbook with headings in the reader's language, a list of fraud types and notes."""
    policy.require(request.user, Action.CASE_IMPORT)
    chinese = (get_language() or "").startswith("zh")
    words = [row.zh if chinese else row.en for row in FRAUD_TYPES.values()]
    names = [column.name for column in CASE_COLUMNS]
    notes = [
        _("One row for each transfer. Rows with the same incident number are one case."),
        _("Needed: incident number, fraud type, time of the report, victim and receiving account number."),
        _("Facts of the case need to stand in its first row only."),
        _("Times like 2026-11-20 13:05, in your own time zone. Account numbers as text."),
        _("Without a bank's name the bank is guessed from the card number."),
    ]
    content = write_rows(
        headings(CASE_COLUMNS, chinese=chinese), [], notes=notes, choices={names.index("fraud_type"): words}, title=_("Cases")
    )  # fmt: skip
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="cases-template.xlsx"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def case_import_view(request: UserRequest) -> HttpResponse:
    """The form; its answer to htmx is the result alone, so that the chosen file stays chosen."""
    policy.require(request.user, Action.CASE_IMPORT)
    now = db.app_now()
    if request.method == "GET":
        return _page(request, CaseImportForm(user=request.user, now=now), None, status=200)
    form = CaseImportForm(request.POST, request.FILES, user=request.user, now=now)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    sheet = ImportedSheet(user=request.user, reading=form.reading)
    mode = form.cleaned_data["mode"]
    wrong = [group for group in sheet.groups if not sheet.is_good(group)]
    stray = any(line.problems for line in sheet.lines.values() if not line.incident_number)
    if mode == CHECK:
        return _page(request, form, sheet, status=200)
    filed = 0
    if mode == ALL:
        if not wrong and not stray:
            filed = _file_all(request, sheet)
    else:
        filed = sum(_file_one(request, sheet, group) for group in sheet.groups if group not in wrong)
    return _page(request, form, sheet, filed=filed, status=200 if filed else 422)


def _file_one(request: UserRequest, sheet: ImportedSheet, group: CaseGroup) -> int:
    """One case in its own unit; a refusal is noted at its rows. Returns how many were filed."""
    try:
        with unit_of_work(request.user):
            case = _file(request, sheet, group)
    except (Invalid, Conflict) as error:
        _note(sheet, group, error)
        return 0
    _mark(sheet, group, case)
    return 1


def _file_all(request: UserRequest, sheet: ImportedSheet) -> int:
    """All cases in one unit, or none."""
    made: list[tuple[CaseGroup, Case]] = []
    group = sheet.groups[0]
    try:
        with unit_of_work(request.user):
            for group in sheet.groups:
                made.append((group, _file(request, sheet, group)))
    except (Invalid, Conflict) as error:
        _note(sheet, group, error)
        return 0
    for each, case in made:
        _mark(sheet, each, case)
    return len(made)


def _file(request: UserRequest, sheet: ImportedSheet, group: CaseGroup) -> Case:
    return case_file_with_accounts(
        by=request.user, data=sheet.case_input(group), accounts=sheet.accounts(group), victim_account=sheet.victim_account(group)
    )  # fmt: skip


def _mark(sheet: ImportedSheet, group: CaseGroup, case: Case) -> None:
    for row in group.rows:
        sheet.lines[row.row_no].case = case


def _note(sheet: ImportedSheet, group: CaseGroup, error: Invalid | Conflict) -> None:
    """Each sentence at the row that it names (`row-<n>`), else at the case's first."""
    if not error.fields:
        sheet.refuse(group, str(error.message))
    for name, texts in error.fields.items():
        row = name.removeprefix("row-")
        for text in texts:
            sheet.refuse(group, str(text), int(row) if row.isdecimal() else None)


def _page(
    request: UserRequest, form: CaseImportForm, sheet: ImportedSheet | None, *, filed: int = 0, status: int
) -> HttpResponse:
    is_fragment = bool(request.headers.get("HX-Request"))
    lines = list(sheet.lines.values()) if sheet else []
    bad = sum(1 for line in lines if line.problems)
    if filed and not is_fragment:
        messages.success(
            request, ngettext("{count} case was filed.", "{count} cases were filed.", filed).format(count=filed)
        )
    context = {
        "form": form,
        "sheet": sheet,
        "lines": lines,
        "bad": bad,
        "filed": filed,
        "is_check": form.is_bound and form.cleaned_data.get("mode") == CHECK,
        "crumbs": [(_("Cases"), reverse("cases:list")), (_("Import cases"), "")],
    }
    part = "accounts/case_import_result.html" if is_fragment else "accounts/case_import.html"
    return render(request, part, context, status=status)
