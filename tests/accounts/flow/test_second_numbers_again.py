"""What is told again under either number of a joined account counts once, and takes nothing from what the ledger knows."""

from __future__ import annotations

import itertools
import re
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.models import LedgerAccount, LedgerChain, StatementLine
from accounts.selectors.matches import matches_shown
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import new_case
from tests.accounts.flow.second_numbers import ACCOUNT, BOTH, Both, imported_both
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, csv_file, imported, preview, told_entries
from tests.accounts.flow.test_second_numbers import MULE, VICTIM
from tests.cast import World

pytestmark = pytest.mark.django_db


def _twin(case: Any) -> StatementLine:
    return StatementLine.objects.get(case_id=case.pk, left_out="twin")


@pytest.mark.parametrize("order", list(itertools.permutations(("alone", "mule", "beside"))))
@pytest.mark.parametrize("serial", ["X9", ""])
def test_one_entry_told_under_both_numbers_counts_once_in_any_order(
    world: World, order: tuple[str, ...], serial: str
) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    for name in order:
        if name == "alone":
            imported(by, case, [Line(ACCOUNT, "out", 10_00, 90, D, serial=serial)])
        elif name == "mule":
            imported_both(by, case, MULE)
        else:
            imported_both(by, case, [Both(B, "out", 10_00, 90, D, serial=serial, number=ACCOUNT)])
    chain = LedgerChain.objects.get(case=case, node=account_of(case, B).node)
    assert (chain.entries_out, chain.out_minor) == (2, 410_00)
    assert [row[4] for row in told_entries(case)].count(10_00) == 1
    assert _twin(case).amount_minor == 10_00


def _known(world: World, serial: str) -> tuple[Any, StatementLine]:
    """A ledger where a row of ACCOUNT or of B is the twin of the other."""
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, [Line(ACCOUNT, "out", 10_00, 90, D, serial=serial)])
    imported_both(by, case, [*MULE, Both(B, "out", 10_00, 90, D, serial=serial, number=ACCOUNT)])
    return case, _twin(case)


def _behind(other: ContentFile[bytes]) -> list[Line]:
    """Two rows of ACCOUNT in a file whose hash comes after the other's, so that the other file's row is the one that stays."""
    for n in itertools.count():
        lines = [
            Line(ACCOUNT, "out", 10_00, 90, D, serial="X9", summary=f"{n}"), Line(ACCOUNT, "out", 7_00, 95, D, serial="X8"),
        ]  # fmt: skip
        if sha256(csv_file(lines).read()).digest() > sha256(other.open().read()).digest():
            return lines
    raise AssertionError


def test_the_totals_of_a_committed_file_stay_and_what_counts_now_is_told(world: World, log_in: Any) -> None:
    """Control totals are what was shown and confirmed; that another file tells a row too stands beside them."""
    case, by = new_case(world.analyst_a), world.analyst_a
    later = [Both(B, "out", 10_00, 90, D, serial="X9", number=ACCOUNT)]
    loser = imported(by, case, _behind(csv_file(later, headings=BOTH)))
    imported_both(by, case, MULE)
    beside = imported_both(by, case, later)
    assert _twin(case).file_id == loser.pk
    told = [(entry.object_id, detail_of(entry)) for entry in AuditEntry.objects.filter(verb="statement.recount")]
    assert told == [(loser.pk, {"left_out": 1, "again": 0})]
    before = loser.totals
    loser.refresh_from_db()
    assert loser.totals == before == [{"currency": "CNY", "direction": "out", "count": 2, "sum_minor": 17_00}]
    shown = log_in(by).get(f"/statements/{loser.pk}/").content.decode()
    assert "Another file tells rows of this file too" in shown
    assert [cell.strip() for cell in re.findall(r'<td class="num" data-label="Rows[^"]*">(.*?)</td>', shown)][:2] == [
        "2",
        "1",
    ]
    assert "Another file tells" not in log_in(by).get(f"/statements/{beside.pk}/").content.decode()


@pytest.mark.parametrize(("serial", "said"), [("X9", "known"), ("", "repeat")])
def test_a_row_that_was_left_out_as_a_twin_is_known(world: World, serial: str, said: str) -> None:
    case, twin = _known(world, serial)
    number = LedgerAccount.objects.get(node=twin.named_node or twin.node).number.open()
    again = preview(world.analyst_a, case, [Line(number, "out", 10_00, 90, D, serial=serial, summary="printed anew")])
    assert [line.left_out for line in again.lines.all()] == [said]


def test_what_a_later_file_says_of_a_second_number_does_not_replace_what_is_known(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    imported(by, case, [Line(ACCOUNT, "out", 10_00, 90, D, serial="P1")], institution=world.bank_b)
    imported_both(by, case, MULE)
    assert account_of(case, ACCOUNT).main is not None
    imported(by, case, [Line(C, "out", 1_00, 95, ACCOUNT, serial="C1", counter_name="李四")])
    kept = account_of(case, ACCOUNT)
    assert kept.name is not None
    assert (kept.name.open(), kept.institution_id) == ("张三", world.bank_b.pk)


def test_the_pages_show_the_number_that_the_bank_wrote(world: World, log_in: Any) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    paid = imported(by, case, VICTIM)
    imported_both(by, case, MULE)
    second, main = account_of(case, ACCOUNT), account_of(case, B)
    own = imported(by, case, [Line(ACCOUNT, "out", 3_00, 99, B, serial="I1")])
    assert paid.lines.get().nodes_named == (account_of(case, A).node, second.node)
    assert (own.lines.get().nodes_named, own.lines.get().nodes_meant) == ((second.node, main.node), (main.node, None))
    client = log_in(by)
    for file in (paid, own):
        page = client.get(reverse("accounts:statement_lines", args=[file.pk])).content.decode()
        row = page.split(f"row-{file.lines.get().pk}")[1].split("</tr>")[0]
        assert second.number.masked() in row
        assert f"First number of the account: {main.number.masked()}" in " ".join(re.sub("<[^>]*>", " ", row).split())
    (shown,) = matches_shown(user=by, matches=case.ledger_matches.all())
    assert (shown.out.counter, shown.out.counter_main, shown.into.account, shown.into.account_main) == (
        second, main, main, None,
    )  # fmt: skip
    page = client.get(reverse("accounts:case_matches", args=[case.pk])).content.decode()
    assert second.number.masked() in page
    assert page.count("First number of the account") == 1
