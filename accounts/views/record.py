"""The paper answer of an institution that is not connected: one officer enters it with its scan, another one compares."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.answer import AnswerForms, warnings_mark
from accounts.forms.orders import ReasonForm
from accounts.forms.record import ScanForm
from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.selectors.orders import order_detail
from accounts.services.answer_checks import answer_problems
from accounts.services.answer_rows import answer_ahead
from accounts.services.answers import answer_confirm, answer_discard, answer_record
from accounts.views.order_words import order_actions, order_crumbs
from antifraud import db, policy
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid, WrongState
from banks.forms.errors import STATUS, attach_errors
from banks.middleware import UserRequest
from banks.selectors.institutions import executing_institutions


@login_required
@require_http_methods(["GET", "POST"])
def answer_record_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """First person. Answered to htmx with the form alone, so that the chosen files stay chosen."""
    order = order_detail(user=request.user, order_id=order_id)
    policy.require(request.user, Action.ORDER_RECORD, order)
    if not order_actions(request.user, order, list(order.answers.all()), []).record:
        raise WrongState(_("No paper answer can be entered for this order now."), extra={"state": order.status})
    sent = request.method == "POST"
    scan = ScanForm(request.POST if sent else None, request.FILES if sent else None)
    forms = AnswerForms(
        order=order, user=request.user, now=db.app_now(), institutions=list(executing_institutions()), paper=True,
        data=request.POST if sent else None, files=request.FILES if sent else None,
    )  # fmt: skip
    if not sent:
        return _form(request, order, forms, scan)
    return _record(request, order, forms, scan)


def _record(request: UserRequest, order: Order, forms: AnswerForms, scan: ScanForm) -> HttpResponse:
    judged = [forms.is_valid(), scan.is_valid()]  # both, so that every problem is shown at once
    if not all(judged):
        return _form(request, order, forms, scan, status=422)
    answer = forms.input()
    errors, warnings = answer_problems(order, answer)
    if warnings and not errors and request.POST.get("warnings_seen") != warnings_mark(warnings):
        return _form(request, order, forms, scan, status=422, warnings=warnings)
    try:
        ahead = answer_ahead(by=request.user, order=order, answer=answer, action=Action.ORDER_RECORD)
        with ahead as ready, unit_of_work(request.user):
            answer_record(by=request.user, order_id=order.id, answer=ready, scan=scan.cleaned_data["scan"])
    except (Invalid, Conflict) as error:
        for text in error.fields.pop("scan", []):
            scan.add_error("scan", str(text))
        status = forms.attach(error) if error.fields or not scan.errors else STATUS[isinstance(error, Invalid)]
        return _form(request, order, forms, scan, status=status)
    messages.success(request, _("The answer was entered. It takes effect when another officer has compared it."))
    url = reverse("accounts:order", args=[order.id])
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def _form(
    request: UserRequest, order: Order, forms: AnswerForms, scan: ScanForm, *, status: int = 200,
    warnings: dict[str, list[str]] | None = None,
) -> HttpResponse:  # fmt: skip
    title = _("Enter the paper answer")
    context = {
        "order": order,
        "forms": forms,
        "form": forms.form,
        "scan": scan,
        "warnings": warnings or {},
        "warnings_mark": warnings_mark(warnings) if warnings else "",
        "title": title,
        "crumbs": order_crumbs(order, (order.number, reverse("accounts:order", args=[order.id])), (title, "")),
    }
    part = "accounts/answer_record_form.html" if "HX-Request" in request.headers else "accounts/answer_record.html"
    return render(request, part, context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def answer_confirm_view(request: UserRequest, answer_id: UUID) -> HttpResponse:
    """Second person: what was entered beside the scan; only the confirmation lets it take effect."""
    if request.method == "GET":
        return _compare(request, answer_id)
    form = ReasonForm()
    try:
        with unit_of_work(request.user):
            answer = answer_confirm(by=request.user, answer_id=answer_id)
    except (Invalid, Conflict) as error:
        return _compare(request, answer_id, refused=error, form=form, status=STATUS[isinstance(error, Invalid)])
    messages.success(request, _("The answer was confirmed and takes effect."))
    return HttpResponseRedirect(reverse("accounts:order", args=[answer.order_id]), status=303)


@login_required
@require_POST
def answer_discard_view(request: UserRequest, answer_id: UUID) -> HttpResponse:
    """What was entered does not agree with the scan: it is thrown away with a reason, and entered anew."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _compare(request, answer_id, form=form, status=422)
    try:
        with unit_of_work(request.user):
            order = answer_discard(by=request.user, answer_id=answer_id, reason=form.cleaned_data["reason"])
    except (Invalid, Conflict) as error:
        return _compare(request, answer_id, form=form, status=attach_errors(form, error))
    messages.success(request, _("The entered answer was thrown away. Enter it again from the scan."))
    return HttpResponseRedirect(reverse("accounts:order", args=[order.id]), status=303)


def _compare(
    request: UserRequest, answer_id: UUID, *, refused: Any = None, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    rows = Answer.objects.only("pk", "order_id")
    found = policy.get(request.user, Action.ANSWER_VIEW, rows, answer_id)
    order = order_detail(user=request.user, order_id=found.order_id)
    policy.require(request.user, Action.ORDER_RECORD, order)
    answer = next(each for each in order.answers.all() if each.pk == found.pk)
    if refused is None and (answer.source != Answer.Source.RECORDED or answer.confirmed_by_id is not None):
        raise WrongState(_("This answer does not wait for its second person any more."))
    preload_rows([order.account, answer, *answer.next_hops.all()])
    title = _("Compare with the scan")
    context = {
        "order": order,
        "answer": answer,
        "is_mine": answer.answered_by_id == request.user.id,
        "refused": refused,
        "form": form or ReasonForm(),
        "title": title,
        "crumbs": order_crumbs(order, (order.number, reverse("accounts:order", args=[order.id])), (title, "")),
    }
    return render(request, "accounts/answer_confirm.html", context, status=status)
