"""What leaves the pages of a return: exports (R40), the printed notice, the decision as PDF, values in clear, the bank's proof."""

from __future__ import annotations

from collections.abc import Mapping
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

from accounts.models import Refund, RefundRound, RefundShare
from accounts.rules.refunds import canonical
from accounts.selectors.refund_parties import is_another_name, victims_left_out
from accounts.services.clear_exports import worksheet_export_clear
from accounts.services.refunds.notice import notice_print
from accounts.services.refunds.reveals import (
    decision_print,
    notice_text_reveal,
    payee_reveal,
    proof_open,
    worksheet_export,
)
from accounts.views.table_files import KINDS, table_file
from antifraud.db import unit_of_work
from antifraud.money import from_minor
from antifraud.spreadsheets import OutCell
from banks.middleware import UserRequest
from banks.rules.legal_profile import public_language
from cases.views.parts import MEDIA, reveal_shown

FORMS = ("json", *KINDS)


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
    name = f"{refund.number}-{round_number}"
    if form == "json":
        response = HttpResponse(canonical(found.worksheet), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    else:
        rows = _rows(refund, found, shares)
        response = table_file(form, name, _headings(), rows, title=_("Worksheet"), notes=_notes(refund, found))
    response["X-Worksheet-SHA256"] = bytes(found.sha256).hex()
    return response


@login_required
@require_POST
def refund_export_clear_view(request: UserRequest, refund_id: UUID, round_number: int, form: str) -> HttpResponse:
    """The worksheet with victims and payees in clear, for the decision's paper or the bank; the purpose goes to the audit log."""
    with unit_of_work(request.user):
        found = worksheet_export_clear(
            by=request.user, refund_id=refund_id, round_number=round_number, form=form,
            purpose=request.POST.get("purpose", ""),
        )  # fmt: skip
    rows = _rows(found.refund, found.round, found.shares, found.values)
    name, headings = f"{found.refund.number}-{round_number}-clear", _headings(in_clear=True)
    response = table_file(
        form, name, headings, rows, title=_("Worksheet"), notes=_notes(found.refund, found.round), mark=found.mark
    )
    response["X-Worksheet-SHA256"] = bytes(found.round.sha256).hex()
    return response


def _notes(refund: Refund, found: RefundRound) -> list[str]:
    """Digest and held account, masked."""
    return [
        _("SHA-256 of the worksheet: {digest}").format(digest=bytes(found.sha256).hex()),
        _("Account on which the money is held: {number}").format(number=refund.hold.account.number.masked()),
    ]


def _headings(*, in_clear: bool = False) -> list[str]:
    masked = [
        _("Line"), _("Victim"), _("Reported at"), _("Loss"), _("Came back"), _("Missing"), _("Traced here"), _("Whole cents"),
        _("Remainder"), _("Rounding"), _("Gets back"), _("Missing afterwards"), _("Currency"), _("Account to be paid"), _("State"),
        _("Name of the account holder"),
    ]  # fmt: skip
    return [*masked, _("Name of the victim"), _("Name of the payee")] if in_clear else masked


def _rows(
    refund: Refund, found: RefundRound, shares: list[RefundShare], values: Mapping[UUID, tuple[str, str, str]] | None = None
) -> list[list[OutCell]]:  # fmt: skip
    """Victims by id, payees masked: who they are (`values`: victim, payee, account) is shown with a reason only. The last
    rows are the totals and the victims of the case without a line."""
    facts, totals = found.worksheet["facts"], found.worksheet["totals"]
    currency = facts["currency"]
    by_victim = {str(share.victim_id): share for share in shares}
    reported = {claim["victim"]: claim["reported_at"] for claim in facts["claims"]}

    def amount(minor: int | None) -> OutCell:
        return None if minor is None else from_minor(minor, currency)

    rows: list[list[OutCell]] = []
    for row in found.worksheet["rows"]:
        share = by_victim[row["victim"]]
        victim, payee, account = values[share.id] if values else ("", "", share.payee_account.masked())
        rows.append(
            [
                share.position, row["victim"], reported[row["victim"]], amount(row["loss_minor"]), amount(row["returned_minor"]),
                amount(row["open_minor"]), amount(row["traced_minor"]), amount(row["quota_minor"]), str(row["remainder"]),
                row["extra"], amount(row["share_minor"]), amount(row["left_minor"]), currency, account,
                str(share.get_outcome_display()), _("another than the victim's") if is_another_name(share) else _("the victim's"),
                *([victim, payee] if values else []),
            ]
        )  # fmt: skip
    blank: list[OutCell] = [None] * 3
    after: list[OutCell] = [None] * (5 if values else 3)
    rows.append(
        [
            None, _("Total"), None, amount(totals["loss_minor"]), amount(totals["returned_minor"]), amount(totals["open_minor"]),
            None, *blank, amount(totals["shared_minor"]), amount(totals["open_minor"] - totals["shared_minor"]), currency, *after,
        ]
    )  # fmt: skip
    for label, name in ((_("Held"), "held_minor"), (_("Stays held"), "surplus_minor")):
        rows.append([None, label, *[None] * 8, amount(totals[name]), None, currency, *after])
    for each in victims_left_out(refund, found):
        label = _("No line: {victim}").format(victim=each.victim.pk)
        rows.append([None, label, None, amount(each.loss_minor), *[None] * 8, currency, *after])
    return rows


@login_required
@require_GET
def notice_print_view(request: UserRequest, refund_id: UUID, round_number: int) -> HttpResponse:
    """The public notice as one sheet, in the public's language (legal profile) or in the one that `language` names; audited."""
    with unit_of_work(request.user):
        refund, found = notice_print(by=request.user, refund_id=refund_id, round_number=round_number)
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else public_language(refund.legal_profile.code)
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
    from accounts.views.refund_pdf import decision_pdf  # here, since it brings reportlab and its pictures along

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
