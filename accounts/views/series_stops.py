"""The stop list of series: things that link nobody, who put them there and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.series import StopAccountForm, StopAddForm, StopEndForm
from accounts.models import SeriesStop
from accounts.policy import SeriesAction
from accounts.selectors import series as selectors
from accounts.services.series.stops import stop_add, stop_add_account, stop_end
from accounts.views.series import series_step
from antifraud import policy
from banks.middleware import UserRequest


@login_required
@require_GET
def stop_list_view(request: UserRequest) -> HttpResponse:
    """All entries, those in force first."""
    policy.require(request.user, SeriesAction.STOPLIST_VIEW)
    context = {
        "stops": selectors.stops_list(user=request.user),
        "may_add": policy.can(request.user, SeriesAction.STOPLIST_ADD),
        "may_end": policy.can(request.user, SeriesAction.STOPLIST_END),
        "crumbs": [(_("Series"), reverse("accounts:series_list")), (_("Stop list"), "")],
    }
    return render(request, "accounts/series_stops.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def stop_add_view(request: UserRequest, series_id: UUID) -> HttpResponse:
    """One of the series' shared things goes onto the list."""
    series = selectors.series_detail(user=request.user, series_id=series_id)
    policy.require(request.user, SeriesAction.STOPLIST_ADD, series)
    things = selectors.series_sight(user=request.user, series=series).things
    choices = [(thing.link_id, f"{thing.kind_label} {thing.label}") for thing in things]
    form = StopAddForm(request.POST if request.method == "POST" else None, choices=choices)

    def act(data: dict[str, Any]) -> UUID:
        stop_add(by=request.user, series_id=series.id, link_id=data["link"], reason=data["reason"])
        return series.id

    back = reverse("accounts:series", args=[series.id])
    text = _("It links no cases any more, in no series of any unit, until the entry is ended.")
    return series_step(request, form, act, title=_("Put on the stop list"), back=back, text=text)


@login_required
@require_http_methods(["GET", "POST"])
def stop_add_account_view(request: UserRequest) -> HttpResponse:
    """An account goes onto the list before it links anything: a collecting account, an exchange's wallet."""
    policy.require(request.user, SeriesAction.STOPLIST_ADD)
    form = StopAccountForm(request.POST if request.method == "POST" else None, user=request.user)

    def act(data: dict[str, Any]) -> None:
        stop_add_account(by=request.user, account_id=data["account"].id, reason=data["reason"])

    text = _("For accounts that many people pay into, such as a payment institution's collecting account.")
    return series_step(
        request, form, act, title=_("Put an account on the stop list"), back=reverse("accounts:series_stops"), text=text
    )


@login_required
@require_http_methods(["GET", "POST"])
def stop_end_view(request: UserRequest, stop_id: UUID) -> HttpResponse:
    """The thing links again."""
    policy.get(request.user, SeriesAction.STOPLIST_END, SeriesStop.objects.all(), stop_id)
    form = StopEndForm(request.POST if request.method == "POST" else None)

    def act(data: dict[str, Any]) -> None:
        stop_end(by=request.user, stop_id=stop_id, reason=data["reason"])

    return series_step(request, form, act, title=_("End the entry"), back=reverse("accounts:series_stops"))
