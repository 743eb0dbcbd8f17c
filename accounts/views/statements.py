"""Statement files of a case: the list with its upload, one file from reading to the ledger, and its acts.

Naming columns is in `statement_map`, remarks in `statement_remarks`, rows in `statement_lines`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.statements import CommitForm, StatementUploadForm
from accounts.models import StatementFile
from accounts.policy import FlowAction
from accounts.selectors import statements as selectors
from accounts.services.statement_doors import statement_read_again
from accounts.services.statements.files import (
    COMMIT,
    READ,
    statement_ahead,
    statement_commit,
    statement_discard,
    statement_receive,
)
from accounts.views.jobs import job_context
from accounts.views.statement_page import case_files_context, statement_context
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError, Conflict, Invalid
from antifraud.jobs import queue
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.models import Case
from cases.selectors.cases import case_detail

Status = StatementFile.Status
WORK = (READ, COMMIT)  # what a file's page shows as its work


@login_required
@require_http_methods(["GET", "POST"])
def case_statements_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The tab: files of the case, and the form that receives more of them."""
    case = case_detail(user=request.user, case_id=case_id)
    if request.method == "GET":
        return _list(request, case, StatementUploadForm())
    policy.require(request.user, FlowAction.STATEMENT_IMPORT, case)
    form = StatementUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, case, form, status=422)
    received = [file for each in form.cleaned_data["chosen"] if (file := _receive(request, case_id, form, each))]
    if form.errors:
        return _list(request, case, form, received=len(received), status=422)
    if len(received) == 1:
        return _to(request, reverse("accounts:statement", args=[received[0].id]))
    messages.success(request, _("{count} files were received and are being read.").format(count=len(received)))
    return _to(request, reverse("accounts:case_statements", args=[case_id]))


