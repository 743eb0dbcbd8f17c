"""Tables with numbers in clear: only for those who may reveal, with a purpose, a list in the audit log and a mark on each line."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook

from antifraud.audit.models import AuditEntry
from tests.accounts.flow import refunding as make
from tests.accounts.flow.runs import NUMBERS, scene

WHY = {"purpose": "annex 2 of the decision"}


def lines(answer: Any) -> list[dict[str, str]]:
    """A CSV answer by its headings."""
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def detail(entry: AuditEntry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(entry.payload))["detail"]
    return found


def clear(form: str, run: Any) -> str:
    return f"/flow/{run.id}/files/{form}/clear/"


# -- a trace ---------------------------------------------------------------------------------------


def test_a_trace_in_clear_names_its_reader_on_every_line(world: Any, log_in: Any) -> None:
    case = scene(world)
    answer = log_in(world.analyst_a).post(clear("csv", case.run), WHY)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith('-clear.csv"')
    found = lines(answer)
    assert {f"'{NUMBERS['first']}", f"'{NUMBERS['third']}"} <= {row["To"] for row in found}, "no program rounds them"
    entry = AuditEntry.objects.get(verb="trace.export_clear")
    assert (entry.object_id, entry.case_id, entry.purpose) == (case.run.id, case.case.id, WHY["purpose"])
    assert {row["Number in the audit log"] for row in found} == {str(entry.id)}
    assert {row["Taken in clear by"] for row in found} == {world.analyst_a.audit_name}
    assert all(row["Taken at"].startswith("20") for row in found)


def test_the_audit_log_lists_whose_numbers_were_taken_and_no_number(world: Any, log_in: Any) -> None:
    case = scene(world)
    log_in(world.analyst_a).post(clear("csv", case.run), WHY)
    entry = AuditEntry.objects.get(verb="trace.export_clear")
    shown = {str(case.made.account[name].id) for name in ("victim", "first", "third")}
    assert shown <= set(detail(entry)["accounts"])
    assert not [number for number in NUMBERS.values() if number.encode() in bytes(entry.payload)]


def test_the_workbook_is_marked_in_its_rows_notes_and_margin(world: Any, log_in: Any) -> None:
    case = scene(world)
    answer = log_in(world.analyst_a).post(clear("xlsx", case.run), WHY)
    book = load_workbook(io.BytesIO(answer.content))
    sheet, notes = book.worksheets[0], book["Notes"]
    number = str(AuditEntry.objects.get(verb="trace.export_clear").id)
    assert [row[-1] for row in sheet.iter_rows(min_row=2, values_only=True)] == [number] * (sheet.max_row - 1)
    assert number in str(notes["A1"].value)
    assert number in str(sheet.oddFooter.center.text)
    assert all(cell.data_type == "s" for cell in sheet["E"]), "numbers are text, never rounded"


@pytest.mark.parametrize("purpose", ["", "abc", "   "])
def test_without_a_purpose_nothing_is_given_and_nothing_noted(world: Any, log_in: Any, purpose: str) -> None:
    case = scene(world)
    refused = log_in(world.analyst_a).post(clear("csv", case.run), {"purpose": purpose})
    assert refused.status_code == 422
    assert not [number for number in NUMBERS.values() if number.encode() in refused.content]
    assert not AuditEntry.objects.filter(verb__endswith="export_clear").exists()


@pytest.mark.parametrize("form", ["svg", "png", "json", "exe"])
def test_only_tables_are_given_in_clear(world: Any, log_in: Any, form: str) -> None:
    case = scene(world)
    assert log_in(world.analyst_a).post(clear(form, case.run), WHY).status_code == 422
    assert not AuditEntry.objects.filter(verb="trace.export_clear").exists()


@pytest.mark.parametrize("who", ["analyst_b", "approver_b", "risk_a", "admin", "auditor", "overseer"])
def test_who_may_not_reveal_gets_no_trace_in_clear(world: Any, log_in: Any, who: str) -> None:
    case = scene(world)
    answer = log_in(getattr(world, who)).post(clear("csv", case.run), WHY)
    assert answer.status_code in {403, 404}
    assert not [number for number in NUMBERS.values() if number.encode() in answer.content]
    assert not AuditEntry.objects.filter(verb="trace.export_clear").exists()


def test_the_masked_file_stays_the_usual_one(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    assert client.get(clear("csv", case.run)).status_code == 405
    masked = client.post(f"/flow/{case.run.id}/files/csv/", WHY)
    assert not [number for number in NUMBERS.values() if number.encode() in masked.content]
    assert "Number in the audit log" not in lines(masked)[0]
    assert "dlg-clear" in client.get(f"/flow/{case.run.id}/?view=table").content.decode()


# -- a worksheet -----------------------------------------------------------------------------------


def test_a_worksheet_in_clear_holds_victims_payees_and_the_mark(world: Any, log_in: Any) -> None:
    refund = make.shared(world)
    client = log_in(world.analyst_a)
    assert "dlg-clear" in client.get(f"/refunds/{refund.id}/").content.decode()
    answer = client.post(f"/refunds/{refund.id}/rounds/1/export/csv/clear/", WHY)
    assert answer.status_code == 200
    shares = make.shares(refund)
    found = lines(answer)[: len(shares)]
    assert [row["Account to be paid"] for row in found] == [f"'{share.payee_account.open()}" for share in shares]
    assert [row["Name of the victim"] for row in found] == [share.victim.name.open() for share in shares]
    assert [row["Name of the payee"] for row in found] == [share.payee_name.open() for share in shares]
    assert [row["Gets back"] for row in found] == ["1666.67", "3333.33"]
    entry = AuditEntry.objects.get(verb="refund.export_clear")
    assert (entry.object_id, entry.purpose, entry.legal_basis) == (refund.id, WHY["purpose"], refund.legal_basis)
    assert detail(entry)["shares"] == [str(share.id) for share in shares]
    assert {row["Number in the audit log"] for row in lines(answer)} == {str(entry.id)}
    assert make.PAYEE.encode() not in bytes(entry.payload)


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("rounds/1/export/csv/clear/", {}, 422),
        ("rounds/2/export/csv/clear/", WHY, 404),
        ("rounds/1/export/json/clear/", WHY, 422),
    ],
    ids=["no purpose", "no such round", "json is what is hashed"],
)
def test_a_worksheet_in_clear_that_is_refused_leaves_nothing(
    world: Any, log_in: Any, path: str, data: dict[str, str], status: int
) -> None:  # fmt: skip
    refund = make.shared(world)
    client = log_in(world.analyst_a)
    with make.nothing_happens():
        answer = client.post(f"/refunds/{refund.id}/{path}", data)
    assert answer.status_code == status
    assert make.PAYEE.encode() not in answer.content


@pytest.mark.parametrize("who", ["analyst_b", "approver_b", "risk_a", "admin", "auditor", "overseer"])
def test_who_may_not_reveal_gets_no_worksheet_in_clear(world: Any, log_in: Any, who: str) -> None:
    refund = make.shared(world)
    answer = log_in(getattr(world, who)).post(f"/refunds/{refund.id}/rounds/1/export/csv/clear/", WHY)
    assert answer.status_code in {403, 404}
    assert make.PAYEE.encode() not in answer.content
    assert not AuditEntry.objects.filter(verb="refund.export_clear").exists()
