"""What leaves the pages of a return: exports (R40), the printed notice, the decision as PDF, values in clear, the bank's proof."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import RefundRound, RefundShare
from accounts.rules.refunds import canonical
from accounts.services.refunds.notice import notice_print
from accounts.services.refunds.reveals import (
    decision_print,
    notice_text_reveal,
    payee_reveal,
    proof_open,
    worksheet_export,
)
from accounts.views.refund_pdf import decision_pdf
from antifraud.db import unit_of_work
from antifraud.money import from_minor
from antifraud.spreadsheets import OutCell, safe_text, write_rows
from banks.middleware import UserRequest
from cases.views.parts import MEDIA, reveal_shown

FORMS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@login_required
@require_POST
def refund_export_view(request: UserRequest, refund_id: UUID, round_number: int, form: str) -> HttpResponse:
    """One round's worksheet as JSON (the very bytes that are hashed), CSV or XLSX; POST: an export is an audited act."""
    if form not in FORMS:
        raise Http404
    with unit_of_work(request.user):
        refund, found, shares = worksheet_export(
            by=request.user, refund_id=refund_id, round_number=round_number, form=form
        )
    if form == "json":
        body = canonical(found.worksheet)
    elif form == "csv":
        body = _csv(found, shares)
    else:
        notes = [_("SHA-256 of the worksheet: {digest}").format(digest=bytes(found.sha256).hex())]
        body = write_rows(_headings(), _rows(found, shares), notes=notes, title=_("Worksheet"))
    response = HttpResponse(body, content_type=FORMS[form])
    response["Content-Disposition"] = f'attachment; filename="{refund.number}-{round_number}.{form}"'
    response["X-Worksheet-SHA256"] = bytes(found.sha256).hex()
    return response


def _headings() -> list[str]:
    return [
        _("Line"), _("Victim"), _("Reported at"), _("Loss"), _("Came back"), _("Missing"), _("Traced here"), _("Whole cents"),
        _("Remainder"), _("Rounding"), _("Gets back"), _("Still missing"), _("Currency"), _("Account to be paid"), _("State"),
    ]  # fmt: skip


def _rows(found: RefundRound, shares: list[RefundShare]) -> list[list[OutCell]]:
    """Victims by id, payees masked: who they are is shown with a reason only. The last rows are the totals."""
    facts, totals = found.worksheet["facts"], found.worksheet["totals"]
    currency = facts["currency"]
    by_victim = {str(share.victim_id): share for share in shares}
    reported = {claim["victim"]: claim["reported_at"] for claim in facts["claims"]}

    def amount(minor: int | None) -> OutCell:
        return None if minor is None else from_minor(minor, currency)

    rows: list[list[OutCell]] = []
    for row in found.worksheet["rows"]:
        share = by_victim[row["victim"]]
        rows.append(
            [
                share.position, row["victim"], reported[row["victim"]], amount(row["loss_minor"]), amount(row["returned_minor"]),
                amount(row["open_minor"]), amount(row["traced_minor"]), amount(row["quota_minor"]), str(row["remainder"]),
                row["extra"], amount(row["share_minor"]), amount(row["left_minor"]), currency, share.payee_account.masked(),
                str(share.get_outcome_display()),
            ]
        )  # fmt: skip
    blank: list[OutCell] = [None] * 3
    rows.append(
        [
            None, _("Total"), None, amount(totals["loss_minor"]), amount(totals["returned_minor"]), amount(totals["open_minor"]),
            None, *blank, amount(totals["shared_minor"]), None, currency, None, None,
        ]
    )  # fmt: skip
    for label, name in ((_("Held"), "held_minor"), (_("Stays held"), "surplus_minor")):
        rows.append([None, label, *[None] * 8, amount(totals[name]), None, currency, None, None])
    return rows


def _csv(found: RefundRound, shares: list[RefundShare]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(_headings())
    for row in _rows(found, shares):
        writer.writerow(["" if cell is None else safe_text(str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


@login_required
@require_GET
def notice_print_view(request: UserRequest, refund_id: UUID, round_number: int) -> HttpResponse:
    """The public notice as one sheet, in the reader's language or in the one that `language` names; audited."""
    with unit_of_work(request.user):
        refund, found = notice_print(by=request.user, refund_id=refund_id, round_number=round_number)
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        context = {
            "refund": refund,
            "found": found,
            "text": found.notice_text.open() if found.notice_text is not None else "",
            "LANGUAGE_CODE": language,
        }
        return render(request, "accounts/refund_notice_print.html", context)


@login_required
@require_GET
def decision_pdf_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """The decision as PDF; each is audited."""
    with unit_of_work(request.user):
        refund, current, shares = decision_print(by=request.user, refund_id=refund_id)
    response = HttpResponse(decision_pdf(refund, current, shares), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{refund.number}.pdf"'
    return response


@login_required
@require_POST
def payee_reveal_view(request: UserRequest, refund_id: UUID, share_id: UUID, field: str) -> HttpResponse:
    """Name or account of a payee in clear, with the reason in the audit log; for police and for the bank that pays."""
    return reveal_shown(request, payee_reveal, empty="", refund_id=refund_id, share_id=share_id, field=field)


@login_required
@require_POST
def notice_reveal_view(request: UserRequest, refund_id: UUID) -> HttpResponse:
    """The notice's text as it was published."""
    return reveal_shown(request, notice_text_reveal, refund_id=refund_id)


@login_required
@require_GET
def proof_view(request: UserRequest, refund_id: UUID, share_id: UUID) -> Any:
    """The bank's proof of one payment, as a download."""
    with unit_of_work(request.user):
        attachment, stream = proof_open(by=request.user, refund_id=refund_id, share_id=share_id)
    name = f"proof-{attachment.pk}.{attachment.media_kind}"
    response = FileResponse(stream, content_type=MEDIA.get(attachment.media_kind, "application/octet-stream"))
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
