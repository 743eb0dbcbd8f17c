"""Remarks about a file's rows: the paged list, and the whole list as XLSX or CSV for the bank (no value of a row in it)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.forms.statement_fields import field_label
from accounts.forms.statement_words import remark_line, remark_text, row_text
from accounts.models import StatementFile, StatementIssue
from accounts.selectors import statements as selectors
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.spreadsheets import write_rows
from antifraud.spreadsheets.writing import safe_text
from banks.middleware import UserRequest
from cases.views.tabs import case_context

PAGE = 100
MOST_XLSX = 20_000  # a workbook is made in memory; a longer list comes as CSV
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SEVERITIES = tuple(StatementIssue.Severity.values)


@login_required
@require_GET
def statement_remarks_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Rows that were not taken or are doubtful: line, field, what is wrong, what to do."""
    file = selectors.statement_detail(user=request.user, file_id=file_id)
    severity = _severity(request)
    rows = selectors.statement_issues(user=request.user, file=file, severity=severity)
    page = keyset_page(rows, selectors.ISSUE_KEYSET, request.GET.get("cursor"), PAGE)
    url = reverse("accounts:statement_remarks", args=[file.id])
    kinds = [("", _("All")), *((name, str(label)) for name, label in StatementIssue.Severity.choices)]
    context = case_context(file.case, "statements") | page_urls(request, page)
    context |= {
        "file": file,
        "page": page,
        "lines": [(row, row_text(row.row), field_label(row.field), remark_text(row.code)) for row in page.items],
        "severity": severity,
        "kinds": [{"label": label, "url": f"{url}?severity={name}", "active": name == severity} for name, label in kinds],
    }  # fmt: skip
    return render(request, "accounts/statement_remarks.html", context)


@login_required
@require_GET
def statement_remarks_download(request: UserRequest, file_id: UUID) -> HttpResponseBase:
    """All remarks as a file that can be sent to the bank: line numbers and reasons only."""
    file = selectors.statement_detail(user=request.user, file_id=file_id)
    rows = selectors.statement_issues(user=request.user, file=file, severity=_severity(request))
    found = rows.values_list("row", "field", "code", "severity").iterator(chunk_size=2000)
    lines = (remark_line(*row) for row in found)
    if request.GET.get("format") == "csv":
        return _named(StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8"), file, "csv")
    content = write_rows(_headings(), islice(lines, MOST_XLSX), title=_("Remarks"))
    return _named(HttpResponse(content, content_type=XLSX), file, "xlsx")


def _csv(lines: Iterable[list[str]]) -> Iterator[str]:
    """Every cell quoted and guarded (R40); the mark at the start tells spreadsheet programs that it is UTF-8."""
    yield "\ufeff"
    for line in chain([_headings()], lines):
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerow([safe_text(cell) for cell in line])
        yield text.getvalue()


def _headings() -> list[str]:
    return [_("Row"), _("Field"), _("Result"), _("Remark")]


def _named(response: HttpResponseBase, file: StatementFile, ending: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="remarks-{file.id}.{ending}"'
    return response


def _severity(request: UserRequest) -> str:
    wanted = request.GET.get("severity", "")
    return wanted if wanted in SEVERITIES else ""
