"""Drafting a return: the worksheet by the facts, what it leaves, who may, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Hold, Refund, RefundRound
from accounts.rules.refunds import is_recomputable
from accounts.services.refunds.draft import refund_draft, refund_withdraw
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import AppError, Conflict, Forbidden, Invalid, NotFound, WrongState
from antifraud.outbox.models import OutboxMessage
from tests.accounts import answering
from tests.accounts.factories import new_case, pay
from tests.accounts.flow import refunding as make


def test_a_division_by_loss_of_what_is_held(world: Any) -> None:
    hold = make.frozen(world)
    refund = make.draft(world, hold, 400_000, 800_000)
    current = RefundRound.objects.get(refund=refund)
    assert (refund.status, refund.number[:1], refund.institution) == ("drafted", "R", world.bank_a)
    assert (current.branch, current.held_minor, current.surplus_minor) == ("pro_rata", 500_000, 0)
    assert [share.share_minor for share in make.shares(refund)] == [166_667, 333_333]
    assert is_recomputable(current.worksheet)
    assert current.worksheet["facts"]["about"]["number"] == refund.number


def test_one_source_that_an_officer_answers_for_goes_back_directly(world: Any) -> None:
    refund = make.direct(world, loss=300_000)
    current = RefundRound.objects.get(refund=refund)
    assert (current.branch, current.shared_minor, current.surplus_minor) == ("single", 300_000, 200_000)
    assert "one_source_stated" in current.worksheet["reasons"]


def test_several_known_payments_are_no_single_source(world: Any) -> None:
    hold = make.frozen(world)
    for _ in range(2):
        pay(world.analyst_a, hold.case, hold.account)
    refund = make.draft(world, hold, 300_000)
    assert RefundRound.objects.get(refund=refund).worksheet["facts"]["sources"] == 2


def test_payees_are_sealed_and_not_in_the_worksheet(world: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    text = str(RefundRound.objects.get(refund=refund).worksheet)
    assert share.payee_account.open() == make.PAYEE
    assert make.PAYEE not in text
    assert "王小明" not in text
    assert make.PAYEE not in str(share.payee_account)


def test_it_leaves_an_audit_row_and_a_fact(world: Any) -> None:
    refund = make.direct(world)
    row = AuditEntry.objects.get(verb="refund.draft")
    assert (row.object_id, row.case_id, row.actor_id) == (refund.id, refund.case_id, world.analyst_a.id)
    assert OutboxMessage.objects.filter(topic="refund.drafted", subject_id=refund.id).exists()


def test_one_return_of_a_hold_at_a_time(world: Any) -> None:
    hold = make.frozen(world)
    refund = make.draft(world, hold, 300_000)
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.draft(world, hold, 300_000)
    assert refused.value.code == "refund_open"
    with db.unit_of_work(world.analyst_a):
        refund_withdraw(by=world.analyst_a, refund_id=refund.id, reason="computed for the wrong hold")
    assert make.draft(world, hold, 300_000).status == "drafted"


def test_what_was_returned_before_is_not_returned_again(world: Any) -> None:
    """The first hold gives 5,000.00 of 8,000.00 back; the second can give 3,000.00 at most."""
    first = make.frozen(world)
    make.decided(world, make.draft(world, first, 800_000, is_stated_single=True))
    second = make.frozen(world, case=first.case)
    refund = make.draft(world, second, 800_000, is_stated_single=True)
    (share,) = make.shares(refund)
    assert (share.returned_minor, share.share_minor) == (500_000, 300_000)
    assert RefundRound.objects.get(refund=refund).surplus_minor == 200_000


def test_what_came_back_elsewhere_counts(world: Any) -> None:
    hold = make.frozen(world)
    (person,) = make.victims(hold.case)
    with db.unit_of_work(world.analyst_a):
        data = make.data(make.claim(person, 600_000, elsewhere_minor=450_000), is_stated_single=True)
        refund = refund_draft(by=world.analyst_a, hold_id=hold.id, data=data)
    (share,) = make.shares(refund)
    assert (share.elsewhere_minor, share.returned_minor, share.share_minor) == (450_000, 450_000, 150_000)


def test_a_return_of_nothing_does_not_keep_the_hold(world: Any, log_in: Any) -> None:
    hold = make.frozen(world)
    (person,) = make.victims(hold.case)
    whole = make.data(make.claim(person, 600_000, elsewhere_minor=600_000), is_stated_single=True)
    with make.nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        refund_draft(by=world.analyst_a, hold_id=hold.id, data=whole)
    assert list(refused.value.fields) == ["claims"]
    assert (
        f"refunds/new/?hold={hold.id}"
        in log_in(world.analyst_a).get(f"/cases/{hold.case_id}/refunds/").content.decode()
    )


@pytest.mark.parametrize("who", ["risk_a", "analyst_b", "overseer", "auditor", "admin", "machine_a"])
def test_others_do_not_draft(world: Any, who: str) -> None:
    hold = make.frozen(world)
    person = getattr(world, who)
    with make.nothing_happens(), pytest.raises((NotFound, Forbidden)):
        make.draft(world, hold, 300_000, by=person)


def test_an_approver_sees_the_hold_but_does_not_draft(world: Any) -> None:
    hold = make.frozen(world)
    with make.nothing_happens(), pytest.raises(Forbidden):
        make.draft(world, hold, 300_000, by=world.approver_a)


def test_a_hold_that_ended_gives_nothing_back(world: Any, move_clock: Any) -> None:
    hold = make.frozen(world, kind="stop")
    move_clock(timedelta(hours=49))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.draft(world, hold, 300_000)
    assert refused.value.code == "hold_ended"


def test_a_case_that_is_not_filed_gives_nothing_back(world: Any) -> None:
    hold = answering.held(world, "stop", case=new_case(world.analyst_a))
    hold = Hold.objects.select_related("case").get(pk=hold.pk)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.draft(world, hold, 300_000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"loss_minor": 0}, "loss"),
        ({"elsewhere_minor": -1}, "elsewhere"),
        ({"loss_minor": 100_000, "elsewhere_minor": 100_001}, "elsewhere"),
        ({"payee_name": " "}, "payee_name"),
        ({"payee_account": "12"}, "payee_account"),
        ({"payee_bank": ""}, "payee_bank"),
        ({"victim_id": uuid4()}, "victim"),
        ({"run_id": uuid4()}, "run"),
    ],
)
def test_a_wrong_line_is_named(world: Any, changes: dict[str, Any], field: str) -> None:
    hold = make.frozen(world)
    (person,) = make.victims(hold.case)
    wrong = replace(make.claim(person, 300_000), **changes)
    with make.nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(wrong))
    assert f"claims.0.{field}" in refused.value.fields


def test_a_victim_of_another_case_is_not_found(world: Any) -> None:
    hold, other = make.frozen(world), new_case(world.analyst_a, filed=True)
    (stranger,) = make.victims(other)
    with make.nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(make.claim(stranger, 100)))
    assert list(refused.value.fields) == ["claims.0.victim"]


@pytest.mark.parametrize(("claims", "field"), [([], "claims"), (["twice"], "claims.1.victim")])
def test_a_list_that_gives_no_worksheet(world: Any, claims: list[str], field: str) -> None:
    hold = make.frozen(world)
    (person,) = make.victims(hold.case)
    given = [make.claim(person, 100, place=f"claims.{at}") for at in range(2)] if claims else []
    with make.nothing_happens(), pytest.raises(AppError) as refused, db.unit_of_work(world.analyst_a):
        refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(*given))
    assert field in refused.value.fields
    assert not Refund.objects.exists()
