"""A bank's own view of the money's way: one of its accounts, amounts in and out, neighbours by institution (domain.md §8)."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.selectors.flow_bank import bank_flow, own_account
from banks.middleware import UserRequest


@login_required
@require_GET
def bank_flow_view(request: UserRequest, account_id: UUID) -> HttpResponse:
    """What the selector lets out, as a table and as bars; nothing is left out here, for nothing else is there."""
    account = own_account(user=request.user, account_id=account_id)
    context = {
        "account": account,
        "flows": bank_flow(user=request.user, account_id=account_id),
        "crumbs": [
            (_("Involved accounts"), reverse("accounts:accounts")),
            (account.number.masked(), reverse("accounts:account", args=[account.id])),
            (_("Fund flow"), ""),
        ],
    }
    return render(request, "accounts/bank_flow.html", context)
