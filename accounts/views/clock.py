"""Stopped clocks and open reminders on the pages of both sides; what a pause means is in `services.clock_pauses`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.clock import ClockConsentForm, ClockEndForm, ClockRefuseForm, ClockRequestForm
from accounts.models import Escalation, Order
from accounts.policy import Action
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.escalation import order_clock, reminders
from accounts.selectors.queue import queue_order
from accounts.services.clock_pauses import (
    clock_pause_consent,
    clock_pause_end,
    clock_pause_refuse,
    clock_pause_request,
    is_party,
)
from accounts.views.bank_side import institution_page
from accounts.views.steps import step
from antifraud import policy
from banks.middleware import UserRequest
from banks.models import User

OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)
SHOWN = 20
DONE = {
    "request": _("The request was sent. The clock runs until a supervisor consents."),
    "consent": _("The clock was stopped; the term moves by the consented time."),
    "refuse": _("The request was refused. The clock has run all the time."),
    "end": _("The clock runs again."),
}
Act = Callable[..., Any]
POLICE: dict[str, tuple[type[forms.Form], Act]] = {
    "consent": (ClockConsentForm, clock_pause_consent),
    "refuse": (ClockRefuseForm, clock_pause_refuse),
    "end": (ClockEndForm, clock_pause_end),
}
BANK: dict[str, tuple[type[forms.Form], Act]] = {
    "request": (ClockRequestForm, clock_pause_request),
    "end": (ClockEndForm, clock_pause_end),
}


def clock_context(user: User, order: Order, now: datetime) -> dict[str, Any]:
    """The order's clock, and what the reader may do with it now; the services ask all again."""
    clock = order_clock(user=user, order=order, now=now)
    waiting, running = clock.waiting, clock.running
    is_open = order.status in OPEN and order.answer_due_at is not None
    may_ask = order.status == Order.Status.ACKNOWLEDGED and is_open and not waiting and not running
    may_decide = is_open and waiting is not None and not is_party(user, order, waiting)
    return {
        "clock": clock,
        "clock_waiting": waiting if is_open else None,
        "clock_running": running if is_open else None,
        "clock_request_form": (
            ClockRequestForm(auto_id="clock_%s") if may_ask and policy.can(user, Action.CLOCK_REQUEST) else None
        ),
        "clock_may_decide": may_decide and policy.can(user, Action.CLOCK_DECIDE),
        "clock_may_end": is_open and running is not None and policy.can(user, Action.CLOCK_END),
    }


@login_required
@require_POST
def order_clock_view(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """A supervisor of the police consents, refuses or ends."""
    if verb not in POLICE:
        raise Http404
    policy.get(request.user, Action.ORDER_VIEW, Order.objects.only("pk"), order_id)
    return _act(request, order_id, verb, POLICE, order_path(order_id))


@institution_page
@require_POST
def queue_clock_view(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """The institution asks, or lets the clock run again."""
    if verb not in BANK:
        raise Http404
    queue_order(user=request.user, order_id=order_id)
    return _act(request, order_id, verb, BANK, answer_path(order_id))


def _act(
    request: UserRequest, order_id: UUID, verb: str, acts: dict[str, tuple[type[forms.Form], Act]], back: str
) -> HttpResponse:
    kind, service = acts[verb]
    form = kind(request.POST)
    answer = step(
        request, form, lambda data: service(by=request.user, order_id=order_id, **data), done=str(DONE[verb]), to=back
    )  # fmt: skip
    if not isinstance(answer, int):
        return answer
    context = {"form": form, "back": back, "verb": verb, "action": request.path}
    return render(request, "accounts/clock_refused.html", context, status=answer)


@institution_page
@require_GET
def reminders_view(request: UserRequest) -> HttpResponse:
    """Fragment on every page of an institution: what has climbed and is still open; an order stands there once."""
    found: dict[tuple[UUID, UUID | None], Escalation] = {}
    for row in reminders(user=request.user):
        found.setdefault((row.order_id, row.hold_id), row)
    rows, url = list(found.values()), reverse("accounts:queue")
    return render(
        request,
        "accounts/reminders.html",
        {"rows": rows[:SHOWN], "total": len(rows), "more": len(rows) - SHOWN, "queue_url": url},
    )
