"""A credit told on a watch that the case has already is that payment, not another one; a second equal payment is a second one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import InvolvedAccount, LedgerEntry, Order, TraceRun, Transfer, WatchCredit
from accounts.selectors.watches import watch_credits
from accounts.services.frontier import Pick, frontier_draft
from accounts.services.ledger.told import ledger_transfers_add
from accounts.services.traces import trace_run
from accounts.services.watches import Credit, watch_report
from antifraud import db
from antifraud.outbox.models import OutboxMessage
from tests.accounts import factories
from tests.accounts.flow.statement_files import A, B, Line, account_of, imported
from tests.accounts.flow.test_watch import MONTH, answer, report

pytestmark = pytest.mark.django_db
AMOUNT = 6_000_00


def at_of(minutes: int) -> datetime:
    return (timezone.now() - timedelta(minutes=minutes)).replace(microsecond=0)


@pytest.fixture
def watched(world: Any) -> Order:
    """The mule's statement has the victim's payment; from the frontier of its trace the account is watched."""
    case = factories.new_case(world.analyst_a, filed=True)
    factories.involve(world.analyst_a, case, world.bank_b, number=A, level=0)
    factories.involve(world.analyst_a, case, world.bank_a, number=B)
    imported(world.analyst_a, case, [Line(B, "in", AMOUNT, 0, A, serial="B1")], start=at_of(60))
    entry = LedgerEntry.objects.get(case=case)
    with db.unit_of_work(world.analyst_a):
        seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": AMOUNT}]
        run = trace_run(by=world.analyst_a, case_id=case.pk, seeds=seeds, params={})
    terms = factories.terms(world.second_a, "watch", asked_expires_at=timezone.now() + MONTH)
    with db.unit_of_work(world.analyst_a):
        pick = Pick(account_of(case, B).node)
        (order,) = frontier_draft(by=world.analyst_a, run_id=run.pk, nodes=[pick], kind="watch", terms=terms)
    order = factories.approve(factories.submit(order), world.approver_a)
    return answer(order, world.risk_a)


def told(order: Order, world: Any, *credits_: Credit) -> list[Transfer]:
    """As the worker does: what is told comes into the ledger."""
    made = report(world.risk_a, order, *credits_)
    with db.unit_of_work(world.analyst_a):
        ledger_transfers_add(order.case_id, Transfer.objects.filter(case=order.case_id, at__isnull=False))
    return made


def sums(order: Order) -> list[int]:
    return sorted(LedgerEntry.objects.filter(case=order.case_id).values_list("amount_minor", flat=True))


def paid_at(order: Order) -> datetime:
    return LedgerEntry.objects.filter(case=order.case_id).earliest("in_at").in_at


def test_the_credit_that_the_watch_was_drafted_for_comes_once(world: Any, watched: Order) -> None:
    (known,) = Transfer.objects.filter(case=watched.case_id)
    assert known.source == "trace"
    credit = Credit(paid_at(watched), AMOUNT, number=A, institution=world.bank_b, reference="REF1")
    assert told(watched, world, credit) == [known], "the bank is not told that the case had it"
    assert sums(watched) == [AMOUNT]
    assert not OutboxMessage.objects.filter(topic="watch.credited").exists(), "nothing new to tell the officers"
    assert report(world.risk_a, watched, credit) == [], "told again"
    shown: list[Any] = list(watch_credits(user=world.risk_a, order=watched))
    assert [(each.told_reference, each.credited_at) for each in shown] == [("REF1", credit.at)]


@pytest.mark.parametrize("seconds", [0, 300])
def test_a_second_equal_payment_is_a_second_one(world: Any, watched: Order, seconds: int) -> None:
    at = paid_at(watched)
    first = Credit(at, AMOUNT, number=A, reference="REF1")
    other = Credit(at + timedelta(seconds=seconds), AMOUNT, number=A, reference="REF2")
    told(watched, world, other, first)
    assert sums(watched) == [AMOUNT, AMOUNT]
    met = WatchCredit.objects.get(order=watched)
    assert met.reference == ("REF1" if seconds else met.reference), "the nearest in time is the known one"
    assert report(world.risk_a, watched, first, other) == []


@pytest.mark.parametrize(
    "changes", [{"amount_minor": AMOUNT + 1}, {"number": "6222020000000000009"}, {"at": None}, {"currency": "USD"}]
)
def test_what_differs_is_new(world: Any, watched: Order, changes: dict[str, Any]) -> None:
    said: dict[str, Any] = {"at": paid_at(watched), "amount_minor": AMOUNT, "number": A} | changes
    said["at"] = said["at"] or paid_at(watched) + timedelta(minutes=11)
    told(watched, world, Credit(**said))
    assert len(sums(watched)) == 2
    assert not WatchCredit.objects.exists()


def test_on_the_page_a_known_credit_is_told_like_any_other(world: Any, watched: Order, log_in: Any) -> None:
    client, page = log_in(world.risk_a), f"/queue/{watched.id}/credits/"
    at = paid_at(watched).astimezone(ZoneInfo(world.risk_a.zone_name)).strftime("%Y-%m-%dT%H:%M:%S")
    data = {"at": at, "amount": "6,000.00", "number": "", "institution": "", "name": "", "reference": ""}
    assert client.post(page, data).status_code == 303
    assert sums(watched) == [AMOUNT]
    assert client.post(page, data).status_code == 422, "told before: whether it came once more"
    assert client.post(page, data | {"is_another": "on"}).status_code == 303
    assert Transfer.objects.filter(case=watched.case_id, source="watch").count() == 1


def test_a_statement_that_comes_later_meets_the_credit(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    factories.involve(world.analyst_a, case, world.bank_b, number=A, level=0)
    row = factories.involve(world.analyst_a, case, world.bank_a, number=B)
    terms = {"asked_expires_at": timezone.now() + MONTH}
    order = answer(factories.issue(world, row, "watch", **terms), world.risk_a)
    at = at_of(60)
    told(order, world, Credit(at, AMOUNT, number=A, reference="R1"), Credit(at, AMOUNT, number=A, reference="R2"))
    assert sums(order) == [AMOUNT, AMOUNT]
    imported(world.analyst_a, case, [Line(B, "in", AMOUNT, 0, A, serial="B1")], start=at)
    assert sums(order) == [AMOUNT, AMOUNT]
    assert LedgerEntry.objects.filter(case=case, in_line__isnull=False, transfer__source="watch").count() == 1
    assert not TraceRun.objects.filter(case=case).exists()
    with db.unit_of_work(world.risk_a):
        again = watch_report(by=world.risk_a, order_id=order.pk, told=[Credit(at, AMOUNT, number=A, reference="R1")])
    assert again == [None]


def test_what_a_victim_filed_is_the_credit_that_the_bank_tells(world: Any) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    payer = factories.involve(world.analyst_a, case, world.bank_b, number=A, level=0).account
    row = factories.involve(world.analyst_a, case, world.bank_a, number=B)
    filed = factories.pay(world.analyst_a, case, row.account, amount=AMOUNT, payer=payer, ago=40)
    order = answer(factories.issue(world, row, "watch", asked_expires_at=timezone.now() + MONTH), world.risk_a)
    assert filed.at is not None
    credit = Credit(filed.at + timedelta(minutes=3), AMOUNT, number=A)
    assert told(order, world, credit) == [filed]
    assert sums(order) == [AMOUNT]


def test_two_payers_in_one_second_are_two_credits(world: Any) -> None:
    """The known payment was filed without its payer: it tells nothing of whom the bank named."""
    case = factories.new_case(world.analyst_a, filed=True)
    row = factories.involve(world.analyst_a, case, world.bank_a, number=B)
    filed = factories.pay(world.analyst_a, case, row.account, amount=AMOUNT, ago=40)
    order = answer(factories.issue(world, row, "watch", asked_expires_at=timezone.now() + MONTH), world.risk_a)
    assert filed.at is not None
    first, other = (Credit(filed.at, AMOUNT, number=number) for number in (A, "6222020000000000009"))
    assert told(order, world, first) == [filed]
    (made,) = told(order, world, other)
    assert made != filed
    assert sums(order) == [AMOUNT, AMOUNT]
    nobody = Credit(filed.at, AMOUNT)
    assert report(world.risk_a, order, first, other) == [], "each was told before"
    assert len(report(world.risk_a, order, nobody)) == 1, "who named nobody then has told of no payer"


@pytest.mark.parametrize(("seconds", "count"), [(0, 1), (1, 1), (2, 2), (300, 2)])
def test_of_the_accounts_own_row_without_a_payer_the_second_agrees(world: Any, seconds: int, count: int) -> None:
    case = factories.new_case(world.analyst_a, filed=True)
    row = factories.involve(world.analyst_a, case, world.bank_a, number=B)
    factories.involve(world.analyst_a, case, world.bank_b, number=A, level=0)
    at = at_of(60)
    told_of = factories.pay(world.analyst_a, case, row.account, amount=AMOUNT)
    Transfer.objects.filter(pk=told_of.pk).update(at=at)
    imported(world.analyst_a, case, [Line(B, "in", AMOUNT, 0, "", serial="B1")], start=at)
    with db.unit_of_work(world.analyst_a):
        ledger_transfers_add(case.pk, Transfer.objects.filter(case=case))
    entry = LedgerEntry.objects.get(case=case)
    assert (entry.in_line_id is not None, entry.transfer_id) == (True, told_of.pk)
    order = answer(factories.issue(world, row, "watch", asked_expires_at=timezone.now() + MONTH), world.risk_a)
    told(order, world, Credit(at + timedelta(seconds=seconds), AMOUNT, number=A))
    assert Transfer.objects.filter(case=case).count() == count


@pytest.mark.django_db(transaction=True)
def test_two_orders_that_tell_at_once_meet_the_payment_once(world: Any) -> None:
    """Two watched accounts turned out to be one; what one order told while the other read is seen."""
    case = factories.new_case(world.analyst_a, filed=True)
    payer = factories.involve(world.analyst_a, case, world.bank_b, number=A, level=0).account
    row = factories.involve(world.analyst_a, case, world.bank_a, number=B)
    filed = factories.pay(world.analyst_a, case, row.account, amount=AMOUNT, payer=payer, ago=40)
    assert filed.at is not None
    second = factories.involve(world.analyst_a, case, world.bank_a, number="6222020000000000009")
    first, other = (
        answer(factories.issue(world, each, "watch", asked_expires_at=timezone.now() + MONTH), world.risk_a)
        for each in (row, second)
    )
    InvolvedAccount.objects.filter(pk=second.account_id).update(merged_into=row.account)
    credit = Credit(filed.at, AMOUNT, number=A, reference="R1")
    results: list[Any] = []

    def tell() -> None:
        try:
            results.append(report(world.risk_a, other, credit))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with db.unit_of_work(world.risk_a):
            assert watch_report(by=world.risk_a, order_id=first.pk, told=[credit]) == [filed]
            meanwhile = pool.submit(tell)
            with pytest.raises(TimeoutError):
                meanwhile.result(timeout=1)
        meanwhile.result(timeout=20)
    assert results == [[]]
    assert WatchCredit.objects.filter(transfer=filed).count() == 1
    assert Transfer.objects.filter(case=case).count() == 1
