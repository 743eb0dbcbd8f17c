"""The paper that shows a payout: with the report, or once afterwards; and who records it for an institution outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundShare
from antifraud.audit import diary
from antifraud.errors import Forbidden, Invalid, Superseded, WrongState
from banks.models import User
from cases.models import Attachment
from cases.services.attachments import attachment_store


def require_recorder(by: User, refund: Refund, proof: File[Any] | None) -> None:
    """What the police record for an institution outside of the platform: by nobody of the decision, with the paper.

    Raises Forbidden `same_person`, Invalid on `proof`.
    """
    if by.institution.is_executing:
        return
    if by.id in {refund.operator_id, refund.second_officer_id, refund.approver_id}:
        raise Forbidden(
            _("Another person than those who decided on the return records its payout."), code="same_person"
        )
    if proof is None:
        text = _("This institution answers on paper. Enter what its paper says and attach the scan.")
        raise Invalid(fields={"proof": [text]})


def proof_store(by: User, refund: Refund, file: File[Any] | None) -> Attachment | None:
    """Keep the file with the case. Raises Invalid on `proof`."""
    if file is None:
        return None
    title = f"payout proof {refund.number}"
    return attachment_store(by=by, case=refund.case, file=file, purpose="scan", title=title, field="proof")


def proof_add(
    by: User,
    refund: Refund,
    shares: Iterable[RefundShare],
    file: File[Any] | None,
    expected_version: int | None = None,
) -> Refund:
    """A proof that comes after its report, for the paid shares that have none; a kept one is never replaced.

    Nothing changes without a file. Raises WrongState where every paid share has its proof, Superseded.
    """
    paper_less = [share for share in shares if share.outcome == RefundShare.Outcome.PAID and share.proof_id is None]
    if file is None:
        return refund
    if expected_version is not None and expected_version != refund.version:
        raise Superseded
    if not paper_less:
        raise WrongState(extra={"state": refund.status, "verb": "report"})
    paper = proof_store(by, refund, file)
    for share in paper_less:
        share.proof = paper
        share.save(update_fields=["proof"])
    refund.version += 1
    refund.save(update_fields=["version"])
    diary.record(
        "refund.report", by=by, obj=refund, case_id=refund.case_id,
        detail={"proof_of": [str(share.id) for share in paper_less]},
    )  # fmt: skip
    return refund
