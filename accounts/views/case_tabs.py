"""The tabs Accounts and Orders of a case page; the other tabs belong to the floor below."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.case_accounts import AccountAddForm, TransferForm
from accounts.models import Involvement
from accounts.rules.paste import parse_paste
from accounts.selectors.accounts import case_accounts, case_transfers
from accounts.selectors.holds import in_force
from accounts.selectors.orders import OrderFilters, orders_list
from accounts.services.accounts import involved_account_add
from accounts.services.involvements import involvement_confirm, involvement_dismiss
from accounts.services.transfers import transfer_record
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

MOST_ACCOUNTS = 200


@login_required
@require_http_methods(["GET", "POST"])
def case_accounts_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Accounts by level with their holds, transfers between them, and the form to enter more."""
    case = case_detail(user=request.user, case_id=case_id)
    form = AccountAddForm(request.POST if request.POST.get("verb") == "account" else None)
    transfer = TransferForm(
        request.POST if request.POST.get("verb") == "transfer" else None, user=request.user, case=case
    )
    status = 200
    if request.method == "POST":
        status = _enter(request, case_id, form, transfer)
        if status == 303:
            return redirect("accounts:case_accounts", case_id)
    rows = list(case_accounts(user=request.user, case=case)[:MOST_ACCOUNTS])
    preload_rows([row.account for row in rows])
    by_account: dict[UUID, list[tuple[Any, ...]]] = {}
    for hold in in_force(case.holds.all()):
        told = (hold.kind, hold.left_minor, hold.currency, hold.legal_expires_at)
        by_account.setdefault(hold.account_id, []).append(told)
    context = case_context(case, "accounts") | {
        "rows": [(row, by_account.get(row.account_id, [])) for row in rows],
        "transfers": list(case_transfers(user=request.user, case=case)[:MOST_ACCOUNTS]),
        "form": form,
        "transfer_form": transfer,
        "may_add": policy.can(request.user, "account.add"),
        "may_draft": policy.can(request.user, "order.draft"),
    }
    return render(request, "accounts/case_accounts.html", context, status=status)


def _enter(request: UserRequest, case_id: UUID, form: AccountAddForm, transfer: TransferForm) -> int:
    """Carry out the submitted one of the two forms; 303 where all went well, else the status of the refusal."""
    used = transfer if request.POST.get("verb") == "transfer" else form
    if not used.is_valid():
        return 422
    data = used.cleaned_data
    try:
        with unit_of_work(request.user):
            case = case_detail(user=request.user, case_id=case_id)
            if used is transfer:
                transfer_record(
                    by=request.user, case=case, to_account=data["to_account"].account, amount_minor=data["amount"], at=data["at"],
                    from_account=data["from_account"].account if data["from_account"] else None,
                    channel=data["channel"], reference=data["reference"],
                )  # fmt: skip
            else:
                number = parse_paste(data["number"], zone=request.user.zone_name, now=timezone.now())
                involved_account_add(
                    by=request.user, case=case, number=number[0].number if number else data["number"],
                    institution=data["institution"], holder_name=data["holder_name"], level=data["level"],
                )  # fmt: skip
    except AppError as error:
        return attach_errors(used, error)
    messages.success(request, _("Saved."))
    return 303


@login_required
@require_POST
def involvement_decide(request: UserRequest, case_id: UUID, involvement_id: UUID, verb: str) -> HttpResponse:
    """Confirm or dismiss an account that a bank's answer proposed."""
    try:
        with unit_of_work(request.user):
            act = involvement_confirm if verb == "confirm" else involvement_dismiss
            found: Involvement = act(by=request.user, involvement_id=involvement_id)
    except AppError as error:
        if error.status == 404:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Account confirmed.") if found.state == "confirmed" else _("Account dismissed."))
    return redirect("accounts:case_accounts", case_id)


@login_required
@require_GET
def case_orders_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """All orders of the case, newest first."""
    case = case_detail(user=request.user, case_id=case_id)
    rows = orders_list(user=request.user, filters=OrderFilters(case=case.id))
    page = keyset_page(rows, ("-listed_at", "-id"), request.GET.get("cursor"), 100)
    preload_rows([order.account for order in page.items])
    context = (
        case_context(case, "orders")
        | {
            "page": page,
            "may_draft": policy.can(request.user, "order.draft"),
        }
        | page_urls(request, page)
    )
    return render(request, "accounts/case_orders.html", context)
