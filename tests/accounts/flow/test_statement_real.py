"""A real account's 1,605 entries, as XLSX and as GB18030 CSV: the published control totals, to the cent, and one ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from accounts.models import LedgerEntry, LedgerMatch, StatementFile
from accounts.services.statements.files import statement_ahead, statement_receive
from antifraud import db
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import commit, told_entries, work
from tests.cast import World

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "statements" / "cn34"
TOTALS = {
    ("CNY", "in"): (242, 29751455268), ("EUR", "in"): (63, 1209237597), ("GBP", "in"): (2, 3000000), ("RUB", "in"): (4, 2810092648),
    ("CNY", "out"): (892, 27145877069), ("EUR", "out"): (369, 3036735035), ("GBP", "out"): (13, 11855162),
    ("RUB", "out"): (18, 7202505555), ("CHF", "out"): (2, 7879058),
}  # fmt: skip
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the real statements are not on this machine"),
]


def brought(world: World, name: str) -> StatementFile:
    """A new case with this file in its ledger."""
    case = new_case(world.analyst_a)
    content = ContentFile((FOLDER / name).read_bytes(), name=name)
    with statement_ahead(case_id=case.pk, file=content) as stored, db.unit_of_work(world.analyst_a):
        file = statement_receive(by=world.analyst_a, case=case, stored=stored, title=name, source="upload")
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert file.status == "preview", file.refusal
    assert _totals(file) == TOTALS
    return commit(world.analyst_a, file)


def _totals(file: StatementFile) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row["currency"], row["direction"]): (row["count"], row["sum_minor"]) for row in file.totals}


def test_both_forms_give_the_published_totals_and_the_same_ledger(world: World) -> None:
    first, second = brought(world, "reply_1605.csv"), brought(world, "reply_1605.xlsx")
    assert _totals(first) == _totals(second) == TOTALS
    for file in (first, second):
        assert LedgerEntry.objects.filter(case=file.case_id).count() == 1605
        assert not LedgerMatch.objects.filter(case=file.case_id).exists()
    assert told_entries(first.case) == told_entries(second.case)
