"""The decision: two officers, a third person, exactly this worksheet; what the bank is told and when its term ends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Refund, RefundGrant
from accounts.services.messages import delivery_message
from accounts.services.refunds.decide import decision_content, refund_approve, refund_recall, refund_reject
from accounts.services.refunds.send import payout_due_at
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from banks.models import Delivery, Notification
from banks.services.queue import queue_receive
from tests.accounts.flow import refunding as make
from tests.accounts.pages import pdf

CN = ZoneInfo("Asia/Shanghai")


def test_the_decision_is_bound_to_the_worksheet(world: Any) -> None:
    refund = make.approve(world, make.submit(world, make.direct(world)))
    assert (refund.status, refund.operator, refund.second_officer) == ("decided", world.analyst_a, world.second_a)
    assert refund.approver == world.approver_a
    assert bytes(refund.decided_sha256 or b"") == make.sha_of(refund)
    assert AuditEntry.objects.filter(verb="refund.approve", object_id=refund.id).count() == 1


def test_the_bank_is_told_whom_to_pay_and_nothing_else(world: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world, 400_000, 800_000))
    move_clock(timedelta(days=31))
    refund = make.decided(world, refund)
    with db.unit_of_work(world.machine_a):
        ((delivery, _receipt),) = queue_receive(by=world.machine_a, max_count=5, visibility_seconds=60)
        message = delivery_message(by=world.machine_a, delivery=delivery)
    assert (message["topic"], message["refund_number"]) == ("refund.decided", refund.number)
    told = message["payload"]
    assert [share["amount_minor"] for share in told["shares"]] == [166_667, 333_333]
    assert told["shares"][0]["payee"] == {"name": "王小明", "account": make.PAYEE, "bank": "Construction Bank"}
    assert set(told["shares"][0]) == {"id", "payee", "amount_minor"}
    assert set(told["case"]) == {"number", "fraud_type"}
    text = json.dumps(told)
    # As whole numbers: the digits may stand in a card's number.
    assert not re.search(r"(?<!\d)[48]00000(?!\d)", text)
    assert "loss" not in text
    assert AuditEntry.objects.filter(verb="refund.receive", object_id=refund.id).count() == 1


def test_the_term_runs_from_the_lane(world: Any) -> None:
    refund = make.decided(world, push=False)
    assert (refund.available_at, refund.payout_due_at) == (None, None)
    refund = make.decided(world, make.direct(world))
    assert refund.available_at is not None
    assert refund.payout_due_at is not None
    assert refund.payout_due_at > refund.available_at + timedelta(days=2)
    told = Notification.objects.get(user=world.risk_a, code="refund.arrived", params__number=refund.number)
    assert told.url == f"/refunds/payouts/{refund.id}/"


@pytest.mark.parametrize(
    ("available", "due"),
    [
        # A Monday; a Friday; before the National Day holidays (1 to 7 October) with the make-up day of 10 October.
        (datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=CN)),
        (datetime(2026, 11, 27, 10, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=CN)),
        (datetime(2026, 9, 29, 10, tzinfo=UTC), datetime(2026, 10, 10, tzinfo=CN)),
        (datetime(2026, 10, 7, 10, tzinfo=UTC), datetime(2026, 10, 11, tzinfo=CN)),
    ],
)
def test_the_term_counts_working_days_with_make_up_days(world: Any, available: datetime, due: datetime) -> None:
    refund = make.direct(world)
    found = Refund.objects.select_related("institution__calendar", "legal_profile").get(pk=refund.pk)
    assert payout_due_at(found, available) == due


def test_the_bank_sees_the_return_from_the_decision_on(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    assert not RefundGrant.objects.exists()
    make.approve(world, refund)
    assert RefundGrant.objects.get().group_id == world.bank_a.group_id
    delivery = Delivery.objects.get(subject_id=refund.id)
    assert (delivery.topic, delivery.institution, delivery.priority) == ("refund.decided", world.bank_a, 35)


@pytest.mark.parametrize("who", ["analyst_a", "second_a"])
def test_the_two_officers_do_not_approve(world: Any, who: str) -> None:
    refund = make.submit(world, make.direct(world))
    with make.nothing_happens(), pytest.raises(Forbidden):
        make.approve(world, refund, by=getattr(world, who))


def test_who_wrote_the_draft_does_not_approve(world: Any) -> None:
    refund = make.draft(world, make.frozen(world), 300_000, by=world.supervisor_a, is_stated_single=True)
    make.submit(world, refund)
    with make.nothing_happens(), pytest.raises(Forbidden) as refused:
        make.approve(world, refund, by=world.supervisor_a)
    assert refused.value.code == "same_person"


@pytest.mark.parametrize("who", ["approver_b", "risk_supervisor_a", "overseer", "auditor"])
def test_others_do_not_approve(world: Any, who: str) -> None:
    refund = make.submit(world, make.direct(world))
    with make.nothing_happens(), pytest.raises(NotFound):
        make.approve(world, refund, by=getattr(world, who))


@pytest.mark.parametrize("who", ["bureau_approver", "centre_approver"])
def test_bodies_above_approve(world: Any, who: str) -> None:
    refund = make.submit(world, make.direct(world))
    assert make.approve(world, refund, by=getattr(world, who)).status == "decided"


def test_another_worksheet_than_the_one_shown(world: Any) -> None:
    from accounts.services.refunds.decide import refund_approve

    refund = make.submit(world, make.direct(world))
    with make.nothing_happens(), pytest.raises(Superseded), db.unit_of_work(world.approver_a):
        refund_approve(by=world.approver_a, refund_id=refund.id, worksheet_sha256=b"x" * 32)


def test_facts_that_changed_after_the_submission(world: Any) -> None:
    """Another hold's return to the same victim is decided in between: this one would give too much back."""
    first = make.frozen(world)
    one = make.submit(world, make.draft(world, first, 600_000, is_stated_single=True))
    other = make.frozen(world, case=first.case)
    two = make.submit(world, make.draft(world, other, 600_000, is_stated_single=True))
    make.approve(world, one)
    with make.nothing_happens(), pytest.raises(Superseded) as refused:
        make.approve(world, two)
    assert refused.value.code == "payload_changed"


