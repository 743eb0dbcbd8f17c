"""Accounts of an alert from a file: template, rows into the box, wrong rows by number, nothing stored, 429 under pressure."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.rules.sheets import ALERT_COLUMNS, headings
from antifraud.spreadsheets import write_rows
from banks.models import Lane
from tests.accounts import alerting
from tests.accounts.factories import card
from tests.banks.lanes import enqueue
from tests.cast import World

URL = "/alerts/new/import/"


def workbook(*rows: tuple[str, ...], chinese: bool = False) -> SimpleUploadedFile:
    """The template with these rows."""
    return SimpleUploadedFile("accounts.xlsx", write_rows(headings(ALERT_COLUMNS, chinese=chinese), rows))


def comma_separated(*rows: tuple[str, ...], encoding: str = "utf-8", chinese: bool = False) -> SimpleUploadedFile:
    """The same as CSV."""
    lines = [headings(ALERT_COLUMNS, chinese=chinese), *rows]
    return SimpleUploadedFile("accounts.csv", "\r\n".join(",".join(row) for row in lines).encode(encoding))


def send(client: Any, file: SimpleUploadedFile, **data: str) -> Any:
    return client.post(URL, {"file": file, **data}, headers={"HX-Request": "true"})


@pytest.mark.parametrize(("language", "word"), [("en", "Account number"), ("zh-hans", "账号")])
def test_the_template_has_headings_in_the_readers_language(world: World, log_in: Any, language: str, word: str) -> None:
    client = log_in(world.analyst_a)
    client.cookies["django_language"] = language
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/alerts/new/import/template/").content)).worksheets[0]
    assert sheet[1][0].value == word
    assert sheet.max_row == 1


@pytest.mark.parametrize("make", [workbook, comma_separated])
def test_good_rows_stand_in_the_box_with_their_choices(world: World, log_in: Any, make: Any) -> None:
    one, two, before = card("622202"), card("621700"), card("622202")
    file = make((one, "张三", "", ""), (two, "李四", world.bank_a.name, "Yes"))
    with_nothing_stored = alerting.facts()
    answer = send(log_in(world.analyst_a), file, accounts=before)
    text = answer.content.decode()
    assert answer.status_code == 200
    for wanted in (before, f"{one}\t张三", f"{two}\t李四", f'name="all-{two}-4" id="all-4" checked'):
        assert wanted in text
    assert text.count(f'<option value="{world.bank_a.id}" selected>') == 2
    assert alerting.facts() == with_nothing_stored


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_chinese_csv_is_read(world: World, log_in: Any, encoding: str) -> None:
    one = card("622202")
    file = comma_separated((one, "张三", "工行", "是"), encoding=encoding, chinese=True)
    text = send(log_in(world.analyst_a), file).content.decode()
    assert f"{one}\t张三" in text
    assert f'name="all-{one}-2" id="all-2" checked' in text


def test_wrong_rows_are_named_by_number_and_take_nothing(world: World, log_in: Any) -> None:
    one, client = card("622202"), log_in(world.analyst_a)

    def file() -> SimpleUploadedFile:
        return workbook((one, "张三", "", ""), ("12", "", "", ""), (card(), "", "", "perhaps"))

    answer = send(client, file())
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'data-label="Row">3<' in text
    assert 'data-label="Row">4<' in text
    assert one not in text
    skipped = send(client, file(), bad_rows="skip")
    assert skipped.status_code == 200
    assert f"{one}\t张三" in skipped.content.decode()
    assert 'data-label="Row">3<' in skipped.content.decode()


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("a.xlsx", b"not a workbook"),
        SimpleUploadedFile("a.csv", b"\xff\xfe\x00\x00"),
        SimpleUploadedFile("a.csv", b"Number of cows\n3\n"),
        SimpleUploadedFile("a.csv", b""),
        SimpleUploadedFile("a.csv", ("Account number,Account name\n" + "6222020000000000017,x\n" * 501).encode()),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(world: World, log_in: Any, file: SimpleUploadedFile) -> None:
    file.seek(0)
    answer = send(log_in(world.analyst_a), file)
    assert (answer.status_code, "The file was not taken" in answer.content.decode()) == (422, True)


def test_no_file_is_refused(world: World, log_in: Any) -> None:
    assert log_in(world.analyst_a).post(URL, {}, headers={"HX-Request": "true"}).status_code == 422


def test_a_crowded_lane_sheds_the_import(world: World, log_in: Any) -> None:
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=1)
    enqueue(world.bank_a, 1, topic="alert.issued")
    client = log_in(world.analyst_a)
    answer = send(client, workbook((card("622202"), "", "", ""), (card("621700"), "", "", "")))
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
    assert send(client, workbook((card("621700"), "", "", ""))).status_code == 200
