"""The palette: jump to a case, an order, an alert or an account by its number; what is typed comes by POST and stays nowhere."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import InvolvedAccount, LedgerAccount, Order
from accounts.selectors.accounts import AccountFilters, accounts_list
from accounts.selectors.alerts import KEYSET as ALERTS
from accounts.selectors.alerts import AlertFilters, alerts_list, notices_list
from accounts.selectors.ledger_numbers import ledger_accounts_of_number
from accounts.selectors.orders import KEYSET as ORDERS
from accounts.selectors.orders import OrderFilters, orders_list
from antifraud.api.pagination import keyset_page
from antifraud.crypto.fields import preload_rows
from banks.middleware import UserRequest
from banks.templatetags.ui_words import KIND
from cases.models import Case
from cases.selectors.cases import KEYSET as CASES
from cases.selectors.cases import cases_list

SHORTEST, LONGEST = 3, 120
MOST = 6


class Found(NamedTuple):
    """One line of the palette."""

    url: str
    text: str
    detail: str
    icon: str


@login_required
@require_POST
def search_view(request: UserRequest) -> HttpResponse:
    """A fragment with what the reader may see under this number; eight statements at most."""
    word = request.POST.get("q", "").strip()[:LONGEST]
    found: list[Found] = []
    if len(word) >= SHORTEST:
        cases = keyset_page(cases_list(user=request.user, q=word), CASES, None, MOST).items
        orders = keyset_page(orders_list(user=request.user, filters=OrderFilters(q=word)), ORDERS, None, MOST).items
        accounts = list(accounts_list(user=request.user, filters=AccountFilters(number=word))[:MOST])
        preload_rows(accounts)
        found = [*map(_case, cases), *(_order(request, order) for order in orders), *map(_account, accounts)]
        found += map(_ledger, ledger_accounts_of_number(user=request.user, text=word, most=MOST))
        found += _alerts(request, word)
    return render(request, "accounts/search_results.html", {"found": found, "is_short": len(word) < SHORTEST})


def _case(case: Case) -> Found:
    return Found(reverse("cases:report", args=[case.id]), case.number, case.unit.title, "folder")


def _order(request: UserRequest, order: Order) -> Found:
    name = "accounts:order" if request.user.institution.is_police else "accounts:order_answer"
    detail = f"{KIND[order.kind].label} · {order.institution.title}"
    return Found(reverse(name, args=[order.id]), order.number, detail, "send")


def _alerts(request: UserRequest, word: str) -> list[Found]:
    """Police find their alerts, an institution its own notices; neither the other's."""
    if request.user.institution.is_police:
        rows = keyset_page(alerts_list(user=request.user, filters=AlertFilters(q=word)), ALERTS, None, MOST).items
        return [Found(reverse("accounts:alert", args=[row.id]), row.number, row.title, "alert") for row in rows]
    mine = keyset_page(notices_list(user=request.user, q=word), ALERTS, None, MOST).items
    return [
        Found(reverse("accounts:notice", args=[row.id]), row.alert.number, row.alert.title, "alert") for row in mine
    ]


def _account(account: InvolvedAccount) -> Found:
    bank = account.institution.title if account.institution else ""
    return Found(reverse("accounts:account", args=[account.id]), account.number.masked(), bank, "card")


def _ledger(row: LedgerAccount) -> Found:
    """An account of a ledger, by whichever of its numbers: to where its payments can be traced."""
    url = f"{reverse('accounts:flow', args=[row.case_id])}?from={row.node}"
    detail = _("Fund flow of case {number}").format(number=row.case.number)
    bank = row.institution.title if row.institution else row.institution_text
    text = row.number.masked() if row.number else ""
    return Found(url, text, f"{detail} · {bank}" if bank else detail, "route")
