"""Holds for both sides: the list, one hold with its orders, and the institution's two words about it (lift, activation)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.queue import ActivateForm, HoldFilterForm, LiftForm
from accounts.models import Hold, Order
from accounts.policy import Action
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors import holds as selectors
from accounts.services.holds import hold_activate, hold_lift
from accounts.services.orders.lines import follows
from accounts.views.order_words import timeline_of
from antifraud import db, policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest

PAGE = 50


@login_required
@require_GET
def hold_list(request: UserRequest) -> HttpResponse:
    """Holds newest first; those that end within a day the nearest first."""
    policy.require(request.user, Action.HOLD_VIEW)
    form = HoldFilterForm(request.GET or None)
    filters = form.filters()
    rows = selectors.holds_list(user=request.user, **filters)  # type: ignore[arg-type]
    keyset = selectors.ENDING_KEYSET if filters.get("state") == "ending" else selectors.KEYSET
    page = keyset_page(rows, keyset, request.GET.get("cursor"), PAGE)
    preload_rows([hold.account for hold in page.items])
    context = {
        "form": form,
        "page": page,
        "filtered": bool(filters),
        "is_police": request.user.institution.is_police,
    } | page_urls(request, page)
    return render(request, "accounts/hold_list.html", context)


@login_required
@require_GET
def hold_page(request: UserRequest, hold_id: UUID) -> HttpResponse:
    """One hold."""
    return _shown(request, hold_id)


def _shown(
    request: UserRequest, hold_id: UUID, *, refused: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    """The page, also with the form that was refused (by its verb)."""
    user = request.user
    hold = selectors.hold_detail(user=user, hold_id=hold_id)
    preload_rows([hold.account])
    orders = list(selectors.hold_orders(user=user, hold=hold)[: selectors.MOST_SHOWN])
    police = user.institution.is_police
    context = {
        "hold": hold,
        "orders": orders,
        "is_police": police,
        "follow": _follow(user, hold) if police else [],
        "forms": _forms(user, hold) | (refused or {}),
        "refused": next(iter((refused or {}).values()), None),
        "timeline": timeline_of(selectors.hold_timeline(user=user, hold=hold)),
        "crumbs": [(_("Holds"), reverse("accounts:holds")), (hold.order.number, "")],
    }
    return render(request, "accounts/hold_detail.html", context, status=status)


def _forms(user: Any, hold: Hold) -> dict[str, forms.Form]:
    """What the reader's institution can say about the hold now; for one on paper the police say it."""
    if user.institution.is_police and hold.institution.connected:
        return {}
    now = db.app_now()
    if hold.status == Hold.Status.WAITING:
        initial = {"effective_from": now, "amount_minor": hold.asked_minor, "version": hold.version}
        return {"activate": ActivateForm(initial=initial, currency=hold.currency)}
    if hold.status in {Hold.Status.RELEASED, Hold.Status.EXPIRED}:
        return {"lift": LiftForm(initial={"lifted_at": now, "version": hold.version})}
    return {}


def _follow(user: Any, hold: Hold) -> list[tuple[str, str]]:
    """(label, address) of drafts that extend or release the hold, as far as it can still be changed."""
    if not policy.can(user, Action.ORDER_DRAFT):
        return []
    url = reverse("accounts:order_draft", args=[hold.case_id])
    now = db.app_now()
    return [
        (str(Order.Kind(name).label), f"{url}?kind={name}&hold={hold.id}")
        for name, row in ORDER_KINDS.items()
        if hold.order.kind in row.originals and follows(row, hold, now)
    ]


@login_required
@require_POST
def hold_lift_view(request: UserRequest, hold_id: UUID) -> HttpResponse:
    """The hold is off the books."""
    form = LiftForm(request.POST)
    if not form.is_valid():
        return _shown(request, hold_id, refused={"lift": form}, status=422)
    data = form.cleaned_data
    try:
        with unit_of_work(request.user):
            hold_lift(by=request.user, hold_id=hold_id, lifted_at=data["lifted_at"], expected_version=data["version"])
    except (Invalid, Conflict) as error:
        return _refused(request, hold_id, "lift", form, error)
    messages.success(request, _("The lift was confirmed."))
    return HttpResponseRedirect(reverse("accounts:hold", args=[hold_id]), status=303)


@login_required
@require_POST
def hold_activate_view(request: UserRequest, hold_id: UUID) -> HttpResponse:
    """A waiting hold came first in line."""
    hold = selectors.hold_detail(user=request.user, hold_id=hold_id)
    form = ActivateForm(request.POST, currency=hold.currency)
    if not form.is_valid():
        return _shown(request, hold_id, refused={"activate": form}, status=422)
    data = form.cleaned_data
    try:
        with unit_of_work(request.user):
            hold_activate(
                by=request.user, hold_id=hold_id, effective_at=data["effective_from"], amount_minor=data["amount_minor"],
                expected_version=data["version"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _refused(request, hold_id, "activate", form, error)
    messages.success(request, _("The hold is active now."))
    return HttpResponseRedirect(reverse("accounts:hold", args=[hold_id]), status=303)


def _refused(
    request: UserRequest, hold_id: UUID, verb: str, form: forms.Form, error: Invalid | Conflict
) -> HttpResponse:
    """The page again with what was typed; the version is the present one where the hold had changed."""
    status = attach_errors(form, error)
    if isinstance(error, Conflict):
        typed: Any = form.data
        typed = typed.copy()
        typed["version"] = str(selectors.hold_detail(user=request.user, hold_id=hold_id).version)
        form.data = typed
    return _shown(request, hold_id, refused={verb: form}, status=status)
