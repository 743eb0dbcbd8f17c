"""The case's loss and its victims': where the returns say more than the report, the case's pages say so and offer to correct it."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.services.refunds.draft import refund_renew, refund_withdraw
from antifraud import db
from cases.models import Case
from cases.services.cases import case_claimed, case_update
from tests.accounts.flow import refunding as make
from tests.accounts.test_order_race import at_once
from tests.databases import entered


def claimed(case: Case) -> int | None:
    return Case.objects.get(pk=case.pk).claimed_minor


def test_the_newest_line_of_each_victim_counts_once(world: Any) -> None:
    refund = make.shared(world, 400_000, 800_000)
    first, _second = make.victims(refund.case)
    assert claimed(refund.case) == 1_200_000
    with db.unit_of_work(world.analyst_a):
        refund_renew(
            by=world.analyst_a, refund_id=refund.id, data=make.data(make.claim(first, 500_000)), cause="changed",
            reason="one of them is left out",
        )  # fmt: skip
    assert claimed(refund.case) == 1_300_000
    with db.unit_of_work(world.analyst_a):
        refund_withdraw(by=world.analyst_a, refund_id=refund.id, reason="computed by mistake")
    assert claimed(refund.case) is None


def test_the_pages_say_it_and_offer_to_correct_the_loss(world: Any, client: Any) -> None:
    hold = make.frozen(world)
    Case.objects.filter(pk=hold.case_id).update(loss_minor=300_000)
    make.draft(world, hold, 300_000)
    client.force_login(world.analyst_a)
    for tab in ("", "accounts/", "refunds/"):
        assert "by the returns:" not in client.get(f"/cases/{hold.case_id}/{tab}").content.decode()
    Case.objects.filter(pk=hold.case_id).update(loss_minor=299_999)
    for tab in ("", "accounts/", "refunds/"):
        page = client.get(f"/cases/{hold.case_id}/{tab}").content.decode()
        assert "by the returns:" in page
        assert f"/cases/{hold.case_id}/edit/?loss=300000" in page
    form = client.get(f"/cases/{hold.case_id}/edit/?loss=300000").content.decode()
    assert 'value="3000.00"' in form
    assert Case.objects.get(pk=hold.case_id).loss_minor == 299_999
    assert client.get(f"/cases/{hold.case_id}/edit/?loss=-1x").status_code == 200


def test_who_may_not_correct_the_report_is_not_offered_it(world: Any, client: Any) -> None:
    hold = make.frozen(world)
    make.draft(world, hold, 300_000)
    Case.objects.filter(pk=hold.case_id).update(loss_minor=1)
    client.force_login(world.approver_a)
    page = client.get(f"/cases/{hold.case_id}/refunds/").content.decode()
    assert "by the returns:" in page
    assert f"/cases/{hold.case_id}/edit/" not in page


def test_adding_a_victim_asks_for_the_loss(world: Any, client: Any) -> None:
    case = make.frozen(world).case
    client.force_login(world.analyst_a)
    answer = client.post(f"/cases/{case.pk}/victims/new/", {"victim_name": "赵新"}, follow=True)
    assert "loss includes what this victim lost" in answer.content.decode()


def test_a_sum_in_the_former_currency_is_not_kept(world: Any) -> None:
    case = make.draft(world, make.frozen(world), 300_000).case
    Case.objects.filter(pk=case.pk).update(open_holds=0)
    for currency, kept in (("CNY", 300_000), ("USD", None)):
        case.refresh_from_db()
        with db.unit_of_work(world.analyst_a):
            case_update(
                by=world.analyst_a, case_id=case.pk, expected_version=case.version, changes={"currency": currency}
            )
        assert claimed(case) == kept, currency


@pytest.mark.django_db(transaction=True)
def test_two_returns_given_up_at_once(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*given: Any, **more: Any) -> None:
        time.sleep(1)
        case_claimed(*given, **more)

    hold = make.frozen(world)
    other = make.frozen(world, case=hold.case)
    one, two = make.draft(world, hold, 300_000), make.draft(world, other, 300_000, 100_000)
    assert claimed(hold.case) == 400_000
    monkeypatch.setattr("accounts.services.refunds.losses.case_claimed", late)
    officer, colleague, reason = world.analyst_a, world.second_a, "computed by mistake"
    outcomes = at_once(
        (officer, lambda: refund_withdraw(by=officer, refund_id=one.id, reason=reason)),
        (colleague, lambda: refund_withdraw(by=colleague, refund_id=two.id, reason=reason)),
    )
    assert outcomes == ["done", "done"]
    assert claimed(hold.case) is None


@pytest.mark.django_db(transaction=True)
def test_the_upgrade_sums_up_what_there_is(world: Any) -> None:
    refund = make.shared(world, 400_000, 800_000)
    with entered(os.environ["ANTIFRAUD_TEST_DATABASE"], owner=True), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET claimed_minor = NULL")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        MigrationExecutor(connection).migrate([("accounts", "0020_trace_checks")])
        MigrationExecutor(connection).migrate([("accounts", "0021_claimed_losses")])
        assert claimed(refund.case) == 1_200_000
        transaction.set_rollback(True)
