"""Objections: lodged after the notice, decided by another officer, and what an upheld one keeps from happening."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Objection, Refund
from accounts.services.refunds.objections import objection_decide, objection_reveal
from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from tests.accounts.flow import refunding as make


@pytest.fixture
def noticed(world: Any) -> Refund:
    return make.notice(world, make.shared(world))


def decide(world: Any, objection: Objection, decision: str, *, by: Any = None, reasons: str = "heard, see file") -> Any:
    by = by or world.supervisor_a
    with db.unit_of_work(by):
        return objection_decide(by=by, objection_id=objection.id, decision=decision, reasons=reasons)


def test_an_objection_is_kept_sealed(world: Any, noticed: Refund) -> None:
    found = make.object_to(world, noticed)
    assert Refund.objects.get(pk=noticed.pk).status == "objected"
    assert found.text.open() == "I paid into this account too."
    assert "赵六" not in str(AuditEntry.objects.get(verb="refund.object").payload)


def test_a_second_one_may_follow(world: Any, noticed: Refund) -> None:
    make.object_to(world, noticed)
    make.object_to(world, noticed, party="holder")
    assert Objection.objects.filter(refund=noticed).count() == 2


def test_the_same_one_sent_twice_is_one(world: Any, noticed: Refund) -> None:
    first = make.object_to(world, noticed)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.object_to(world, noticed, by=world.second_a, lodged_by=" 赵六", text="I paid  into this account too. ")
    assert list(refused.value.fields) == ["text"]
    make.object_to(world, noticed, lodged_by="钱七")
    decide(world, first, "rejected")
    make.object_to(world, noticed)
    assert Objection.objects.filter(refund=noticed).count() == 3


def test_it_takes_a_submission_back(world: Any, noticed: Refund, move_clock: Any) -> None:
    move_clock(timedelta(days=31))
    make.submit(world, noticed)
    make.object_to(world, noticed)
    assert Refund.objects.get(pk=noticed.pk).submitted_at is None
    assert ApprovalRequest.objects.get(subject_id=noticed.id).outcome == "lapsed"
    with make.nothing_happens(), pytest.raises(Conflict):
        make.approve(world, noticed)


@pytest.mark.parametrize("decision", ["", "upheld"])
def test_one_that_stands_keeps_the_return_from_being_decided(
    world: Any, noticed: Refund, move_clock: Any, decision: str
) -> None:
    objection = make.object_to(world, noticed)
    if decision:
        decide(world, objection, decision)
    move_clock(timedelta(days=31))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, noticed)
    assert refused.value.code == "objection_open"


def test_a_rejected_one_does_not(world: Any, noticed: Refund, move_clock: Any) -> None:
    found = decide(world, make.object_to(world, noticed), "rejected")
    assert (found.decided_by, found.reasons.open()) == (world.supervisor_a, "heard, see file")
    move_clock(timedelta(days=31))
    assert make.approve(world, make.submit(world, noticed)).status == "decided"


def test_who_recorded_it_does_not_decide(world: Any, noticed: Refund) -> None:
    objection = make.object_to(world, noticed, by=world.supervisor_a)
    with make.nothing_happens(), pytest.raises(Forbidden) as refused:
        decide(world, objection, "rejected")
    assert refused.value.code == "same_person"


@pytest.mark.parametrize(("who", "error"), [("analyst_a", Forbidden), ("supervisor_b", NotFound), ("risk_a", NotFound)])
def test_others_do_not_decide(world: Any, noticed: Refund, who: str, error: type[Exception]) -> None:
    objection = make.object_to(world, noticed)
    with make.nothing_happens(), pytest.raises(error):
        decide(world, objection, "rejected", by=getattr(world, who))


def test_twice_is_refused(world: Any, noticed: Refund) -> None:
    objection = make.object_to(world, noticed)
    decide(world, objection, "rejected")
    with make.nothing_happens(), pytest.raises(WrongState):
        decide(world, objection, "upheld")


@pytest.mark.parametrize(
    ("decision", "reasons", "field"), [("maybe", "because", "decision"), ("upheld", " ", "reasons")]
)
def test_a_decision_without_its_parts(world: Any, noticed: Refund, decision: str, reasons: str, field: str) -> None:
    objection = make.object_to(world, noticed)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        decide(world, objection, decision, reasons=reasons)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party": "x"}, "party"),
        ({"lodged_by": " "}, "lodged_by"),
        ({"text": "no"}, "text"),
        ({"ago": 2}, "lodged_at"),
        ({"ago": -1}, "lodged_at"),
    ],
)
def test_a_wrong_field_is_named(world: Any, noticed: Refund, changes: dict[str, Any], field: str) -> None:
    if "ago" in changes:
        changes = {"lodged_at": db.app_now() - timedelta(hours=changes["ago"])}
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.object_to(world, noticed, **changes)
    assert list(refused.value.fields) == [field]


def test_not_before_the_notice_nor_after_the_decision(world: Any) -> None:
    refund = make.direct(world)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.object_to(world, refund)
    make.decided(world, refund)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.object_to(world, refund)


def test_the_text_is_shown_with_a_reason_and_an_audit_row(world: Any, noticed: Refund) -> None:
    objection = make.object_to(world, noticed)
    with db.unit_of_work(world.approver_a):
        shown = objection_reveal(
            by=world.approver_a, objection_id=objection.id, field="text", purpose="prepare the decision"
        )
    assert shown == "I paid into this account too."
    assert AuditEntry.objects.filter(verb="objection.reveal", object_id=objection.id).count() == 1
    with pytest.raises(NotFound), db.unit_of_work(world.risk_a):
        objection_reveal(by=world.risk_a, objection_id=objection.id, field="text", purpose="curious")
