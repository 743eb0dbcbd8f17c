"""Returns of money for police: the list with its clocks, the tab of a case, one return with its worksheet, its acts.

Drafting is in `refund_draft`, the decision in `refund_decision`, exports and papers in `refund_papers`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.orders import ReasonForm, VersionForm
from accounts.forms.refunds import NoticeForm, ObjectionForm, RefundFilterForm, SubmitForm
from accounts.models import Refund, RefundShare
from accounts.policy import RefundAction
from accounts.selectors import refunds as selectors
from accounts.selectors.cascades import wrong_holds
from accounts.selectors.holds_beside import holds_beside
from accounts.services.refunds.decide import refund_recall, refund_submit
from accounts.services.refunds.draft import refund_withdraw
from accounts.services.refunds.notice import refund_notice
from accounts.services.refunds.payout import refund_close
from accounts.views.refund_words import notice_draft, refund_actions, refund_page_parts
from antifraud import db, policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors, show_version
from banks.middleware import UserRequest
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

DONE = {
    "notice": gettext_lazy("The public notice runs from now."),
    "submit": gettext_lazy("The return was submitted for approval."),
    "recall": gettext_lazy("The return was taken back."),
    "withdraw": gettext_lazy("The return was given up; the money stays held."),
    "close": gettext_lazy("The return was closed."),
}


@login_required
@require_GET
def refund_list(request: UserRequest) -> HttpResponse:
    """Returns newest first with the query form and what waits; renews itself."""
    policy.require(request.user, RefundAction.REFUND_FOLLOW)
    form = RefundFilterForm(request.GET or None)
    rows = selectors.refunds_list(user=request.user, filters=form.filters())
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    counts = selectors.refund_counts(user=request.user)
    here = reverse("accounts:refunds")
    kpis = [
        {"label": label, "value": counts[name], "url": f"{here}?state={state}" if state else here, "tone": tone if counts[name] else ""}
        for name, label, state, tone in (
            ("undecided", _("Not decided"), "", ""),
            ("submitted", _("Awaiting approval"), "submitted", "warn"),
            ("objected", _("Objected"), "objected", "warn"),
            ("at_bank", _("At the bank"), "decided", ""),
            ("overdue", _("Payout overdue"), "overdue", "bad"),
        )
    ]  # fmt: skip
    context = {"form": form, "page": page, "kpis": kpis} | page_urls(request, page)
    return render(request, "accounts/refund_list.html", context)


@login_required
@require_GET
def case_refunds_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The case's returns, holds that can be returned, and holds that were found wrong."""
    user = request.user
    case = case_detail(user=user, case_id=case_id)
    holds = list(selectors.returnable_holds(user=user, case=case)[:100])
    wrong = list(wrong_holds(user=user, case=case))
    preload_rows([hold.account for hold in (*holds, *wrong)])
    context = case_context(case, "refunds") | {
        "refunds": list(selectors.case_refunds(user=user, case=case)[:100]),
        "holds": holds,
        "wrong": wrong,
        "may_draft": policy.can(user, RefundAction.REFUND_DRAFT, case),
    }
    return render(request, "accounts/case_refunds.html", context)


@login_required
@require_GET
def refund_detail_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """One return."""
    return refund_page(request, refund_id)


def refund_page(
    request: UserRequest,
    refund_id: UUID,
    *,
    refused: dict[str, forms.Form] | None = None,
    share_id: UUID | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, also with the form of an act that was refused (by its verb)."""
    user = request.user
    refund = selectors.refund_detail(user=user, refund_id=refund_id)
    refused = refused or {}
    for form in refused.values():
        show_version(form, refund.version)
    parts = refund_page_parts(refund, db.app_now())
    shown: dict[str, Any] = {
        "notice": NoticeForm(initial={"text": notice_draft(refund), "version": refund.version}, auto_id="notice_%s"),
        "submit": SubmitForm(
            user=user, initial={"version": refund.version, "second_officer": refund.second_officer_id}, auto_id="submit_%s"
        ),
        "withdraw": ReasonForm(auto_id="withdraw_%s"),
        "close": ReasonForm(auto_id="close_%s"),
        "object": ObjectionForm(initial={"lodged_at": db.app_now()}, auto_id="object_%s"),
    } | refused  # fmt: skip
    actions = refund_actions(user, refund, parts)
    give_ups = _give_ups(parts, share_id, refused) if actions["give_up"] else []
    context = parts | {
        "refund": refund,
        "actions": actions,
        "give_ups": give_ups,
        "is_too_late": share_id is not None and share_id not in {share.pk for share, _form in give_ups},
        "beside": holds_beside(refund.hold),
        "forms": shown,
        "problem": next(iter(refused.values()), None),
        "refused": next(iter(refused), ""),
        "crumbs": [
            (_("Cases"), reverse("cases:list")),
            (refund.case.number, reverse("accounts:case_refunds", args=[refund.case_id])),
            (refund.number, ""),
        ],
    }
    return render(request, "accounts/refund_detail.html", context, status=status)


def _give_ups(
    parts: dict[str, Any], share_id: UUID | None, refused: dict[str, forms.Form]
) -> list[tuple[RefundShare, forms.Form]]:
    """A form for each share whose payment failed; what was typed stands at the share that it is about."""
    failed = [row.share for row in parts["rows"] if row.share.outcome == RefundShare.Outcome.FAILED]
    return [
        (share, refused["give_up"] if share.pk == share_id else ReasonForm(auto_id=f"give_up_{share.pk}_%s"))
        for share in failed
    ]


def _form(request: UserRequest, verb: str) -> forms.Form:
    auto_id = f"{verb}_%s"
    if verb == "notice":
        return NoticeForm(request.POST, auto_id=auto_id)
    if verb == "submit":
        return SubmitForm(request.POST, user=request.user, auto_id=auto_id)
    if verb == "recall":
        return VersionForm(request.POST, auto_id=auto_id)
    return ReasonForm(request.POST, auto_id=auto_id)


@login_required
@require_POST
def refund_step_view(request: UserRequest, refund_id: UUID, verb: str) -> HttpResponse:
    """Carry out one act; a refusal shows the return again with what was typed."""
    if verb not in DONE:
        raise Http404
    policy.get(request.user, RefundAction.REFUND_FOLLOW, Refund.objects.only("pk"), refund_id)
    form = _form(request, verb)
    if not form.is_valid():
        return refund_page(request, refund_id, refused={verb: form}, status=422)
    try:
        with unit_of_work(request.user):
            _act(request, refund_id, verb, form.cleaned_data)
    except (Invalid, Conflict) as error:
        return refund_page(request, refund_id, refused={verb: form}, status=attach_errors(form, error))
    messages.success(request, DONE[verb])
    return HttpResponseRedirect(reverse("accounts:refund", args=[refund_id]), status=303)


def _act(request: UserRequest, refund_id: UUID, verb: str, data: dict[str, Any]) -> None:
    by = request.user
    if verb == "notice":
        refund_notice(by=by, refund_id=refund_id, text=data["text"], expected_version=data["version"])
    elif verb == "submit":
        refund_submit(
            by=by, refund_id=refund_id, second_officer=data["second_officer"], expected_version=data["version"]
        )
    elif verb == "recall":
        refund_recall(by=by, refund_id=refund_id)
    elif verb == "withdraw":
        refund_withdraw(by=by, refund_id=refund_id, reason=data["reason"])
    else:
        refund_close(by=by, refund_id=refund_id, reason=data["reason"])
