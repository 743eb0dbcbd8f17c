"""Many answers by a workbook: the download, every row's result, good rows kept or all or none, the same checks as on the page."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.forms.answer_sheet import MOST_ANSWERS
from accounts.models import Answer, Hold, NextHop, Order
from accounts.rules.sheets import ANSWER_COLUMNS
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.answering import answer, bank_order, nothing_answered
from tests.accounts.factories import new_case
from tests.cast import World

LogIn = Callable[[Any], Client]
NAMES = [column.name for column in ANSWER_COLUMNS]
NUMBER = "6222021234567890123"
URL = "accounts:bulk_answers"


def now_text() -> str:
    """This minute as a person writes it."""
    with timezone.override("Asia/Shanghai"):
        return timezone.localtime(db.app_now()).strftime("%Y-%m-%d %H:%M:%S")


def download(client: Client, **data: str) -> Any:
    """The workbook of the open queue."""
    page = client.post(reverse("accounts:bulk_sheet"), data)
    assert page.status_code == 200
    return load_workbook(io.BytesIO(page.content))


def fill(book: Any, *rows: dict[str, Any]) -> SimpleUploadedFile:
    """The workbook with these cells filled in, from the second row on."""
    sheet = book.worksheets[0]
    for at, cells in enumerate(rows, start=2):
        for name, value in cells.items():
            sheet.cell(at, NAMES.index(name) + 1).value = value
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("answers.xlsx", out.getvalue())


def upload(client: Client, file: SimpleUploadedFile, mode: str) -> Any:
    """The page's answer to the filled-in sheet."""
    return client.post(reverse(URL), {"file": file, "mode": mode}, headers={"HX-Request": "true"})


def executed(**changes: Any) -> dict[str, Any]:
    """Cells of an executed stop or freeze of 5,000."""
    return {"outcome": "executed", "effective_from": now_text(), "executed": 5000} | changes


def orders(world: World, count: int) -> list[Order]:
    """So many stops of one case in bank A's queue, the most urgent first."""
    case = new_case(world.analyst_a, filed=True)
    return [bank_order(world, case=case) for _ in range(count)]


def states(page: Any) -> list[str]:
    """What became of each row."""
    return [line.state for line in page.context["sheet"].lines]


# -- download --------------------------------------------------------------------------------------


def test_the_sheet_lists_the_open_queue_masked(world: World, log_in: LogIn) -> None:
    order = bank_order(world, number=NUMBER)
    done = bank_order(world)
    answer(done, world.risk_a)
    sheet = download(log_in(world.risk_a)).worksheets[0]
    assert sheet.max_row == 2
    row = dict(zip(NAMES, [cell.value for cell in sheet[2]], strict=True))
    assert (row["order_id"], row["case_number"], row["asked_amount"]) == (str(order.pk), order.case.number, 5000)
    assert (row["account_number"], row["account_name"]) == ("6222 **** 0123", "张*")
    assert row["outcome"] is None
    entry = AuditEntry.objects.get(verb="order.export")
    assert entry.actor_id == world.risk_a.id
    assert not AuditEntry.objects.filter(verb="order.reveal").exists()


def test_numbers_in_clear_are_recorded_for_each_order(world: World, log_in: LogIn) -> None:
    order = bank_order(world, number=NUMBER)
    other = bank_order(world)
    sheet = download(log_in(world.risk_a), clear="1").worksheets[0]
    shown = {sheet.cell(at, NAMES.index("account_number") + 1).value for at in (2, 3)}
    assert NUMBER in shown
    assert set(AuditEntry.objects.filter(verb="order.reveal").values_list("object_id", flat=True)) == {
        order.pk,
        other.pk,
    }


def test_headings_follow_the_reader(world: World, log_in: LogIn) -> None:
    bank_order(world)
    client = log_in(world.risk_a)
    client.cookies["django_language"] = "zh-hans"
    assert download(client).worksheets[0].cell(1, 1).value == "指令标识"


