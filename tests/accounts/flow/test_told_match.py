"""Told transfers find their rows whatever the order of the telling; only units that they may tell of are looked at."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import LedgerChain, LedgerEntry, LedgerMatch
from accounts.services.ledger.restore import match_restore
from accounts.services.ledger.told import _near, _timed, _Told, _Unit, ledger_transfer_add
from accounts.services.ledger.undo import match_undo
from antifraud import db
from tests.accounts.factories import involve, new_case, pay
from tests.accounts.flow.statement_files import A, B, C, Line, account_of, imported
from tests.cast import World

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("rows_first", [True, False])
def test_the_nearest_told_transfer_gets_the_row_in_any_order_of_telling(
    world: World, is_turned: bool, rows_first: bool
) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    payers = [involve(by, case, world.bank_a, number=number, level=0).account for number in (A, C)]
    mule = involve(by, case, world.bank_b, number=B).account
    far, near = (
        pay(by, case, mule, amount=500_00, payer=payer, ago=ago) for payer, ago in zip(payers, (50, 20), strict=True)
    )
    if rows_first:
        imported(by, case, [Line(B, "in", 500_00, 0, serial="B1")], start=near.at)
    for told in (near, far) if is_turned else (far, near):
        with db.unit_of_work(by):
            ledger_transfer_add(told)
    if not rows_first:
        imported(by, case, [Line(B, "in", 500_00, 0, serial="B1")], start=near.at)
    entries = LedgerEntry.objects.filter(case=case)
    assert entries.count() == 2
    joined = entries.get(in_line__isnull=False)
    assert (joined.transfer_id, joined.src) == (near.pk, account_of(case, C).node)
    assert entries.get(transfer=far).src == account_of(case, A).node
    sums = {number: LedgerChain.objects.get(node=account_of(case, number).node).out_minor for number in (A, C)}
    assert sums == {A: 500_00, C: 500_00}


@pytest.mark.django_db
def test_a_told_transfer_whose_match_was_undone_meets_its_row_again(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    payer = involve(by, case, world.bank_a, number=A, level=0).account
    mule = involve(by, case, world.bank_b, number=B).account
    told = pay(by, case, mule, amount=500_00, payer=payer, ago=50)
    imported(by, case, [Line(B, "in", 500_00, 0, A, serial="B1")], start=told.at)
    with db.unit_of_work(by):
        ledger_transfer_add(told)
    match = LedgerMatch.objects.get(rule="told")
    with db.unit_of_work(by):
        match_undo(by=by, match_id=match.pk, reason="two different payments")
    assert LedgerEntry.objects.filter(case=case).count() == 2
    with db.unit_of_work(by):
        again = match_restore(by=by, match_id=match.pk, reason="one payment after all")
    (entry,) = LedgerEntry.objects.filter(case=case)
    assert (entry.transfer_id, entry.in_line_id, again.undone_at) == (told.pk, match.in_line, None)
    assert LedgerChain.objects.get(node=account_of(case, B).node).in_minor == 500_00


def test_only_units_of_the_same_receiver_and_amount_within_a_day_are_looked_at() -> None:
    def unit(entry: int, hours: int, *, dst: int = 1, amount: int = 5, currency: str = "CNY", later: int = 0) -> _Unit:
        at = AT + timedelta(hours=hours)
        return _Unit(
            entry, None, None, dst, amount, currency, at, at + timedelta(hours=later), None, None, None, "", entry
        )

    units = [unit(n, 24 * n) for n in range(-9, 10)]
    units += [
        unit(20, 0, dst=2),
        unit(21, 0, amount=6),
        unit(22, 0, currency="USD"),
        unit(23, -30, later=8),
        unit(24, 25),
    ]
    told = _Told(uuid.uuid4(), AT, 5, "CNY", 99, None, 1, None, None, None, 1)
    assert sorted(each.entry for each in _near(told, _timed(units))) == [-1, 0, 1, 23]
