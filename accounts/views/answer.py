"""One order as its institution works on it: match, acknowledge, route, answer; the page's content is in `answer_page`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.answer import AnswerForms, warnings_mark
from accounts.forms.answer_lines import pasted_hops, pasted_problems
from accounts.forms.queue import RouteForm
from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.selectors.queue import next_in_queue, queue_order
from accounts.services.answer_checks import answer_problems
from accounts.services.answer_input import AnswerInput
from accounts.services.answer_rows import answer_ahead
from accounts.services.answers import order_acknowledge, order_answer, order_note_cancellation, order_route
from accounts.services.order_contents import order_content_reveal, order_instrument_open
from accounts.views.answer_page import answer_context, answer_forms, match_context, who_answered
from accounts.views.bank_side import institution_page
from antifraud import db
from antifraud.db import unit_of_work
from antifraud.errors import AppError, Conflict, Invalid
from banks.middleware import UserRequest
from banks.selectors.institutions import branches_of


@institution_page
@require_http_methods(["GET", "POST"])
def order_answer_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """Everything the order carries, and the answer form of its kind."""
    order = queue_order(user=request.user, order_id=order_id)
    if request.method == "POST":
        return _answer(request, order)
    return render(request, "accounts/order_answer.html", answer_context(request, order))


def _answer(request: UserRequest, order: Order) -> HttpResponse:
    forms = answer_forms(request, order, data=request.POST, files=request.FILES)
    version = _integer(request.POST.get("version"))
    if not forms.is_valid():
        return _again(request, order, forms, 422, version=version)
    answer = forms.input()
    warnings = _unconfirmed(request, order, answer)
    if warnings:
        return _again(request, order, forms, 422, version=version, warnings=warnings)
    try:
        ahead = answer_ahead(by=request.user, order=order, answer=answer, action=Action.ORDER_ANSWER)
        with ahead as ready, unit_of_work(request.user):
            order_answer(
                by=request.user,
                order_id=order.id,
                answer=ready,
                source=Answer.Source.LOGGED_IN,
                expected_version=version,
            )
    except Invalid as error:
        return _again(request, order, forms, forms.attach(error), version=version)
    except Conflict as error:
        return _conflict(request, order, forms, error)
    outcome = Answer.Outcome(answer.outcome).label
    messages.success(request, _("Order {number} answered: {outcome}.").format(number=order.number, outcome=outcome))
    return _onwards(request, order)


def _unconfirmed(request: UserRequest, order: Order, answer: AnswerInput) -> dict[str, list[str]]:
    """Warnings that the person has not seen yet; what blocks is told first, and alone."""
    errors, warnings = answer_problems(order, answer)
    seen = request.POST.get("warnings_seen") == warnings_mark(warnings)
    return {} if errors or seen else warnings


def _again(
    request: UserRequest, order: Order, forms: AnswerForms, status: int, *, version: int | None,
    warnings: dict[str, list[str]] | None = None, alert: str = "", alert_text: str = "",
) -> HttpResponse:  # fmt: skip
    """The form with everything typed and what is wrong: the form alone for htmx, else the whole page."""
    context = answer_context(request, order, forms=forms, version=version) | {
        "warnings": warnings or {},
        "warnings_mark": warnings_mark(warnings) if warnings else "",
        "alert": alert,
        "alert_text": alert_text,
    }
    part = "HX-Request" in request.headers
    return render(request, f"accounts/{'answer_form' if part else 'order_answer'}.html", context, status=status)


def _conflict(request: UserRequest, order: Order, forms: AnswerForms, error: Conflict) -> HttpResponse:
    """Somebody was first, or the hold is not what it was: said with who did what; the next try sees the new state."""
    fresh = queue_order(user=request.user, order_id=order.id)
    told = who_answered(fresh) or str(error.message)
    return _again(
        request, fresh, forms, 409, version=None, alert=_("Nothing was sent."), alert_text=told
    )  # fmt: skip


def _onwards(request: UserRequest, order: Order) -> HttpResponse:
    """To the next order where that was asked for, else back to the queue."""
    url = reverse("accounts:queue")
    if request.POST.get("verb") == "next":
        following = next_in_queue(user=request.user, after=order.pk)
        url = reverse("accounts:order_answer", args=[following.pk]) if following else url
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


# -- matching --------------------------------------------------------------------------------------


@institution_page
@require_http_methods(["GET", "POST"])
def order_match(request: UserRequest, order_id: UUID) -> HttpResponse:
    """The content: masked (GET), or in clear after its audit row (POST); hidden again after three minutes."""
    order = queue_order(user=request.user, order_id=order_id)
    clear = None
    if request.method == "POST":
        with unit_of_work(request.user):
            clear = order_content_reveal(by=request.user, order_id=order_id)
    if "HX-Request" in request.headers:
        return render(request, "accounts/order_match.html", match_context(order, clear))
    return render(request, "accounts/order_answer.html", answer_context(request, order) | match_context(order, clear))


@institution_page
@require_POST
def order_instrument(request: UserRequest, order_id: UUID) -> FileResponse:
    """The legal instrument as a download (POST: opening is an audited act)."""
    with unit_of_work(request.user):
        paper, stream = order_instrument_open(by=request.user, order_id=order_id)
    response = FileResponse(stream, content_type="application/pdf")
    name = quote(f"{paper.id}.{paper.media_kind}")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["Content-Security-Policy"] = "sandbox"
    return response


@institution_page
@require_POST
def answer_hops(request: UserRequest, order_id: UUID) -> HttpResponse:
    """The pasted next hops as they are understood, while they are typed."""
    order = queue_order(user=request.user, order_id=order_id)
    found = pasted_hops(user=request.user, text=request.POST.get("hop_lines", "")[:100_000], now=db.app_now())
    context = {"lines": found, "problems": pasted_problems(found, order.currency)}
    return render(request, "accounts/answer_hops.html", context)


# -- small acts ------------------------------------------------------------------------------------


@institution_page
@require_POST
def order_acknowledge_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """Seen; the page stays."""
    return _act(
        request,
        order_id,
        _("The order was acknowledged."),
        lambda: order_acknowledge(by=request.user, order_id=order_id),
    )


@institution_page
@require_POST
def order_note_cancellation_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """The cancellation was read."""
    done = _("The cancellation was noted.")
    return _act(request, order_id, done, lambda: order_note_cancellation(by=request.user, order_id=order_id))


@institution_page
@require_POST
def order_route_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """Hand the order to a branch."""
    order = queue_order(user=request.user, order_id=order_id)
    form = RouteForm(request.POST, branches=list(branches_of(order.institution)))
    if not form.is_valid():
        messages.error(request, _("Choose one of your connected branches."))
        return _back(request, order_id)
    branch = form.chosen()
    done = _("The order was routed to {branch}.").format(branch=branch.title)
    return _act(request, order_id, done, lambda: order_route(by=request.user, order_id=order_id, branch=branch))


def _act(request: UserRequest, order_id: UUID, done: str, service: Any) -> HttpResponse:
    """Carry out a small act and show the page again; a refusal is said in a message, what is absent is a 404."""
    try:
        with unit_of_work(request.user):
            service()
    except (Conflict, Invalid) as error:
        texts = [str(text) for found in error.fields.values() for text in found] or [
            _sentence(request, order_id, error)
        ]
        messages.error(request, " ".join(texts))
    else:
        messages.success(request, done)
    return _back(request, order_id)


def _sentence(request: UserRequest, order_id: UUID, error: AppError) -> str:
    return who_answered(queue_order(user=request.user, order_id=order_id)) or str(error.message)


def _back(request: UserRequest, order_id: UUID) -> HttpResponse:
    url = reverse("accounts:order_answer", args=[order_id])
    return HttpResponseRedirect(reverse("accounts:queue") if request.POST.get("to") == "queue" else url, status=303)