# -- upload ----------------------------------------------------------------------------------------


def test_checking_sends_nothing(world: World, log_in: LogIn) -> None:
    orders(world, 2)
    client = log_in(world.risk_a)
    book = download(client)
    with nothing_answered():
        page = upload(client, fill(book, executed(), executed(executed=1)), "check")
    assert page.status_code == 200
    assert states(page) == ["good", "wrong"]


def test_good_rows_are_sent_and_the_others_reported(world: World, log_in: LogIn) -> None:
    first, second, third = orders(world, 3)
    client = log_in(world.risk_a)
    file = fill(
        download(client),
        executed(),
        executed(executed="5,000.01"),
        {"outcome": "refused", "reason": "0300", "handled_by": "Qian"},
    )
    page = upload(client, file, "good")
    assert states(page) == ["sent", "wrong", "sent"]
    html = page.content.decode()
    assert "higher than the amount asked for" in html
    assert "2 answers were sent." in html
    for order in (first, second, third):
        order.refresh_from_db()
    assert [order.outcome for order in (first, second, third)] == ["executed", "", "refused"]
    saved = Answer.objects.get(order=first)
    assert (saved.handler_name, saved.executed_minor, saved.source) == ("Risk A", 500_000, "logged_in")
    assert Answer.objects.get(order=third).reason_code == "no_such_account"
    assert Hold.objects.count() == 1


def test_all_or_none(world: World, log_in: LogIn) -> None:
    orders(world, 2)
    client = log_in(world.risk_a)
    book = download(client)
    with nothing_answered():
        page = upload(client, fill(book, executed(), executed(effective_from=None)), "all")
    assert page.status_code == 422
    assert states(page) == ["good", "wrong"]
    page = upload(client, fill(download(client), executed(), executed()), "all")
    assert (page.status_code, states(page)) == (200, ["sent", "sent"])


def test_one_refusal_of_the_service_undoes_all(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    first = bank_order(world, case=case)
    answer(first, world.risk_a)
    free = bank_order(world, case=case)
    running = bank_order(world, case=case, number=first.account.number.open())
    client = log_in(world.risk_a)
    book = download(client)
    ids = [book.worksheets[0].cell(at, 1).value for at in (2, 3)]
    assert ids == [str(free.pk), str(running.pk)]
    with nothing_answered():
        page = upload(client, fill(book, executed(), executed()), "all")
    assert page.status_code == 422
    assert states(page) == ["good", "wrong"]
    assert "already" in page.content.decode()


def test_a_second_upload_changes_nothing(world: World, log_in: LogIn) -> None:
    orders(world, 2)
    client = log_in(world.risk_a)
    book = download(client)
    rows = (executed(), {"outcome": "refused", "reason": "no_such_account"})
    assert states(upload(client, fill(book, *rows), "good")) == ["sent", "sent"]
    for mode in ("good", "all", "check"):
        with nothing_answered():
            page = upload(client, fill(book, *rows), mode)
        assert page.status_code == 200
        assert states(page) == ["answered", "answered"]
        assert "Answered before" in page.content.decode()


def test_untouched_rows_are_left_alone(world: World, log_in: LogIn) -> None:
    first, second = orders(world, 2)
    client = log_in(world.risk_a)
    page = upload(client, fill(download(client), {}, {"outcome": "mismatch", "mismatch_field": "name"}), "good")
    assert [line.row_no for line in page.context["sheet"].lines] == [3]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.outcome) == ("issued", "mismatch")


def test_words_of_both_languages_are_read(world: World, log_in: LogIn) -> None:
    orders(world, 1)
    client = log_in(world.risk_a)
    book = download(client)
    page = upload(client, fill(book, {"outcome": "Refused", "reason": "No such account"}), "good")
    assert states(page) == ["sent"]


