"""Values of a return in clear, one at a time, and its worksheet for export and print: the audit row first (R29)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundRound, RefundShare
from accounts.policy import RefundAction
from accounts.services.refunds.decide import round_shares
from accounts.services.refunds.draft import ROWS
from accounts.services.refunds.payout import payable_shares
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.evidence import open_evidence
from antifraud.errors import Invalid, NotFound, WrongState
from banks.models import User
from cases.models import Attachment

PAYEE_FIELDS = ("payee_name", "payee_account")
PRINTED = ROWS.select_related("operator", "second_officer", "approver", "drafted_by")


def payee_reveal(*, by: User, refund_id: UUID, share_id: UUID, field: str, purpose: str) -> str:
    """Name or account of a payee in clear, for the police of the case or for the bank that has to pay this share.

    Raises NotFound for a share out of reach (for a bank: one that it has not to pay), Invalid without a reason.
    """
    if field not in PAYEE_FIELDS:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    refund = policy.get(by, RefundAction.REFUND_VIEW, Refund.objects.defer("payload"), refund_id)
    rows = payable_shares(refund)
    if policy.can(by, RefundAction.REFUND_REVEAL, refund):
        rows = RefundShare.objects.filter(refund=refund)
    share = rows.filter(pk=share_id).first()
    if share is None:
        raise NotFound
    return diary.reveal(share, field, by=by, purpose=purpose, case_id=refund.case_id)


def notice_text_reveal(*, by: User, refund_id: UUID, purpose: str) -> str:
    """The text of the public notice as it stands ("" where there is none yet)."""
    refund = policy.get(by, RefundAction.REFUND_REVEAL, Refund.objects.defer("payload"), refund_id)
    current = RefundRound.objects.get(refund=refund, number=refund.round_number)
    if current.notice_text is None:
        return ""
    return diary.reveal(current, "notice_text", by=by, purpose=purpose, case_id=refund.case_id)


def worksheet_export(
    *, by: User, refund_id: UUID, round_number: int, form: str
) -> tuple[Refund, RefundRound, list[RefundShare]]:
    """One round for an export (json, csv, xlsx): ids and amounts, payees masked. Each export is audited."""
    db.require_unit_of_work()
    refund = policy.get(by, RefundAction.REFUND_EXPORT, ROWS, refund_id)
    found = RefundRound.objects.filter(refund=refund, number=round_number).first()
    if found is None:
        raise NotFound
    diary.record(
        "refund.export", by=by, obj=refund, case_id=refund.case_id, legal_basis=refund.legal_basis,
        detail={"form": form, "round": round_number, "sha256": bytes(found.sha256).hex()},
    )  # fmt: skip
    return refund, found, round_shares(found)


def decision_print(*, by: User, refund_id: UUID) -> tuple[Refund, RefundRound, list[RefundShare]]:
    """A decided return with all that its paper says, payees, their victims and the held account in clear; one audit row lists
    whose values. Raises WrongState before the decision.
    """
    refund = policy.get(by, RefundAction.REFUND_PRINT, PRINTED, refund_id)
    if refund.decided_at is None:
        raise WrongState(_("Only a decided return can be printed."), extra={"state": refund.status, "verb": "print"})
    current = RefundRound.objects.get(refund=refund, number=refund.round_number)
    shares = round_shares(current)
    detail: dict[str, Any] = {"what": "decision", "round": current.number, "field": "payees, victims, held account"}
    detail |= {"shares": [share.id for share in shares], "victims": [share.victim_id for share in shares]}
    diary.record(
        "refund.print", by=by, obj=refund, case_id=refund.case_id, legal_basis=refund.legal_basis,
        purpose="paper of the decision", detail=detail | {"account": refund.hold.account_id},
    )  # fmt: skip
    return refund, current, shares


def payout_open(*, by: User, refund_id: UUID) -> tuple[Refund, dict[str, Any], list[RefundShare]]:
    """A return as the bank that pays it reads it: its extract and the shares that carry money; audited. Raises NotFound."""
    rows = Refund.objects.select_related("institution", "unit", "hold__order", "legal_profile")
    refund = policy.get(by, RefundAction.REFUND_OPEN, rows, refund_id)
    purpose = f"pay return {refund.number}"
    text = diary.reveal(refund, "payload", by=by, purpose=purpose, case_id=refund.case_id)
    shares = list(payable_shares(refund).select_related("proof"))
    return refund, json.loads(text), shares


def proof_open(*, by: User, refund_id: UUID, share_id: UUID) -> tuple[Attachment, Any]:
    """The bank's proof of one payment as a stream, for the police of the case; audited. Raises NotFound."""
    refund = policy.get(by, RefundAction.REFUND_REVEAL, Refund.objects.defer("payload"), refund_id)
    share = RefundShare.objects.filter(refund=refund, pk=share_id, proof__isnull=False).select_related("proof").first()
    if share is None or share.proof is None:
        raise NotFound
    diary.record("attachment.open", by=by, obj=share.proof, case_id=refund.case_id)
    return share.proof, open_evidence(share.proof.storage_name)
