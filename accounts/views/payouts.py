"""A bank's side of returns: what it has to pay, one decision with its payees, the report share by share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.payouts import PayoutFilterForm, PayoutForm, PayoutForms, PayoutLineForm
from accounts.models import Refund, RefundShare
from accounts.models.refund import AT_BANK
from accounts.policy import RefundAction
from accounts.selectors import refunds as selectors
from accounts.services.refunds.payout import refund_report
from accounts.services.refunds.reveals import payout_open
from accounts.views.bank_side import institution_page
from antifraud import db, policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import show_version
from banks.middleware import UserRequest
from cases.rules.fraud_types import FRAUD_TYPE_LABELS


@institution_page
@require_GET
def payout_list(request: UserRequest) -> HttpResponse:
    """Decided returns that the institution has to pay, newest first, with what waits; renews itself."""
    form = PayoutFilterForm(request.GET or None)
    rows = selectors.payouts_list(user=request.user, **form.filters())
    page = keyset_page(rows, selectors.PAYOUT_KEYSET, request.GET.get("cursor"), 50)
    counts = selectors.payout_counts(user=request.user)
    here = reverse("accounts:payouts")
    kpis = [
        {"label": label, "value": counts[name], "url": f"{here}?state={name}", "tone": tone if counts[name] else ""}
        for name, label, tone in (
            ("open", _("To be paid"), "warn"),
            ("overdue", _("Payout overdue"), "bad"),
            ("failed", _("Payout failed"), "warn"),
        )
    ]
    context = {"form": form, "page": page, "kpis": kpis, "waiting": counts["open"]} | page_urls(request, page)
    return render(request, "accounts/payout_list.html", context)


@institution_page
@require_http_methods(["GET", "POST"])
def payout_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """One decision; each opening stands in the audit log. A refused report keeps what was typed."""
    policy.get(request.user, RefundAction.REFUND_OPEN, Refund.objects.only("pk"), refund_id)
    if request.method == "GET":
        return _page(request, refund_id)
    with unit_of_work(request.user):
        _refund, _content, shares = payout_open(by=request.user, refund_id=refund_id)
    forms = _forms(request, shares, bound=True)
    if not forms.is_valid():
        return _page(request, refund_id, forms=forms, status=422)
    try:
        with unit_of_work(request.user):
            refund = refund_report(
                by=request.user, refund_id=refund_id, results=forms.results(), proof=forms.main.cleaned_data["proof"],
                expected_version=forms.main.cleaned_data["version"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _page(request, refund_id, forms=forms, status=forms.attach(error))
    messages.success(request, _("Your report on return {number} was kept.").format(number=refund.number))
    return HttpResponseRedirect(reverse("accounts:payout", args=[refund_id]), status=303)


def _forms(request: UserRequest, shares: list[RefundShare], *, bound: bool, version: int = 0) -> PayoutForms:
    """A line for each share that is not settled."""
    data: Any = request.POST if bound else None
    files: Any = request.FILES if bound else None
    lines = [PayoutLineForm(data, share=share) for share in shares if share.outcome in selectors.WAITING]
    return PayoutForms(PayoutForm(data, files, initial={"version": version}), lines)


def _page(
    request: UserRequest, refund_id: UUID, *, forms: PayoutForms | None = None, status: int = 200
) -> HttpResponse:
    with unit_of_work(request.user):
        refund, content, shares = payout_open(by=request.user, refund_id=refund_id)
    preload_rows(shares)
    is_open = refund.status in AT_BANK
    shown = forms or _forms(request, shares, bound=False, version=refund.version)
    show_version(shown.main, refund.version)
    lines = {line.share.pk: line for line in shown.lines}
    kind = content["case"]["fraud_type"]
    context = {
        "refund": refund,
        "content": content,
        "fraud_type": _(FRAUD_TYPE_LABELS[kind]) if kind in FRAUD_TYPE_LABELS else kind,
        "rows": [(share, lines.get(share.pk)) for share in shares],
        "paid_minor": sum(share.share_minor for share in shares if share.outcome == "paid"),
        "forms": shown,
        "is_open": is_open,
        "takes_proof": is_open or (refund.status == "paid" and any(share.proof_id is None for share in shares)),
        "is_refused": forms is not None,
        "is_overdue": is_open and refund.payout_due_at is not None and refund.payout_due_at <= db.app_now(),
        "crumbs": [(_("Returns of money"), reverse("accounts:payouts")), (refund.number, "")],
    }
    return render(request, "accounts/payout_detail.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def payout_record_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """An officer records what an institution outside of the platform told on paper; a refusal keeps what was typed."""
    policy.get(request.user, RefundAction.REFUND_FOLLOW, Refund.objects.only("pk"), refund_id)
    policy.get(request.user, RefundAction.REFUND_REPORT, Refund.objects.only("pk"), refund_id)
    if request.method == "GET":
        return _record_page(request, refund_id)
    refund = selectors.refund_detail(user=request.user, refund_id=refund_id)
    forms = _forms(request, _paid_out(refund), bound=True)
    if not forms.is_valid():
        return _record_page(request, refund_id, forms=forms, status=422)
    try:
        with unit_of_work(request.user):
            refund_report(
                by=request.user, refund_id=refund_id, results=forms.results(), proof=forms.main.cleaned_data["proof"],
                expected_version=forms.main.cleaned_data["version"],
            )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _record_page(request, refund_id, forms=forms, status=forms.attach(error))
    messages.success(request, _("The report on return {number} was kept.").format(number=refund.number))
    return HttpResponseRedirect(reverse("accounts:refund", args=[refund_id]), status=303)


def _paid_out(refund: Refund) -> list[RefundShare]:
    """The shares of the present round that carry money."""
    number = refund.round_number
    rounds = {each.pk for each in refund.rounds.all() if each.number == number}
    return [share for share in refund.shares.all() if share.round_id in rounds and share.share_minor]


def _record_page(
    request: UserRequest, refund_id: UUID, *, forms: PayoutForms | None = None, status: int = 200
) -> HttpResponse:
    refund = selectors.refund_detail(user=request.user, refund_id=refund_id)
    shares = _paid_out(refund)
    preload_rows(shares)
    shown = forms or _forms(request, shares, bound=False, version=refund.version)
    show_version(shown.main, refund.version)
    lines = {line.share.pk: line for line in shown.lines}
    context = {
        "refund": refund,
        "rows": [(share, lines.get(share.pk)) for share in shares],
        "forms": shown,
        "is_refused": forms is not None,
        "crumbs": [
            (refund.case.number, reverse("accounts:case_refunds", args=[refund.case_id])),
            (refund.number, reverse("accounts:refund", args=[refund.pk])),
            (_("Record the payout"), ""),
        ],
    }
    return render(request, "accounts/payout_record.html", context, status=status)
