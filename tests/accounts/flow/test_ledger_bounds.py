"""Absurd amounts: a row has a largest amount, and what an account's sums could not hold is refused before the commit, with its name."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import LedgerEntry, StatementIssue, Transfer
from accounts.services.ledger import bounds
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.statements.files import statement_commit
from accounts.services.transfers import transfer_record
from antifraud import db
from antifraud.errors import Conflict, Invalid
from antifraud.jobs import queue
from antifraud.money import MAX_MINOR
from tests.accounts.factories import involve, new_case
from tests.accounts.flow.statement_files import A, B, C, Line, account_of, commit, imported, preview, work
from tests.cast import World

pytestmark = pytest.mark.django_db
MASKED = "6222 **** 0001"


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that two rows of a thousand yuan pass, instead of thousands of rows of ten million million."""
    monkeypatch.setattr(bounds, "MOST_MINOR", 1_500_00)
    monkeypatch.setattr(bounds, "SMALL_FILE_MINOR", 0)
    monkeypatch.setattr(bounds, "SMALL_TRANSFER_MINOR", 0)


def test_the_bounds_leave_room_for_every_sum_of_a_chain() -> None:
    reserve = bounds.MOST_MINOR + 2 * MAX_MINOR
    assert 3 * reserve < 2**63
    assert bounds.MOST_MINOR + 10_000 * bounds.SMALL_FILE_MINOR < 2**62
    assert MAX_MINOR < 2**53, "exact in every program that reads JSON"


def test_a_row_beyond_any_payment_is_bad_and_blocks_nothing(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    most = Line(A, "in", MAX_MINOR, 0, B, serial="S1")
    rows = [Line(A, "in", amount, 1, B, serial=f"T{amount}") for amount in (MAX_MINOR + 1, 9_223_372_036_854_700_000)]
    file = preview(by, case, [most, *rows, Line(A, "out", 5_00, 2, C, balance=MAX_MINOR * 90, serial="S3")])
    assert (file.rows_good, file.rows_bad) == (2, 2)
    bad = StatementIssue.objects.filter(file=file, severity="bad").values_list("row", "field", "code")
    assert sorted(bad) == [(3, "amount", "amount_out_of_range"), (4, "amount", "amount_out_of_range")]
    assert commit(by, file).status == "committed"
    assert imported(by, case, [Line(A, "out", 7_00, 3, C, serial="S4")]).rows_taken == 1


def test_a_file_whose_sums_would_not_fit_is_refused_with_the_account(world: World, low: None, log_in: Any) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, [Line(A, "in", 1_000_00, 0, B, serial="S1")])
    file = preview(by, case, [Line(A, "out", 1_000_00, 60, C, serial="S2")])
    client = log_in(by)
    answer = client.post(
        reverse("accounts:statement_commit", args=[file.pk]), {"checked": "on", "version": file.version}
    )
    assert answer.status_code == 422
    assert f"All amounts of account {MASKED} together" in answer.content.decode()
    assert A not in answer.content.decode()
    file.refresh_from_db()
    assert (file.status, LedgerEntry.objects.filter(case=case).count()) == ("preview", 1)
    with pytest.raises(Invalid), db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)


def test_what_became_too_much_meanwhile_ends_the_work_with_a_sentence(
    world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    file = preview(by, case, [Line(A, "out", 1_000_00, 60, C, serial="S2")])
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    monkeypatch.setattr(bounds, "MOST_MINOR", 1)
    monkeypatch.setattr(bounds, "SMALL_FILE_MINOR", 0)
    assert work("statement.commit", file.pk) == "failed"
    assert queue.latest(file.pk).note == "sums_too_large"
    shown = log_in(by).get(reverse("accounts:statement", args=[file.pk])).content.decode()
    assert "larger than this platform can hold, so nothing was taken" in shown
    assert "fault of the platform" not in shown
    assert LedgerEntry.objects.count() == 0


def test_chains_that_overflow_all_the_same_are_refused_and_not_a_fault(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, [Line(A, "in", 1_00, at, B, serial=f"S{at}") for at in range(3)])
    LedgerEntry.objects.filter(case=case).update(amount_minor=2**62)
    node = account_of(case, A).node
    with pytest.raises(Conflict) as refused, db.unit_of_work(by):
        chains_rebuild([node])
    assert refused.value.code == "sums_too_large"


def test_a_told_transfer_is_bounded_the_same(world: World, low: None) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    target = involve(by, case, world.bank_a, number=A).account
    with db.unit_of_work(by):
        transfer_record(by=by, case=case, to_account=target, amount_minor=1_000_00)
    for amount, words in ((1_000_00, f"account {MASKED} together"), (MAX_MINOR + 1, "Check the number of digits")):
        with pytest.raises(Invalid) as refused, db.unit_of_work(by):
            transfer_record(by=by, case=case, to_account=target, amount_minor=amount)
        assert words in str(refused.value.fields["amount"][0])
    assert Transfer.objects.filter(case=case).count() == 1