def _receive(request: UserRequest, case_id: UUID, form: StatementUploadForm, upload: Any) -> StatementFile | None:
    """One file, stored and then received in its own unit of work: what was wrong with another one does not touch it."""
    data = form.cleaned_data
    try:
        with statement_ahead(case_id=case_id, file=upload) as stored, unit_of_work(request.user):
            case = case_detail(user=request.user, case_id=case_id)
            return statement_receive(
                by=request.user, case=case, stored=stored, title=upload.name, institution=data["institution"],
                source=StatementFile.Source.UPLOAD, owner=form.owner(), zone=data["zone"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        sentences = [str(text) for texts in error.fields.values() for text in texts] or [str(error.message)]
        sentences = [_known(request, error)] if error.code == "statement_known" else sentences
        form.add_error("chosen", f"{upload.name}: {' '.join(sentences)}")
    return None


def _known(request: UserRequest, error: AppError) -> str:
    """Which file of the case has the same bytes; its title is opened for this reader only, an error is logged."""
    earlier = selectors.statement_detail(user=request.user, file_id=UUID(error.extra["file"]))
    text = _("This file is in the case already: {name}, received {day}. Nothing was changed.")
    return text.format(
        name=earlier.attachment.title.open(), day=timezone.localtime(earlier.received_at).date().isoformat()
    )


def _list(
    request: UserRequest, case: Case, form: StatementUploadForm, *, received: int = 0, status: int = 200
) -> HttpResponse:
    """The page, or the form alone for htmx, so that what was chosen stays chosen."""
    part = "HX-Request" in request.headers and status == 422 and not received
    context = case_files_context(request, case) | {"form": form, "received": received}
    return render(request, f"accounts/{'statement_upload' if part else 'case_statements'}.html", context, status=status)


def _to(request: UserRequest, url: str) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


@login_required
@require_GET
def statement_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """One file as it stands: being read, to be checked, in the ledger, refused or discarded."""
    file, job = selectors.statement_with_work(user=request.user, file_id=file_id, kinds=WORK)
    is_unnamed = file.status == Status.NEEDS_MAPPING and (job is None or not job.is_active)
    if is_unnamed and policy.can(request.user, FlowAction.STATEMENT_MAP, file):
        return redirect("accounts:statement_map", file_id)
    return render(request, "accounts/statement_detail.html", statement_context(request, file, job))


@login_required
@require_GET
def statement_progress(request: UserRequest, file_id: UUID) -> HttpResponse:
    """The job's fragment; once it has ended the fragment asks once more and is led to the page as it is then.

    The leading cannot be the answer to a poll: the next poll would break the page off that is just coming. Who asks after
    the end is led there whatever is going on by then: that fragment takes no other one in its place.
    """
    file, job = selectors.statement_with_work(user=request.user, file_id=file_id, kinds=WORK)
    url = reverse("accounts:statement", args=[file.id])
    if "HX-Request" not in request.headers:
        return HttpResponseRedirect(url)
    if "ended" in request.GET:
        return HttpResponse(headers={"HX-Redirect": url})
    if job is None:
        return HttpResponse()
    may_cancel = policy.can(request.user, FlowAction.STATEMENT_DISCARD, file)
    context = job_context(
        job, progress_url=reverse("accounts:statement_progress", args=[file.id]),
        cancel_url=reverse("accounts:statement_cancel", args=[file.id]) if may_cancel else "",
        said=request.GET.get("said", "")[:40],
    )  # fmt: skip
    return render(request, "ui/job.html", context | {"is_fragment": True})


@login_required
@require_POST
def statement_cancel(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Ask the running work to end; one that has ended meanwhile stays as it is."""
    with unit_of_work(request.user):
        file = policy.get(request.user, FlowAction.STATEMENT_DISCARD, StatementFile.objects.all(), file_id)
        job = queue.latest(file.id, *WORK)
        asked = job is not None and queue.cancel(job.id)
    if asked:
        messages.success(request, _("The work is being cancelled."))
    else:
        messages.info(request, _("The work had ended already."))
    return HttpResponseRedirect(reverse("accounts:statement", args=[file_id]), status=303)


@login_required
@require_POST
def statement_retry(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Read the file once more after a fault; who clicks twice begins it once."""
    try:
        with unit_of_work(request.user):
            statement_read_again(by=request.user, file_id=file_id)
    except Conflict as error:
        messages.error(request, str(error.message))
    return HttpResponseRedirect(reverse("accounts:statement", args=[file_id]), status=303)


@login_required
@require_POST
def statement_commit_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Take what was checked into the ledger; a preview that has changed since is shown again."""
    file, job = selectors.statement_with_work(user=request.user, file_id=file_id, kinds=WORK)
    policy.require(request.user, FlowAction.STATEMENT_COMMIT, file)
    context = statement_context(request, file, job)
    form = CommitForm(request.POST, bad=file.rows_bad, repeats=context["repeats"])
    status = 422
    if form.is_valid():
        try:
            with unit_of_work(request.user):
                statement_commit(
                    by=request.user, file_id=file_id, leave_out_repeats=form.leave_out_repeats,
                    only_if_all_good=form.cleaned_data.get("take") == CommitForm.ALL,
                    expected_version=form.cleaned_data["version"],
                )  # fmt: skip
        except (Invalid, Conflict) as error:
            status = attach_errors(form, error)
        else:
            return HttpResponseRedirect(reverse("accounts:statement", args=[file_id]), status=303)
    fresh = selectors.statement_with_work(user=request.user, file_id=file_id, kinds=WORK)
    context = statement_context(request, *fresh)
    if status == 422 and "form" in context:
        context["form"] = form
    else:  # what the form was about has changed: it could not be sent again, and its tick says nothing of the new state
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return render(request, "accounts/statement_detail.html", context, status=status)


@login_required
@require_POST
def statement_discard_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Do not use the file; its original stays with the case. The same file can be uploaded again."""
    try:
        with unit_of_work(request.user):
            file = statement_discard(by=request.user, file_id=file_id)
    except Conflict as error:
        messages.error(request, str(error.message))
        return HttpResponseRedirect(reverse("accounts:statement", args=[file_id]), status=303)
    messages.success(request, _("The file was discarded. Its original stays with the case."))
    return HttpResponseRedirect(reverse("accounts:case_statements", args=[file.case_id]), status=303)
