"""Pages of statement import after the reading: check, commit, discard, rows, and who may do what."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from accounts.models import LedgerAccount, LedgerEntry, StatementFile, StatementLine
from antifraud.audit.models import AuditEntry
from antifraud.jobs.models import Job
from cases.models import Attachment
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow.files import address, commit, csv_file, fresh, preview, receive, row, upload, work
from tests.cast import World


@pytest.fixture
def case(world: World) -> Any:
    """A case of unit A."""
    return factories.new_case(world.analyst_a)


# -- check and commit ------------------------------------------------------------------------------


def test_bad_rows_are_told_by_line_and_can_be_downloaded(world: World, case: Any, log_in: Any) -> None:
    client, a = log_in(world.analyst_a), card()
    bad = row(a, card(), "in", 0, amount_text="=2+3")
    file = preview(world, case, row(a, card(), "in", 100), bad, row(a, card(), "in", 300, success="失败"))
    assert (file.rows_good, file.rows_bad) == (1, 1)
    page = client.get(address("statement_remarks", file)).content.decode()
    assert "Not readable" in page
    assert 'data-label="Row">3<' in page
    only = client.get(f"{address('statement_remarks', file)}?severity=left_out").content.decode()
    assert 'data-label="Row">3<' not in only
    book = client.get(address("statement_remarks_download", file))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets[0]
    cells = [[cell.value for cell in line] for line in sheet]
    assert cells[0] == ["Row", "Field", "Result", "Remark"]
    assert sorted(str(line[0]) for line in cells[1:]) == ["3", "4"]
    text = b"".join(client.get(f"{address('statement_remarks_download', file)}?format=csv")).decode("utf-8-sig")
    assert [line[0] for line in csv.reader(io.StringIO(text))][1:] == ["3", "4"]
    assert "=2+3" not in text + str(cells)


def test_all_or_nothing_takes_nothing_while_a_row_is_bad(world: World, case: Any, log_in: Any) -> None:
    a = card()
    file = preview(world, case, row(a, card(), "in", 100), row(a, card(), "in", 0, amount_text="abc"))
    answer = commit(log_in(world.analyst_a), file, take="all")
    assert answer.status_code == 422
    assert "nothing was taken" in answer.content.decode()
    assert fresh(file).status == "preview"
    assert Job.objects.filter(kind="statement.commit").count() == 0


def test_a_commit_without_the_comparison_is_refused(world: World, case: Any, log_in: Any) -> None:
    file = preview(world, case, row(card(), card(), "in", 100))
    answer = commit(log_in(world.analyst_a), file, checked="")
    assert answer.status_code == 422
    assert Job.objects.filter(kind="statement.commit").count() == 0


def test_the_back_button_and_a_second_click_change_nothing(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    file = preview(world, case, row(card(), card(), "in", 100))
    assert commit(client, file).status_code == 303
    assert commit(client, file).status_code in {303, 409}
    assert Job.objects.filter(kind="statement.commit").count() == 1
    work()
    stale = commit(client, file)
    assert stale.status_code == 409
    assert 'id="commit"' not in stale.content.decode(), "a form that could not be sent any more"
    assert LedgerEntry.objects.count() == 1
    assert client.post(address("statement_discard", file)).status_code == 303
    assert fresh(file).status == "committed"


def test_a_preview_that_was_read_anew_is_shown_with_its_own_version_and_no_tick(
    world: World, case: Any, log_in: Any
) -> None:
    client = log_in(world.analyst_a)
    file = preview(world, case, row(card(), card(), "in", 100))
    StatementFile.objects.update(version=file.version + 1)
    stale = commit(client, file)
    text = stale.content.decode()
    assert (stale.status_code, Job.objects.filter(kind="statement.commit").count()) == (409, 0)
    assert "Somebody changed this before you" in text
    form = text.split('id="commit"')[1].split("</form>")[0]
    assert f'name="version" value="{file.version + 1}"' in form
    assert "checked>" not in form.split('name="checked"')[1][:120]
    assert commit(client, fresh(file)).status_code == 303


def test_a_file_without_good_rows_cannot_be_taken(world: World, case: Any, log_in: Any) -> None:
    file = preview(world, case, row(card(), card(), "in", 0, amount_text="abc"))
    answer = commit(log_in(world.analyst_a), file)
    assert answer.status_code in {409, 422}
    assert LedgerEntry.objects.count() == 0


def test_a_discarded_file_stays_as_evidence_and_can_be_uploaded_again(world: World, case: Any, log_in: Any) -> None:
    client, entry = log_in(world.analyst_a), row(card(), card(), "in", 100)
    file = preview(world, case, entry)
    assert client.post(address("statement_discard", file)).status_code == 303
    assert fresh(file).status == "discarded"
    work()
    assert StatementLine.objects.filter(file=file).count() == 0
    assert "not used" in client.get(address("statement", file)).content.decode()
    assert Attachment.objects.filter(pk=file.attachment_id).exists()
    assert upload(client, case, csv_file(entry)).status_code == 303


@pytest.mark.parametrize(("choice", "entries"), [("keep", 3), ("leave", 2)])
def test_suspected_repeats_are_the_officers_choice(
    world: World, case: Any, log_in: Any, choice: str, entries: int
) -> None:  # fmt: skip
    client, a, b = log_in(world.analyst_a), card(), card()
    once = row(a, b, "in", 100, serial="")
    first = preview(world, case, once)
    assert "Suspected repeats" not in client.get(address("statement", first)).content.decode()
    commit(client, first)
    work()
    second = preview(world, case, once, row(a, b, "in", 200, second=60, serial=""))
    page = client.get(address("statement", second)).content.decode()
    asked = page.split('id="commit"')[1].split("</form>")[0]
    assert "Every row was read without a doubt" not in page
    assert "1 row has account, time, other side and amount of a row that is in the ledger" in asked
    assert "1.00" in asked.split("</ul>")[0]
    assert f"{address('statement_lines', second)}?left_out=repeat" in asked
    assert "checked" not in asked.split('name="repeats"', 1)[1].split('name="checked"')[0]
    assert "Take the rows as chosen" in asked
    assert commit(client, second, repeats="").status_code == 422
    assert commit(client, second, repeats=choice).status_code == 303
    work()
    assert fresh(second).status == "committed"
    assert LedgerEntry.objects.count() == entries


# -- rows ------------------------------------------------------------------------------------------


def test_rows_are_masked_and_revealed_with_a_purpose(world: World, case: Any, log_in: Any) -> None:
    client, a, b = log_in(world.analyst_a), card(), card()
    file = preview(world, case, row(a, b, "out", 100, counter_name="王小花"))
    page = client.get(address("statement_lines", file)).content.decode()
    assert a not in page
    assert "王小花" not in page
    assert f"{b[:4]} **** {b[-4:]}" in page
    line = StatementLine.objects.get()
    url = reverse("accounts:statement_line_reveal", args=[line.id])
    refused = client.post(url, {"purpose": ""})
    assert refused.status_code == 422
    assert not AuditEntry.objects.filter(verb="statementline.reveal").exists()
    shown = client.post(url, {"purpose": "compare with the paper"})
    assert "手机银行" in shown.content.decode()
    entry = AuditEntry.objects.get(verb="statementline.reveal")
    assert (entry.actor_id, entry.case_id, entry.purpose) == (world.analyst_a.id, case.id, "compare with the paper")
    assert "手机银行" not in bytes(entry.payload).decode()


@pytest.mark.parametrize("field", ["number", "name"])
def test_a_party_is_revealed_with_a_purpose(world: World, case: Any, log_in: Any, field: str) -> None:
    a, b = card(), card()
    file = preview(world, case, row(a, b, "out", 100, counter_name="王小花"))
    party = LedgerAccount.objects.get(node=StatementLine.objects.get(file=file).counter or 0)
    url = reverse("accounts:ledger_account_reveal", args=[party.id, field])
    client = log_in(world.analyst_a)
    assert client.post(url, {"purpose": ""}).status_code == 422
    assert client.post(url, {"purpose": "call the bank"}).content.decode() == {"number": b, "name": "王小花"}[field]
    assert AuditEntry.objects.filter(verb="ledgeraccount.reveal", case_id=case.id).count() == 1


def test_pages_ask_the_same_for_one_row_and_for_many(world: World, case: Any, log_in: Any, counted: Any) -> None:
    client, a = log_in(world.analyst_a), card()
    one = preview(world, case, row(a, card(), "in", 100))

    def sent(file: StatementFile) -> list[int]:
        found = []
        pages = [reverse("accounts:case_statements", args=[case.id])]
        for page in pages + [address(name, file) for name in ("statement", "statement_lines", "statement_remarks")]:
            client.get(page)
            with counted(20) as seen:
                assert client.get(page).status_code == 200
            found.append(len(seen))
        return found

    receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 7)))  # one that waits to be read
    few = sent(one)
    many = preview(world, case, *(row(a, card(), "in", amount) for amount in range(1, 40)))
    for amount in range(5):
        receive(world.analyst_a, case, csv_file(row(card(), card(), "in", amount + 1)))
    assert sent(many) == few


# -- who may ---------------------------------------------------------------------------------------


def test_leaders_look_on_and_do_not_import(world: World, case: Any, log_in: Any) -> None:
    file = preview(world, case, row(card(), card(), "in", 100))
    client = log_in(world.approver_a)
    page = client.get(address("statement", file)).content.decode()
    assert "Control totals" in page
    assert address("statement_commit", file) not in page
    assert commit(client, file).status_code == 403
    assert client.post(address("statement_discard", file)).status_code == 403
    assert client.get(address("statement_map", file)).status_code == 403
    assert upload(client, case, csv_file(row(card(), card(), "in", 7))).status_code == 403
    assert fresh(file).status == "preview"
    assert StatementFile.objects.count() == 1


@pytest.mark.parametrize("role", ["analyst_b", "risk_a", "machine_a", "auditor", "overseer", "admin"])
def test_others_find_nothing(world: World, case: Any, log_in: Any, role: str) -> None:
    file = preview(world, case, row(card(), card(), "in", 100))
    client = log_in(getattr(world, role))
    for name in ("statement", "statement_lines", "statement_remarks", "statement_remarks_download", "statement_map"):
        assert client.get(address(name, file)).status_code == 404, name
    for name in (
        "statement_commit",
        "statement_discard",
        "statement_cancel",
        "statement_map_preview",
        "statement_retry",
    ):
        assert client.post(address(name, file)).status_code == 404, name
    assert upload(client, case, csv_file(row(card(), card(), "in", 7))).status_code == 404
    assert fresh(file).status == "preview"
