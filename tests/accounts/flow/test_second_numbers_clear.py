"""What a discarded file leaves: the first number of an account that the ledger leads to stays, and clearing waits for the ledger."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from accounts.models import CaseLedger, LedgerAccount, StatementFile
from accounts.selectors.identity import index_of
from accounts.services.identity import alias_add
from accounts.services.ledger.changes import ledger_hold, ledger_wait
from accounts.services.statements.files import statement_discard
from antifraud import db
from tests.accounts.factories import involve, new_case
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, imported, preview, work
from tests.accounts.flow.test_ledger_told_accounts import _carried
from tests.cast import World

pytestmark = pytest.mark.django_db
WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


def _discarded(world: World, case: Any, line: Line) -> StatementFile:
    file = preview(world.analyst_a, case, [line])
    with db.unit_of_work(world.analyst_a):
        statement_discard(by=world.analyst_a, file_id=file.pk)
    return file


def test_the_first_number_of_an_account_stays(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, [Line(A, "out", 1_00, 0, serial="V1")])
    preview(by, case, [Line(D, "out", 2_00, 1, serial="D1")])
    first = preview(by, case, [Line(B, "out", 3_00, 2, C, serial="B1")])
    mule = involve(by, case, world.bank_b, number=B).account
    with db.unit_of_work(by):
        alias_add(by=by, account_id=mule.pk, number=D, reason="letter of the bank")
    _carried()
    main = account_of(case, B).node
    assert account_of(case, D).main == main
    with db.unit_of_work(by):
        statement_discard(by=by, file_id=first.pk)
    assert work("statement.clear", first.pk) == "done"
    assert not LedgerAccount.objects.filter(case=case, number_index=index_of(C)).exists()
    assert account_of(case, B).node == account_of(case, D).main == main


def _clearing(file: StatementFile, ended: list[str]) -> Thread:
    """The job on a connection of its own, begun."""

    def clear() -> None:
        try:
            ended.append(work("statement.clear", file.pk))
        finally:
            connection.close()

    thread = Thread(target=clear)
    thread.start()
    return thread


def _waits(thread: Thread) -> bool:
    """Whether somebody waits for a lock before the thread is through."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return True
        if not thread.is_alive():
            return False
        time.sleep(0.05)
    return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_first", [False, True])
def test_clearing_waits_while_the_ledger_changes(world: World, is_first: bool) -> None:
    """Also while the first file of a case is being committed, whose ledger nobody else can see yet."""
    case, by = new_case(world.analyst_a), world.analyst_a
    if not is_first:
        imported(by, case, [Line(A, "out", 1_00, 0, serial="V1")])
    preview(by, case, [Line(D, "out", 2_00, 1, serial="D1")])
    file = _discarded(world, case, Line(B, "out", 3_00, 2, C, serial="B1"))
    ended: list[str] = []
    with db.unit_of_work(by):
        ledger_hold(case.pk)
        main = account_of(case, B).node
        LedgerAccount.objects.filter(pk=account_of(case, D).pk).update(main=main)
        thread = _clearing(file, ended)
        assert _waits(thread)
        assert not ended
    thread.join(30)
    assert ended == ["done"]
    assert not LedgerAccount.objects.filter(case=case, number_index=index_of(C)).exists()
    assert account_of(case, B).node == account_of(case, D).main == main, "the number that the change leads to stays"


@pytest.mark.django_db(transaction=True)
def test_the_first_change_waits_for_clearing_and_clearing_makes_no_ledger(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    file = _discarded(world, case, Line(B, "out", 3_00, 2, serial="B1"))
    assert work("statement.clear", file.pk) == "done"
    assert not CaseLedger.objects.filter(pk=case.pk).exists()
    held: list[int] = []

    def hold() -> None:
        try:
            with db.unit_of_work(by):
                held.append(ledger_hold(case.pk).version)
        finally:
            connection.close()

    thread = Thread(target=hold)
    with db.unit_of_work(by):
        ledger_wait(case.pk)
        thread.start()
        assert _waits(thread)
        assert not held
    thread.join(30)
    assert held == [0]
