"""A return is computed: the first time from a hold of the case, again in a further round. Nothing is decided here."""

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

from accounts.forms.refunds import ClaimForm, RefundForm, RefundForms, RenewForm, claim_initial
from accounts.models import Refund, RefundShare
from accounts.policy import RefundAction
from accounts.selectors import refunds as selectors
from accounts.selectors.holds_beside import holds_beside
from accounts.selectors.refund_traces import trace_starts
from accounts.services.refunds.draft import refund_draft, refund_renew
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Forbidden, Invalid
from banks.forms.errors import show_version
from banks.middleware import UserRequest
from cases.models import Case
from cases.policy import Action as CaseAction
from cases.selectors.cases import case_detail

MOST_HOLDS = 20  # of which the page says who else holds the account


@login_required
@require_http_methods(["GET", "POST"])
def refund_new_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Choose the hold and enter the claims; a refusal keeps what was typed."""
    user = request.user
    case = case_detail(user=user, case_id=case_id)
    policy.require(user, RefundAction.REFUND_DRAFT, case)
    holds = selectors.returnable_holds(user=user, case=case)
    data = request.POST if request.method == "POST" else None
    main = RefundForm(data, holds=holds, initial={"hold": request.GET.get("hold")})
    shown = RefundForms(main, _claims(request, case, case.currency, before={}))
    if data is None:
        return _new_page(request, case, shown)
    if not shown.is_valid():
        return _same_again(request, case) or _new_page(request, case, shown, status=422)
    try:
        with unit_of_work(user):
            refund = refund_draft(by=user, hold_id=main.cleaned_data["hold"].pk, data=shown.refund_input())
    except (Invalid, Conflict) as error:
        return _same_again(request, case) or _new_page(request, case, shown, status=shown.attach(error))
    messages.success(request, _("Return {number} was computed.").format(number=refund.number))
    return HttpResponseRedirect(reverse("accounts:refund", args=[refund.pk]), status=303)


def _same_again(request: UserRequest, case: Case) -> HttpResponseRedirect | None:
    """A second click on the button leads to the return that the first one made."""
    going = selectors.refund_under_way(user=request.user, case=case, hold=request.POST.get("hold", ""))
    if going is None:
        return None
    messages.info(request, _("Return {number} of this hold was computed already.").format(number=going.number))
    return HttpResponseRedirect(reverse("accounts:refund", args=[going.pk]), status=303)


def _new_page(request: UserRequest, case: Case, shown: RefundForms, *, status: int = 200) -> HttpResponse:
    context = {
        "case": case,
        "forms": shown,
        "may_add_victim": policy.can(request.user, CaseAction.VICTIM_ADD),
        "has_holds": bool(shown.main.fields["hold"].queryset),  # type: ignore[attr-defined]
        "traces": _has_traces(shown),
        "beside": [each for hold in shown.main.fields["hold"].queryset[:MOST_HOLDS] for each in holds_beside(hold)],  # type: ignore[attr-defined]
        "crumbs": [
            (_("Cases"), reverse("cases:list")),
            (case.number, reverse("accounts:case_refunds", args=[case.pk])),
            (_("New return"), ""),
        ],
    }
    return render(request, "accounts/refund_draft.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def refund_renew_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """A further round with the lines of the one before; payees that are left empty stay as they were."""
    user = request.user
    refund = selectors.refund_detail(user=user, refund_id=refund_id)
    if not policy.can(user, RefundAction.REFUND_RENEW, refund):
        raise Forbidden
    before = {share.victim_id: share for share in refund.shares.all() if share.round.number == refund.round_number}
    data = request.POST if request.method == "POST" else None
    single = next(each for each in refund.rounds.all() if each.number == refund.round_number).is_stated_single
    initial = {"version": refund.version, "legal_basis": refund.legal_basis, "is_stated_single": single}
    main = RenewForm(data, initial=initial)
    shown = RefundForms(main, _claims(request, refund.case, refund.currency, before=before))
    if data is None:
        return _renew_page(request, refund, shown)
    if not shown.is_valid():
        return _renew_page(request, refund, shown, status=422)
    given = main.cleaned_data
    try:
        with unit_of_work(user):
            refund_renew(
                by=user, refund_id=refund.pk, data=shown.refund_input(), cause=given["cause"], reason=given["reason"],
                expected_version=given["version"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _renew_page(request, refund, shown, status=shown.attach(error))
    messages.success(request, _("Return {number} was computed anew.").format(number=refund.number))
    return HttpResponseRedirect(reverse("accounts:refund", args=[refund.pk]), status=303)


def _renew_page(request: UserRequest, refund: Refund, shown: RefundForms, *, status: int = 200) -> HttpResponse:
    show_version(shown.main, refund.version)
    context = {
        "refund": refund,
        "case": refund.case,
        "forms": shown,
        "may_add_victim": policy.can(request.user, CaseAction.VICTIM_ADD),
        "has_holds": True,
        "traces": _has_traces(shown),
        "beside": holds_beside(refund.hold),
        "crumbs": [
            (refund.case.number, reverse("accounts:case_refunds", args=[refund.case_id])),
            (refund.number, reverse("accounts:refund", args=[refund.pk])),
            (_("Compute anew"), ""),
        ],
    }
    return render(request, "accounts/refund_draft.html", context, status=status)


def _claims(request: UserRequest, case: Case, currency: str, *, before: dict[UUID, RefundShare]) -> list[ClaimForm]:
    """One line for each victim of the case, those of the round before ticked."""
    victims = list(selectors.case_victims(user=request.user, case=case)[:200])
    preload_rows([*victims, *before.values()])
    runs = selectors.case_traces(user=request.user, case=case, currency=currency)
    traces = trace_starts(user=request.user, case=case, currency=currency)
    data: Any = request.POST if request.method == "POST" else None
    lines = []
    for victim in victims:
        kept = before.get(victim.pk)
        initial = claim_initial(victim, case, is_only=len(victims) == 1, before=kept)
        initial["picked"] = kept is not None or not before
        lines.append(
            ClaimForm(data, victim=victim, runs=runs, currency=currency, before=kept, traces=traces, initial=initial)
        )
    return lines


def _has_traces(shown: RefundForms) -> bool:
    return any(claim.fields["run"].queryset.exists() for claim in shown.claims[:1])  # type: ignore[attr-defined]
