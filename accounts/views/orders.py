"""The list of orders and one order in full, as the police see them; acts on it are in `order_steps`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.orders import OrderFilterForm, ReasonForm, RetractForm, VersionForm
from accounts.models import Order
from accounts.policy import Action
from accounts.selectors import orders as selectors
from accounts.selectors.timeline import order_timeline
from accounts.services.reveals import answer_reveal, order_reveal
from accounts.views.clock import clock_context
from accounts.views.order_words import order_actions, order_crumbs, order_steps, timeline_of
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from banks.forms.errors import show_version
from banks.middleware import UserRequest
from banks.selectors.platform import page_now
from cases.views.parts import reveal_shown

MOST_SHOWN = 50


@login_required
@require_GET
def order_list(request: UserRequest) -> HttpResponse:
    """Orders newest first with the query form."""
    policy.require(request.user, Action.ORDER_VIEW)
    form = OrderFilterForm(request.GET or None)
    rows = selectors.orders_list(user=request.user, filters=form.filters())
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    preload_rows([order.account for order in page.items])
    context = {"form": form, "page": page} | page_urls(request, page)
    return render(request, "accounts/order_list.html", context)


@login_required
@require_GET
def order_detail_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """One order; an executing institution has a page of its own for it."""
    if not request.user.institution.is_police:
        policy.get(request.user, Action.ORDER_VIEW, Order.objects.only("pk"), order_id)
        return redirect("accounts:order_answer", order_id)
    return order_page(request, order_id)


def order_page(
    request: UserRequest, order_id: UUID, *, refused: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    """The page, also with the form of an act that was refused (by its verb)."""
    order = selectors.order_detail(user=request.user, order_id=order_id)
    answers, holds = list(order.answers.all()), list(order.holds.all())
    hops = [hop for answer in answers for hop in answer.next_hops.all()]
    preload_rows([order, order.account, *_payers(order), *answers, *hops, *_holders(answers)])
    refused, now = refused or {}, page_now()
    for form in refused.values():
        show_version(form, order.version)
    shown: dict[str, Any] = {
        "submit": VersionForm(initial={"version": order.version}),
        "recall": VersionForm(),
        "cancel": ReasonForm(auto_id="cancel_%s"),
        "retract": RetractForm(auto_id="retract_%s"),
    } | refused
    context = {
        "order": order,
        "answers": answers,
        "holds": holds,
        "followers": list(selectors.order_followers(user=request.user, order=order)[:MOST_SHOWN]),
        "steps": order_steps(order),
        "actions": order_actions(request.user, order, answers, holds),
        **clock_context(request.user, order, now),
        "server_now": now,
        "timeline": timeline_of(order_timeline(user=request.user, order=order)),
        "crumbs": order_crumbs(order, (order.number, "")),
        "forms": shown,
        "refused": next(iter(refused), ""),
        "alert": next(iter(refused.values()), None),
    }
    return render(request, "accounts/order_detail.html", context, status=status)


def _payers(order: Order) -> list[Any]:
    payer = order.transfer.from_account if order.transfer else None
    return [payer] if payer else []


def _holders(answers: list[Any]) -> list[Any]:
    return [answer.holder_record for answer in answers if hasattr(answer, "holder_record")]


@login_required
@require_POST
def order_reveal_view(request: UserRequest, order_id: UUID, field: str) -> HttpResponse:
    """One value of the order in clear, with the reason in the audit log."""
    return reveal_shown(request, order_reveal, order_id=order_id, field=field)


@login_required
@require_POST
def answer_reveal_view(request: UserRequest, answer_id: UUID, part: str, part_id: UUID, field: str) -> HttpResponse:
    """One value of an answer in clear, with the reason in the audit log."""
    return reveal_shown(request, answer_reveal, answer_id=answer_id, part=part, part_id=part_id, field=field)
