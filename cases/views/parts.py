"""Small acts on a case page: files, notes, values in clear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from antifraud.db import unit_of_work
from antifraud.errors import AppError, Invalid
from banks.middleware import UserRequest
from cases.forms.cases import AttachmentForm, NoteForm
from cases.selectors.cases import case_detail
from cases.services.attachments import attachment_add, attachment_open, note_add
from cases.services.victims import lead_reveal, victim_reveal

MEDIA = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "csv": "text/csv",
    "xml": "application/xml",
    "ofx": "application/x-ofx",
    "mt940": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@login_required
@require_POST
def attachment_add_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Add a file; a refusal is said in a message, the page itself holds nothing typed but the title."""
    case_detail(user=request.user, case_id=case_id)
    form = AttachmentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            with unit_of_work(request.user):
                attachment_add(
                    by=request.user,
                    case_id=case_id,
                    file=form.cleaned_data["file"],
                    purpose=form.cleaned_data["purpose"],
                    title=form.cleaned_data["title"] or form.cleaned_data["file"].name,
                )
        except Invalid as error:
            messages.error(request, " ".join(str(text) for texts in error.fields.values() for text in texts))
        else:
            messages.success(request, _("The file was added."))
    else:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return redirect("cases:report", case_id)


@login_required
@require_POST
def attachment_open_view(request: UserRequest, case_id: UUID, attachment_id: UUID) -> FileResponse:
    """The file as a download (POST: opening is an audited act)."""
    with unit_of_work(request.user):
        attachment, stream = attachment_open(by=request.user, attachment_id=attachment_id)
    response = FileResponse(stream, content_type=MEDIA[attachment.media_kind])
    response["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(f'{attachment.id}.{attachment.media_kind}')}"
    )
    response["Content-Security-Policy"] = "sandbox"
    return response


@login_required
@require_POST
def note_add_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Add a note."""
    case_detail(user=request.user, case_id=case_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        with unit_of_work(request.user):
            note_add(by=request.user, case_id=case_id, text=form.cleaned_data["text"])
        messages.success(request, _("The note was added."))
    else:
        messages.error(request, _("Write the note before saving it."))
    return redirect("cases:report", case_id)


def reveal_answer(value: str) -> HttpResponse:
    """The clear value alone, for the component `masked`."""
    return HttpResponse(escape(value), content_type="text/html; charset=utf-8")


def reveal_refused(error: AppError) -> HttpResponse:
    """The refusal in words, for the same place."""
    text = " ".join(str(t) for texts in error.fields.values() for t in texts) or str(error.message)
    return HttpResponse(escape(text), status=error.status, content_type="text/html; charset=utf-8")


def reveal_shown(
    request: UserRequest, reveal: Callable[..., str | None], *, empty: str | None = None, **which: Any
) -> HttpResponse:
    """Call a service that reveals one value, with the typed purpose: the value (`empty` where there is none) or the refusal."""
    try:
        with unit_of_work(request.user):
            value = reveal(by=request.user, purpose=request.POST.get("purpose", ""), **which)
    except Invalid as error:
        return reveal_refused(error)
    return reveal_answer(value or (_("Nothing was entered.") if empty is None else empty))


@login_required
@require_POST
def victim_reveal_view(request: UserRequest, victim_id: UUID, field: str) -> HttpResponse:
    """One value of a victim, with the reason in the audit log."""
    return reveal_shown(request, victim_reveal, empty="", victim_id=victim_id, field=field)


@login_required
@require_POST
def lead_reveal_view(request: UserRequest, lead_id: UUID) -> HttpResponse:
    """A clue's value, with the reason in the audit log."""
    return reveal_shown(request, lead_reveal, empty="", lead_id=lead_id)
