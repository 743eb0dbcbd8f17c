"""Two persons at the same moment: one draft, one decision, one payment; the other is told and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Objection, Refund, RefundGrant
from accounts.services.refunds.decide import refund_approve, refund_reject
from accounts.services.refunds.draft import refund_draft, refund_withdraw
from accounts.services.refunds.objections import ObjectionInput, objection_lodge
from accounts.services.refunds.payout import refund_report
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import Delivery
from tests.accounts.flow import refunding as make
from tests.accounts.test_order_race import at_once
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_drafts_of_one_hold(world: World) -> None:
    hold = make.frozen(world)
    data = make.data(make.claim(make.victims(hold.case)[0], 300_000))
    outcomes = at_once(
        *((by, lambda by=by: refund_draft(by=by, hold_id=hold.id, data=data)) for by in (world.analyst_a, world.duty_a))
    )
    assert outcomes == ["done", "refund_open"]
    assert Refund.objects.count() == 1


def test_one_objection_in_two_sessions(world: World) -> None:
    refund = make.notice(world, make.shared(world))
    said = ObjectionInput("victim", "赵六", "I paid into this account too.", db.app_now())
    outcomes = at_once(
        *(
            (by, lambda by=by: objection_lodge(by=by, refund_id=refund.id, data=said))
            for by in (world.analyst_a, world.duty_a)
        )
    )
    assert outcomes == ["done", "invalid"]
    assert Objection.objects.filter(refund=refund).count() == 1


def test_two_deciders_and_a_withdrawal(world: World) -> None:
    refund = make.submit(world, make.direct(world))
    sha = make.sha_of(refund)
    outcomes = at_once(
        (world.approver_a, lambda: refund_approve(by=world.approver_a, refund_id=refund.id, worksheet_sha256=sha)),
        (world.supervisor_a, lambda: refund_approve(by=world.supervisor_a, refund_id=refund.id, worksheet_sha256=sha)),
        (
            world.bureau_approver,
            lambda: refund_reject(by=world.bureau_approver, refund_id=refund.id, reason="no ground"),
        ),
        (world.analyst_a, lambda: refund_withdraw(by=world.analyst_a, refund_id=refund.id, reason="wrong hold")),
    )
    found = Refund.objects.get()
    decided = found.status == "decided"
    assert outcomes.count("done") == (2 if found.status == "closed" and found.refused_reason else 1)
    assert set(outcomes) <= {"done", "wrong_state", "approval_missing"}
    assert Delivery.objects.filter(subject_id=refund.id).count() == int(decided)
    assert RefundGrant.objects.count() == int(decided)
    assert AuditEntry.objects.filter(verb="refund.approve", outcome="ok").count() == int(decided)


def test_the_same_victim_is_not_paid_twice_by_two_returns(world: World) -> None:
    """Two holds, each enough for all that one victim misses; both returns are approved at once."""
    first = make.frozen(world)
    one = make.submit(world, make.draft(world, first, 400_000, is_stated_single=True))
    second = make.frozen(world, case=first.case)
    two = make.submit(world, make.draft(world, second, 400_000, is_stated_single=True))
    shas = {refund.id: make.sha_of(refund) for refund in (one, two)}
    outcomes = at_once(
        (
            world.approver_a,
            lambda: refund_approve(by=world.approver_a, refund_id=one.id, worksheet_sha256=shas[one.id]),
        ),
        (
            world.supervisor_a,
            lambda: refund_approve(by=world.supervisor_a, refund_id=two.id, worksheet_sha256=shas[two.id]),
        ),
    )
    assert outcomes == ["done", "payload_changed"]
    assert Refund.objects.filter(status="decided").count() == 1


def test_a_payout_sent_twice(world: World) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)

    def report(by: Any, mark: str) -> Any:
        return lambda: refund_report(by=by, refund_id=refund.id, results=[make.paid(share, mark)])

    outcomes = at_once(
        (world.risk_a, report(world.risk_a, "T-1")),
        (world.machine_a, report(world.machine_a, "T-1")),
        (world.risk_supervisor_a, report(world.risk_supervisor_a, "T-2")),
    )
    (kept,) = make.shares(refund)
    assert kept.tries == 1
    assert kept.outcome == "paid"
    assert AuditEntry.objects.filter(verb="refund.pay", outcome="ok").count() == 1
    assert outcomes.count("done") == (2 if kept.transfer_id == "T-1" else 1)
    assert set(outcomes) <= {"done", "wrong_state", "share_settled"}