def test_a_hold_that_ended_meanwhile(world: Any, move_clock: Any) -> None:
    refund = make.submit(world, make.draft(world, make.frozen(world, kind="stop"), 300_000, is_stated_single=True))
    move_clock(timedelta(hours=49))
    with make.nothing_happens(), pytest.raises(Conflict):
        make.approve(world, refund)


def test_an_approval_comes_in_its_term(world: Any, move_clock: Any) -> None:
    refund = make.submit(world, make.direct(world))
    move_clock(timedelta(minutes=31))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.approve(world, refund)
    assert refused.value.code == "approval_lapsed"
    assert make.approve(world, make.submit(world, refund)).status == "decided"


def test_a_second_officer_is_needed(world: Any) -> None:
    refund = make.direct(world)
    for second in (world.analyst_a, world.analyst_b, world.risk_a):
        with make.nothing_happens(), pytest.raises(Invalid) as refused:
            make.submit(world, refund, second=second)
        assert list(refused.value.fields) == ["second_officer"]


def test_it_is_sent_back_with_a_reason(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    with db.unit_of_work(world.approver_a):
        refund_reject(by=world.approver_a, refund_id=refund.id, reason="the payee is not proven")
    found = Refund.objects.get(pk=refund.pk)
    assert (found.status, found.submitted_at, found.refused_reason) == ("drafted", None, "the payee is not proven")
    with make.nothing_happens(), pytest.raises(Conflict):
        make.approve(world, refund)


def test_the_unit_takes_it_back(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    with db.unit_of_work(world.analyst_a):
        refund_recall(by=world.analyst_a, refund_id=refund.id)
    with make.nothing_happens(), pytest.raises(Conflict):
        make.approve(world, refund)
    with make.nothing_happens(), pytest.raises(WrongState), db.unit_of_work(world.analyst_a):
        refund_recall(by=world.analyst_a, refund_id=refund.id)


def test_who_decides_reads_the_exact_text(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    with db.unit_of_work(world.approver_a):
        _refund, current, shares, text = decision_content(by=world.approver_a, refund_id=refund.id)
    assert json.loads(text) == current.worksheet
    assert shares[0].payee_account.open() == make.PAYEE
    assert (
        AuditEntry.objects.filter(verb="refund.reveal", object_id=refund.id, actor_id=world.approver_a.id).count() == 1
    )


def test_a_bank_outside_of_the_platform_gets_its_term_at_once(world: Any) -> None:
    from accounts.models import Hold

    hold = make.frozen(world)
    Hold.objects.filter(pk=hold.pk).update(institution=world.bank_paper)
    refund = make.decided(world, make.draft(world, hold, 300_000, is_stated_single=True), push=False)
    assert refund.payout_due_at is not None
    assert not Delivery.objects.filter(subject_id=refund.id).exists()
    (share,) = make.shares(refund)
    for who in (world.analyst_a, world.second_a):
        with make.nothing_happens(), pytest.raises(Forbidden) as refused:
            make.report(world, refund, make.paid(share), by=who, proof=pdf())
        assert refused.value.code == "same_person"
    with make.nothing_happens(), pytest.raises(Invalid) as missing:
        make.report(world, refund, make.paid(share), by=world.supervisor_a)
    assert list(missing.value.fields) == ["proof"]
    assert make.report(world, refund, make.paid(share), by=world.supervisor_a, proof=pdf()).status == "paid"


def test_a_wrong_digest_is_told_of_the_return(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    with make.nothing_happens(), pytest.raises(Superseded) as refused, db.unit_of_work(world.approver_a):
        refund_approve(by=world.approver_a, refund_id=refund.id, worksheet_sha256=b"\0" * 32)
    assert str(refused.value.message).startswith("The return changed")
