"""Names, banks and account links of the ledger come from files that were taken and from told transfers, from nothing else."""

from __future__ import annotations

import pytest

from accounts.models import LedgerAccount, StatementFile
from accounts.services.statements.files import statement_discard
from antifraud import db
from antifraud.deliveries import outbox_handle
from banks.models import User
from cases.models import Case
from tests.accounts.factories import involve, new_case, pay
from tests.accounts.flow.statement_files import A, B, C, Line, account_of, commit, imported, preview, work
from tests.cast import World

pytestmark = pytest.mark.django_db
UNNAMED = [Line(C, "out", 1_00, 0, B, serial="C1")]
OF_B = [Line(B, "in", 5_00, 60, A, serial="B1", name="李四", counter_name="王五")]


def facts(case: Case, number: str) -> tuple[str, str, bool]:
    """(name, code of the institution, whether it is led to an involved account) of a number."""
    row: LedgerAccount = account_of(case, number)
    name = row.name.open() if row.name else ""
    return name, row.institution.code if row.institution else "", row.account_id is not None


def discard(by: User, file: StatementFile) -> None:
    with db.unit_of_work(by):
        statement_discard(by=by, file_id=file.pk)
    assert work("statement.clear", file.pk) == "done"


def test_reading_changes_no_account_of_the_ledger_and_a_discarded_file_leaves_nothing(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, UNNAMED, institution=world.bank_b)
    involve(by, case, world.bank_b, number=B)
    before = list(LedgerAccount.objects.filter(case=case).order_by("pk").values())
    file = preview(by, case, OF_B, institution=world.bank_a)
    known = [row["id"] for row in before]
    assert list(LedgerAccount.objects.filter(pk__in=known).order_by("pk").values()) == before
    discard(by, file)
    assert list(LedgerAccount.objects.filter(case=case).order_by("pk").values()) == before
    file.refresh_from_db()
    assert file.parties is None


def test_a_file_that_is_taken_tells_what_was_lacking(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, UNNAMED, institution=world.bank_b)
    involve(by, case, world.bank_a, number=B)
    assert facts(case, B) == ("", "", False)
    file = imported(by, case, OF_B, institution=world.bank_a)
    assert facts(case, B) == ("李四", world.bank_a.code, True)
    assert facts(case, A) == ("王五", "", False)
    assert facts(case, C) == ("张三", world.bank_b.code, False), "the first file's own facts stand"
    assert file.parties is None
    imported(by, case, [Line(B, "in", 6_00, 90, C, serial="B2", name="赵六")], institution=world.bank_b)
    assert facts(case, B) == ("李四", world.bank_a.code, True), "what is known is not overwritten"


def test_what_a_discarded_file_told_of_a_number_does_not_come_in_with_another_file(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    first = preview(by, case, OF_B, institution=world.bank_a)
    second = preview(by, case, UNNAMED, institution=world.bank_b)
    third = preview(by, case, [Line(B, "in", 7_00, 99, "", serial="B9", name="李四四")], institution=world.bank_b)
    commit(by, second)
    assert facts(case, B) == ("", "", False)
    discard(by, first)
    assert facts(case, B) == ("", "", False)
    commit(by, third)
    assert facts(case, B) == ("李四四", world.bank_b.code, False)


def test_a_told_transfer_takes_no_name_from_a_preview(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    file = preview(by, case, OF_B, institution=world.bank_b)
    mule = involve(by, case, world.bank_a, number=B)
    victim = involve(by, case, world.bank_a, number=A, level=0)
    pay(by, case, mule.account, amount=500_00, payer=victim.account)
    outbox_handle()
    assert work("ledger.tell", case.pk) == "done"
    discard(by, file)
    assert facts(case, B) == ("", world.bank_a.code, True)
