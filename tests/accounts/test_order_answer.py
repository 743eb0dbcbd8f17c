"""What an institution answers, in what combinations, and what becomes of the order; holds are in test_order_answer_holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AccountName, Answer, Hold, NextHop, PriorFreeze, Transfer
from accounts.rules.answers import SubResult
from accounts.services.answer_checks import answer_check, answer_warnings
from accounts.services.answer_input import HolderInput, NextHopInput
from accounts.services.answers import order_acknowledge, order_answer
from accounts.services.orders.cancel import order_cancel
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import Delivery
from cases.models import Attachment
from tests.accounts.answering import (
    answer,
    arrived,
    bank_order,
    counters,
    csv_file,
    follow,
    held,
    hop,
    involved,
    nothing_answered,
    pdf_file,
    prior,
    say,
)
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]
AGO = timedelta(hours=-2)


def test_an_answer_ends_the_order(world: World) -> None:
    order = bank_order(world)
    saved = answer(
        order, world.risk_a, second_person="Qian Qi", handled_phone="010-1234", branch="East", balance_minor=600_000,
        previously_frozen_minor=0, free_minor=600_000, remarks="ok",
    )  # fmt: skip
    order.refresh_from_db()
    assert (order.status, order.outcome, order.answered_at) == ("answered", "executed", saved.received_at)
    assert (order.acknowledged_at, order.acknowledged_by) == (saved.received_at, world.risk_a)
    assert (saved.asked_minor, saved.executed_minor, saved.balance_minor, saved.previously_frozen_minor, saved.free_minor) == (
        500_000, 500_000, 600_000, 0, 600_000,
    )  # fmt: skip
    stored = Answer.objects.get(pk=saved.pk)
    assert (stored.handler_name, stored.second_person, stored.branch) == ("Zhao Liu", "Qian Qi", "East")
    assert (stored.seq, stored.source, stored.answered_by) == (1, "logged_in", world.risk_a)
    assert stored.remarks is not None
    assert stored.remarks.open() == "ok"
    assert counters(order) == (0, 1, 500_000)


def test_who_acknowledged_stays_known(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_supervisor_a) as work:
        order_acknowledge(by=world.risk_supervisor_a, order_id=order.id)
    answer(order, world.risk_a)
    order.refresh_from_db()
    assert (order.acknowledged_by, order.acknowledged_at) == (world.risk_supervisor_a, work.now)


def test_both_sides_hear_of_it_and_the_delivery_has_arrived(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a)
    assert OutboxMessage.objects.filter(topic="order.answered", subject_id=order.id).count() == 1
    assert Delivery.objects.get(subject_id=order.id).state == "transported"
    entry = AuditEntry.objects.get(verb="order.answer", object_id=order.id)
    assert (entry.actor_id, entry.case_id) == (world.risk_a.id, order.case_id)


def test_no_personal_data_in_the_audit_log(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a, remarks="李四 拿走了", next_hops=(hop(),))
    logged = b"".join(bytes(entry.payload) for entry in AuditEntry.objects.all())
    for personal in ("李四", "6217000000000000017", "Zhao Liu"):
        assert personal.encode() not in logged


@pytest.mark.parametrize("outcome", ["refused", "mismatch"])
def test_nothing_is_held_without_execution(world: World, outcome: str) -> None:
    order = bank_order(world)
    saved = answer(order, world.risk_a, outcome)
    order.refresh_from_db()
    assert (order.status, order.outcome) == ("answered", outcome)
    assert (saved.reason_code, saved.mismatch_field) == (
        ("no_such_account", "") if outcome == "refused" else ("", "number")
    )
    assert not Hold.objects.exists()
    assert counters(order) == (0, 0, 0)


def test_not_ours_names_the_institution(world: World) -> None:
    order = bank_order(world)
    saved = answer(order, world.risk_a, "refused", reason="not_ours", suggested_institution=world.bank_b)
    assert saved.suggested_institution == world.bank_b


def test_the_bank_system_answers(world: World) -> None:
    saved = answer(bank_order(world), world.machine_a, source="api")
    assert (saved.source, saved.answered_by) == ("api", world.machine_a)


def test_an_order_that_is_not_in_the_lane_yet_is_available_by_its_answer(world: World) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    saved = answer(order, world.risk_a)
    order.refresh_from_db()
    assert order.available_at == saved.received_at


# -- what must not be answered ---------------------------------------------------------------------

BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("stop", "", {}, "outcome"),
    ("stop", "done", {}, "outcome"),
    ("query_holder", "partial", {"reason": "other", "reason_text": "part"}, "outcome"),
    ("stop", "executed", {"handled_by": " "}, "handled_by"),
    ("stop", "executed", {"second_person": "zhao  liu"}, "second_person"),
    ("stop", "executed", {"effective_from": None}, "effective_from"),
    ("stop", "executed", {"effective_from": datetime(2020, 1, 1, tzinfo=UTC)}, "effective_from"),
    ("stop", "executed", {"effective_from": datetime(2999, 1, 1, tzinfo=UTC)}, "effective_from"),
    ("stop", "executed", {"effective_from": datetime(2026, 1, 1)}, "effective_from"),  # noqa: DTZ001
    ("stop", "executed", {"executed_minor": None}, "executed_minor"),
    ("stop", "executed", {"executed_minor": 0}, "executed_minor"),
    ("stop", "executed", {"executed_minor": -1}, "executed_minor"),
    ("stop", "executed", {"executed_minor": 500_001}, "executed_minor"),
    ("stop", "executed", {"executed_minor": 499_999}, "executed_minor"),
    ("stop", "partial", {"executed_minor": 500_000}, "executed_minor"),
    ("stop", "partial", {"reason": ""}, "reason"),
    ("stop", "executed", {"balance_minor": -5}, "balance_minor"),
    ("stop", "executed", {"currency": "USD"}, "currency"),
    ("stop", "refused", {"balance_minor": 5, "currency": "USD"}, "currency"),
    ("stop", "executed", {"mode": "sideways"}, "mode"),
    ("stop", "executed", {"reason": "bank_failed"}, "reason"),
    ("stop", "refused", {"reason": ""}, "reason"),
    ("stop", "refused", {"reason": "too_lazy"}, "reason"),
    ("stop", "refused", {"reason": "insufficient_balance"}, "reason"),
    ("stop", "refused", {"reason": "release_after_expiry"}, "reason"),
    ("freeze", "refused", {"reason": "already_stopped"}, "reason"),
    ("stop", "refused", {"reason": "other"}, "reason_text"),
    ("stop", "refused", {"reason": "not_ours"}, "suggested_institution"),
    ("stop", "refused", {"effective_from": datetime(2026, 1, 1, tzinfo=UTC)}, "effective_from"),
    ("stop", "refused", {"executed_minor": 5}, "executed_minor"),
    ("stop", "refused", {"mismatch_field": "name"}, "mismatch_field"),
    ("stop", "mismatch", {"mismatch_field": ""}, "mismatch_field"),
    ("stop", "mismatch", {"mismatch_field": "colour"}, "mismatch_field"),
    ("freeze", "mismatch", {"mismatch_field": "time"}, "mismatch_field"),
    ("stop", "mismatch", {"reason": "name_mismatch", "mismatch_field": "number"}, "mismatch_field"),
    ("stop", "executed", {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
    ("stop", "executed", {"expires_at": datetime(2999, 1, 1, tzinfo=UTC)}, "expires_at"),
    ("freeze", "executed", {"expires_at": datetime(2999, 1, 1, tzinfo=UTC)}, "expires_at"),
    ("stop", "executed", {"waiting_rank": 1}, "waiting_rank"),
    ("freeze", "executed", {"waiting_rank": 0, "effective_from": None, "executed_minor": None}, "waiting_rank"),
    ("freeze", "executed", {"waiting_rank": 1, "effective_from": None, "executed_minor": None}, "prior_freezes"),
    ("freeze", "executed", {"waiting_rank": 1, "prior_freezes": (prior(),), "executed_minor": None}, "effective_from"),
    ("freeze", "executed", {"prior_freezes": (prior(body=" "),)}, "prior_freezes"),
    ("query_transactions", "executed", {"prior_freezes": (prior(),)}, "prior_freezes"),
    ("stop", "executed", {"results": (SubResult("6222", 1),)}, "results"),
    ("stop", "executed", {"results": (SubResult("", 500_000),)}, "results"),
    ("stop", "executed", {"next_hops": (NextHopInput(number=""),)}, "next_hops"),
    ("stop_release", "executed", {"executed_minor": 5}, "executed_minor"),
    ("query_transactions", "executed", {"statement": None}, "statement"),
    ("query_transactions", "refused", {"statement": csv_file()}, "statement"),
    ("query_holder", "executed", {"holder": None}, "holder"),
    ("query_transactions", "executed", {"holder": HolderInput(name="张三")}, "holder"),
    ("suspend_number", "executed", {"executed_minor": 5}, "executed_minor"),
    ("stop", "executed", {"remarks": "密码是123456"}, "remarks"),
    ("stop", "refused", {"reason": "other", "reason_text": "password: hunter22"}, "reason_text"),
]  # fmt: skip


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in BAD}))
def test_a_bad_combination_names_its_field(world: World, kind: str) -> None:
    order = follow(world, held(world), kind) if kind == "stop_release" else bank_order(world, kind)
    by = world.risk_telecom if kind == "suspend_number" else world.risk_a
    for _, outcome, wrong, field in (bad for bad in BAD if bad[0] == kind):
        with nothing_answered(), pytest.raises(Invalid) as refused:
            answer(order, by, outcome, **wrong)
        assert field in refused.value.fields, (outcome, wrong, refused.value.fields)
        assert all(str(text).strip() for text in refused.value.fields[field])


def test_a_next_hop_must_be_complete(world: World) -> None:
    order = bank_order(world)
    for wrong, words in (
        ({"number": ""}, "account number is missing"),
        ({"number": "12"}, "4 to 34"),
        ({"institution_text": ""}, "institution is missing"),
        ({"amount_minor": None}, "amount is missing"),
        ({"amount_minor": 0}, "more than zero"),
        ({"at": None}, "time is missing"),
        ({"at": datetime(2999, 1, 1, tzinfo=UTC)}, "future"),
    ):
        with nothing_answered(), pytest.raises(Invalid) as refused:
            answer(order, world.risk_a, next_hops=(hop(), hop(**wrong)))
        assert list(refused.value.fields) == ["next_hops"]
        text = str(refused.value.fields["next_hops"][0])
        assert words in text
        assert "2" in text


def test_what_is_odd_is_told_and_allowed(world: World) -> None:
    order = bank_order(world)
    odd = say(order, balance_minor=100_000, next_hops=(hop(name=""),))
    assert list(answer_warnings(order, odd)) == ["executed_minor", "next_hops"]
    with db.unit_of_work(world.risk_a):
        order_answer(by=world.risk_a, order_id=order.id, answer=odd, source="logged_in")
    order.refresh_from_db()
    assert order.status == "answered"


def test_checking_writes_nothing(world: World) -> None:
    order = bank_order(world)
    with nothing_answered():
        assert answer_check(order, say(order)) == {}


def test_a_file_that_is_no_statement_is_refused(world: World) -> None:
    order = bank_order(world, "query_transactions")
    with nothing_answered(), pytest.raises(Invalid) as refused:
        answer(order, world.risk_a, statement=pdf_file("statement.csv"))
    assert list(refused.value.fields) == ["statement"]


# -- queries ---------------------------------------------------------------------------------------


def test_transactions_come_with_their_file(world: World) -> None:
    order = bank_order(world, "query_transactions")
    saved = answer(order, world.risk_a)
    assert saved.statement_id is not None
    paper = Attachment.objects.get(pk=saved.statement_id)
    assert (paper.case_id, paper.purpose, paper.uploaded_by) == (order.case_id, "statement", world.risk_a)
    assert not Hold.objects.exists()
    assert counters(order) == (0, 0, 0)


def test_a_part_of_the_transactions(world: World) -> None:
    saved = answer(bank_order(world, "query_transactions"), world.risk_a, "partial")
    assert (saved.outcome, saved.reason_code) == ("partial", "other")


def test_the_holder_record_is_kept_and_the_account_learns_from_it(world: World) -> None:
    order = bank_order(world, "query_holder")
    record = HolderInput(
        name="张三丰", id_kind="identity card", id_number="11010519491231002X", phone="13900139000", address="武当山",
        opened_on=datetime(2020, 5, 1, tzinfo=UTC).date(), opening_branch="West Branch",
    )  # fmt: skip
    saved = answer(order, world.risk_a, holder=record)
    kept = Answer.objects.get(pk=saved.pk).holder_record
    assert (kept.name.open(), kept.id_number.open(), kept.phone.open(), kept.address.open()) == (
        "张三丰", "11010519491231002X", "13900139000", "武当山",
    )  # fmt: skip
    assert (kept.opening_branch, str(kept.opened_on)) == ("West Branch", "2020-05-01")
    order.account.refresh_from_db()
    assert order.account.holder_name is not None
    assert order.account.holder_id_number is not None
    assert (order.account.holder_name.open(), order.account.holder_id_number.open()) == ("张三丰", "11010519491231002X")
    assert AccountName.objects.filter(account=order.account, source="answer").count() == 1


def test_a_file_stands_for_the_holder_record(world: World) -> None:
    saved = answer(bank_order(world, "query_holder"), world.risk_a, holder=None, statement=csv_file())
    assert saved.statement_id is not None


# -- next hops, prior freezes ----------------------------------------------------------------------


def test_next_hops_become_proposed_accounts_one_level_down(world: World) -> None:
    order = bank_order(world)
    number = "6217000000000000017"
    at = db.app_now() - timedelta(minutes=3)
    answer(order, world.risk_a, next_hops=(hop(number=f"{number[:4]} {number[4:]}", institution=world.bank_b, at=at),))
    found = involved(order, number)
    assert (found.state, found.level, found.role) == ("proposed", 2, "involved")
    assert (found.account.institution_id, found.account.holder_name.open()) == (world.bank_b.id, "李四")
    way = Transfer.objects.get(source="next_hop")
    assert (way.from_account_id, way.to_account_id, way.amount_minor, way.at) == (
        order.account_id, found.account_id, 120_000, at,
    )  # fmt: skip
    kept = NextHop.objects.get()
    assert (kept.account_id, kept.number.open()) == (found.account_id, number)


def test_a_hop_whose_bank_is_unknown_keeps_its_text(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a, next_hops=(hop(institution_text="某某银行"),))
    kept = NextHop.objects.get()
    assert kept.institution_text == "某某银行"
    assert involved(order, kept.number.open()).account.institution_id is None


def test_a_hop_below_a_second_level_account(world: World, act: Act) -> None:
    case = new_case(world.analyst_a, filed=True)
    target = involve(world.analyst_a, case, world.bank_a, level=4)
    order = arrived(issue(world, target, "freeze"))
    answer(order, world.risk_a, next_hops=(hop(),))
    assert involved(order, "6217000000000000017").level == 5


def test_a_hop_back_to_the_account_itself_is_no_transfer(world: World) -> None:
    order = bank_order(world)
    own = order.account.number.open()
    answer(order, world.risk_a, next_hops=(hop(number=own, institution=world.bank_a),))
    assert not Transfer.objects.exists()
    assert involved(order, own).level == 1


def test_hops_of_a_refusal_count_as_well(world: World) -> None:
    order = bank_order(world, "stop")
    answer(order, world.risk_a, "refused", reason="bank_failed", next_hops=(hop(),))
    assert involved(order, "6217000000000000017").state == "proposed"


def test_prior_freezes_and_sub_accounts_are_kept(world: World) -> None:
    order = bank_order(world, "freeze")
    lines = (SubResult("6222-1", 300_000), SubResult("6222-2", 200_000))
    saved = answer(order, world.risk_a, prior_freezes=(prior(), prior(rank=2, body="Tax Office")), results=lines)
    assert list(PriorFreeze.objects.order_by("rank").values_list("rank", "body")) == [
        (1, "City Court"),
        (2, "Tax Office"),
    ]
    stored = Answer.objects.get(pk=saved.pk)
    assert stored.sub_results is not None
    assert [line["executed_minor"] for line in stored.sub_results.open()] == [300_000, 200_000]


# -- states and persons ----------------------------------------------------------------------------


def test_a_second_answer_is_too_late(world: World) -> None:
    order = bank_order(world)
    answer(order, world.risk_a)
    with nothing_answered(), pytest.raises(WrongState):
        answer(order, world.risk_supervisor_a, "refused")


def test_a_stale_page_sends_nothing(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_supervisor_a):
        order_acknowledge(by=world.risk_supervisor_a, order_id=order.id)
    with nothing_answered(), pytest.raises(Superseded), act(world.risk_a):
        order_answer(
            by=world.risk_a, order_id=order.id, answer=say(order), source="logged_in", expected_version=order.version
        )


def test_a_cancelled_order_takes_no_refusal(world: World, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    with nothing_answered(), pytest.raises(WrongState):
        answer(order, world.risk_a, "refused")


def test_an_execution_that_crossed_into_a_closed_case_has_no_place(world: World, act: Act) -> None:
    from cases.services.steps import case_step

    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    with act(world.approver_a) as work:
        case_step(by=world.approver_a, case_id=order.case_id, verb="solve", on=work.now.date(), document_number="S-1")
    with act(world.analyst_a) as work:
        case_step(by=world.analyst_a, case_id=order.case_id, verb="close", on=work.now.date())
    with nothing_answered(), pytest.raises(Conflict) as refused:
        answer(order, world.risk_a)
    assert refused.value.code == "case_closed"


@pytest.mark.parametrize("error", [NotFound, Forbidden])
def test_others_may_not(world: World, error: type[Exception]) -> None:
    strangers = ["risk_b", "risk_supervisor_b", "machine_b", "risk_branch", "risk_payment", "risk_telecom", "analyst_b"]
    strangers += ["overseer", "auditor", "admin"]
    police = ["analyst_a", "approver_a", "bureau_approver", "centre_supervisor"]
    order = bank_order(world)
    for name in strangers if error is NotFound else police:
        with nothing_answered(), pytest.raises(error):
            answer(order, getattr(world, name))
    order.refresh_from_db()
    assert order.status == "issued"