def test_a_next_hop_of_a_row(world: World, log_in: LogIn) -> None:
    orders(world, 1)
    client = log_in(world.risk_a)
    cells = executed(
        hop_institution="建行", hop_number="6217000000000000017", hop_name="李四", hop_amount=1200, hop_at=now_text()
    )
    assert states(upload(client, fill(download(client), cells), "good")) == ["sent"]
    kept = NextHop.objects.get()
    assert (kept.institution_id, kept.amount_minor) == (world.bank_b.id, 120_000)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"outcome": "done"}, "not one of the list"),
        ({"outcome": "executed"}, "effective time is missing"),
        ({"outcome": "refused"}, "reason is missing"),
        ({"outcome": "refused", "reason": "not_ours", "suggested_institution": "Nowhere Bank"}, "suggested institution is missing"),
        ({"outcome": "executed", "effective_from": "yesterday", "executed": 5000}, "time cannot be read"),
        ({"outcome": "refused", "reason": "no_such_account", "order_id": "x"}, "identifier was changed"),
        ({"outcome": "refused", "reason": "no_such_account", "order_id": "00000000-0000-4000-8000-000000000000"}, "not in your queue"),
        ({"outcome": "refused", "reason": "other", "reason_text": "密码是123456"}, "must not be stored"),
    ],
)  # fmt: skip
def test_a_wrong_row_says_why(world: World, log_in: LogIn, cells: dict[str, Any], words: str) -> None:
    orders(world, 1)
    client = log_in(world.risk_a)
    book = download(client)
    with nothing_answered():
        page = upload(client, fill(book, cells), "good")
    assert page.status_code == 422
    line = page.context["sheet"].lines[0]
    assert (line.state, line.row_no) == ("wrong", 2)
    assert words in " ".join(line.problems)


def test_the_same_order_twice(world: World, log_in: LogIn) -> None:
    order = orders(world, 1)[0]
    client = log_in(world.risk_a)
    refused = {"outcome": "refused", "reason": "no_such_account"}
    file = fill(download(client), refused, refused | {"order_id": str(order.pk)})
    assert states(upload(client, file, "good")) == ["sent", "wrong"]
    assert Answer.objects.count() == 1


def test_anothers_orders_are_not_there(world: World, log_in: LogIn) -> None:
    order = orders(world, 1)[0]
    book = download(log_in(world.risk_a))
    stranger = log_in(world.risk_b)
    assert download(stranger).worksheets[0].max_row == 1
    with nothing_answered():
        page = upload(stranger, fill(book, {"outcome": "refused", "reason": "no_such_account"}), "good")
    assert states(page) == ["wrong"]
    assert order.number not in page.content.decode()


def test_what_is_no_workbook_is_refused(world: World, log_in: LogIn) -> None:
    client = log_in(world.risk_a)
    with nothing_answered():
        page = upload(client, SimpleUploadedFile("answers.xlsx", b"nonsense"), "good")
    assert page.status_code == 422
    assert "not an XLSX workbook" in page.content.decode()


def test_more_than_500_rows_are_refused(world: World, log_in: LogIn) -> None:
    order = orders(world, 1)[0]
    client = log_in(world.risk_a)
    row = {"order_id": str(order.pk), "outcome": "refused", "reason": "no_such_account"}
    file = fill(download(client), *[row] * (MOST_ANSWERS + 1))
    with nothing_answered():
        page = upload(client, file, "good")
    assert page.status_code == 422
    assert "500" in page.content.decode()


def test_the_page_without_a_script(world: World, log_in: LogIn) -> None:
    orders(world, 1)
    client = log_in(world.risk_a)
    html = client.get(reverse(URL)).content.decode()
    assert "1 order is open." in html
    file = fill(download(client), {"outcome": "refused", "reason": "no_such_account"})
    page = client.post(reverse(URL), {"file": file, "mode": "good"})
    assert page.status_code == 200
    assert "<html" in page.content.decode()
    assert Answer.objects.count() == 1
