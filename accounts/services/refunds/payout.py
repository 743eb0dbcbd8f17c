"""What the bank says of paying a decided return: share by share, with its transfer id and proof; failed ones again or given up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundShare
from accounts.policy import RefundAction
from accounts.services.hold_returns import hold_returned
from accounts.services.orders.approve import required_reason
from accounts.services.refunds.checks import require_unit
from accounts.services.refunds.draft import ROWS
from accounts.services.refunds.inputs import ShareResult
from accounts.services.refunds.proofs import proof_add, proof_store, require_recorder
from accounts.services.refunds.send import TOPIC, payout_due_at
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Conflict, Invalid, Superseded, WrongState
from antifraud.plain_text import without_numbers
from banks.models import User
from banks.services.deliveries import delivery_transported_by_inbox
from cases.models import Attachment

Said = RefundShare.Outcome
AT_BANK = (Refund.Status.DECIDED, Refund.Status.FAILED)
LONGEST_ID = 80


def refund_report(
    *,
    by: User,
    refund_id: UUID,
    results: Iterable[ShareResult],
    proof: File[Any] | None = None,
    expected_version: int | None = None,
) -> Refund:
    """Keep what was paid and what failed; shares that the bank leaves out stay open. Any number of reports may come.

    When nothing is open any more the return is paid, or failed where a share failed. A paid share that is reported
    again in the same words changes nothing. Raises Invalid by line, Conflict `share_settled` where a share was paid
    by another transfer before, WrongState unless it is decided, Superseded. A proof may follow once (`proof_add`).
    """
    refund = policy.get(by, RefundAction.REFUND_REPORT, ROWS, refund_id, lock=True)
    require_recorder(by, refund, proof)
    shares = {share.id: share for share in db.lock(payable_shares(refund))}
    given = list(results)
    if refund.status == Refund.Status.PAID and (given or proof is not None) and _says_the_same(given, shares):
        return proof_add(by, refund, shares.values(), proof, expected_version)
    if refund.status not in AT_BANK:
        raise WrongState(extra={"state": refund.status, "verb": "report"})
    if expected_version is not None and expected_version != refund.version:
        raise Superseded
    found = _problems(refund, given, shares)
    if found:
        raise Invalid(fields=found)
    fresh = [result for result in given if not _is_known(result, shares[result.share_id])]
    settled = [result.place for result in fresh if shares[result.share_id].outcome in {Said.PAID, Said.GIVEN_UP}]
    if settled:
        raise Conflict(
            _("A share was reported as paid by another transfer, or was closed by the police. Reload the page."),
            code="share_settled",
        )
    if not fresh:
        return proof_add(by, refund, shares.values(), proof)
    _keep_all(refund, fresh, shares, by, proof_store(by, refund, proof))
    return _settle(refund, list(shares.values()), by, fresh)


def share_give_up(*, by: User, refund_id: UUID, share_id: UUID, reason: str) -> Refund:
    """The police close a share whose payment failed; its money stays held and counts as not returned.

    Raises NotFound for a share of another return, WrongState unless it failed, Invalid without a reason.
    """
    refund = policy.get(by, RefundAction.REFUND_GIVE_UP, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    share = policy_share(refund, share_id)
    if refund.status != Refund.Status.FAILED or share.outcome != Said.FAILED:
        raise WrongState(_("Only a share whose payment failed can be closed."))
    share.failure = required_reason(reason)
    share.outcome, share.outcome_at = Said.GIVEN_UP, db.require_unit_of_work().now
    share.save(update_fields=["failure", "outcome", "outcome_at"])
    refund.version += 1
    refund.save(update_fields=["version"])
    diary.record(
        "refund.give_up", by=by, obj=refund, case_id=refund.case_id,
        detail={"share": str(share.id), "share_minor": share.share_minor},
    )  # fmt: skip
    return refund


def refund_close(*, by: User, refund_id: UUID, reason: str) -> Refund:
    """End a return on which nothing is to be paid any more. Raises Conflict `payout_open` while a share waits."""
    refund = policy.get(by, RefundAction.REFUND_CLOSE, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("close", refund.status)
    if payable_shares(refund).filter(outcome__in=[Said.OPEN, Said.FAILED]).exists():
        raise Conflict(
            _("A share is neither paid nor closed. Let the bank pay it, or close it with a reason."),
            code="payout_open",
        )
    changes = {"closed_reason": required_reason(reason), "closed_at": db.require_unit_of_work().now}
    return refund_flow.apply(refund, "close", by=by, changes=changes)


def payable_shares(refund: Refund) -> Any:
    """The shares of the decided round that carry money, in order."""
    rows = RefundShare.objects.filter(refund=refund, round__number=refund.round_number, share_minor__gt=0)
    return rows.order_by("position")


def policy_share(refund: Refund, share_id: UUID) -> RefundShare:
    """One payable share of this return; raises the same Invalid for a foreign and an absent id."""
    share = db.lock(payable_shares(refund).filter(pk=share_id)).first()
    if share is None:
        raise Invalid(fields={"share": [_("This share does not belong to the return. Reload the page.")]})
    found: RefundShare = share
    return found


def _problems(refund: Refund, results: list[ShareResult], shares: dict[UUID, RefundShare]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    if not results:
        found["results"].append(_("Say of at least one share whether it was paid."))
    twice = {key for key, times in Counter(result.share_id for result in results).items() if times > 1}
    for at, result in enumerate(results):
        place = result.place or f"results.{at}"
        share = shares.get(result.share_id)
        if share is None or result.share_id in twice:
            found[f"{place}.share"].append(_("This share does not belong to the return, or stands in the list twice."))
        elif result.outcome == Said.PAID:
            _paid_problems(refund, result, share, place, found)
        elif result.outcome == Said.FAILED:
            _failed_problems(result, place, found)
        else:
            found[f"{place}.outcome"].append(_("Say whether the share was paid or the payment failed."))
    _transfer_ids(results, shares, found)
    return found


def _paid_problems(
    refund: Refund, result: ShareResult, share: RefundShare, place: str, found: dict[str, list[Any]]
) -> None:
    if not 1 <= len(result.transfer_id.strip()) <= LONGEST_ID:
        found[f"{place}.transfer_id"].append(_("Enter the transfer's id in your system, at most 80 characters."))
    now = db.require_unit_of_work().now
    if result.paid_at is None:
        found[f"{place}.paid_at"].append(_("Enter when the transfer was made."))
    elif result.paid_at > now or (
        refund.decided_at is not None and result.paid_at < refund.decided_at.replace(microsecond=0)
    ):
        found[f"{place}.paid_at"].append(_("The transfer lies in the future or before the decision. Correct the time."))
    if result.amount_minor != share.share_minor:
        found[f"{place}.amount"].append(_("Exactly the decided amount is paid. If you paid another, report a failure."))


def _failed_problems(result: ShareResult, place: str, found: dict[str, list[Any]]) -> None:
    if not 4 <= len(result.reason.strip()) <= 300:
        found[f"{place}.reason"].append(_("Say in 4 to 300 characters why the payment failed."))
        return
    try:
        reject_forbidden(result.reason, field="reason")
    except Invalid as refused:
        found[f"{place}.reason"] += refused.fields["reason"]


def _transfer_ids(results: list[ShareResult], shares: dict[UUID, RefundShare], found: dict[str, list[Any]]) -> None:
    """One transfer pays one share, here and in the bank's other returns."""
    used = Counter(result.transfer_id.strip() for result in results if result.outcome == Said.PAID)
    own = set(shares)
    institution = {share.refund.institution_id for share in shares.values()}
    others = RefundShare.objects.filter(
        refund__institution__in=institution, transfer_id__in=[key for key in used if key]
    )
    taken = {share.transfer_id: share.id for share in others.only("id", "transfer_id")}
    for at, result in enumerate(results):
        mark = result.transfer_id.strip()
        if result.outcome != Said.PAID or not mark or result.share_id not in own:
            continue
        if used[mark] > 1 or taken.get(mark, result.share_id) != result.share_id:
            found[f"{result.place or f'results.{at}'}.transfer_id"].append(
                _("This transfer's id stands for another share already. Enter the id of this one.")
            )


