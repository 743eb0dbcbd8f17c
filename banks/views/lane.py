"""One institution's lane: depth, circuit, pause, last attempts, dead letters; for police, oversight and that institution."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.forms.lanes import LimitsForm, PauseForm
from banks.middleware import UserRequest
from banks.policy import Action
from banks.selectors.lanes import dead_letters, lane_attempts, lane_depths, lane_detail
from banks.services.dead_letters import redrive_decide, redrive_request
from banks.services.lanes import lane_limit, lane_pause, lane_push_resume, lane_resume


@login_required
@require_GET
def lane_page(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """The page."""
    return _page(request, institution_id, PauseForm())


@login_required
@require_POST
def lane_pause_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """Nothing reaches the institution until the lane is resumed."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, institution_id, form, status=422)
    try:
        with unit_of_work(request.user):
            lane_pause(by=request.user, institution_id=institution_id, **form.cleaned_data)
    except (Invalid, Conflict) as error:
        return _page(request, institution_id, form, status=attach_errors(form, error))
    messages.success(request, _("The lane is paused."))
    return redirect("banks:lane", institution_id)


@login_required
@require_POST
def lane_resume_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """Open again."""
    with unit_of_work(request.user):
        lane_resume(by=request.user, institution_id=institution_id)
    messages.success(request, _("The lane is open again."))
    return redirect("banks:lane", institution_id)


@login_required
@require_POST
def lane_limit_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """How many calls at once and in a second."""
    form = LimitsForm(request.POST, auto_id="limits_%s")
    if not form.is_valid():
        return _page(request, institution_id, PauseForm(), limits=form, status=422)
    try:
        with unit_of_work(request.user):
            lane_limit(by=request.user, institution_id=institution_id, **form.cleaned_data)
    except Invalid as error:
        return _page(request, institution_id, PauseForm(), limits=form, status=attach_errors(form, error))
    messages.success(request, _("The lane's limits are set."))
    return redirect("banks:lane", institution_id)


@login_required
@require_POST
def lane_push_resume_view(request: UserRequest, institution_id: UUID) -> HttpResponse:
    """Call the webhook again after it answered 410."""
    with unit_of_work(request.user):
        lane_push_resume(by=request.user, institution_id=institution_id)
    messages.success(request, _("The webhook is called again."))
    return redirect("banks:lane", institution_id)


@login_required
@require_POST
def redrive_view(request: UserRequest, delivery_id: UUID) -> HttpResponse:
    """Ask for a second person's consent to send a dead letter again."""
    with unit_of_work(request.user):
        delivery = redrive_request(by=request.user, delivery_id=delivery_id)
    messages.success(request, _("A second person must agree within 30 minutes."))
    return redirect("banks:lane", delivery.institution_id)


@login_required
@require_POST
def redrive_decide_view(request: UserRequest, delivery_id: UUID) -> HttpResponse:
    """The second person agrees (`verb` = "approve") or not."""
    approve = request.POST.get("verb") == "approve"
    with unit_of_work(request.user):
        delivery = redrive_decide(by=request.user, delivery_id=delivery_id, approve=approve)
    messages.success(request, _("It is sent again.") if approve else _("It is not sent again."))
    return redirect("banks:lane", delivery.institution_id)


def _page(
    request: UserRequest, institution_id: UUID, form: PauseForm, *, limits: LimitsForm | None = None, status: int = 200
) -> HttpResponse:
    user = request.user
    policy.require(user, Action.LANE_VIEW)
    lane = lane_detail(user=user, institution_id=institution_id)
    now = {"in_flight_cap": lane.in_flight_cap, "rate_per_second": lane.rate_per_second}
    context: dict[str, Any] = {
        "lane": lane,
        "limits": limits or LimitsForm(initial=now, auto_id="limits_%s"),
        "may_limit": policy.can(user, Action.LANE_LIMIT, lane),
        "crumbs": [(_("Lanes"), reverse("banks:lanes")), (lane.institution.title, "")],
        "depths": lane_depths(lane),
        "attempts": lane_attempts(lane),
        "letters": dead_letters(lane),
        "form": form,
        "may_pause": policy.can(user, Action.LANE_PAUSE, lane),
        "may_push": policy.can(user, Action.LANE_PUSH_RESUME, lane),
        "may_see_doors": policy.can(user, Action.LANE_VIEW_DOORS, lane),  # who does may send dead letters again
    }
    return render(request, "banks/lane_detail.html", context, status=status)
