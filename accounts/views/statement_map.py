"""Naming the columns of a table: samples of each column, what it can be, and the first rows as they are then understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.statement_fields import field_label
from accounts.forms.statement_words import remark_text, row_text
from accounts.forms.statements import MappingForm
from accounts.models import StatementFile
from accounts.policy import FlowAction
from accounts.rules.sample_masks import sample_shown
from accounts.rules.statements import Batch
from accounts.selectors import statements as selectors
from accounts.services.statement_samples import statement_sample
from accounts.services.statements.files import statement_map
from accounts.views.statement_page import file_crumbs, file_title
from accounts.views.steps import step
from antifraud import policy
from antifraud.crypto.masks import mask
from banks.middleware import UserRequest
from cases.views.tabs import case_context

SAMPLES = 3
MICRO = 1_000_000


@login_required
@require_http_methods(["GET", "POST"])
def statement_map_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """The page; what was chosen is read anew in the background."""
    file = _file(request, file_id)
    if file.status not in (StatementFile.Status.NEEDS_MAPPING, StatementFile.Status.PREVIEW):
        return HttpResponseRedirect(reverse("accounts:statement", args=[file_id]))
    headings = _headings(file)
    form = _form(file, headings, request.POST if request.method == "POST" else None)

    def act(data: dict[str, Any]) -> StatementFile:
        remember = bool(data.get("remember"))
        return statement_map(by=request.user, file_id=file_id, mapping=form.mapping(), remember=remember)

    to = reverse("accounts:statement", args=[file_id])
    answer = step(request, form, act, done=_("The file is being read with these columns."), to=to)
    if not isinstance(answer, int):
        return answer
    context = case_context(file.case, "statements")
    context |= {"file": file, "title": file_title(file), "form": form, "columns": _columns(form, headings["samples"])}
    context["missing"] = [field_label(name) for name in headings["missing"]]
    context["crumbs"] = file_crumbs(file)
    return render(request, "accounts/statement_map.html", context, status=answer)


@login_required
@require_POST
def statement_map_preview(request: UserRequest, file_id: UUID) -> HttpResponse:
    """The first rows with the choices of this moment, while the officer chooses."""
    file = _file(request, file_id)
    form = _form(file, _headings(file), request.POST)
    return render(request, "accounts/statement_map_rows.html", _preview(request, file, form))


def _file(request: UserRequest, file_id: UUID) -> StatementFile:
    file = selectors.statement_detail(user=request.user, file_id=file_id)
    policy.require(request.user, FlowAction.STATEMENT_MAP, file)
    return file


def _headings(file: StatementFile) -> dict[str, Any]:
    """Headings, samples (personal data) and missing fields as the reading left them; empty where the file is no table."""
    found: dict[str, Any] = file.headings.open() if file.headings is not None else {}
    return {"headings": [], "samples": [], "missing": []} | found


def _form(file: StatementFile, headings: dict[str, Any], data: Any) -> MappingForm:
    """Chosen before, else as the headings were recognised."""
    return MappingForm(
        data, headings=headings["headings"], guessed=file.mapping or {}, has_owner=file.owner_number is not None,
        bank=file.institution.title if file.institution else "",
    )  # fmt: skip


def _columns(form: MappingForm, samples: list[list[str]]) -> list[dict[str, Any]]:
    """Each column with its first values, masked."""
    return [
        {
            "heading": heading,
            "field": field,
            "values": [sample_shown(row[place]) for row in samples[:SAMPLES] if place < len(row)],
        }
        for place, heading, field in form.columns
    ]


def _preview(request: UserRequest, file: StatementFile, form: MappingForm) -> dict[str, Any]:
    """Rows as understood; what keeps them from it is said in a sentence."""
    if not form.is_valid():
        problems = [str(text) for texts in form.errors.values() for text in texts]
        return {"rows": [], "preview_problems": list(dict.fromkeys(problems))}
    found = statement_sample(by=request.user, file_id=file.id, mapping=form.mapping())
    if found.batch is None:
        problems = [field_label(name) for name in found.missing]
        text = _("Still to be named: {fields}.").format(fields=", ".join(problems)) if problems else ""
        return {"rows": [], "preview_problems": [text or remark_text(found.problem)]}
    issues = [(row_text(i.row), field_label(i.field), i.severity, remark_text(i.code)) for i in found.batch.issues]
    return {"rows": _rows(found.batch), "preview_remarks": issues, "preview_problems": []}


def _rows(batch: Batch) -> list[dict[str, Any]]:
    return [
        {
            "row": row_text(batch.row[at]),
            "at": datetime.fromtimestamp(batch.at_us[at] // MICRO, UTC),
            "day_only": batch.day_only[at],
            "account": mask("account", batch.account[at]),
            "direction": batch.direction[at],
            "amount": batch.amount[at],
            "currency": batch.currency[at],
            "balance": batch.balance[at],
            "counter": mask("account", batch.counter[at]),
            "counter_name": mask("name", batch.counter_name[at]),
        }
        for at in range(len(batch))
    ]
