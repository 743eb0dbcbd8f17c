"""The same rows once more: the preview says how many are known, the certified totals stay, the result does not contradict itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import CaseLedger, LedgerEntry, StatementFile
from accounts.services.statements import staging
from banks.models import User
from cases.models import Case
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, account_of, commit, imported, preview, told_entries
from tests.cast import World

pytestmark = pytest.mark.django_db
ROWS = [Line(A, "in", 500_00, 0, B, 500_00, "S1"), Line(A, "out", 200_00, 60, B, 300_00, "S2")]
TOTALS = [
    {"currency": "CNY", "direction": "in", "count": 1, "sum_minor": 500_00},
    {"currency": "CNY", "direction": "out", "count": 1, "sum_minor": 200_00},
]


def again(by: User, case: Case, *more: Line) -> StatementFile:
    """The same rows in other bytes, read."""
    return preview(by, case, [*reversed(ROWS), *more])


def page(log_in: Any, by: User, file: StatementFile) -> str:
    text: str = log_in(by).get(reverse("accounts:statement", args=[file.pk])).content.decode()
    return text


def fact(shown: str, name: str) -> str:
    """The figure under a heading of the page."""
    found = re.search(rf'<dt>{name}</dt><dd><span class="ui-num">([^<]*)<', shown)
    return found[1] if found else ""


def test_a_file_that_is_known_whole_changes_nothing_and_says_so(world: World, log_in: Any) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, ROWS)
    before = (told_entries(case), CaseLedger.objects.values("version", "digest").get(case=case))
    file = again(by, case)
    assert (file.rows_good, file.rows_known, file.rows_new, file.totals) == (2, 2, 0, TOTALS)
    shown = page(log_in, by, file)
    assert "Every good row is in the ledger already" in shown
    assert "Take 2 rows" not in shown
    assert (fact(shown, "Good rows"), fact(shown, "Known already"), fact(shown, "Left out")) == ("2", "2", "0")
    file = commit(by, file)
    assert (told_entries(case), CaseLedger.objects.values("version", "digest").get(case=case)) == before
    assert (file.totals, file.taken, file.rows_known) == (TOTALS, [], 2), "what was certified stays"
    shown = page(log_in, by, file)
    assert (fact(shown, "Known already"), fact(shown, "Taken rows"), fact(shown, "Left out")) == ("2", "0", "0")
    assert "No good row, no total" not in shown
    assert "500.00" in shown
    tab = log_in(by).get(reverse("accounts:case_statements", args=[case.pk])).content.decode()
    assert tab.count("2 known already") == 1


def test_a_file_that_is_known_whole_but_says_who_keeps_the_account_moves_the_version_on(world: World) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, ROWS)
    before = CaseLedger.objects.get(case=case)
    file = commit(by, preview(by, case, list(reversed(ROWS)), institution=world.bank_b))
    assert (file.taken, account_of(case, A).institution) == ([], world.bank_b)
    after = CaseLedger.objects.get(case=case)
    assert after.version == before.version + 1
    assert bytes(after.digest) != bytes(before.digest)
    commit(by, preview(by, case, [*ROWS, Line(A, "sideways", 1_00, 700)], institution=world.bank_b))
    assert CaseLedger.objects.get(case=case).version == after.version, "what was said already changes nothing"


def test_the_sums_add_up_where_the_remarks_were_too_many_to_be_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST_ISSUES", 1)
    by, case = world.analyst_a, new_case(world.analyst_a)
    failed = [Line(A, "in", 9_00, 70 + n, B, serial=f"F{n}", success="失败") for n in range(3)]
    waiting = preview(by, case, [*ROWS, *failed])
    imported(by, case, ROWS[:1])
    for file in (waiting, commit(by, waiting)):
        assert file.rows_no_entries == 3
        assert file.rows_read == file.rows_good + file.rows_bad + file.rows_no_entries
    assert (waiting.rows_taken, waiting.rows_known, waiting.rows_left_out) == (1, 1, 4)


def test_of_a_file_that_is_known_in_part_the_rest_is_taken(world: World, log_in: Any) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    imported(by, case, ROWS)
    failed = Line(A, "in", 9_00, 70, B, serial="S3", success="失败")
    file = again(by, case, Line(A, "out", 50_00, 90, B, 250_00, "S4"), failed)
    assert (file.rows_read, file.rows_good, file.rows_known, file.rows_no_entries) == (4, 3, 2, 1)
    shown = page(log_in, by, file)
    assert "2 rows are in the ledger already and are not taken again" in shown
    assert "Take 1 row" in shown
    certified = file.totals
    file = commit(by, file)
    assert file.totals == certified
    assert file.taken == [{"currency": "CNY", "direction": "out", "count": 1, "sum_minor": 50_00}]
    assert (file.rows_taken, file.rows_known, file.rows_repeated, file.rows_no_entries) == (1, 2, 0, 1)
    assert LedgerEntry.objects.filter(case=case).count() == 3
    shown = page(log_in, by, file)
    assert re.findall(r'data-label="Taken rows">([^<]*)<', shown) == ["0", "1"]


def test_repeats_that_were_left_out_have_a_line_of_their_own(world: World, log_in: Any) -> None:
    by, case = world.analyst_a, new_case(world.analyst_a)
    row = Line(A, "out", 5_00, 0, B)
    imported(by, case, [row])
    file = commit(by, preview(by, case, [row, Line(A, "out", 6_00, 9, B, 4_00)]), leave_out_repeats=True)
    assert (file.rows_good, file.rows_taken, file.rows_known, file.rows_repeated, file.rows_no_entries) == (
        2,
        1,
        0,
        1,
        0,
    )
    assert fact(page(log_in, by, file), "Left out as repeats") == "1"
