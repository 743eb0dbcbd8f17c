"""Release cascade: live holds behind a wrong one, with their ways; an officer ticks those whose release is drafted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms.approvals import read_ids
from accounts.forms.orders import ReasonForm
from accounts.models import Order
from accounts.policy import RefundAction
from accounts.selectors.cascades import cascade_of
from accounts.services.cascades import cascade_draft
from accounts.views.steps import step
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from banks.middleware import UserRequest


@login_required
@require_http_methods(["GET", "POST"])
def cascade_view(request: UserRequest, hold_id: UUID) -> HttpResponse:
    """The proposals with their reasons; a refusal keeps the ticks."""
    if request.method == "GET":
        return _page(request, hold_id, ReasonForm())
    form = ReasonForm(request.POST)

    def act(data: dict[str, Any]) -> list[Order]:
        ticked = read_ids(request.POST.getlist("hold"))
        return cascade_draft(by=request.user, hold_id=hold_id, hold_ids=ticked, reason=data["reason"])

    def done(drafts: list[Order]) -> str:
        text = ngettext("{count} release was drafted.", "{count} releases were drafted.", len(drafts))
        return text.format(count=len(drafts))

    to = "accounts:case_orders"
    answer = step(request, form, act, done=done, to=lambda drafts: reverse(to, args=[drafts[0].case_id]))
    return _page(request, hold_id, form, status=answer) if isinstance(answer, int) else answer


def _page(request: UserRequest, hold_id: UUID, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    wrong, proposals = cascade_of(user=request.user, hold_id=hold_id)
    preload_rows([wrong.account, *(account for each in proposals for account in (each.hold.account, *each.way))])
    context = {
        "wrong": wrong,
        "proposals": proposals,
        "form": form,
        "ticked": request.POST.getlist("hold"),
        "may_draft": policy.can(request.user, RefundAction.CASCADE_DRAFT, wrong.case),
        "crumbs": [
            (_("Cases"), reverse("cases:list")),
            (wrong.case.number, reverse("accounts:case_refunds", args=[wrong.case_id])),
            (_("Release cascade"), ""),
        ],
    }
    return render(request, "accounts/cascade.html", context, status=status)
