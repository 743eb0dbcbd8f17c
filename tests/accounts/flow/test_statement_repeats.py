"""Rows that the ledger has already: by serial and time, by likeness and number, and those that were not shown at the preview."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import LedgerEntry, StatementFile
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Invalid, Superseded
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from tests.accounts.factories import new_case
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.statement_files import A, B, C, D, Line, commit, imported, preview, work
from tests.cast import World

pytestmark = pytest.mark.django_db
OTHER = Line(A, "out", 7_00, 900, C)  # makes another file of the same rows


@dataclass
class DayLine(Line):
    """A row of a bank that gives the day alone."""

    def cells(self, start: datetime = START) -> list[str]:
        """The time cut off."""
        cells = super().cells(start)
        return [*cells[:2], cells[2][:10], *cells[3:]]


def _marked(file: StatementFile, mark: str = "repeat") -> int:
    return file.lines.filter(left_out=mark).count()


@pytest.mark.parametrize(("leave_out", "entries"), [(False, 5), (True, 3)])
def test_repeats_that_the_preview_did_not_show_bring_it_back(
    world: World, log_in: Any, leave_out: bool, entries: int
) -> None:
    case, rows = new_case(world.analyst_a), [Line(A, "out", 5_00, 0, B), Line(A, "out", 5_00, 9, B)]
    first, second = preview(world.analyst_a, case, rows), preview(world.analyst_a, case, [*rows, OTHER])
    assert _marked(second) == 0
    commit(world.analyst_a, first)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=second.pk, leave_out_repeats=leave_out)
    job = Job.objects.get(kind="statement.commit", subject_id=second.pk)
    job_run(job.pk, WORKS)
    job.refresh_from_db()
    assert (job.state, job.note) == ("failed", "repeats_found")
    assert job_run(job.pk, WORKS) == ""
    shown = StatementFile.objects.get(pk=second.pk)
    assert (shown.status, shown.version, _marked(shown)) == ("preview", second.version + 1, 2)
    assert LedgerEntry.objects.filter(case=case).count() == 2
    assert AuditEntry.objects.filter(verb="statement.read", object_id=second.pk).count() == 2
    page = log_in(world.analyst_a).get(reverse("accounts:statement", args=[second.pk])).content.decode()
    assert "Suspected repeats" in page
    assert "Another file was taken into the ledger meanwhile" in page
    with pytest.raises(Superseded), db.unit_of_work(world.analyst_a):
        statement_commit(
            by=world.analyst_a, file_id=second.pk, leave_out_repeats=leave_out, expected_version=second.version
        )
    assert commit(world.analyst_a, shown, leave_out_repeats=leave_out).status == "committed"
    assert LedgerEntry.objects.filter(case=case).count() == entries


def test_a_preview_that_comes_back_says_anew_what_is_known(world: World) -> None:
    case, rows = new_case(world.analyst_a), [Line(A, "out", 5_00, 0, B), Line(A, "out", 6_00, 1, B, serial="S1")]
    first, second = preview(world.analyst_a, case, rows), preview(world.analyst_a, case, [*rows, OTHER])
    commit(world.analyst_a, first)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=second.pk, leave_out_repeats=True)
    work("statement.commit", second.pk)
    second.refresh_from_db()
    assert (second.status, second.rows_left_out, _marked(second)) == ("preview", 1, 1)


def test_of_equal_rows_only_as_many_are_suspected_as_the_ledger_has(world: World) -> None:
    case, row = new_case(world.analyst_a), Line(A, "out", 5_00, 0, B)
    imported(world.analyst_a, case, [row])
    file = preview(world.analyst_a, case, [row, row, row])
    assert _marked(file) == 1
    assert commit(world.analyst_a, file, leave_out_repeats=True).status == "committed"  # nothing new is found at commit
    assert LedgerEntry.objects.filter(case=case).count() == 3


@pytest.mark.parametrize(
    ("earlier", "later", "known", "suspected"),
    [
        ([None], [10_00], 0, 1), ([10_00], [None], 0, 1), ([10_00], [9_00], 0, 0), ([9_00, 10_00], [10_00], 1, 0),
        ([10_00, None], [10_00, 20_00, 30_00], 1, 1), ([10_00, 20_00], [None, None, None], 0, 2), ([None], [None, 10_00], 0, 1),
        ([10_00], [10_00, 10_00], 0, 1), ([10_00], [10_00, 10_00, 20_00], 1, 0),
    ],
)  # fmt: skip
def test_a_balance_that_one_side_does_not_state_agrees(
    world: World, earlier: list[int | None], later: list[int | None], known: int, suspected: int
) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [Line(A, "out", 5_00, 0, B, balance) for balance in earlier])
    file = preview(world.analyst_a, case, [*(Line(A, "out", 5_00, 0, B, balance) for balance in later), OTHER])
    assert (_marked(file, "known"), _marked(file)) == (known, suspected)
    assert (file.rows_known, file.rows_left_out) == (known, known)
    commit(world.analyst_a, file, leave_out_repeats=False)  # which asks once more what is known
    assert LedgerEntry.objects.filter(case=case).count() == len(earlier) + len(later) + 1 - known


def test_overlapping_statements_without_serials_count_each_row_once(world: World) -> None:
    case = new_case(world.analyst_a)
    march = [Line(A, "out", 5_00, at, B, 100_00 - 5_00 * at) for at in range(10)]
    imported(world.analyst_a, case, march[:7])
    file = preview(world.analyst_a, case, march[4:])
    assert (_marked(file, "known"), _marked(file)) == (3, 0)
    assert commit(world.analyst_a, file).rows_taken == 3
    assert LedgerEntry.objects.filter(case=case).count() == 10


@pytest.mark.parametrize(
    "changed", [{"at": 1}, {"counter": C}, {"amount": 6_00}, {"way": "in"}, {"currency": "USD"}, {"account": D}]
)
def test_a_row_that_differs_is_a_payment_of_its_own(world: World, changed: dict[str, Any]) -> None:
    case, row = new_case(world.analyst_a), Line(A, "out", 5_00, 0, B, 95_00)
    imported(world.analyst_a, case, [row])
    file = preview(world.analyst_a, case, [replace(row, **changed), OTHER])
    assert (_marked(file, "known"), _marked(file)) == (0, 0)


def test_a_day_alone_is_no_moment_the_officer_decides(world: World) -> None:
    case, row = new_case(world.analyst_a), DayLine(A, "out", 5_00, 0, B, 95_00)
    imported(world.analyst_a, case, [row])
    file = preview(world.analyst_a, case, [row, OTHER])
    assert (_marked(file, "known"), _marked(file)) == (0, 1)


def test_a_suspected_row_that_another_file_shows_to_be_known_is_known(world: World) -> None:
    case, row = new_case(world.analyst_a), Line(A, "out", 5_00, 0, B, 95_00)
    between = preview(world.analyst_a, case, [row])
    imported(world.analyst_a, case, [replace(row, balance=None), OTHER])
    file = preview(world.analyst_a, case, [row, replace(OTHER, at=901)])
    assert (_marked(file, "known"), _marked(file)) == (0, 1)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=between.pk, leave_out_repeats=False)
    work("statement.commit", between.pk)  # comes back, since it is like a row without a balance
    between.refresh_from_db()
    commit(world.analyst_a, between, leave_out_repeats=False)
    file = commit(world.analyst_a, file, leave_out_repeats=False)
    assert (file.rows_known, file.rows_taken) == (1, 1)


def test_without_a_word_about_suspected_repeats_nothing_is_taken(world: World) -> None:
    case, row = new_case(world.analyst_a), Line(A, "out", 5_00, 0, B)
    imported(world.analyst_a, case, [row])
    file = preview(world.analyst_a, case, [row, OTHER])
    with pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk)
    assert list(refused.value.fields) == ["leave_out_repeats"]
    assert not Job.objects.filter(kind="statement.commit", subject_id=file.pk).exists()


def test_a_serial_at_another_time_is_another_entry(world: World) -> None:
    case = new_case(world.analyst_a)
    waiting = preview(world.analyst_a, case, [Line(A, "out", 5_00, 2 * 86_400, B, serial="7001")])
    imported(world.analyst_a, case, [Line(A, "out", 5_00, 0, B, serial="7001")])
    file = imported(world.analyst_a, case, [Line(A, "out", 5_00, 86_400, B, serial="7001")])
    assert (file.rows_left_out, commit(world.analyst_a, waiting).rows_left_out) == (0, 0)
    assert LedgerEntry.objects.filter(case=case).count() == 3


@pytest.mark.parametrize("days_first", [True, False])
@pytest.mark.parametrize("is_previewed_first", [True, False])
def test_a_row_with_the_day_alone_is_known_by_serial_on_that_day(
    world: World, days_first: bool, is_previewed_first: bool
) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    timed = [Line(A, "out", 5_00, 3600, B, serial="7001"), Line(A, "out", 5_00, 90_000, B, serial="7002")]
    days = [DayLine(A, "out", 5_00, 0, B, serial="7001"), DayLine(A, "out", 5_00, 0, B, serial="7002")]
    earlier, later = (days, timed) if days_first else (timed, days)
    waiting = preview(by, case, later) if is_previewed_first else None
    imported(by, case, earlier)
    file = waiting or preview(by, case, later)
    assert _marked(file, "known") == (0 if is_previewed_first else 1)
    assert commit(by, file).rows_left_out == 1
    assert LedgerEntry.objects.filter(case=case).count() == 3


def test_a_serial_twice_in_a_file_with_two_other_sides_is_two_entries(world: World) -> None:
    case = new_case(world.analyst_a)
    file = imported(
        world.analyst_a, case, [Line(A, "out", 5_00, 0, B, serial="X1"), Line(A, "out", 5_00, 0, C, serial="X1")]
    )
    assert (file.rows_left_out, LedgerEntry.objects.filter(case=case).count()) == (0, 2)


@pytest.mark.parametrize("balances", [(0, 0), (10_00, 5_00)], ids=["same", "runs"])
def test_a_balance_that_is_the_same_in_all_rows_proves_no_repeat(world: World, balances: tuple[int, int]) -> None:
    rows = [Line(A, "out", 5_00, at, B, balance) for at, balance in zip((0, 9), balances, strict=True)]
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, rows)
    second = preview(world.analyst_a, case, [*rows, replace(OTHER, balance=balances[1])])
    runs = balances[0] != balances[1]
    assert (_marked(second, "known"), _marked(second)) == ((2, 0) if runs else (0, 2))


@pytest.mark.parametrize("first", ["numbered", "bare"])
@pytest.mark.parametrize("with_balance", [True, False])
def test_what_one_file_numbers_and_another_does_not_is_found_in_either_order(
    world: World, first: str, with_balance: bool
) -> None:
    bare = [Line(A, "out", 5_00, at, B, 50_00 - at if with_balance else None) for at in (0, 9)]
    numbered = [replace(row, serial=f"S{place}") for place, row in enumerate(bare)]
    case = new_case(world.analyst_a)
    ways = (numbered, bare) if first == "numbered" else (bare, numbered)
    imported(world.analyst_a, case, ways[0])
    second = preview(world.analyst_a, case, [*ways[1], replace(OTHER, serial="S9" if first == "bare" else "")])
    assert (_marked(second, "known"), _marked(second)) == ((2, 0) if with_balance else (0, 2))
    assert second.rows_known == (2 if with_balance else 0)
