"""The paper that shows a payout: with the report, or once afterwards, by page or by system; who records it for an institution outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundShare
from accounts.policy import RefundAction
from accounts.services.refunds.draft import ROWS
from accounts.services.refunds.inputs import ShownShare
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.evidence import MAX_BYTES
from antifraud.errors import Forbidden, Invalid, Superseded, WrongState
from banks.models import User
from cases.models import Attachment
from cases.services.attachments import attachment_store

TAKES_PROOF = (Refund.Status.DECIDED, Refund.Status.FAILED, Refund.Status.PAID)


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
    if file is None:
        return refund
    if expected_version is not None and expected_version != refund.version:
        raise Superseded
    paper_less = _paper_less(shares)
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


def payout_proof_announce(
    *, by: User, refund_id: UUID, sha256: bytes, size: int, shown: Sequence[ShownShare] | None = None
) -> tuple[Refund, list[RefundShare]]:
    """The bank's system says which paper it will send; its bytes follow by their own door (R39).

    Returns the shares that the paper is for: the `shown` ones, else those paid by now without a proof, or the ones that
    have this very paper. Raises NotFound, Forbidden, Invalid (size, a line of `shown`), WrongState where there are none of
    either, or where a shown one has another proof.
    """
    db.require_unit_of_work()
    refund = _payer_of(by, refund_id)
    if not 0 < size <= MAX_BYTES:
        text = _("A proof has 1 byte to {limit} MB. Scan it with less detail.")
        raise Invalid(fields={"size": [str(text).format(limit=MAX_BYTES // 2**20)]})
    paid = _paid(refund, refund.round_number)
    named = None if shown is None else _shown_of(paid, shown)
    shares = named or _paper_less(paid) or [share for share in paid if _has(share, sha256)]
    if not shares or any(share.proof_id and not _has(share, sha256) for share in shares):
        raise WrongState(extra={"state": refund.status, "verb": "report"})
    detail = {"sha256": sha256.hex(), "size": size, "proof_of": [str(share.id) for share in shares]}
    diary.record("refund.announce", by=by, obj=refund, case_id=refund.case_id, detail=detail)
    return refund, shares


def payout_proof_upload(
    *, by: User, refund_id: UUID, round_number: int, positions: Collection[int], file: File[Any], sha256: bytes,
    is_named: bool = False,
) -> Refund:  # fmt: skip
    """The announced bytes have arrived and are the announced ones; sent again they change nothing.

    Kept with the shares of the announcement and no others: what was paid since has another paper. Where the announcement
    named them (`is_named`), with all of them or none: raises WrongState where one got another paper meanwhile. Raises as
    the announcement does.
    """
    refund = _payer_of(by, refund_id)
    shares = [share for share in _paid(refund, round_number) if share.position in positions]
    if is_named and any(share.proof_id and not _has(share, sha256) for share in shares):
        raise WrongState(extra={"state": refund.status, "verb": "report"})
    if not _paper_less(shares) and any(_has(share, sha256) for share in shares):
        return refund
    return proof_add(by, refund, shares, file)


def _shown_of(paid: Iterable[RefundShare], shown: Sequence[ShownShare]) -> list[RefundShare]:
    """The named shares; raises Invalid by line for a foreign one, one that is not paid, one named twice, another amount."""
    by_id = {share.id: share for share in paid}
    twice = {key for key, times in Counter(line.share_id for line in shown).items() if times > 1}
    found: dict[str, list[Any]] = {}
    if not shown:
        found["shares"] = [_("Name at least one share that the proof shows, or leave the list out.")]
    for at, line in enumerate(shown):
        share = by_id.get(line.share_id)
        if share is None or line.share_id in twice:
            text = _("This share was not reported as paid, is not of this return, or stands in the list twice.")
            found[f"shares.{at}.share"] = [text]
        elif line.amount_minor != share.share_minor:
            text = _("The proof shows another amount than was paid. Send the paper of this payment.")
            found[f"shares.{at}.amount_minor"] = [text]
    if found:
        raise Invalid(fields=found)
    return [by_id[line.share_id] for line in shown]


def _payer_of(by: User, refund_id: UUID) -> Refund:
    """A return that the caller's own institution pays."""
    refund = policy.get(by, RefundAction.REFUND_REPORT, ROWS, refund_id, lock=True)
    if not by.institution.is_executing:
        raise Forbidden(_("What an institution outside of the platform told on paper is recorded on the page."))
    if refund.status not in TAKES_PROOF:
        raise WrongState(extra={"state": refund.status, "verb": "proof"})
    return refund


def _paid(refund: Refund, round_number: int) -> list[RefundShare]:
    """What was reported of a round as paid."""
    rows = RefundShare.objects.filter(refund=refund, round__number=round_number, outcome=RefundShare.Outcome.PAID)
    return list(db.lock(rows.select_related("proof")))


def _paper_less(shares: Iterable[RefundShare]) -> list[RefundShare]:
    return [share for share in shares if share.outcome == RefundShare.Outcome.PAID and share.proof_id is None]


def _has(share: RefundShare, sha256: bytes) -> bool:
    return share.proof is not None and bytes(share.proof.sha256) == sha256
