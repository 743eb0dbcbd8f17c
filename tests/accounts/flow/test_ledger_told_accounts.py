"""Accounts, aliases and merges that a case learns after its statements: its ledger leads to them, and joins their numbers."""

from __future__ import annotations

import pytest

from accounts.models import AccountChange, LedgerEntry
from accounts.selectors.flow_seeds import victim_nodes
from accounts.services.identity import account_merge, account_unmerge, alias_add
from antifraud import db
from antifraud.deliveries import outbox_handle
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from tests.accounts.factories import card, involve, new_case, pay
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, imported, told_entries
from tests.cast import World

pytestmark = pytest.mark.django_db
ROWS = [Line(A, "out", 500_00, 0, D, 0, serial="V1")]
MULE = [Line(B, "in", 500_00, 5, A, 500_00, serial="M1"), Line(B, "out", 400_00, 60, C, 100_00, serial="M2")]


def _carried() -> None:
    """The post office and the workers, until nothing waits."""
    while outbox_handle():
        pass
    for job in Job.objects.filter(kind="ledger.tell", state="queued"):
        assert job_run(job.pk, WORKS) == "done"


def test_an_account_that_is_entered_later_is_led_to(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, ROWS)
    assert account_of(case, A).account is None
    entered = involve(world.analyst_a, case, world.bank_a, number=A, level=0)
    _carried()
    assert account_of(case, A).account_id == entered.account_id
    assert [row.node for row in victim_nodes(user=world.analyst_a, case=case)] == [account_of(case, A).node]


def test_a_case_without_a_ledger_gets_no_work(world: World) -> None:
    case = new_case(world.analyst_a)
    involve(world.analyst_a, case, world.bank_a, number=A, level=0)
    _carried()
    assert not Job.objects.filter(kind="ledger.tell").exists()


def test_an_alias_joins_the_two_numbers(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, ROWS)
    imported(world.analyst_a, case, MULE)
    mule = involve(world.analyst_a, case, world.bank_b, number=B).account
    _carried()
    assert LedgerEntry.objects.filter(case=case).count() == 3
    with db.unit_of_work(world.analyst_a):
        alias_add(by=world.analyst_a, account_id=mule.pk, number=D, reason="letter of the bank")
    _carried()
    second, main = account_of(case, D), account_of(case, B)
    assert (second.main, second.account, main.account_id) == (main.node, None, mule.pk)
    assert [(row[0], row[1], row[4]) for row in told_entries(case)] == [(A, B, 500_00), (B, C, 400_00)]


def test_a_merge_joins_and_its_undoing_parts(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, ROWS)
    imported(by, case, MULE)
    kept, gone = (involve(by, case, world.bank_b, number=number).account for number in (B, D))
    _carried()
    before = told_entries(case)
    with db.unit_of_work(by):
        account_merge(by=by, account_id=gone.pk, into_id=kept.pk, reason="the same account")
    _carried()
    assert account_of(case, D).main == account_of(case, B).node
    assert len(told_entries(case)) == 2
    with db.unit_of_work(by):
        account_unmerge(by=by, change_id=AccountChange.objects.get(account=gone).pk, reason="not the same")
    _carried()
    assert told_entries(case) == before
    assert (account_of(case, D).account_id, account_of(case, B).account_id) == (gone.pk, kept.pk)


def test_another_banks_account_of_the_same_number_joins_nothing(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, MULE, institution=world.bank_a)
    other = involve(by, case, world.bank_b, number=card()).account
    with db.unit_of_work(by):
        alias_add(by=by, account_id=other.pk, number=B, reason="letter of the bank")
    _carried()
    assert account_of(case, B).main is None


def test_told_transfers_to_either_number_meet_at_one_node(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, MULE)
    mule = involve(by, case, world.bank_b, number=B).account
    payer = involve(by, case, world.bank_a, number=A, level=0).account
    with db.unit_of_work(by):
        alias_add(by=by, account_id=mule.pk, number=D, reason="letter of the bank")
    pay(by, case, mule, amount=9_00, payer=payer, ago=20)
    _carried()
    found = LedgerEntry.objects.get(case=case, amount_minor=9_00)
    assert found.dst == account_of(case, B).node
