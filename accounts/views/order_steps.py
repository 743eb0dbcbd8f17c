"""The small acts on one order: submit, recall, cancel, issued in error. Corrections have a page of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.forms.orders import ReasonForm, RetractForm, VersionForm
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_retract
from accounts.services.orders.submit import order_recall, order_submit
from accounts.views.orders import order_page
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.models import User

FORMS: dict[str, type[forms.Form]] = {
    "submit": VersionForm,
    "recall": VersionForm,
    "cancel": ReasonForm,
    "retract": RetractForm,
}
DONE = {
    "submit": _("The order was submitted."),
    "recall": _("The order was taken back to draft."),
    "cancel": _("The order was cancelled."),
    "retract": _("The order was marked as issued in error."),
}


@login_required
@require_POST
def order_step_view(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Carry out one act; a refusal shows the order again with what was typed."""
    if verb not in FORMS:
        raise Http404
    form = FORMS[verb](request.POST, auto_id=f"{verb}_%s")
    if not form.is_valid():
        return order_page(request, order_id, refused={verb: form}, status=422)
    try:
        with unit_of_work(request.user):
            _act(request.user, order_id, verb, form.cleaned_data)
    except (Invalid, Conflict) as error:
        return order_page(request, order_id, refused={verb: form}, status=attach_errors(form, error))
    messages.success(request, DONE[verb])
    return HttpResponseRedirect(reverse("accounts:order", args=[order_id]), status=303)


def _act(by: User, order_id: UUID, verb: str, data: dict[str, Any]) -> None:
    if verb == "submit":
        order_submit(by=by, order_id=order_id, expected_version=data["version"])
    elif verb == "recall":
        order_recall(by=by, order_id=order_id)
    elif verb == "cancel":
        order_cancel(by=by, order_id=order_id, reason=data["reason"])
    else:
        order_retract(by=by, order_id=order_id, error_field=data["error_field"], reason=data["reason"])
