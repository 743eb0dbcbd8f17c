"""Which door an institution is reached through, and the address of its webhook under two persons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Invalid
from banks.forms.errors import attach_errors
from banks.forms.lanes import DoorForm, EndpointForm
from banks.middleware import UserRequest
from banks.policy import Action
from banks.selectors.lanes import endpoints_of, lane_detail
from banks.services.endpoints import endpoint_approve, endpoint_propose, endpoint_reject, endpoint_withdraw
from banks.services.lanes import lane_choose_door


@login_required
@require_http_methods(["GET", "POST"])
def endpoint_page(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """The doors, the address in use, the one that waits for a second person; POST proposes another one."""
    form = EndpointForm(request.POST or None)
    if request.method == "GET":
        return _page(request, institution_id, form)
    if not form.is_valid():
        return _page(request, institution_id, form, status=422)
    try:
        with unit_of_work(request.user):
            endpoint_propose(by=request.user, institution_id=institution_id, **form.cleaned_data)
    except Invalid as error:
        return _page(request, institution_id, form, status=attach_errors(form, error))
    messages.success(request, _("A second person must approve the address."))
    return redirect("banks:endpoint", institution_id)


@login_required
@require_POST
def endpoint_decide_view(request: UserRequest, endpoint_id: UUID) -> HttpResponse:
    """The second person approves the address (`verb` = "approve") or not."""
    approve = request.POST.get("verb") == "approve"
    decide = endpoint_approve if approve else endpoint_reject
    with unit_of_work(request.user):
        endpoint = decide(by=request.user, endpoint_id=endpoint_id)
    messages.success(request, _("The address is approved.") if approve else _("The address is refused."))
    return redirect("banks:endpoint", endpoint.institution_id)


@login_required
@require_POST
def endpoint_withdraw_view(request: UserRequest, endpoint_id: UUID) -> HttpResponse:
    """Call this address no more."""
    with unit_of_work(request.user):
        endpoint = endpoint_withdraw(by=request.user, endpoint_id=endpoint_id)
    messages.success(request, _("The address is not called any more."))
    return redirect("banks:endpoint", endpoint.institution_id)


@login_required
@require_POST
def door_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """Choose how to be reached from now on."""
    form = DoorForm(request.POST)
    if not form.is_valid():
        return _page(request, institution_id, EndpointForm(), doors=form, status=422)
    try:
        with unit_of_work(request.user):
            lane_choose_door(by=request.user, institution_id=institution_id, **form.cleaned_data)
    except Invalid as error:
        return _page(request, institution_id, EndpointForm(), doors=form, status=attach_errors(form, error))
    messages.success(request, _("The door was changed. What is underway arrives once all the same."))
    return redirect("banks:endpoint", institution_id)


def _page(
    request: UserRequest, institution_id: UUID, form: EndpointForm, *, doors: DoorForm | None = None, status: int = 200
) -> HttpResponse:
    user = request.user
    lane = lane_detail(user=user, institution_id=institution_id)
    policy.require(user, Action.LANE_VIEW_DOORS, lane)
    title = lane.institution.title
    crumbs = [
        (_("Lanes"), reverse("banks:lanes")),
        (title, reverse("banks:lane", args=[institution_id])),
        (_("Doors"), ""),
    ]
    endpoints = endpoints_of(user=user, institution_id=institution_id)
    context: dict[str, Any] = {
        "lane": lane,
        "crumbs": crumbs,
        "form": form,
        "doors": doors or DoorForm(initial={"door": lane.door}),
        "endpoints": endpoints,
        "may_choose": policy.can(user, Action.LANE_CHOOSE_DOOR, lane),
        "may_propose": policy.can(user, Action.ENDPOINT_PROPOSE, lane),
        "may_decide": policy.can(user, Action.ENDPOINT_APPROVE),
    }
    return render(request, "banks/endpoint.html", context, status=status)
