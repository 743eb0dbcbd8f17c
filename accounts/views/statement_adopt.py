"""Bring a statement of another case into this one: the form of the tab, as sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms.statement_adopt import AdoptForm
from accounts.forms.statements import StatementUploadForm
from accounts.policy import FlowAction
from accounts.selectors.statements import statement_detail
from accounts.selectors.statements_elsewhere import statements_elsewhere
from accounts.services.statement_adopting import statement_adopt, statement_adopt_ahead
from accounts.views.statement_page import case_files_context
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.selectors.cases import case_detail


@login_required
@require_POST
def statement_adopt_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Receive it and show it; what is wrong is said beside the choice."""
    case = case_detail(user=request.user, case_id=case_id)
    policy.require(request.user, FlowAction.STATEMENT_IMPORT, case)
    form, status = AdoptForm(request.POST, found=statements_elsewhere(user=request.user, case=case)), 422
    if form.is_valid():
        file_id = UUID(form.cleaned_data["file"])
        try:
            with (
                statement_adopt_ahead(by=request.user, case_id=case_id, file_id=file_id) as stored,
                unit_of_work(request.user),
            ):
                received = statement_adopt(
                    by=request.user, case_id=case_id, file_id=file_id, stored=stored,
                    legal_basis=form.cleaned_data["legal_basis"],
                )  # fmt: skip
        except (Invalid, Conflict) as error:
            if error.code == "statement_known":
                earlier = statement_detail(user=request.user, file_id=UUID(error.extra["file"]))
                text = _("This file is in the case already: received {day}. Nothing was changed.")
                form.add_error("file", text.format(day=timezone.localtime(earlier.received_at).date().isoformat()))
            else:
                status = attach_errors(form, error)
        else:
            return HttpResponseRedirect(reverse("accounts:statement", args=[received.pk]), status=303)
    context = case_files_context(request, case) | {"form": StatementUploadForm(), "adopt": form}
    return render(request, "accounts/case_statements.html", context, status=status)
