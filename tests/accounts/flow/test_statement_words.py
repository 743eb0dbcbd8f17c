"""What the pages of a statement file say: where a refusal stands, that nothing was in it, how far steps are, what a cancelled work left."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import LedgerEntry, StatementFile, StatementIssue
from accounts.rules.statements.messages import told_params
from accounts.services.ledger.changes import ledger_hold_now
from antifraud import db
from antifraud.errors import Conflict
from antifraud.jobs.models import Job
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow.files import HEADINGS, START, address, commit, csv_bytes, fresh, preview, receive, row, work
from tests.cast import World

pytestmark = pytest.mark.django_db
MT_WITHOUT_ENTRIES = (
    b":20:START\r\n:25:622202000000000001\r\n:28C:1/1\r\n:60F:C261101CNY100,00\r\n:62F:C261102CNY100,00\r\n-\r\n"
)


@pytest.fixture
def case(world: World) -> Any:
    """A case of unit A."""
    return factories.new_case(world.analyst_a)


def read(world: World, case: Any, content: bytes, name: str) -> StatementFile:
    """Received and read, however that ended."""
    file = receive(world.analyst_a, case, SimpleUploadedFile(name, content), institution=world.bank_a)
    work()
    return fresh(file)


def with_formula() -> bytes:
    """A workbook whose amount in the third row is computed."""
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    for amount in ("1.00", "=1+2"):
        cells = row(card(), card(), "in", 100, amount_text=amount)
        book.active.append([cells[name] for name in HEADINGS])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_refusal_says_where_in_the_file_it_stands(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    formula = read(world, case, with_formula(), "a.xlsx")
    assert (formula.refusal, formula.refusal_params) == ("file_has_formulas", {"cell": "D3"})
    assert "first at cell D3." in client.get(address("statement", formula)).content.decode()
    open_quote = csv_bytes([row(card(), card(), "in", 100)]) + b'"' + b"6" * 140_000
    long = read(world, case, open_quote, "b.csv")
    assert (long.refusal, set(long.refusal_params)) == ("line_too_long", {"row"})
    page = client.get(address("statement", long)).content.decode()
    assert f"Line {long.refusal_params['row']} is longer" in page
    assert "…" not in page.split("The file was refused")[1].split("</div>")[0]


def test_of_a_refusal_only_places_are_kept() -> None:
    told: dict[str, str | int] = {"cell": "AB12", "row": 7, "field": "张三的账", "number": "2000"}
    assert told_params(told) == {"cell": "AB12", "row": "7", "number": "2000"}
    assert told_params({"cell": "6222020000000001", "row": "张三", "number": "6222020000000001"}) == {}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_without_rows_is_refused_with_its_own_sentence(
    world: World, case: Any, log_in: Any, ending: str
) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    out = io.BytesIO()
    book.save(out)
    file = read(world, case, csv_bytes([]) if ending == "csv" else out.getvalue(), f"a.{ending}")
    assert (file.status, file.refusal) == ("refused", "table_empty")
    page = log_in(world.analyst_a).get(address("statement", file)).content.decode()
    assert "holds headings but no row" in page
    assert "without a doubt" not in page


def test_a_message_without_entries_is_not_called_wrong(world: World, case: Any, log_in: Any) -> None:
    file = read(world, case, MT_WITHOUT_ENTRIES, "a.sta")
    assert (file.status, file.rows_read) == ("preview", 0), file.refusal
    page = log_in(world.analyst_a).get(address("statement", file)).content.decode()
    assert "The file holds no entry" in page
    assert "No row was read." in page
    assert "without a doubt" not in page
    assert "ask the institution for a correct one" not in page


def test_a_work_of_steps_has_no_pace_and_says_its_step(world: World, case: Any, log_in: Any) -> None:
    client, file = log_in(world.analyst_a), preview(world, case, row(card(), card(), "in", 100))
    assert commit(client, file).status_code == 303
    Job.objects.filter(kind="statement.commit").update(state="running", stage="entries", done=1, total=5)
    page = client.get(address("statement", file)).content.decode()
    assert "Step 2 of 5" in page
    assert "Pace" not in page
    assert "Time left" not in page
    Job.objects.filter(kind="statement.commit").update(stage="reading", done=10, total=50)
    assert "Pace" in client.get(address("statement", file)).content.decode()


def test_who_commits_second_is_told_to_wait_and_a_cancelled_commit_that_nothing_was_taken(
    world: World, case: Any, log_in: Any
) -> None:
    client, file = log_in(world.analyst_a), preview(world, case, row(card(), card(), "in", 100))
    commit(client, file)
    second = commit(client, file)
    assert second.status_code == 409
    assert "is being taken into the ledger already" in second.content.decode()
    assert "Cancel the work first" not in second.content.decode()
    Job.objects.filter(kind="statement.commit").update(state="cancelled")
    page = client.get(address("statement", file)).content.decode()
    assert "Nothing of the file was taken into the ledger" in page
    assert "What had been done before it stays" not in page
    assert LedgerEntry.objects.count() == 0


def test_who_undoes_second_is_not_told_of_an_import_alone(world: World, case: Any) -> None:
    with pytest.raises(Conflict) as refused, db.unit_of_work(world.analyst_a):
        ledger_hold_now(case.pk)
    assert refused.value.code == "ledger_changing"
    assert "by an import or by somebody else" in str(refused.value.message)


def test_rows_in_the_future_are_told_with_their_lines(world: World, case: Any, log_in: Any) -> None:
    soon, far = ((db.app_now() + timedelta(days=days) - START).total_seconds() for days in (30, 400))
    rows = [row(card(), card(), "in", 100, second=int(second)) for second in (0, soon, far)]
    file = preview(world, case, *rows)
    assert (file.rows_good, file.rows_bad) == (2, 1)
    told = StatementIssue.objects.filter(file=file).order_by("row").values_list("row", "code", "severity")
    assert list(told) == [(3, "time_in_future", "doubt"), (4, "time_far_future", "bad")]
    page = log_in(world.analyst_a).get(address("statement", file)).content.decode()
    assert "more than a day in the future" in page
    assert "more than a year in the future" in page
