"""Administration of institutions, and the table of powers that everybody may read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.choices import time_zones
from banks.forms.errors import attach_errors
from banks.forms.institutions import (
    InstitutionCreateForm,
    InstitutionFilterForm,
    InstitutionForm,
    InstitutionUpdateForm,
)
from banks.middleware import UserRequest
from banks.models import Institution
from banks.policy import Action
from banks.selectors.institutions import institution_detail, institutions_list, powers_table
from banks.selectors.profiles import latest_profile, work_calendars
from banks.services.institutions import EDITABLE, institution_create, institution_update
from banks.views.pages import list_context


@login_required
@require_GET
def institution_list(request: UserRequest) -> HttpResponse:
    """All institutions with the query form."""
    policy.require(request.user, Action.INSTITUTION_CREATE)
    form = InstitutionFilterForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = institutions_list(user=request.user, search=asked.get("q", ""), kind=asked.get("kind", ""))
    context = list_context(request, rows, ("kind", "code")) | {"form": form}
    return render(request, "banks/institution_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def institution_create_view(request: UserRequest) -> HttpResponse:
    """A new institution."""
    policy.require(request.user, Action.INSTITUTION_CREATE)
    if request.method == "GET":
        starting: dict[str, Any] = {
            "legal_profile": latest_profile(),
            "calendar": work_calendars().first(),
            "connected": True,
        }
        starting["time_zone"] = request.user.zone_name
        return _form_page(request, InstitutionCreateForm(user=request.user, initial=starting))
    form = InstitutionCreateForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        with unit_of_work(request.user):
            made = institution_create(by=request.user, **form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, status=attach_errors(form, error))
    messages.success(request, _("{name} was created.").format(name=made.title))
    return redirect("banks:institution", made.pk)


@login_required
@require_http_methods(["GET", "POST"])
def institution_page(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """One institution and its form."""
    policy.require(request.user, Action.INSTITUTION_CREATE)
    institution = institution_detail(user=request.user, institution_id=institution_id)
    if request.method == "GET":
        now = {name: getattr(institution, name) for name in EDITABLE}
        return _form_page(request, InstitutionUpdateForm(user=request.user, initial=now), institution)
    form = InstitutionUpdateForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form, institution, status=422)
    try:
        with unit_of_work(request.user):
            institution_update(by=request.user, institution_id=institution_id, changes=form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, institution, status=attach_errors(form, error))
    messages.success(request, _("The changes were saved."))
    return redirect("banks:institution", institution_id)


def _form_page(
    request: UserRequest, form: InstitutionForm, institution: Institution | None = None, *, status: int = 200
) -> HttpResponse:
    title = institution.title if institution else _("New institution")
    crumbs = [(_("Institutions"), reverse("banks:institutions")), (title, "")]
    context = {"form": form, "institution": institution, "title": title, "crumbs": crumbs, "zones": time_zones()}
    return render(request, "banks/institution_form.html", context, status=status)


@login_required
@require_GET
def powers(request: UserRequest) -> HttpResponse:
    """Who may issue what on which legal basis; shown to all (domain.md §1)."""
    policy.require(request.user, Action.INSTITUTION_VIEW)
    return render(request, "banks/powers.html", {"lines": powers_table(user=request.user)})
