"""The bank's payout: share by share, exact amounts, transfer ids that pay once, failures tried again or given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Refund
from accounts.services.refunds.duties import refunds_overdue_tell
from accounts.services.refunds.payout import refund_close, share_give_up
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from banks.models import Delivery, Notification
from banks.selectors.institutions import system_user
from tests.accounts.flow import refunding as make
from tests.accounts.pages import pdf


@pytest.fixture
def two(world: Any, move_clock: Any) -> Refund:
    """Decided: 1,666.67 and 3,333.33 are to be paid."""
    refund = make.notice(world, make.shared(world, 400_000, 800_000))
    move_clock(timedelta(days=31))
    return make.decided(world, refund)


def give_up(world: Any, refund: Refund, share: Any, *, by: Any = None, reason: str = "payee cannot be found") -> Refund:
    by = by or world.analyst_a
    with db.unit_of_work(by):
        return share_give_up(by=by, refund_id=refund.id, share_id=share.id, reason=reason)


def close(world: Any, refund: Refund) -> Refund:
    with db.unit_of_work(world.analyst_a):
        return refund_close(by=world.analyst_a, refund_id=refund.id, reason="all is settled")


def test_all_paid_with_proof(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    found = make.report(world, two, make.paid(first, "T-1"), make.paid(second, "T-2"), proof=pdf())
    assert (found.status, found.paid_at is not None) == ("paid", True)
    kept = make.shares(two)
    assert [(share.outcome, share.transfer_id, share.tries) for share in kept] == [
        ("paid", "T-1", 1),
        ("paid", "T-2", 1),
    ]
    assert kept[0].proof_id == kept[1].proof_id
    assert kept[0].proof_id is not None
    assert Delivery.objects.get(subject_id=two.id).state == "transported"
    assert close(world, found).status == "closed"


def test_a_part_leaves_it_open(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    assert make.report(world, two, make.paid(first)).status == "decided"
    assert make.report(world, two, make.paid(second, "T-2")).status == "paid"


def test_a_failed_share_is_tried_again(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    assert make.report(world, two, make.paid(first), make.failed(second)).status == "failed"
    assert make.report(world, two, make.failed(second, "closed again")).status == "failed"
    assert make.report(world, two, make.paid(second, "T-2")).status == "paid"
    assert make.shares(two)[1].tries == 3


def test_a_failed_share_is_given_up_with_a_reason(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    make.report(world, two, make.paid(first), make.failed(second))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        close(world, two)
    assert refused.value.code == "payout_open"
    give_up(world, two, second)
    assert close(world, two).status == "closed"
    with make.nothing_happens(), pytest.raises(WrongState):
        make.report(world, two, make.paid(second, "T-9"))


def test_what_was_given_up_counts_as_not_returned(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    make.report(world, two, make.paid(first), make.failed(second))
    give_up(world, two, second)
    close(world, two)
    again = make.draft(world, two.hold, 400_000, 800_000)
    one, other = make.shares(again)
    assert (one.returned_minor, other.returned_minor) == (first.share_minor, 0)


@pytest.mark.parametrize("who", ["analyst_b", "risk_b", "machine_b", "risk_branch", "overseer"])
def test_a_foreign_reporter_finds_nothing(world: Any, two: Refund, who: str) -> None:
    first, _second = make.shares(two)
    with make.nothing_happens(), pytest.raises(NotFound):
        make.report(world, two, make.paid(first), by=getattr(world, who))


@pytest.mark.parametrize("who", ["analyst_a", "approver_a"])
def test_police_do_not_report_for_a_connected_bank(world: Any, two: Refund, who: str) -> None:
    first, _second = make.shares(two)
    with make.nothing_happens(), pytest.raises(Forbidden):
        make.report(world, two, make.paid(first), by=getattr(world, who))


def test_the_machine_reports(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    assert make.report(world, two, make.paid(first), make.paid(second, "T-2"), by=world.machine_a).status == "paid"


def test_the_same_words_again_change_nothing(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    words = (make.paid(first), make.paid(second, "T-2"))
    make.report(world, two, *words)
    before = AuditEntry.objects.filter(verb__startswith="refund.").count()
    assert make.report(world, two, *words).status == "paid"
    assert AuditEntry.objects.filter(verb__startswith="refund.").count() == before
    assert [share.tries for share in make.shares(two)] == [1, 1]


def test_a_proof_is_added_once(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    words = (make.paid(first), make.paid(second, "T-2"))
    make.report(world, two, words[0])
    make.report(world, two, words[0], proof=pdf())
    make.report(world, two, words[1])
    with make.nothing_happens(), pytest.raises(Superseded):
        make.report(world, two, *words, proof=pdf(), expected_version=two.version)
    found = make.report(world, two, *words, proof=pdf("second.pdf"))
    kept = [share.proof_id for share in make.shares(two)]
    assert (found.status, None in kept, len(set(kept))) == ("paid", False, 2)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.report(world, two, *words, proof=pdf("third.pdf"))
    assert [share.proof_id for share in make.shares(two)] == kept


def test_another_transfer_does_not_pay_a_paid_share(world: Any, two: Refund) -> None:
    first, _second = make.shares(two)
    make.report(world, two, make.paid(first))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.report(world, two, make.paid(first, "T-OTHER"))
    assert refused.value.code == "share_settled"
    with make.nothing_happens(), pytest.raises(Conflict):
        make.report(world, two, make.failed(first))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"transfer_id": ""}, "transfer_id"),
        ({"transfer_id": "x" * 81}, "transfer_id"),
        ({"paid_at": None}, "paid_at"),
        ({"amount_minor": 1}, "amount"),
        ({"amount_minor": None}, "amount"),
        ({"outcome": "maybe"}, "outcome"),
        ({"outcome": "failed", "reason": "no"}, "reason"),
    ],
)
def test_a_wrong_line_is_named(world: Any, two: Refund, changes: dict[str, Any], field: str) -> None:
    first, second = make.shares(two)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.report(world, two, make.paid(first), replace(make.paid(second, "T-2"), **changes))
    assert list(refused.value.fields) == [f"results.1.{field}"]


@pytest.mark.parametrize("hours", [-24 * 40, 1])
def test_a_transfer_before_the_decision_or_in_the_future(world: Any, two: Refund, hours: int) -> None:
    first, _second = make.shares(two)
    wrong = make.paid(first, paid_at=db.app_now() + timedelta(hours=hours))
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.report(world, two, wrong)
    assert list(refused.value.fields) == ["results.0.paid_at"]


def test_one_transfer_pays_one_share(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.report(world, two, make.paid(first), make.paid(second))
    assert sorted(refused.value.fields) == ["results.0.transfer_id", "results.1.transfer_id"]
    make.report(world, two, make.paid(first))
    with make.nothing_happens(), pytest.raises(Invalid):
        make.report(world, two, make.paid(second))


def test_a_share_of_another_return_and_the_same_twice(world: Any, two: Refund) -> None:
    first, _second = make.shares(two)
    (foreign,) = make.shares(make.decided(world, make.direct(world)))
    for wrong in ([make.paid(foreign)], [make.paid(first), make.paid(first, "T-2")], []):
        with make.nothing_happens(), pytest.raises(Invalid):
            make.report(world, two, *wrong)


def test_not_before_the_decision(world: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    with make.nothing_happens(), pytest.raises(NotFound):
        make.report(world, refund, make.paid(share))


def test_only_a_failed_share_is_given_up(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    with make.nothing_happens(), pytest.raises(WrongState):
        give_up(world, two, first)
    make.report(world, two, make.paid(first), make.failed(second))
    with make.nothing_happens(), pytest.raises(WrongState):
        give_up(world, two, first)
    with make.nothing_happens(), pytest.raises(Forbidden):
        give_up(world, two, second, by=world.risk_a)


def test_a_term_that_is_over_is_told_to_both_sides_once(world: Any, two: Refund, move_clock: Any) -> None:
    def tell() -> int:
        with db.unit_of_work(system_user()):
            return refunds_overdue_tell(by=system_user())

    assert tell() == 0
    move_clock(timedelta(days=15))
    assert (tell(), tell()) == (1, 0)
    told = Notification.objects.filter(code="refund.overdue", params__number=two.number)
    assert {note.user for note in told} >= {world.analyst_a, world.risk_a, world.risk_supervisor_a}


def test_nothing_of_a_payee_is_in_the_diary(world: Any, two: Refund) -> None:
    first, second = make.shares(two)
    make.report(world, two, make.paid(first), make.failed(second, "account 6222029990000000001 is closed"))
    assert make.shares(two)[1].failure == "account «number» is closed"
    text = " ".join(str(bytes(row.payload)) for row in AuditEntry.objects.filter(object_id=two.id))
    assert make.PAYEE not in text
