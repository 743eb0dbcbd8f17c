"""Cases from a workbook: template, check, all or nothing, the good ones, and a result for every row."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Involvement, Transfer
from accounts.rules.sheets import CASE_COLUMNS, headings
from antifraud.spreadsheets import write_rows
from cases.models import Case
from tests.accounts.factories import card
from tests.accounts.pages import unchanged
from tests.cast import World

NAMES = [column.name for column in CASE_COLUMNS]
URL = "accounts:case_import"


def line(incident: str, **changes: Any) -> dict[str, Any]:
    """One row that can be filed."""
    at = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    return {
        "incident_number": incident, "fraud_type": "rebate", "reported_at": at, "victim_name": "王小明", "victim_phone": "13800138000",
        "target_number": card(), "target_name": "张三", "transfer_amount": "1,234.50", "transfer_at": at, "channel": "mobile bank",
    } | changes  # fmt: skip


def workbook(*lines: dict[str, Any], chinese: bool = False) -> SimpleUploadedFile:
    """The template with these rows."""
    content = write_rows(headings(CASE_COLUMNS, chinese=chinese), [[row.get(name) for name in NAMES] for row in lines])
    return SimpleUploadedFile("cases.xlsx", content)


def send(client: Any, *lines: dict[str, Any], mode: str, **headers: str) -> Any:
    """Upload these rows."""
    return client.post(reverse(URL), {"file": workbook(*lines), "mode": mode}, headers=headers)


@pytest.mark.parametrize(("language", "word"), [("en", "Incident number"), ("zh-hans", "警情编号")])
def test_the_template_has_headings_in_the_readers_language(world: World, log_in: Any, language: str, word: str) -> None:
    client = log_in(world.analyst_a)
    client.cookies["django_language"] = language
    answer = client.get(reverse("accounts:case_import_template"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert word in [cell.value for cell in sheet[1]]
    assert sheet.max_row == 1


def test_checking_files_nothing(world: World, log_in: Any) -> None:
    with unchanged():
        answer = send(log_in(world.analyst_a), line("I-1"), line("I-2", fraud_type="nonsense"), mode="check")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Can be filed" in text
    assert "Fraud type: The word is not one of the list" in text
    assert text.index("I-1") < text.index("I-2")


def test_rows_of_one_incident_are_one_case_with_its_transfers(world: World, log_in: Any) -> None:
    number = card("621700")
    rows = [
        line("I-1", loss="2,000.00", narrative="paid twice", victim_number=card("621700"), victim_bank="中国建设银行"),
        line(
            "I-1",
            target_number=number,
            target_bank="建行",
            reported_at=None,
            victim_name=None,
            fraud_type=None,
            reference="R-7",
        ),
    ]
    answer = send(log_in(world.analyst_a), *rows, mode="all")
    case = Case.objects.get()
    assert answer.status_code == 200
    assert (case.incident_number, case.loss_minor, case.unit_id, case.fraud_type) == (
        "I-1",
        200_000,
        world.unit_a.id,
        "rebate",
    )
    levels = list(Involvement.objects.order_by("level", "pk").values_list("level", flat=True))
    assert levels == [0, 1, 1]
    banks = {row.account.institution_id for row in Involvement.objects.filter(level=1)}
    assert banks == {world.bank_a.id, world.bank_b.id}
    assert sorted(Transfer.objects.values_list("amount_minor", "channel", "reference")) == [
        (123_450, "mobile bank", ""),
        (123_450, "mobile bank", "R-7"),
    ]
    assert case.number in answer.content.decode()


def test_all_or_nothing(world: World, log_in: Any) -> None:
    with unchanged():
        answer = send(log_in(world.analyst_a), line("I-1"), line("I-2", target_number="12"), mode="all")
    assert answer.status_code == 422
    assert "Nothing was filed" in answer.content.decode()


def test_a_refusal_of_the_service_takes_all_back(world: World, log_in: Any) -> None:
    with unchanged():
        answer = send(
            log_in(world.analyst_a), line("I-1"), line("I-2", narrative="the password is 123456, CVV 123"), mode="all"
        )
    text = answer.content.decode()
    assert answer.status_code == 422
    row = text.split("I-2")[1]
    assert "ui-problem" in row
    assert "ui-problem" not in text.split("I-1")[1].split("I-2")[0]


def test_the_good_ones_are_filed(world: World, log_in: Any) -> None:
    rows = [
        line("I-1"),
        line("I-2", target_number="12"),
        line("I-3", narrative="the password is 123456, CVV 123"),
        line(""),
    ]
    answer = send(log_in(world.analyst_a), *rows, mode="good")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert list(Case.objects.values_list("incident_number", flat=True)) == ["I-1"]
    assert text.count("Left out") == 3
    assert "3 rows were left out" in text


def test_the_same_workbook_twice_files_once(world: World, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    row = line("I-1")
    send(client, row, mode="all")
    for mode in ("all", "good"):
        with unchanged():
            again = send(client, row, mode=mode)
        assert again.status_code == 422
        assert f"exists already: {Case.objects.get().number}" in again.content.decode()


def test_chinese_headings(world: World, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    client.post(reverse(URL), {"file": workbook(line("I-1", fraud_type="刷单返利"), chinese=True), "mode": "all"})
    assert Case.objects.get().fraud_type == "rebate"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "file is empty"), (b"PK\x03\x04broken", "cannot be read"), (b"a,b\n1,2\n", "not an XLSX")],
)
def test_a_file_that_is_no_workbook(world: World, log_in: Any, content: bytes, words: str) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(
            reverse(URL), {"file": SimpleUploadedFile("cases.xlsx", content), "mode": "all"}
        )
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_sheet_without_its_columns(world: World, log_in: Any) -> None:
    content = write_rows(["Incident number", "Victim"], [["I-1", "王小明"]])
    with unchanged():
        answer = log_in(world.analyst_a).post(
            reverse(URL), {"file": SimpleUploadedFile("cases.xlsx", content), "mode": "good"}
        )
    assert answer.status_code == 422
    assert "The column Receiving account number is missing" in answer.content.decode()


def test_the_answer_to_htmx_is_the_result_alone(world: World, log_in: Any) -> None:
    answer = send(log_in(world.analyst_a), line("I-1"), mode="check", **{"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "Can be filed" in answer.content.decode()


@pytest.mark.parametrize(("name", "status"), [("approver_a", 403), ("risk_a", 403), ("admin", 403), ("auditor", 403)])
def test_who_may_not(world: World, log_in: Any, name: str, status: int) -> None:
    client = log_in(getattr(world, name))
    with unchanged():
        assert client.get(reverse(URL)).status_code == status
        assert client.get(reverse("accounts:case_import_template")).status_code == status
        assert send(client, line("I-1"), mode="all").status_code == status


def test_checking_costs_the_same_for_many(world: World, log_in: Any, counted: Any) -> None:
    client = log_in(world.analyst_a)
    send(client, line("I-0"), mode="check")
    with counted(14) as one:
        send(client, line("I-1"), mode="check")
    with counted(len(one)):
        send(client, *[line(f"I-{number}") for number in range(20)], mode="check")
