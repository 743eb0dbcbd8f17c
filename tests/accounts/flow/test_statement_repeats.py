"""Rows that the ledger has already: by serial and time, by likeness and number, and those that were not shown at the preview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import LedgerEntry, StatementFile
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Superseded
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from tests.accounts.factories import new_case
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.statement_files import A, B, C, Line, commit, imported, preview, work
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
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
    case, rows = new_case(world.analyst_a), [Line(A, "out", 5_00, 0, B, 10_00), Line(A, "out", 5_00, 9, B, 5_00)]
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
    case, row = new_case(world.analyst_a), Line(A, "out", 5_00, 0, B, 10_00)
    imported(world.analyst_a, case, [row])
    file = preview(world.analyst_a, case, [row, row, row])
    assert _marked(file) == 1
    assert commit(world.analyst_a, file, leave_out_repeats=True).status == "committed"  # nothing new is found at commit
    assert LedgerEntry.objects.filter(case=case).count() == 3


@pytest.mark.parametrize(
    ("earlier", "later", "suspected"),
    [
        ([None], [10_00], 1), ([10_00], [None], 1), ([10_00], [9_00], 0), ([9_00, 10_00], [10_00], 1),
        ([10_00, None], [10_00, 20_00, 30_00], 2), ([10_00, 20_00], [None, None, None], 2), ([None], [None, 10_00], 1),
    ],
)  # fmt: skip
def test_a_balance_that_one_side_does_not_state_agrees(
    world: World, earlier: list[int | None], later: list[int | None], suspected: int
) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [Line(A, "out", 5_00, 0, B, balance) for balance in earlier])
    file = preview(world.analyst_a, case, [*(Line(A, "out", 5_00, 0, B, balance) for balance in later), OTHER])
    assert _marked(file) == suspected


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
