"""A further round: a victim found later, an upheld objection; the notice starts again where the rule asks for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Refund, RefundRound
from accounts.services.refunds.draft import refund_renew
from antifraud import db
from antifraud.approvals.models import ApprovalRequest
from antifraud.errors import Conflict, Invalid, NotFound, Superseded, WrongState
from tests.accounts.flow import refunding as make


def renew(world: Any, refund: Refund, *losses: int, by: Any = None, cause: str = "victim_found", **more: Any) -> Refund:
    by = by or world.analyst_a
    people = make.victims(refund.case)
    while len(people) < len(losses):
        people.append(make.another_victim(world, refund.case, f"周小{len(people)}"))
    claims = [make.claim(person, loss) for person, loss in zip(people, losses, strict=False)]
    with db.unit_of_work(by):
        return refund_renew(
            by=by, refund_id=refund.id, data=make.data(*claims), cause=cause, reason="a third victim reported", **more
        )


def test_a_victim_found_later_gets_a_part_and_the_notice_runs_anew(world: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world, 400_000, 800_000))
    move_clock(timedelta(days=40))
    found = renew(world, refund, 400_000, 800_000, 800_000)
    assert (found.status, found.round_number) == ("drafted", 2)
    assert [share.share_minor for share in make.shares(found)] == [100_000, 200_000, 200_000]
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, found)
    assert refused.value.code == "notice_missing"
    make.notice(world, found)
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, found)
    assert refused.value.code == "notice_running"


def test_the_first_round_stays_as_it_was(world: Any) -> None:
    refund = make.shared(world, 400_000, 800_000)
    first = RefundRound.objects.get(refund=refund, number=1)
    renew(world, refund, 400_000, 800_000, 800_000)
    again = RefundRound.objects.get(refund=refund, number=1)
    assert (bytes(again.sha256), again.worksheet) == (bytes(first.sha256), first.worksheet)
    assert again.shares.count() == 2


def test_an_upheld_objection_of_the_old_round_does_not_bar_the_new_one(world: Any, move_clock: Any) -> None:
    from accounts.services.refunds.objections import objection_decide

    refund = make.notice(world, make.shared(world))
    objection = make.object_to(world, refund)
    with db.unit_of_work(world.supervisor_a):
        objection_decide(by=world.supervisor_a, objection_id=objection.id, decision="upheld", reasons="paid as well")
    found = renew(world, refund, 400_000, 800_000, 300_000, cause="objection")
    make.notice(world, found)
    move_clock(timedelta(days=31))
    assert make.approve(world, make.submit(world, found)).status == "decided"


def test_an_undecided_objection_of_an_old_round_bars_the_new_one(world: Any, move_clock: Any) -> None:
    from accounts.services.refunds.objections import objection_decide

    refund = make.notice(world, make.shared(world))
    objection = make.object_to(world, refund)
    found = make.notice(world, renew(world, refund, 400_000, 800_000, 300_000))
    move_clock(timedelta(days=31))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, found)
    assert refused.value.code == "objection_open"
    with db.unit_of_work(world.supervisor_a):
        objection_decide(by=world.supervisor_a, objection_id=objection.id, decision="upheld", reasons="paid as well")
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, found)
    assert refused.value.code == "objection_open", "upheld after this round was computed"


def test_it_takes_a_submission_back(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    renew(world, refund, 200_000, cause="changed")
    assert ApprovalRequest.objects.get(subject_id=refund.id).outcome == "lapsed"
    assert Refund.objects.get(pk=refund.pk).submitted_at is None


def test_not_once_it_is_decided(world: Any) -> None:
    refund = make.decided(world)
    with make.nothing_happens(), pytest.raises(WrongState):
        renew(world, refund, 200_000)


def test_a_page_that_is_older_is_refused(world: Any) -> None:
    refund = make.shared(world)
    with make.nothing_happens(), pytest.raises(Superseded):
        renew(world, refund, 200_000, expected_version=refund.version + 1)


def test_without_a_cause(world: Any) -> None:
    refund = make.shared(world)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        renew(world, refund, 200_000, cause="drafted")
    assert list(refused.value.fields) == ["cause"]


@pytest.mark.parametrize("who", ["analyst_b", "risk_a"])
def test_not_by_others(world: Any, who: str) -> None:
    refund = make.shared(world, 400_000)
    with make.nothing_happens(), pytest.raises(NotFound):
        renew(world, refund, 200_000, by=getattr(world, who))
