"""One more statement file for an answered order, from a person of its institution; the answer itself is in `answer`."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms.statement_send import StatementSendForm
from accounts.models import Order, StatementFile
from accounts.policy import Action
from accounts.selectors.queue import queue_order
from accounts.services.statement_doors import statement_upload, statement_upload_ahead
from accounts.views.answer_page import answer_context
from accounts.views.bank_side import institution_page
from accounts.views.sent_statements import sent_context
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest


@institution_page
@require_POST
def order_statement_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """It waits for the officer of the case like the first one; a refusal keeps the page."""
    order = queue_order(user=request.user, order_id=order_id)
    policy.require(request.user, Action.ORDER_ANSWER, order)
    form = StatementSendForm(request.POST, request.FILES)
    if not form.is_valid():
        return _again(request, order, form, 422)
    try:
        ahead = statement_upload_ahead(by=request.user, order_id=order_id, file=form.cleaned_data["content"])
        with ahead as stored, unit_of_work(request.user):
            statement_upload(by=request.user, order_id=order_id, stored=stored, source=StatementFile.Source.ANSWER)
    except (Invalid, Conflict) as error:
        return _again(request, order, form, attach_errors(form, error))
    messages.success(request, _("The file was sent. If it cannot be read, this page says why."))
    url = reverse("accounts:order_answer", args=[order_id])
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def _again(request: UserRequest, order: Order, form: StatementSendForm, status: int) -> HttpResponse:
    """The form with what is wrong: alone for htmx, else on the whole page."""
    sent = {"order": order} | sent_context(request.user, order, list(order.answers.all()), form)
    if "HX-Request" in request.headers:
        return render(request, "accounts/answer_statement.html", sent, status=status)
    return render(request, "accounts/order_answer.html", answer_context(request, order) | sent, status=status)
