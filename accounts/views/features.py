"""Risk features: the ranked list of a case's ledger accounts, one account, the file; nothing is decided by them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.features import FeatureFilterForm
from accounts.models import LedgerAccount, LedgerFeature
from accounts.policy import FeatureAction
from accounts.rules.features import FEATURES
from accounts.selectors import features as selectors
from accounts.services.features import features_ask, features_export
from accounts.views.feature_words import bar, columns, shown
from antifraud import money, policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.db import unit_of_work
from antifraud.spreadsheets import write_rows
from banks.middleware import UserRequest
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_GET
def case_features_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The case's ledger accounts, ranked by the score or by one feature."""
    user = request.user
    case = case_detail(user=user, case_id=case_id)
    form = FeatureFilterForm(request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    state = selectors.features_state(user=user, case=case)  # before the rows: old ones must not stand there as current
    rows = selectors.features_list(
        user=user, case=case, sort=chosen.get("sort") or "score", covered=chosen.get("covered", False)
    )
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), 50)
    accounts = selectors.features_accounts(user=user, rows=page.items)
    total = selectors.features_count(rows)
    context = case_context(case, "flow") | {
        "form": form,
        "page": page,
        "rows": [_line(row, accounts[row.node]) for row in page.items if row.node in accounts],
        "columns": columns(),
        "state": state,
        "total": str(total) if total <= selectors.MOST_COUNTED else f"{selectors.MOST_COUNTED}+",
        "may_compute": policy.can(user, FeatureAction.FEATURE_COMPUTE),
    }
    return render(request, "accounts/case_features.html", context | page_urls(request, page))


@login_required
@require_GET
def ledger_features_view(request: UserRequest, party_id: UUID) -> HttpResponse:
    """One account: each feature with its value, its points, what it means and how it was computed."""
    account, rows = selectors.features_of_account(user=request.user, ledger_id=party_id)
    case = case_detail(user=request.user, case_id=account.case_id)
    state = selectors.features_state(user=request.user, case=case)  # before the rows are read, as in the list
    context = case_context(case, "flow") | {
        "account": account,
        "currencies": [_line(row, account) for row in rows],
        "state": state,
    }
    return render(request, "accounts/ledger_features.html", context)


@login_required
@require_POST
def features_compute_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """Have the features computed in the background."""
    case_detail(user=request.user, case_id=case_id)
    with unit_of_work(request.user):
        features_ask(by=request.user, case_id=case_id)
    messages.success(request, _("The features are being computed. Open the page again in a moment."))
    return redirect("accounts:case_features", case_id)


@login_required
@require_POST
def features_export_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The ranked list as XLSX: numbers masked, cells that cannot run."""
    with unit_of_work(request.user):
        case = features_export(by=request.user, case_id=case_id)
    ranked = selectors.features_list(user=request.user, case=case).order_by(*selectors.KEYSET)
    rows = list(ranked[: selectors.MOST_EXPORTED])
    accounts = selectors.features_accounts(user=request.user, rows=rows)
    headings = [
        _("Account number"), _("Bank or operator"), _("Currency"), _("Score"), _("Features with data"), _("Money in"),
        _("Money out"), *(label for _code, label in columns()),
    ]  # fmt: skip
    body = [_cells(row, accounts[row.node]) for row in rows if row.node in accounts]
    notes = [f"{each.label}: {each.meaning} {each.formula}" for each in (shown(rows[0]) if rows else [])]
    response = HttpResponse(write_rows(headings, body, notes=notes, title=_("Features")), content_type=XLSX)
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    response["Content-Disposition"] = f'attachment; filename="{case.number}-features-{stamp}.xlsx"'
    return response


def _cells(row: LedgerFeature, account: LedgerAccount) -> list[Any]:
    sums = [money.from_minor(minor, row.currency) for minor in (row.in_minor, row.out_minor)]
    head = [account.number.masked() if account.number else "", _bank(account), row.currency]
    return [*head, row.score, row.known, *sums, *(each.text for each in shown(row))]


def _line(row: LedgerFeature, account: LedgerAccount) -> dict[str, Any]:
    """One row for the templates."""
    return {
        "row": row,
        "account": account,
        "bank": _bank(account),
        "bar": bar(row.score),
        "features": shown(row),
        "all": len(FEATURES),
        "reveal": reverse("accounts:ledger_account_reveal", args=[account.pk, "number"]) if account.number else "",
    }


def _bank(account: LedgerAccount) -> str:
    return account.institution.title if account.institution else account.institution_text
