"""What waits for the reader's decision, read in full before it is decided: approvals, emergency confirmations and
approvals afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.approvals import DecisionForm, read_ids
from accounts.models import Order
from accounts.policy import Action
from accounts.selectors.decisions import approvals_waiting, confirmations_waiting
from accounts.selectors.refunds import refunds_to_approve
from accounts.services.orders.approve import order_approve, order_confirm, order_reject
from accounts.services.orders.ratify import order_overrule, order_ratify
from accounts.services.reveals import orders_content
from accounts.views.order_content import Section, content_of, content_sections
from antifraud import policy
from antifraud.api import denials
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import AppError, Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest

MOST_SHOWN = 100
MOST_READ = 20
POSITIVE = {"approve": order_approve, "confirm": order_confirm, "ratify": order_ratify}
NEGATIVE = {"reject": order_reject, "overrule": order_overrule}
DONE = {
    "approve": gettext_lazy("Order {number} was approved and issued."),
    "confirm": gettext_lazy("Emergency stop {number} was confirmed and issued."),
    "ratify": gettext_lazy("Emergency stop {number} was approved."),
    "reject": gettext_lazy("Order {number} was rejected."),
    "overrule": gettext_lazy("Emergency stop {number} was overruled."),
}


@dataclass
class Reading:
    """One order with the text that was hashed, and the decision that it waits for: approve, confirm or ratify."""

    order: Order
    text: str
    verb: str
    form: DecisionForm
    sections: list[Section] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Of exactly what is shown."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@login_required
@require_GET
def approval_list(request: UserRequest) -> HttpResponse:
    """Four lists; fetched again when something changed, with the ticks kept."""
    policy.require(request.user, Action.ORDER_CONFIRM)
    waiting = list(approvals_waiting(user=request.user)[:MOST_SHOWN])
    confirm = list(confirmations_waiting(user=request.user)[:MOST_SHOWN])
    preload_rows([order.account for order in (*waiting, *confirm)])
    context = {
        "approve": [order for order in waiting if order.status == Order.Status.AWAITING_APPROVAL],
        "ratify": [order for order in waiting if order.status != Order.Status.AWAITING_APPROVAL],
        "confirm": confirm,
        "ticked": request.GET.getlist("order"),
        "refunds": list(refunds_to_approve(user=request.user)[:MOST_SHOWN]),
        "may_approve": policy.can(request.user, Action.ORDER_APPROVE),
    }
    part = "accounts/approval_rows.html" if request.headers.get("HX-Request") else "accounts/approval_list.html"
    return render(request, part, context)


@login_required
@require_GET
def approval_review(request: UserRequest) -> HttpResponse:
    """The full content of the orders that `order` names, as far as they wait for the reader; reading is audited."""
    return _review(request, read_ids(request.GET.getlist("order")))


@login_required
@require_POST
def approval_decide(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """One decision on the content whose SHA-256 came with the page."""
    if verb not in DONE:
        raise Http404
    form = DecisionForm(request.POST, order_id=order_id)
    others = [pk for pk in read_ids(request.POST.getlist("order")) if pk != order_id]
    status = 422
    if form.is_valid():
        try:
            with unit_of_work(request.user):
                order = _decide(request, order_id, verb, form)
        except (Invalid, Conflict) as error:
            status = attach_errors(form, error)
        else:
            messages.success(request, DONE[verb].format(number=order.number))
            return HttpResponseRedirect(_review_url(others) if others else reverse("accounts:approvals"), status=303)
    return _review(request, [order_id, *others], refused=(order_id, verb, form), status=status)


def _decide(request: UserRequest, order_id: UUID, verb: str, form: DecisionForm) -> Order:
    if verb in NEGATIVE:
        return NEGATIVE[verb](by=request.user, order_id=order_id, reason=form.cleaned_data["reason"])
    return POSITIVE[verb](by=request.user, order_id=order_id, payload_sha256=form.cleaned_data["payload_sha256"])


@login_required
@require_POST
def approval_bulk(request: UserRequest) -> HttpResponse:
    """Approve the ticked orders, each with its own hash and in its own unit: one that changed does not stop the others."""
    approved = 0
    for order_id in read_ids(request.POST.getlist("order"))[:MOST_READ]:
        form = DecisionForm(request.POST, order_id=order_id)
        try:
            with unit_of_work(request.user):
                digest = form.cleaned_data["payload_sha256"] if form.is_valid() else b""
                order_approve(by=request.user, order_id=order_id, payload_sha256=digest)
        except AppError as error:
            denials.note(request, error)
            number = request.POST.get(f"number-{order_id}", "")
            messages.error(request, f"{number}: {error.message}")
        else:
            approved += 1
    if approved:
        text = ngettext("{count} order was approved and issued.", "{count} orders were approved and issued.", approved)
        messages.success(request, text.format(count=approved))
    return HttpResponseRedirect(reverse("accounts:approvals"), status=303)


def _review(
    request: UserRequest,
    order_ids: list[UUID],
    *,
    refused: tuple[UUID, str, DecisionForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    policy.require(request.user, Action.ORDER_CONFIRM)
    asked = order_ids[:MOST_READ]
    verbs = _waiting_for(request, asked)
    with unit_of_work(request.user):
        found = orders_content(by=request.user, order_ids=verbs, purpose="decision on the order")
    readings = []
    for order, text in found:
        form = DecisionForm(order_id=order.id)
        if refused and refused[0] == order.id:
            form = refused[2]
        readings.append(Reading(order, text, verbs[order.id], form, content_sections(content_of(text))))
    gone = refused[2] if refused and refused[0] not in verbs else None
    context = {
        "readings": readings,
        "missing": len(asked) - len(readings),
        "refused_verb": refused[1] if refused else "",
        "gone": gone,
        "approvable": [reading for reading in readings if reading.verb == "approve"],
        "crumbs": [(_("Approvals"), reverse("accounts:approvals")), (_("Read and decide"), "")],
    }
    return render(request, "accounts/approval_review.html", context, status=status)


def _waiting_for(request: UserRequest, order_ids: list[UUID]) -> dict[UUID, str]:
    """The decision that each of the orders waits for from this reader; others are left out."""
    mine = confirmations_waiting(user=request.user).filter(pk__in=order_ids)
    verbs: dict[UUID, str] = dict.fromkeys(mine.values_list("pk", flat=True), "confirm")
    waiting = approvals_waiting(user=request.user).filter(pk__in=order_ids)
    for pk, state in waiting.values_list("pk", "status"):
        verbs[pk] = "approve" if state == Order.Status.AWAITING_APPROVAL else "ratify"
    return verbs


def _review_url(order_ids: list[UUID]) -> str:
    query = "&".join(f"order={pk}" for pk in order_ids)
    return f"{reverse('accounts:approval_review')}?{query}"
