"""The rows of a statement file as the bank wrote them, masked; a value in clear needs its purpose and is audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.statement_fields import field_label
from accounts.forms.statement_words import row_text
from accounts.models import StatementFile, StatementLine
from accounts.policy import FlowAction
from accounts.selectors import statements as selectors
from accounts.services.flow_reveals import ledger_reveal
from accounts.services.statement_reveals import line_reveal
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from banks.middleware import UserRequest
from cases.views.parts import reveal_shown
from cases.views.tabs import case_context

PAGE = 100
LEFT_OUT = ("known", "repeat", "twin")


@login_required
@require_GET
def statement_lines_view(request: UserRequest, file_id: UUID) -> HttpResponse:
    """Rows in the file's order, with their parties; `left_out` narrows to those that are not in the ledger."""
    user = request.user
    file = selectors.statement_detail(user=user, file_id=file_id)
    left_out = request.GET.get("left_out", "")
    left_out = left_out if left_out in LEFT_OUT else ""
    rows = selectors.statement_lines(user=user, file=file, left_out=left_out)
    page = keyset_page(rows, selectors.LINE_KEYSET, request.GET.get("cursor"), PAGE)
    parties = selectors.ledger_parties(
        user=user, nodes=[node for row in page.items for node in (*row.nodes_named, *row.nodes_meant)]
    )
    preload_rows(parties.values())
    url = reverse("accounts:statement_lines", args=[file.id])
    is_decided = file.status == StatementFile.Status.COMMITTED
    kinds = [("", _("All")), ("known", _("Known already"))]
    kinds.append(("repeat", _("Left out as repeats") if is_decided else _("Suspected repeats")))
    kinds.append(("twin", _("Told under another number of the account")))
    context = case_context(file.case, "statements") | page_urls(request, page)
    context |= {
        "file": file,
        "page": page,
        "lines": [_shown(row, parties) for row in page.items],
        "may_reveal": policy.can(user, FlowAction.LINE_REVEAL),
        "kinds": [{"label": label, "url": f"{url}?left_out={name}", "active": name == left_out} for name, label in kinds],
    }  # fmt: skip
    return render(request, "accounts/statement_lines.html", context)


def _shown(row: StatementLine, parties: Mapping[int, object]) -> dict[str, object]:
    account, counter, account_main, counter_main = (
        parties.get(node) if node is not None else None for node in (*row.nodes_named, *row.nodes_meant)
    )
    return {
        "line": row,
        "row": row_text(row.row),
        "account": account,
        "account_main": account_main,
        "counter": counter,
        "counter_main": counter_main,
    }


@login_required
@require_POST
def statement_line_reveal_view(request: UserRequest, line_id: UUID) -> HttpResponse:
    """What else stood in one row, field by field, with the reason in the audit log."""
    return reveal_shown(request, _row_told, line_id=line_id)


def _row_told(**asked: Any) -> str:
    found = line_reveal(**asked)
    return " · ".join(f"{field_label(name)}: {value}" for name, value in found.items() if value)


@login_required
@require_POST
def ledger_account_reveal_view(request: UserRequest, party_id: UUID, field: str) -> HttpResponse:
    """Number or name of an account that a statement names, with the reason in the audit log."""
    return reveal_shown(request, ledger_reveal, ledger_id=party_id, field=field)
