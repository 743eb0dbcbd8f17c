"""Watches: asked for with a length, answered, then credits as they come; ended by an order of their own; denied to others."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Answer, Involvement, Order, Transfer
from accounts.selectors.watches import watches_by_account, watches_running
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.availability import orders_make_available
from accounts.services.orders.draft import orders_draft
from accounts.services.watches import Credit, watch_report
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from antifraud.outbox.models import OutboxMessage
from banks.models import User
from banks.selectors.institutions import system_user
from tests.accounts import factories

MONTH = timedelta(days=30)


def accepted_case(world: Any) -> Any:
    return factories.new_case(world.analyst_a, filed=True)


def asked(world: Any, row: Involvement, kind: str = "watch", **changes: Any) -> Order:
    if kind == "watch":
        changes.setdefault("asked_expires_at", timezone.now() + MONTH)
    return factories.issue(world, row, kind, **changes)


def answer(order: Order, by: User, outcome: str = "executed") -> Order:
    with db.unit_of_work(system_user()) as work:
        orders_make_available([order.id], by=system_user(), at=work.now)
    with db.unit_of_work(by) as work:
        said = AnswerInput(outcome=outcome, handled_by="Wang", effective_from=work.now)
        order_answer(by=by, order_id=order.id, answer=said, source=Answer.Source.LOGGED_IN)
    return Order.objects.select_related("case").get(pk=order.pk)


@pytest.fixture
def watched(world: Any) -> Order:
    """An account of bank A that is watched for a month."""
    row = factories.involve(world.analyst_a, accepted_case(world), world.bank_a, level=2)
    return answer(asked(world, row), world.risk_a)


def report(by: Any, order: Order, *credits_: Credit) -> list[Transfer]:
    with db.unit_of_work(by):
        return [made for made in watch_report(by=by, order_id=order.id, told=credits_) if made is not None]


def credit(minutes: int = 1, **more: Any) -> Credit:
    return Credit(timezone.now() - timedelta(minutes=minutes), 900_00, **more)


def test_an_executed_watch_runs_until_its_end(world: Any, watched: Order, move_clock: Any) -> None:
    assert watched.outcome == "executed"
    assert watches_by_account(watched.case_id) == {watched.account_id: watched}
    assert not watched.holds.exists(), "a watch holds nothing"
    move_clock(MONTH + timedelta(minutes=1))
    assert not watches_running(Order.objects.all()).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"asked_expires_at": None}, "asked_expires_at"), ({"days": 101}, "asked_expires_at"), ({"mode": "full"}, "mode")],
)
def test_terms_that_a_watch_cannot_have(world: Any, changes: dict[str, Any], field: str) -> None:
    row = factories.involve(world.analyst_a, accepted_case(world), world.bank_a)
    end = timezone.now() + timedelta(days=changes.pop("days", 30))
    wanted = factories.terms(world.second_a, "watch", **({"asked_expires_at": end} | changes))
    problems = factories.draft_problems(world.analyst_a, row.case, "watch", [factories.line(row, "watch")], wanted)
    assert problems == [field]


def test_a_reported_case_carries_no_watch(world: Any) -> None:
    row = factories.involve(world.analyst_a, factories.new_case(world.analyst_a), world.bank_a)
    wanted = factories.terms(world.second_a, "watch", asked_expires_at=timezone.now() + MONTH)
    lines = [factories.line(row, "watch")]
    assert factories.draft_problems(world.analyst_a, row.case, "watch", lines, wanted) == ["case"]


def test_nobody_watches_twice(world: Any, watched: Order) -> None:
    row = Involvement.objects.select_related("case").get(case=watched.case_id, account=watched.account_id)
    wanted = factories.terms(world.second_a, "watch", asked_expires_at=timezone.now() + MONTH)
    problems = factories.draft_problems(world.analyst_a, row.case, "watch", [factories.line(row, "watch")], wanted)
    assert problems == ["lines.0.involvement"]


def test_a_watch_is_ended_by_an_order_that_refers_to_it(world: Any, watched: Order) -> None:
    row = Involvement.objects.select_related("case").get(case=watched.case_id, account=watched.account_id)
    other = factories.involve(world.analyst_a, row.case, world.bank_a)
    terms = factories.terms(world.second_a, "watch_end")
    lines = [factories.line(other, "watch_end")]
    assert factories.draft_problems(world.analyst_a, row.case, "watch_end", lines, terms) == ["lines.0.involvement"]
    end = asked(world, row, "watch_end")
    assert end.original_id == watched.id
    assert watches_by_account(watched.case_id)
    answer(end, world.risk_a)
    assert watches_by_account(watched.case_id) == {}
    with pytest.raises(WrongState):
        report(world.risk_a, watched, credit())


def test_a_refused_watch_takes_no_credits(world: Any) -> None:
    row = factories.involve(world.analyst_a, accepted_case(world), world.bank_a)
    order = asked(world, row)
    with factories.nothing_happens(), pytest.raises(WrongState):
        report(world.risk_a, order, credit())


def test_a_credit_becomes_a_transfer_that_goes_to_the_ledger(world: Any, watched: Order) -> None:
    payer = factories.card("621700")
    (made,) = report(world.risk_a, watched, credit(number=payer, name="赵六", institution=world.bank_b, reference="R1"))
    assert (made.amount_minor, made.to_account_id, made.source) == (900_00, watched.account_id, "watch")
    assert made.from_account.number.open() == payer
    part = Involvement.objects.get(case=watched.case_id, account=made.from_account)
    assert (part.state, part.role) == ("proposed", "involved")
    topics = set(OutboxMessage.objects.filter(subject_id__in=[made.id, watched.id]).values_list("topic", flat=True))
    assert {"transfer.recorded", "watch.credited"} <= topics
    assert AuditEntry.objects.filter(verb="watch.report", object_id=watched.id).count() == 1


def test_told_again_a_credit_changes_nothing(world: Any, watched: Order) -> None:
    same = credit(reference="R1")
    assert len(report(world.risk_a, watched, same)) == 1
    before = factories.facts() | {"AuditEntry": 0}
    assert report(world.risk_a, watched, same) == []
    assert factories.facts() | {"AuditEntry": 0} == before


def test_equal_credits_of_two_payers_are_two(world: Any, watched: Order) -> None:
    one, other = factories.card("621700"), factories.card("621700")
    at = timezone.now() - timedelta(minutes=1)
    assert len(report(world.risk_a, watched, Credit(at, 499_900, number=one))) == 1
    assert len(report(world.risk_a, watched, Credit(at, 499_900, number=other))) == 1
    assert len(report(world.risk_a, watched, Credit(at, 499_900))) == 1, "nobody knows that it is one of the two"
    again = [
        Credit(at, 499_900, number=other, institution=world.bank_b),
        Credit(at, 499_900),
        Credit(at, 499_900, number=one),
    ]
    assert report(world.risk_a, watched, *again) == [], "told before, with a bank that was not known then"
    assert Transfer.objects.filter(case=watched.case_id, source="watch").count() == 3


def test_a_second_real_credit_says_so_or_has_a_reference_of_its_own(world: Any, watched: Order) -> None:
    at = timezone.now() - timedelta(minutes=1)
    assert len(report(world.risk_a, watched, Credit(at, 100), Credit(at, 100))) == 1
    assert len(report(world.risk_a, watched, Credit(at, 100, is_another=True))) == 1
    assert len(report(world.risk_a, watched, Credit(at, 100, reference="S1"), Credit(at, 100, reference="S2"))) == 2
    assert report(world.risk_a, watched, Credit(at, 100, reference="S2")) == []


def test_the_page_asks_whether_the_same_credit_came_once_more(world: Any, watched: Order, log_in: Any) -> None:
    client = log_in(world.risk_a)
    at = timezone.localtime(timezone.now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    data = {"at": at, "amount": "4,999.00", "number": "", "institution": "", "name": "", "reference": ""}
    page = f"/queue/{watched.id}/credits/"
    assert "is_another" not in client.get(page).content.decode()
    assert client.post(page, data).status_code == 303
    asked_back = client.post(page, data)
    assert asked_back.status_code == 422
    assert 'name="is_another"' in asked_back.content.decode()
    assert Transfer.objects.filter(source="watch").count() == 1
    assert client.post(page, data | {"is_another": "on"}).status_code == 303
    assert Transfer.objects.filter(source="watch").count() == 2


@pytest.mark.parametrize("role", [Involvement.Role.INVOLVED, Involvement.Role.VICTIM])
def test_a_payer_told_without_its_bank_is_the_account_of_the_case(world: Any, watched: Order, role: str) -> None:
    case = watched.case
    mine = factories.involve(world.analyst_a, case, world.bank_b, level=0 if role == Involvement.Role.VICTIM else 1)
    before = Involvement.objects.filter(case=case).count()
    (made,) = report(world.risk_a, watched, credit(number=mine.account.number.open()))
    assert made.from_account_id == mine.account_id
    assert Involvement.objects.filter(case=case).count() == before
    mine.refresh_from_db()
    assert (mine.role, mine.state) == (role, "confirmed")


def test_of_two_accounts_of_one_number_no_payer_is_chosen(world: Any, watched: Order) -> None:
    first = factories.involve(world.analyst_a, watched.case, world.bank_a)
    number = first.account.number.open()
    factories.involve(world.analyst_a, watched.case, world.bank_b, number=number)
    (made,) = report(world.risk_a, watched, credit(number=number))
    assert made.from_account.institution is None


def test_neither_the_watched_account_nor_old_times_are_a_credit(world: Any, watched: Order) -> None:
    own = watched.account.number.open()
    for wrong, field in (
        (credit(number=own), "number"),
        (credit(number=own, institution=world.bank_a), "number"),
        (Credit(watched.created_at - timedelta(days=1, minutes=1), 100), "at"),
    ):
        with factories.nothing_happens(), pytest.raises(Invalid) as problem:
            report(world.risk_a, watched, wrong)
        assert list(problem.value.fields) == [field]
    assert len(report(world.risk_a, watched, Credit(watched.created_at - timedelta(hours=23), 100))) == 1


@pytest.mark.parametrize(("name", "error"), [
    ("risk_b", NotFound), ("analyst_b", NotFound), ("analyst_a", Forbidden), ("admin", NotFound),
])  # fmt: skip
def test_only_the_bank_that_watches_tells(world: Any, watched: Order, name: str, error: type[Exception]) -> None:
    with factories.nothing_happens(), pytest.raises(error):
        report(getattr(world, name), watched, credit())


def test_a_credit_of_tomorrow_is_refused(world: Any, watched: Order) -> None:
    with factories.nothing_happens(), pytest.raises(Invalid):
        report(world.risk_a, watched, credit(minutes=-60))


def test_the_bank_tells_on_its_page_and_by_its_system(world: Any, watched: Order, log_in: Any) -> None:
    client = log_in(world.risk_a)
    assert f"/queue/{watched.id}/credits/" in client.get(f"/queue/{watched.id}/").content.decode()
    at = timezone.localtime(timezone.now() - timedelta(minutes=5))
    data = {
        "at": at.strftime("%Y-%m-%dT%H:%M"),
        "amount": "1,200.50",
        "number": "",
        "institution": "",
        "name": "",
        "reference": "",
    }
    answer = client.post(f"/queue/{watched.id}/credits/", data)
    assert answer.status_code == 303, answer.content
    assert Transfer.objects.get(source="watch").amount_minor == 1_200_50
    assert "1,200.50" in client.get(f"/queue/{watched.id}/credits/").content.decode()
    assert client.post(f"/queue/{watched.id}/credits/", data | {"amount": "x"}).status_code == 422
    body = {"credits": [{"at": at.isoformat(), "amount_minor": 5, "reference": "API"}]}
    headers = {"HTTP_IDEMPOTENCY_KEY": "watch-credit-0001"}
    told = client.post(
        f"/api/v1/orders/{watched.id}/credits/", json.dumps(body), content_type="application/json", **headers
    )
    assert (told.status_code, told.json()) == (200, {"told": 1, "new": 1, "known": []})
    headers = {"HTTP_IDEMPOTENCY_KEY": "watch-credit-0002"}
    told = client.post(
        f"/api/v1/orders/{watched.id}/credits/", json.dumps(body), content_type="application/json", **headers
    )
    assert told.json() == {"told": 1, "new": 0, "known": [0]}
    assert log_in(world.risk_b).get(f"/queue/{watched.id}/credits/").status_code == 404


def test_the_page_of_orders_offers_one_two_or_three_months(world: Any, log_in: Any) -> None:
    case = accepted_case(world)
    row = factories.involve(world.analyst_a, case, world.bank_a)
    client = log_in(world.analyst_a)
    body = client.get(f"/cases/{case.id}/orders/new/?kind=watch").content.decode()
    assert "2 months" in body
    data = {
        "kind": "watch", "verb": "save", "pick": [str(row.id)], "legal_basis": factories.FRAUD_20, "urgency": "01",
        "second_officer": str(world.second_a.id), "asked_expires_at": "2", "reason": "",
    }  # fmt: skip
    answer = client.post(f"/cases/{case.id}/orders/new/", data)
    assert answer.status_code == 303, answer.content.decode()[:3000]
    order = Order.objects.get(case=case)
    assert timedelta(days=58) < order.asked_expires_at - timezone.now() < timedelta(days=63)
    wanted = factories.terms(world.second_a, "watch", asked_expires_at=timezone.now() + MONTH)
    with pytest.raises(Conflict), db.unit_of_work(world.analyst_a):
        orders_draft(by=world.analyst_a, case=case, kind="watch", lines=[factories.line(row, "watch")], terms=wanted)
