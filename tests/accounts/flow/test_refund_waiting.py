"""What an approver finds of returns among what waits for them; a hold that was returned in full is not offered again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import RefundShare
from accounts.selectors.refunds import case_refunds, refunds_to_approve, returnable_holds
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import TOPICS, Fact
from antifraud.errors import Forbidden
from banks.selectors.institutions import system_user
from cases.services.steps import case_step
from tests.accounts.flow import refunding as make


@pytest.mark.parametrize(
    ("name", "sees"), [("approver_a", True), ("centre_approver", True), ("analyst_a", False), ("approver_b", False)]
)
def test_a_submitted_return_is_among_the_approvals(world: Any, log_in: Any, name: str, sees: bool) -> None:
    refund = make.submit(world, make.direct(world))
    page = log_in(getattr(world, name)).get(reverse("accounts:approvals")).content.decode()
    assert (reverse("accounts:refund", args=[refund.pk]) in page) is sees
    if sees:
        assert "Nothing to approve" not in page


def test_who_took_part_is_not_asked_and_a_decided_one_is_gone(world: Any) -> None:
    by = world.supervisor_a
    refund = make.submit(world, make.direct(world))
    assert list(refunds_to_approve(user=by)) == [refund]
    type(refund).objects.filter(pk=refund.pk).update(second_officer=by)
    assert not refunds_to_approve(user=by).exists()
    make.approve(world, refund)
    assert not refunds_to_approve(user=world.approver_a).exists()


def test_a_return_of_a_case_that_moved_is_offered_to_those_above_the_unit_that_drafted_it(
    world: Any, log_in: Any
) -> None:
    """Unit B has the case by now; the decision stays with unit A, the bodies above it and the centre."""
    refund = make.submit(world, make.direct(world))
    with db.unit_of_work(world.duty_a):
        case_step(
            by=world.duty_a, case_id=refund.case_id, verb="transfer", on=db.app_now().date(), document_number="T-1",
            to_unit=world.unit_b,
        )  # fmt: skip
    assert refund in case_refunds(user=world.approver_b, case=refund.case)
    assert not refunds_to_approve(user=world.approver_b).exists()
    with pytest.raises(Forbidden):
        make.approve(world, refund, by=world.approver_b)
    page = reverse("accounts:refund", args=[refund.pk])
    paper = reverse("accounts:refund_decide", args=[refund.pk])
    newcomer = log_in(world.approver_b)
    assert paper not in newcomer.get(page).content.decode()
    with make.nothing_happens():
        for answer in (newcomer.get(paper), newcomer.post(paper, {"verb": "approve"})):
            assert answer.status_code == 403
            assert make.PAYEE not in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="refund.reveal", actor_id=world.approver_b.id).exists()
    for person in (world.approver_a, world.bureau_approver, world.centre_approver):
        assert list(refunds_to_approve(user=person)) == [refund]
    above = log_in(world.bureau_approver)
    assert paper in above.get(page).content.decode()
    assert make.PAYEE in above.get(paper).content.decode()


@pytest.mark.parametrize("part", ["operator", "second_officer", "drafted_by"])
def test_who_took_part_does_not_read_the_paper_of_the_decision(world: Any, log_in: Any, part: str) -> None:
    refund = make.submit(world, make.direct(world))
    type(refund).objects.filter(pk=refund.pk).update(**{part: world.supervisor_a})
    with make.nothing_happens():
        answer = log_in(world.supervisor_a).get(reverse("accounts:refund_decide", args=[refund.pk]))
    assert answer.status_code == 403
    assert make.PAYEE not in answer.content.decode()


def test_the_pages_of_approvals_look_again_when_a_return_waits_or_is_decided(world: Any) -> None:
    refund = make.submit(world, make.direct(world))
    by = system_user()
    with db.unit_of_work(by):
        told = {
            topic: list(TOPICS[topic](Fact(topic, refund.pk, by)))
            for topic in ("refund.submitted", "refund.decided", "refund.rejected")
        }
    assert all((refund.unit_id, "approval") in hints for hints in told.values())


def test_a_hold_that_was_returned_in_full_is_not_offered_again(world: Any) -> None:
    refund = make.decided(world, make.direct(world, loss=500_000))
    share = RefundShare.objects.get(refund=refund)
    assert share.share_minor == refund.hold.amount_minor
    assert make.report(world, refund, make.paid(share)).status == "paid"
    assert not returnable_holds(user=world.analyst_a, case=refund.case).exists()


def test_what_is_left_of_a_hold_is_offered(world: Any) -> None:
    refund = make.decided(world, make.direct(world, loss=300_000))
    make.report(world, refund, make.paid(RefundShare.objects.get(refund=refund)))
    assert [hold.pk for hold in returnable_holds(user=world.analyst_a, case=refund.case)] == [refund.hold_id]


def test_the_dialog_of_the_share_that_was_refused_stands_open(world: Any, log_in: Any) -> None:
    refund = make.decided(world, make.direct(world))
    (share,) = make.shares(refund)
    make.report(world, refund, make.failed(share))
    client = log_in(world.analyst_a)
    answer = client.post(reverse("accounts:share_give_up", args=[refund.pk, share.pk]), {"reason": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.findall(r'<dialog [^>]*id="([^"]+)"[^>]* data-open>', page) == [f"dlg-give-{share.pk}"]
    assert RefundShare.objects.get(pk=share.pk).outcome == "failed"
