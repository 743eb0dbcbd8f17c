"""Recognised transfers of a case: both sides beside each other, undoing a match with a reason, restoring one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.statements import UndoForm
from accounts.models import LedgerMatch
from accounts.policy import FlowAction
from accounts.selectors import matches as selectors
from accounts.services.ledger.restore import match_restore
from accounts.services.ledger.undo import match_undo
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import AppError, Forbidden, NotFound
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.models import User
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

PAGE = 50


@login_required
@require_GET
def case_matches_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """What was recognised as one transfer, newest first; those that were undone under their own heading."""
    user = request.user
    case = case_detail(user=user, case_id=case_id)
    undone = request.GET.get("state") == "undone"
    rows = selectors.case_matches(user=user, case=case, undone=undone)
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), PAGE)
    url = reverse("accounts:case_matches", args=[case.id])
    states = [("", _("Recognised"), not undone), ("undone", _("Undone"), undone)]
    context = case_context(case, "statements") | page_urls(request, page)
    context |= {
        "page": page,
        "matches": _shown(user, page.items),
        "undone": undone,
        "may_undo": policy.can(user, FlowAction.MATCH_UNDO),
        "kinds": [{"label": label, "url": f"{url}?state={name}", "active": active} for name, label, active in states],
    }
    return render(request, "accounts/case_matches.html", context)


def _shown(user: User, found: list[LedgerMatch]) -> list[selectors.MatchShown]:
    shown = selectors.matches_shown(user=user, matches=found)
    sides = [side for match in shown for side in (match.out, match.into)]
    preload_rows([party for side in sides for party in (side.account, side.counter) if party is not None])
    return shown


@login_required
@require_http_methods(["GET", "POST"])
def match_undo_view(request: UserRequest, match_id: UUID) -> HttpResponse:
    """These are two transfers after all; the pair is not recognised again."""
    return _decided(
        request, match_id, FlowAction.MATCH_UNDO, match_undo, "accounts/match_undo.html",
        _("The match was undone; both rows count for themselves now."),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def match_restore_view(request: UserRequest, match_id: UUID) -> HttpResponse:
    """It was undone wrongly: the two are one transfer again."""
    return _decided(
        request, match_id, FlowAction.MATCH_RESTORE, match_restore, "accounts/match_restore.html",
        _("The match was restored; the two count as one transfer again."),
    )  # fmt: skip


def _decided(
    request: UserRequest, match_id: UUID, action: FlowAction, act: Callable[..., LedgerMatch], template: str, done: str
) -> HttpResponse:
    user = request.user
    match = selectors.match_detail(user=user, match_id=match_id)
    policy.require(user, action, match)
    form = UndoForm(request.POST if request.method == "POST" else None)
    status = 422 if request.method == "POST" else 200
    if form.is_bound and form.is_valid():
        try:
            with unit_of_work(user):
                act(by=user, match_id=match_id, reason=form.cleaned_data["reason"])
        except (NotFound, Forbidden):
            raise  # out of reach by now: nothing of the match is shown again
        except AppError as error:
            status = attach_errors(form, error)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(reverse("accounts:case_matches", args=[match.case_id]), status=303)
    context = case_context(match.case, "statements") | {"form": form, "matches": _shown(user, [match])}
    return render(request, template, context, status=status)