def _is_known(result: ShareResult, share: RefundShare) -> bool:
    """The same words again: a second click, or a retry of the bank's system."""
    if result.outcome == Said.PAID:
        return bool(share.outcome == Said.PAID and share.transfer_id == result.transfer_id.strip())
    return False


def _says_the_same(results: list[ShareResult], shares: dict[UUID, RefundShare]) -> bool:
    return all(result.share_id in shares and _is_known(result, shares[result.share_id]) for result in results)


def _keep_all(
    refund: Refund, results: list[ShareResult], shares: dict[UUID, RefundShare], by: User, paper: Attachment | None
) -> None:
    """Write down what was told; who tells of it has the decision, whatever its lane says."""
    _available_first(refund)
    for result in results:
        _keep(shares[result.share_id], result, by, paper)
    hold_returned(by=by, refund=refund)
    delivery_transported_by_inbox(by=by, institution_id=by.institution_id, topic=TOPIC, subject_id=refund.id)


def _keep(share: RefundShare, result: ShareResult, by: User, paper: Attachment | None) -> None:
    paid = result.outcome == Said.PAID
    share.outcome, share.tries = result.outcome, share.tries + 1
    share.transfer_id = result.transfer_id.strip() if paid else ""
    share.paid_at = result.paid_at if paid else None
    share.failure = "" if paid else without_numbers(result.reason).strip()[:300]
    share.reported_by, share.outcome_at = by, db.require_unit_of_work().now
    if paper is not None:
        share.proof = paper
    share.save(
        update_fields=["outcome", "tries", "transfer_id", "paid_at", "failure", "reported_by", "outcome_at", "proof"]
    )


def _settle(refund: Refund, shares: list[RefundShare], by: User, told: list[ShareResult]) -> Refund:
    """The return's own state, once nothing of it is open; else a later report goes on."""
    detail = {
        "paid": [str(result.share_id) for result in told if result.outcome == Said.PAID],
        "failed": [str(result.share_id) for result in told if result.outcome == Said.FAILED],
    }
    outcomes = {share.outcome for share in shares}
    now = db.require_unit_of_work().now
    if Said.OPEN in outcomes:
        refund.version += 1
        refund.save(update_fields=["version", "available_at", "payout_due_at"])
        diary.record("refund.report", by=by, obj=refund, case_id=refund.case_id, detail=detail)
        return refund
    changes: dict[str, Any] = {"available_at": refund.available_at, "payout_due_at": refund.payout_due_at}
    if Said.FAILED in outcomes:
        return refund_flow.apply(refund, "fail", by=by, changes=changes, detail=detail)
    return refund_flow.apply(refund, "pay", by=by, changes=changes | {"paid_at": now}, detail=detail)


def _available_first(refund: Refund) -> None:
    """Who pays has it: where the lane lags behind, the term begins with the act itself."""
    if refund.available_at is None:
        now = db.require_unit_of_work().now
        refund.available_at, refund.payout_due_at = now, payout_due_at(refund, now)
