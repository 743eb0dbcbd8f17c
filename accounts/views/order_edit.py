"""Change one draft, and write the corrected order of one that failed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.order_draft import paper_kept, upload_of
from accounts.forms.order_edit import OrderCorrectForm, OrderEditForm
from accounts.models import Order
from accounts.policy import Action
from accounts.selectors.duplicates import order_duplicates
from accounts.selectors.orders import order_detail
from accounts.services.orders.correct import order_correct
from accounts.services.orders.draft import order_update, require_unit
from accounts.views.order_draft import paper_keep
from accounts.views.order_words import order_actions, order_crumbs
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid, WrongState
from banks.forms.errors import show_version
from banks.middleware import UserRequest


@login_required
@require_http_methods(["GET", "POST"])
def order_edit_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """The draft's terms, amount and transfer."""
    order = _order(request, Action.ORDER_UPDATE, order_id)
    if order.status != Order.Status.DRAFT:
        raise WrongState(extra={"state": order.status, "verb": "update"})
    if request.method == "GET":
        return _page(request, order, OrderEditForm(user=request.user, order=order))
    form = OrderEditForm(request.POST, request.FILES, user=request.user, order=order)
    saved, status = _save(request, order, form)
    if saved is None:
        return _page(request, order, form, status=status)
    messages.success(request, _("The draft was saved."))
    return HttpResponseRedirect(reverse("accounts:order", args=[saved.id]), status=303)


@login_required
@require_http_methods(["GET", "POST"])
def order_correct_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """A new draft filled from the failed order, with what the answer said; it replaces that one when it is issued."""
    order = _order(request, Action.ORDER_CORRECT, order_id)
    if not order_actions(request.user, order, list(order.answers.all()), []).correct:
        raise WrongState(extra={"state": order.status, "verb": "correct"})
    if request.method == "GET":
        return _page(request, order, OrderCorrectForm(user=request.user, order=order))
    form = OrderCorrectForm(request.POST, request.FILES, user=request.user, order=order)
    saved, status = _save(request, order, form)
    if saved is None:
        return _page(request, order, form, status=status)
    messages.success(request, _("The corrected order {number} was drafted.").format(number=saved.number))
    return HttpResponseRedirect(reverse("accounts:order", args=[saved.id]), status=303)


def _order(request: UserRequest, action: Action, order_id: UUID) -> Order:
    order = order_detail(user=request.user, order_id=order_id)
    policy.require(request.user, action, order)
    require_unit(request.user, order)
    return order


def _save(request: UserRequest, order: Order, form: OrderEditForm) -> tuple[Order | None, int]:
    """(the draft, 303), or (None, the status of the refusal) with the refusal on the form and the file kept."""
    good = form.is_valid()
    more: dict[str, Any] = {}
    upload = upload_of(form)
    if upload is not None:
        try:
            more["instrument"] = paper_keep(request, order.case, upload)
        except Invalid as error:
            form.attach(error)
            good = False
        else:
            data: Any = request.POST.copy()
            data["instrument"] = str(more["instrument"].id)
            form.data = data
    if good:
        try:
            with unit_of_work(request.user):
                changes = form.changes() | more
                if isinstance(form, OrderCorrectForm):
                    return order_correct(by=request.user, order_id=order.id, changes=changes), 303
                version = form.cleaned_data["version"]
                return order_update(by=request.user, order_id=order.id, changes=changes, expected_version=version), 303
        except (Invalid, Conflict) as error:
            status = form.attach(error)
            if isinstance(error, Conflict):  # told: what is sent from this page next is about the draft as it is now
                show_version(form, order_detail(user=request.user, order_id=order.id).version)
    else:
        status = 422
    if more:
        messages.info(request, paper_kept())
    return None, status


def _page(request: UserRequest, order: Order, form: OrderEditForm, *, status: int = 200) -> HttpResponse:
    account = order.account.merged_into or order.account
    correcting = isinstance(form, OrderCorrectForm)
    title = _("Correct and resend") if correcting else _("Edit the draft")
    context = {
        "order": order,
        "account": account,
        "form": form,
        "title": title,
        "answer": list(order.answers.all())[-1:] if correcting else [],
        "notices": order_duplicates(user=request.user, account_ids=[account.id], kind=order.kind),
        "crumbs": order_crumbs(order, (order.number, reverse("accounts:order", args=[order.id])), (title, "")),
    }
    return render(request, "accounts/order_edit.html", context, status=status)
