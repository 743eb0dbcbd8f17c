"""The demo city's followed case alone: two banks' statements, read, taken in and matched, in the time of a few breaths."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from accounts.models import (
    LedgerAccount,
    LedgerChain,
    LedgerMatch,
    Objection,
    Order,
    Refund,
    RefundRound,
    RefundShare,
    StatementFile,
    TraceRun,
    Transfer,
)
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.crypto import data_keys
from antifraud.doors.demo.city import city_build
from antifraud.doors.demo.clock import move_to, moved_clock
from antifraud.doors.demo.load import SEED, today_plan
from antifraud.doors.demo.money import followed
from antifraud.doors.demo.stage import Stage
from antifraud.doors.demo.today import today_case
from tests import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[float]:
    """The processor's seconds that the story took, without building the city."""
    with django_db_blocker.unblock():
        try:
            end = db.app_now()
            with moved_clock():
                move_to(end - timedelta(hours=72))
                city = city_build(SEED, end - timedelta(hours=72))
                stage = Stage(city, SEED, end)
                begun = time.process_time()
                stage.timeline.add(
                    today_case(stage, today_plan(city, end, 60, 70.0, fraud_type="authority", paper=False), followed)
                )
                stage.timeline.run()
            yield time.process_time() - begun
        finally:
            for alias in connections:
                connections[alias].close()
            servers.recreate_database()
            data_keys.forget()


def test_two_statements_are_in_the_ledger_and_agree(played: float) -> None:
    files = StatementFile.objects.filter(status="committed")
    assert files.count() == 2
    (case,) = {file.case_id for file in files}
    assert set(files.values_list("source", "rows_bad")) == {("answer", 0)}
    assert list(LedgerMatch.objects.filter(case=case, rule="parties").values_list("seconds_apart", flat=True)) == [2]
    assert LedgerMatch.objects.filter(case=case, rule="told").exists()
    assert LedgerAccount.objects.filter(case=case, kind="cash").count() == 1
    assert not [chain for chain in LedgerChain.objects.filter(case=case) if chain.breaks]
    assert set(Order.objects.filter(case=case).values_list("kind", flat=True)) == {
        "query_transactions",
        "watch",
        "watch_end",
        "freeze",
    }


def _lost(share: RefundShare) -> int:
    """All that the account paid to which the share goes: each victim pays from one."""
    (payer,) = {
        payment.from_account
        for payment in Transfer.objects.filter(case=share.case).select_related("from_account")
        if payment.from_account and payment.from_account.number.open() == share.payee_account.open()
    }
    return sum(payer.transfers_out.values_list("amount_minor", flat=True))


def test_what_is_held_is_on_its_way_back(played: float) -> None:
    """In public notice with an objection, paid with its proof, waiting for the bank, waiting for approval."""
    refunds = {refund.institution.code: refund for refund in Refund.objects.select_related("institution")}
    assert {code: refund.status for code, refund in refunds.items()} == {
        "cmb": "objected", "icbc": "paid", "abc": "decided", "psbc": "drafted",
    }  # fmt: skip
    shared = RefundRound.objects.get(refund=refunds["cmb"])
    assert (shared.branch, shared.notice_text != "", shared.shares.count()) == ("pro_rata", True, 3)
    assert (
        shared.shares.exclude(run=None).count()
        == TraceRun.objects.filter(direction="forward", run_by__username="donghu.analyst").count()
        == 3
    )
    assert Objection.objects.get().refund_id == refunds["cmb"].pk
    assert RefundShare.objects.get(refund=refunds["icbc"], outcome="paid").proof is not None
    assert AuditEntry.objects.filter(verb="refund.announce", object_id=refunds["icbc"].pk).exists()
    assert all(share.loss_minor == _lost(share) for share in RefundShare.objects.select_related("victim"))
    assert refunds["abc"].available_at is not None
    case, hold = refunds["icbc"].case, refunds["icbc"].hold
    assert hold.returned_minor == sum(share.share_minor for share in refunds["icbc"].shares.filter(outcome="paid")) > 0
    in_force = [each for each in case.holds.all() if each.status in {"active", "extended"}]
    assert case.held_minor == sum(each.left_minor or 0 for each in in_force)
    assert case.loss_minor == case.claimed_minor
    assert case.loss_minor == sum(share.loss_minor for share in shared.shares.all())
    assert refunds["psbc"].submitted_at is not None


def test_it_costs_little_of_the_start(played: float) -> None:
    assert played < 3
