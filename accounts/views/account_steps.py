"""Corrections of an account's identity: another institution, a further number, a merge and its undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.accounts import AccountCorrectForm, AccountMergeForm, AliasForm, UnmergeForm
from accounts.models import InvolvedAccount
from accounts.policy import Action
from accounts.selectors.accounts import account_detail
from accounts.services.identity import account_correct, account_merge, account_unmerge, alias_add
from accounts.views.steps import step
from antifraud import policy
from banks.middleware import UserRequest


@login_required
@require_http_methods(["GET", "POST"])
def account_correct_view(request: UserRequest, account_id: UUID) -> HttpResponse:
    """Another institution keeps the account."""
    account = _account(request, Action.ACCOUNT_CORRECT, account_id)
    form = AccountCorrectForm(_sent(request), initial={"institution": account.institution_id})

    def act(data: dict[str, Any]) -> UUID:
        institution, reason = data["institution"], data["reason"]
        return account_correct(by=request.user, account_id=account_id, institution=institution, reason=reason).id

    return _step(request, account, form, act, title=_("Correct the institution"))


@login_required
@require_http_methods(["GET", "POST"])
def alias_add_view(request: UserRequest, account_id: UUID) -> HttpResponse:
    """Another number of the same account."""
    account = _account(request, Action.ACCOUNT_CORRECT, account_id)

    def act(data: dict[str, Any]) -> UUID:
        alias_add(by=request.user, account_id=account_id, number=data["number"], reason=data["reason"])
        return account_id

    return _step(request, account, AliasForm(_sent(request)), act, title=_("Add a number"))


@login_required
@require_http_methods(["GET", "POST"])
def account_merge_view(request: UserRequest, account_id: UUID) -> HttpResponse:
    """This account and another one are the same."""
    account = _account(request, Action.ACCOUNT_MERGE, account_id)
    form = AccountMergeForm(_sent(request), user=request.user, account=account)

    def act(data: dict[str, Any]) -> UUID:
        return account_merge(by=request.user, account_id=account_id, into_id=data["into"].id, reason=data["reason"]).id

    return _step(request, account, form, act, title=_("Merge into another account"))


@login_required
@require_http_methods(["GET", "POST"])
def account_unmerge_view(request: UserRequest, account_id: UUID, change_id: UUID) -> HttpResponse:
    """Undo a merge exactly."""
    account = _account(request, Action.ACCOUNT_UNMERGE, account_id)

    def act(data: dict[str, Any]) -> UUID:
        return account_unmerge(by=request.user, change_id=change_id, reason=data["reason"]).id

    return _step(request, account, UnmergeForm(_sent(request)), act, title=_("Undo the merge"))


def _account(request: UserRequest, action: Action, account_id: UUID) -> InvolvedAccount:
    account = account_detail(user=request.user, account_id=account_id)
    policy.require(request.user, action, account)
    return account


def _sent(request: UserRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _step(
    request: UserRequest,
    account: InvolvedAccount,
    form: forms.Form,
    act: Callable[[dict[str, Any]], UUID],
    *,
    title: str,
) -> HttpResponse:
    """The form, or its act in one unit of work; leads to the account that it is about now."""
    answer = step(request, form, act, done=_("Saved."), to=lambda found: reverse("accounts:account", args=[found]))
    if not isinstance(answer, int):
        return answer
    context = {
        "account": account,
        "form": form,
        "title": title,
        "crumbs": [
            (_("Involved accounts"), reverse("accounts:accounts")),
            (account.number.masked(), reverse("accounts:account", args=[account.id])),
            (title, ""),
        ],
    }
    return render(request, "accounts/account_step.html", context, status=answer)
