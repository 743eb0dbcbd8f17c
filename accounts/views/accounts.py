"""Involved accounts: the list and one account in full, for both sides; corrections of identity are in `account_steps`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.accounts import AccountFilterForm, NumberForm
from accounts.models import AccountChange, InvolvedAccount, Involvement
from accounts.policy import Action
from accounts.selectors import accounts as selectors
from accounts.services.accounts import account_reveal
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from banks.middleware import UserRequest
from cases.views.parts import reveal_shown

MOST_SHOWN = 100


@login_required
@require_http_methods(["GET", "POST"])
def account_list(request: UserRequest) -> HttpResponse:
    """Accounts newest first; a number is searched by POST, so that it stands in no address (R21)."""
    policy.require(request.user, Action.ACCOUNT_VIEW)
    form = AccountFilterForm(request.GET or None, user=request.user)
    number_form = NumberForm(request.POST if request.method == "POST" else None)
    status, filters = 200, form.filters()
    if request.method == "POST":
        if number_form.is_valid():
            filters = selectors.AccountFilters(number=number_form.cleaned_data["number"])
        else:
            status = 422
    rows = selectors.accounts_list(user=request.user, filters=filters)
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    preload_rows(page.items)
    context = {
        "form": form,
        "number_form": number_form,
        "is_search": request.method == "POST" and status == 200,
        "page": page,
    } | page_urls(request, page)
    return render(request, "accounts/account_list.html", context, status=status)


@login_required
@require_GET
def account_detail_view(request: UserRequest, account_id: UUID) -> HttpResponse:
    """One account: numbers, names with their dates, cases, orders, holds, history of its identity."""
    user = request.user
    account = selectors.account_detail(user=user, account_id=account_id)
    police = user.institution.is_police
    aliases = list(account.aliases.order_by("added_at"))
    # Names come from filings and answers of many cases: the police's to know, whatever bank keeps the account.
    names = list(account.names.order_by("-learnt_at")) if police else []
    changes = list(selectors.account_changes(user=user, account=account)[:MOST_SHOWN]) if police else []
    others = [each for change in changes for each in (change.account, change.other) if each is not None]
    preload_rows([account, *aliases, *names, *others])
    context = {
        "account": account,
        "aliases": aliases,
        "names": names,
        "cases": _one_of_each_case(account, selectors.account_cases(user=user, account=account)[:MOST_SHOWN])
        if police
        else [],
        "orders": list(selectors.account_orders(user=user, account=account)[:MOST_SHOWN]),
        "holds": list(selectors.account_holds(user=user, account=account)[:MOST_SHOWN]),
        "changes": [(change, _can_undo(change, account.id)) for change in changes],
        "may_correct": policy.can(user, Action.ACCOUNT_CORRECT) and account.merged_into_id is None,
        "may_unmerge": policy.can(user, Action.ACCOUNT_UNMERGE),
        "may_reveal": policy.can(user, Action.ACCOUNT_REVEAL),
        "police": police,
        "crumbs": [(_("Involved accounts"), reverse("accounts:accounts")), (account.number.masked(), "")],
    }
    return render(request, "accounts/account_detail.html", context)


def _one_of_each_case(account: InvolvedAccount, rows: Iterable[Involvement]) -> list[Involvement]:
    """A case that involved both of two merged accounts is named once, by the part that counts."""
    by_case: dict[UUID, Involvement] = {}
    root = account.merged_into_id or account.id
    for row in rows:
        if row.case_id not in by_case or row.account_id == root:
            by_case[row.case_id] = row
    return list(by_case.values())


def _can_undo(change: AccountChange, account_id: UUID) -> bool:
    """A merge that stands, seen from either of the two accounts."""
    merged = change.kind == AccountChange.Kind.MERGE and change.undone_at is None
    return merged and account_id in {change.account_id, change.other_id}


@login_required
@require_POST
def account_reveal_view(request: UserRequest, account_id: UUID, field: str) -> HttpResponse:
    """One value of an account in clear, with the reason in the audit log."""
    return reveal_shown(request, account_reveal, account_id=account_id, field=field)
