"""Told transfers whose account is merged into one that no statement names: their entries keep their sides."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Involvement, LedgerEntry, LedgerMatch
from accounts.services.identity import account_merge
from accounts.services.ledger.undo import match_undo
from antifraud import db
from tests.accounts.factories import involve, new_case, pay
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.second_numbers import ACCOUNT, Both, imported_both
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, imported
from tests.accounts.flow.test_ledger_told_accounts import _carried
from tests.cast import World

pytestmark = pytest.mark.django_db


def _merged(world: World, case: Any, *, payer: str = "") -> None:
    """A told transfer to C, which then turns out to be B's account; the ledger has not heard of the merge yet."""
    by = world.analyst_a
    kept, gone = (involve(by, case, world.bank_b, number=number).account for number in (B, C))
    origin = involve(by, case, world.bank_a, number=payer, level=0).account if payer else None
    pay(by, case, gone, amount=9_00, payer=origin, ago=20)
    _carried()
    with db.unit_of_work(by):
        account_merge(by=by, account_id=gone.pk, into_id=kept.pk, reason="the same account")


@pytest.mark.parametrize("payer", ["", D])
def test_a_statement_that_comes_before_the_ledger_hears_of_the_merge(world: World, payer: str) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, [Line(A, "out", 1_00, 0, serial="V1")])
    _merged(world, case, payer=payer)
    imported(by, case, [Line(ACCOUNT, "out", 3_00, 60, A, serial="Z1")])
    imported_both(by, case, [Both(C, "out", 2_00, 50, A, serial="S1", number=ACCOUNT)])
    told = LedgerEntry.objects.get(case=case, transfer__isnull=False)
    node = account_of(case, B).node
    assert (told.src, told.dst) == (account_of(case, payer).node if payer else None, node)
    assert {account_of(case, C).main, account_of(case, ACCOUNT).main} == {node}
    _carried()
    told.refresh_from_db()
    assert told.dst == node


def test_a_match_that_is_undone_before_the_ledger_hears_of_the_merge(world: World, move_clock: Any) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    with db.unit_of_work(by) as work:
        ago = int((work.now - START).total_seconds() // 60) - 20
    imported(by, case, [Line(A, "out", 9_00, 20 * 60, C, serial="V1")])
    gone = involve(by, case, world.bank_b, number=C).account
    pay(by, case, gone, amount=9_00, ago=ago)
    _carried()
    match = LedgerMatch.objects.get(case=case)
    kept = involve(by, case, world.bank_b, number=B).account
    assert Involvement.objects.filter(case=case).count() == 2
    with db.unit_of_work(by):
        account_merge(by=by, account_id=gone.pk, into_id=kept.pk, reason="the same account")
    with db.unit_of_work(by):
        match_undo(by=by, match_id=match.pk, reason="two different payments")
    told = LedgerEntry.objects.get(case=case, transfer__isnull=False)
    assert (told.src, told.dst) == (None, account_of(case, B).node)
