"""Returns for the tests, made by the services themselves, each act in its own unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from accounts.models import Hold, Objection, Refund, RefundGrant, RefundRound, RefundShare
from accounts.services.refunds.decide import refund_approve, refund_submit
from accounts.services.refunds.draft import refund_draft
from accounts.services.refunds.inputs import ClaimInput, RefundInput, ShareResult
from accounts.services.refunds.notice import refund_notice
from accounts.services.refunds.objections import ObjectionInput, objection_lodge
from accounts.services.refunds.payout import refund_report
from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import lane_push
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery, User
from cases.models import Attachment, Case, Victim
from cases.services.victims import VictimInput, victim_add
from tests.accounts import answering
from tests.accounts.factories import FRAUD_20, new_case
from tests.cast import World

NOTICE = "Whoever was defrauded and paid into the account named below may object within the term."
PAYEE = "6222029990000000001"


def frozen(world: World, *, case: Case | None = None, kind: str = "freeze") -> Hold:
    """5,000.00 held by bank A in a filed case of unit A with one victim."""
    case = case or new_case(world.analyst_a, filed=True)
    hold = answering.held(world, kind, case=case)
    return Hold.objects.select_related("case", "order").get(pk=hold.pk)


def another_victim(world: World, case: Case, name: str = "李小红") -> Victim:
    """One more victim of the case."""
    with db.unit_of_work(world.analyst_a):
        return victim_add(case=case, data=VictimInput(name=name))


def victims(case: Case) -> list[Victim]:
    return list(Victim.objects.filter(case=case).order_by("created_at", "pk"))


def claim(victim: Victim, loss: int, **changes: Any) -> ClaimInput:
    """A claim that passes, an hour ago."""
    wanted: dict[str, Any] = {
        "victim_id": victim.id, "loss_minor": loss, "reported_at": db.app_now() - timedelta(hours=1),
        "payee_name": "王小明", "payee_account": PAYEE, "payee_bank": "Construction Bank",
    }  # fmt: skip
    return ClaimInput(**(wanted | changes))


def data(*claims: ClaimInput, **changes: Any) -> RefundInput:
    return RefundInput(**({"legal_basis": FRAUD_20, "claims": claims} | changes))


def draft(world: World, hold: Hold, *losses: int, by: User | None = None, **changes: Any) -> Refund:
    """A draft of unit A with one victim for each loss."""
    people = victims(hold.case)
    while len(people) < len(losses):
        people.append(another_victim(world, hold.case, f"李小{len(people)}"))
    by = by or world.analyst_a
    claims = [claim(person, loss) for person, loss in zip(people, losses, strict=False)]
    with db.unit_of_work(by):
        return refund_draft(by=by, hold_id=hold.id, data=data(*claims, **changes))


def direct(world: World, *, loss: int = 300_000) -> Refund:
    """A draft of the first branch: an officer answers for the one source; 5,000.00 are held."""
    return draft(world, frozen(world), loss, is_stated_single=True)


def shared(world: World, *losses: int) -> Refund:
    """A draft of the third branch."""
    return draft(world, frozen(world), *(losses or (400_000, 800_000)))


def notice(world: World, refund: Refund, *, by: User | None = None, text: str = NOTICE) -> Refund:
    by = by or world.analyst_a
    with db.unit_of_work(by):
        return refund_notice(by=by, refund_id=refund.id, text=text)


def object_to(world: World, refund: Refund, *, by: User | None = None, **changes: Any) -> Objection:
    by = by or world.analyst_a
    with db.unit_of_work(by) as work:
        wanted: dict[str, Any] = {
            "party": "victim", "lodged_by": "赵六", "text": "I paid into this account too.", "lodged_at": work.now,
        }  # fmt: skip
        return objection_lodge(by=by, refund_id=refund.id, data=ObjectionInput(**(wanted | changes)))


def submit(world: World, refund: Refund, *, by: User | None = None, second: User | None = None) -> Refund:
    by = by or world.analyst_a
    with db.unit_of_work(by):
        return refund_submit(by=by, refund_id=refund.id, second_officer=second or world.second_a)


def sha_of(refund: Refund) -> bytes:
    return bytes(RefundRound.objects.get(refund=refund, number=refund.round_number).sha256)


def approve(world: World, refund: Refund, *, by: User | None = None) -> Refund:
    by = by or world.approver_a
    with db.unit_of_work(by):
        return refund_approve(by=by, refund_id=refund.id, worksheet_sha256=sha_of(refund))


def decided(world: World, refund: Refund | None = None, *, push: bool = True) -> Refund:
    """Decided, and in the lane of bank A."""
    refund = approve(world, submit(world, refund or direct(world)))
    if push:
        lane_push(refund.institution_id)
    return Refund.objects.get(pk=refund.pk)


def paid(share: RefundShare, mark: str = "T-1", **changes: Any) -> ShareResult:
    wanted: dict[str, Any] = {
        "share_id": share.id, "outcome": "paid", "transfer_id": mark, "paid_at": db.app_now(),
        "amount_minor": share.share_minor,
    }  # fmt: skip
    return ShareResult(**(wanted | changes))


def failed(share: RefundShare, reason: str = "the payee's account is closed") -> ShareResult:
    return ShareResult(share_id=share.id, outcome="failed", reason=reason)


def report(world: World, refund: Refund, *results: ShareResult, by: User | None = None, **more: Any) -> Refund:
    by = by or world.risk_a
    with db.unit_of_work(by):
        return refund_report(by=by, refund_id=refund.id, results=results, **more)


def shares(refund: Refund) -> list[RefundShare]:
    """Of the current round, in order."""
    found = Refund.objects.get(pk=refund.pk)
    rows = RefundShare.objects.filter(refund=found, round__number=found.round_number)
    return list(rows.select_related("victim", "round").order_by("position"))


def facts() -> dict[str, Any]:
    """Everything that an act on a return may write, but the diary of refusals."""
    tables = (
        Refund,
        RefundRound,
        RefundShare,
        RefundGrant,
        Objection,
        ApprovalRequest,
        Delivery,
        OutboxMessage,
        Attachment,
    )
    return {table.__name__: table._base_manager.count() for table in tables} | {
        "refunds": list(Refund.objects.order_by("pk").values_list("pk", "status", "version", "submitted_at")),
        "shares": list(RefundShare.objects.order_by("pk").values_list("pk", "outcome", "transfer_id", "tries")),
        "objections": list(Objection.objects.order_by("pk").values_list("pk", "decision")),
        "approvals": list(ApprovalRequest.objects.order_by("pk").values_list("pk", "outcome")),
        "audit": AuditEntry.objects.filter(outcome="ok").count(),
    }


@contextmanager
def nothing_happens() -> Iterator[None]:
    """A refused act leaves no row, no audit of success, nothing to carry."""
    before = facts()
    yield
    assert facts() == before


def refund_ids(world: World) -> dict[str, Any]:
    """Ids of a return that unit A has decided and bank A has to pay, and of an objection against another one."""
    refund = decided(world)
    objection = object_to(world, notice(world, shared(world)))
    return {"refund_id": refund.id, "share_id": shares(refund)[0].id, "objection_id": objection.id}
