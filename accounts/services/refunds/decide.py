"""Submit a return to another person's decision, bound to the SHA-256 of its worksheet (R33); what follows is in `send`."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Refund, RefundRound, RefundShare
from accounts.policy import RefundAction
from accounts.rules.refunds import canonical, digest, outcome
from accounts.selectors.identity import root_of
from accounts.services.merging import lock_number
from accounts.services.orders.approve import require_superior, required_reason
from accounts.services.refunds.checks import require_holdable, require_payees, require_unit
from accounts.services.refunds.draft import ROWS
from accounts.services.refunds.facts import worksheet_of
from accounts.services.refunds.notice import current_round, notice_is_over
from accounts.services.refunds.objections import open_objections
from accounts.services.refunds.send import refund_send
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.audit import diary
from antifraud.crypto.fields import preload_rows
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, WrongState
from antifraud.outbox import post
from banks.models import User
from banks.policy import POLICE
from banks.selectors.profiles import clocks_of
from cases.models import Case

APPROVE = "refund.approve"
CHANGED = _("The return changed after it was submitted. Open it again and check it.")
BLOCKED = {
    "": _("An objection is not decided yet. Decide on it first."),
    "upheld": _("An objection was upheld. Compute the return anew first."),
}


def refund_submit(
    *, by: User, refund_id: UUID, second_officer: User | None, expected_version: int | None = None
) -> Refund:
    """Name the two officers and ask a third person to approve exactly this worksheet.

    Raises Conflict `notice_running` before the public notice is over, `objection_open` while an objection stands
    against it, Superseded `payload_changed` where the facts are not those of the worksheet any more, Invalid on
    `second_officer`, WrongState.
    """
    refund = policy.get(by, RefundAction.REFUND_SUBMIT, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("approve", refund.status)
    if expected_version is not None and expected_version != refund.version:
        raise Superseded
    _second(by, second_officer)
    current = current_round(refund)
    _require_ripe(refund, current)
    _require_same_facts(refund, current)
    require_payees(refund, round_shares(current))
    refund.operator, refund.second_officer = by, second_officer
    refund.submitted_at, refund.refused_reason = db.require_unit_of_work().now, ""
    refund.version += 1
    refund.save(update_fields=["operator", "second_officer", "submitted_at", "refused_reason", "version"])
    sha256 = bytes(current.sha256)
    diary.record(
        "refund.submit", by=by, obj=refund, case_id=refund.case_id, legal_basis=refund.legal_basis,
        detail={"round": current.number, "sha256": sha256.hex(), "second_officer": str(refund.second_officer_id)},
    )  # fmt: skip
    minutes = clocks_of(refund.legal_profile).approval_minutes
    requests.open_request(APPROVE, refund.id, sha256, maker=by, valid_for=timedelta(minutes=minutes))
    post.enqueue("refund.submitted", refund.pk)
    return refund


def refund_recall(*, by: User, refund_id: UUID) -> Refund:
    """Take an undecided submission back. Raises WrongState where nothing is submitted."""
    refund = policy.get(by, RefundAction.REFUND_RECALL, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("approve", refund.status)
    if refund.submitted_at is None:
        raise WrongState(_("This return was not submitted."))
    _put_back(refund, by, "refund.recall", "")
    requests.lapse(refund.id)
    return refund


def refund_approve(
    *, by: User, refund_id: UUID, worksheet_sha256: bytes, expected_version: int | None = None
) -> Refund:
    """Decide the return: the bank is told whom to pay, and its term begins when that reaches its lane.

    The approver comes from the unit, a body above it, or a centre, and is neither of the two officers nor who wrote
    the draft. Raises Forbidden `same_person`, Conflict `approval_missing`/`approval_lapsed`/`objection_open`/
    `notice_running`/`hold_ended`, Superseded `payload_changed`.
    """
    refund = policy.get(by, RefundAction.REFUND_APPROVE, ROWS, refund_id, lock=True)
    require_superior(by, refund.unit)
    refund_flow.step("approve", refund.status)
    if expected_version is not None and expected_version != refund.version:
        raise Superseded
    # Two returns decided at once would each take the other's victims (one case), or money (one account), for unpaid.
    lock_number(bytes(root_of(refund.hold.account).number_index))
    db.lock(Case.objects.filter(pk=refund.case_id)).only("pk").first()
    current = current_round(refund)
    requests.decide(
        APPROVE, refund.id, worksheet_sha256, by=by, approve=True, excluded=_excluded(refund), changed=CHANGED
    )
    if not hmac.compare_digest(bytes(current.sha256), worksheet_sha256):
        raise _changed()
    _require_ripe(refund, current)
    _require_same_facts(refund, current)
    require_payees(refund, round_shares(current))
    return refund_send(refund, current, by=by)


def refund_reject(*, by: User, refund_id: UUID, reason: str) -> Refund:
    """Send a submission back with a reason; the return stays where it was."""
    refund = policy.get(by, RefundAction.REFUND_REJECT, ROWS, refund_id, lock=True)
    require_superior(by, refund.unit)
    refund_flow.step("approve", refund.status)
    reason = required_reason(reason)
    stored = bytes(current_round(refund).sha256)
    requests.decide(APPROVE, refund.id, stored, by=by, approve=False, reason=reason, excluded=_excluded(refund))
    _put_back(refund, by, "refund.reject", reason)
    post.enqueue("refund.rejected", refund.pk)
    return refund


def decision_content(*, by: User, refund_id: UUID) -> tuple[Refund, RefundRound, list[RefundShare], str]:
    """A submitted return for who decides on it: the worksheet's exact text; payees, the case's victims and the held account in
    clear (one audit row says so).

    Raises Forbidden for who could not decide (`same_person` for who took part), as `refund_approve` would; WrongState where
    nothing waits for a decision.
    """
    refund = policy.get(by, RefundAction.REFUND_APPROVE, ROWS.select_related("operator", "second_officer"), refund_id)
    require_superior(by, refund.unit)
    if by.id in {refund.operator_id, *_excluded(refund)}:
        raise Forbidden(
            _("The person who approves must be another than the operator and the second officer."), code="same_person"
        )
    if refund.submitted_at is None or refund.decided_at is not None:
        raise WrongState(extra={"state": refund.status, "verb": "approve"})
    current = current_round(refund)
    shares = round_shares(current)
    diary.record(
        "refund.reveal", by=by, obj=refund, case_id=refund.case_id, purpose="decision on the return",
        detail={"field": "payees, victims, held account", "round": current.number},
    )  # fmt: skip
    return refund, current, shares, canonical(current.worksheet).decode()


def round_shares(current: RefundRound) -> list[RefundShare]:
    """The shares in order, ready to be opened."""
    shares = list(current.shares.select_related("victim", "run", "proof", "reported_by").order_by("position"))
    preload_rows([*shares, *(share.victim for share in shares)])
    return shares


def _excluded(refund: Refund) -> tuple[UUID, ...]:
    """Who cannot decide besides the operator, who made the request."""
    return tuple(pk for pk in (refund.second_officer_id, refund.drafted_by_id) if pk)


def _put_back(refund: Refund, by: User, verb: str, reason: str) -> None:
    refund.submitted_at, refund.refused_reason = None, reason
    refund.version += 1
    refund.save(update_fields=["submitted_at", "refused_reason", "version"])
    # The words stay with the return and its request; the audit log holds none about people.
    diary.record(verb, by=by, obj=refund, case_id=refund.case_id)


def _second(by: User, second: User | None) -> None:
    problem: Any = ""
    if second is None:
        problem = _("A decision names a second officer. Choose a colleague of your unit.")
    elif second.id == by.id:
        problem = _("The second officer must be another person than the operator. Choose a colleague.")
    elif not second.is_active or second.role not in POLICE or second.institution_id != by.institution_id:
        problem = _("The second officer must be an active officer of your unit. Choose a colleague.")
    if problem:
        raise Invalid(fields={"second_officer": [problem]})


def _require_ripe(refund: Refund, current: RefundRound) -> None:
    require_holdable(refund.hold)
    if current.branch == RefundRound.Branch.PRO_RATA and current.noticed_at is None:
        raise Conflict(_("A return pro rata is announced first. Publish the notice."), code="notice_missing")
    if not notice_is_over(current):
        raise Conflict(_("The public notice still runs. Wait for its end."), code="notice_running")
    for standing in open_objections(refund):
        raise Conflict(BLOCKED[standing], code="objection_open")
    if current.shared_minor <= 0:
        raise Invalid(fields={"claims": [_("Nothing is returned to anybody here. Compute the return anew.")]})


def _require_same_facts(refund: Refund, current: RefundRound) -> None:
    """The stored worksheet is the one that was hashed, and what the tables say now settles the same."""
    shares = round_shares(current)
    now_says = worksheet_of(refund, shares, round_number=current.number, is_stated_single=current.is_stated_single)
    stored = bytes(current.sha256)
    if not hmac.compare_digest(stored, digest(current.worksheet)) or outcome(now_says) != outcome(current.worksheet):
        raise _changed()


def _changed() -> Superseded:
    return Superseded(
        _("The facts of this return changed after its worksheet was computed. Open a new round."),
        code="payload_changed",
    )
