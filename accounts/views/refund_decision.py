"""Objections against a return, and the third person's page: read in full, then approve exactly this worksheet or send it back."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.approvals import DecisionForm
from accounts.forms.orders import ReasonForm
from accounts.forms.refunds import ObjectionDecisionForm, ObjectionForm
from accounts.models import Objection, Refund
from accounts.policy import RefundAction
from accounts.rules.refunds import BRANCH_LABELS, REASON_LABELS, is_recomputable
from accounts.selectors.refund_parties import is_another_name, named, other_names, victims_left_out
from accounts.selectors.refunds import refund_detail
from accounts.services.refunds.decide import decision_content, refund_approve, refund_reject
from accounts.services.refunds.objections import objection_decide, objection_lodge, objection_reveal
from accounts.services.refunds.payout import share_give_up
from accounts.views.refunds import refund_page
from accounts.views.steps import step
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid, WrongState
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.views.parts import reveal_shown


@login_required
@require_POST
def objection_lodge_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """Keep an objection; a refusal shows the return again with what was typed."""
    policy.get(request.user, RefundAction.REFUND_OBJECT, Refund.objects.only("pk"), refund_id)
    form = ObjectionForm(request.POST, auto_id="object_%s")
    answer = step(
        request, form, lambda _data: objection_lodge(by=request.user, refund_id=refund_id, data=form.objection_input()),
        done=_("The objection was recorded."), to=reverse("accounts:refund", args=[refund_id]),
    )  # fmt: skip
    if isinstance(answer, int):
        return refund_page(request, refund_id, refused={"object": form}, status=answer)
    return answer


@login_required
@require_http_methods(["GET", "POST"])
def objection_decide_view(request: UserRequest, objection_id: UUID) -> HttpResponse:
    """Decide on one objection; a refusal keeps the reasons that were typed."""
    rows = Objection.objects.select_related("refund__case", "round", "recorded_by")
    objection = policy.get(request.user, RefundAction.OBJECTION_DECIDE, rows, objection_id)
    form = ObjectionDecisionForm(request.POST if request.method == "POST" else None)
    answer = step(
        request, form, lambda data: objection_decide(by=request.user, objection_id=objection_id, **data),
        done=_("The objection was decided."), to=reverse("accounts:refund", args=[objection.refund_id]),
    )  # fmt: skip
    if not isinstance(answer, int):
        return answer
    refund = objection.refund
    context = {
        "objection": objection,
        "form": form,
        "crumbs": [
            (refund.case.number, reverse("accounts:case_refunds", args=[refund.case_id])),
            (refund.number, reverse("accounts:refund", args=[refund.pk])),
            (_("Decide on the objection"), ""),
        ],
    }
    return render(request, "accounts/objection_decide.html", context, status=answer)


@login_required
@require_POST
def objection_reveal_view(request: UserRequest, objection_id: UUID, field: str) -> HttpResponse:
    """One value of an objection in clear, with the reason in the audit log."""
    return reveal_shown(request, objection_reveal, objection_id=objection_id, field=field)


@login_required
@require_POST
def share_give_up_view(request: UserRequest, refund_id: UUID, share_id: UUID) -> HttpResponse:
    """Close a share whose payment failed, with a reason."""
    policy.get(request.user, RefundAction.REFUND_GIVE_UP, Refund.objects.only("pk"), refund_id)
    form = ReasonForm(request.POST, auto_id=f"give_up_{share_id}_%s")

    def act(data: dict[str, Any]) -> Refund:
        return share_give_up(by=request.user, refund_id=refund_id, share_id=share_id, reason=data["reason"])

    to = reverse("accounts:refund", args=[refund_id])
    answer = step(request, form, act, done=_("The share was closed; its money stays held."), to=to)
    if isinstance(answer, int):
        return refund_page(request, refund_id, refused={"give_up": form}, share_id=share_id, status=answer)
    return answer


@login_required
@require_http_methods(["GET", "POST"])
def refund_decide_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """Read in full (audited), then approve exactly this worksheet, or send it back with a reason."""
    policy.get(request.user, RefundAction.REFUND_APPROVE, Refund.objects.only("pk"), refund_id)
    form = DecisionForm(request.POST if request.method == "POST" else None, order_id=refund_id)
    if request.method == "GET":
        return _decide_page(request, refund_id, form)
    if not form.is_valid():
        return _decide_page(request, refund_id, form, status=422)
    try:
        with unit_of_work(request.user):
            refund = _decide(request, refund_id, form.cleaned_data)
    except (Invalid, Conflict) as error:
        return _decide_page(request, refund_id, form, status=attach_errors(form, error))
    done = (
        _("Return {number} was decided; the bank is told.")
        if refund.decided_at is not None
        else _("Return {number} was sent back.")
    )
    messages.success(request, done.format(number=refund.number))
    return HttpResponseRedirect(reverse("accounts:refund", args=[refund_id]), status=303)


def _decide(request: UserRequest, refund_id: UUID, data: dict[str, Any]) -> Refund:
    if request.POST.get("verb") == "reject":
        return refund_reject(by=request.user, refund_id=refund_id, reason=data["reason"])
    version = request.POST.get("version", "")
    return refund_approve(
        by=request.user, refund_id=refund_id, worksheet_sha256=data["payload_sha256"],
        expected_version=int(version) if version.isascii() and version.isdigit() else -1,
    )  # fmt: skip


def _decide_page(request: UserRequest, refund_id: UUID, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    try:
        with unit_of_work(request.user):
            # Read first: the version that the form sends must not be newer than the worksheet that is shown.
            seen = refund_detail(user=request.user, refund_id=refund_id)
            refund, current, shares, text = decision_content(by=request.user, refund_id=refund_id)
    except WrongState:
        # A second click, or another was faster: the return's own page shows what became of it.
        messages.info(request, _("This return does not await a decision any more."))
        return HttpResponseRedirect(reverse("accounts:refund", args=[refund_id]), status=303)
    figures = {row["victim"]: row for row in current.worksheet["rows"]}
    context = {
        "refund": seen,
        "current": current,
        "rows": [
            (
                share, figures[str(share.victim_id)], share.payee_name.open(), share.payee_account.open(),
                share.victim.name.open(), is_another_name(share),
            )
            for share in shares
        ],
        "other_names": [str(share.position) for share in other_names(shares)],
        "left_out": named(victims_left_out(refund, current)),
        "held_account": refund.hold.account.number.open(),
        "before": next((each for each in seen.rounds.all() if each.number == current.number - 1), None),
        "totals": current.worksheet["totals"],
        "branch": _(BRANCH_LABELS[current.branch]),
        "reasons": [_(REASON_LABELS[code]) for code in current.worksheet["reasons"]],
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "is_recomputable": is_recomputable(current.worksheet),
        "form": form,
        "crumbs": [
            (_("Returns of money"), reverse("accounts:refunds")),
            (refund.number, reverse("accounts:refund", args=[refund.pk])),
            (_("Read and decide"), ""),
        ],
    }  # fmt: skip
    return render(request, "accounts/refund_decide.html", context, status=status)
