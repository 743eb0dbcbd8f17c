"""Pages of statement import: upload, columns, check, commit, discard; what is refused leaves everything as it was."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import LedgerEntry, StatementFile, StatementLine, StatementMapping
from antifraud.jobs.models import Job
from cases.models import Attachment
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow import files
from tests.accounts.flow.files import address, commit, csv_file, fresh, receive, row, unknown_file, upload, work
from tests.cast import World


@pytest.fixture
def case(world: World) -> Any:
    """A case of unit A."""
    return factories.new_case(world.analyst_a)


# -- upload ----------------------------------------------------------------------------------------


def test_an_uploaded_file_is_read_checked_and_taken_into_the_ledger(world: World, case: Any, log_in: Any) -> None:
    client, a, b = log_in(world.analyst_a), card(), card("621700")
    answer = upload(client, case, csv_file(row(a, b, "in", 50_000), row(a, b, "out", 12_345, second=60)))
    file = StatementFile.objects.get()
    assert (answer.status_code, answer.url) == (303, address("statement", file))
    busy = client.get(answer.url).content.decode()
    assert 'hx-trigger="every 1s"' in busy
    assert 'role="status"' in busy
    assert work() == ["done"]
    page = client.get(answer.url).content.decode()
    for word in ("Control totals", "500.00", "123.45", f"{a[:4]} **** {a[-4:]}", "Every row was read without a doubt."):
        assert word in page
    assert a not in page
    assert "every 1s" not in page
    done = commit(client, fresh(file))
    assert done.status_code == 303
    assert LedgerEntry.objects.count() == 0, "rows come into the ledger by the job, not by the click"
    work()
    assert fresh(file).status == "committed"
    assert LedgerEntry.objects.count() == 2
    assert "Taken into the ledger" in client.get(address("statement", file)).content.decode()


def test_several_files_at_once_each_for_itself(world: World, case: Any, log_in: Any) -> None:
    client, a, b = log_in(world.analyst_a), card(), card()
    good = [csv_file(row(a, b, "in", amount), name=f"{amount}.csv") for amount in (100, 200)]
    answer = upload(client, case, *good, SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\nxx"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "photo.png" in text
    assert "2 files were received" in text
    assert StatementFile.objects.count() == 2


def test_htmx_gets_the_form_back_and_is_led_on(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    data = {"chosen": [csv_file(row(card(), card(), "in", 100))], "zone": "Asia/Shanghai"}
    url = reverse("accounts:case_statements", args=[case.id])
    wrong = client.post(url, data | {"zone": "Mars/Base"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "<html" not in wrong.content.decode()
    assert StatementFile.objects.count() == 0
    data["chosen"] = [csv_file(row(card(), card(), "in", 100))]
    answer = client.post(url, data, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == address("statement", StatementFile.objects.get())


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (SimpleUploadedFile("empty.csv", b""), "empty"),
        (SimpleUploadedFile("program.csv", b"MZ\x00\x01\x02"), "program.csv"),
        (None, "required"),
    ],
    ids=["empty", "wrong kind", "none"],
)
def test_a_wrong_file_is_refused_with_a_sentence(
    world: World, case: Any, log_in: Any, sent: Any, word: str
) -> None:  # fmt: skip
    before = Attachment.objects.count()
    answer = upload(log_in(world.analyst_a), case, *([sent] if sent else []))
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert (StatementFile.objects.count(), Job.objects.count(), Attachment.objects.count()) == (0, 0, before)


def test_the_same_file_again_changes_nothing_and_names_the_earlier_one(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    entry = row(card(), card(), "in", 100)
    assert upload(client, case, csv_file(entry)).status_code == 303
    again = upload(client, case, csv_file(entry))
    assert again.status_code == 422
    assert StatementFile.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"zone": "Mars/Base"}, "time zone"), ({"owner_name": "张三"}, "number of the account")],
)
def test_wrong_particulars_are_said_at_their_field(
    world: World, case: Any, log_in: Any, fields: dict[str, str], word: str
) -> None:  # fmt: skip
    answer = upload(log_in(world.analyst_a), case, csv_file(row(card(), card(), "in", 100)), **fields)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert StatementFile.objects.count() == 0


# -- progress --------------------------------------------------------------------------------------


def test_progress_is_a_fragment_that_stops_when_the_work_has_ended(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100)))
    url, htmx = address("statement_progress", file), {"HX-Request": "true"}
    Job.objects.update(state="running", stage="reading", done=300, total=1000)
    first = client.get(url, headers=htmx).content.decode()
    assert 'value="300" max="1000"' in first
    assert "hx-swap-oob" in first
    said = first.split("?said=")[1].split('"')[0]
    assert "hx-swap-oob" not in client.get(f"{url}?said={said}", headers=htmx).content.decode()
    assert client.get(url).status_code == 302, "without a script the page itself is the progress"
    Job.objects.update(state="done")
    ended = client.get(url, headers=htmx)
    assert "HX-Redirect" not in ended, "the next poll would break the coming page off"
    assert 'hx-trigger="load"' in ended.content.decode()
    assert "every 1s" not in ended.content.decode()
    assert client.get(f"{url}?ended=1", headers=htmx)["HX-Redirect"] == address("statement", file)


def test_a_reading_that_broke_off_keeps_the_file_and_is_begun_again(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100)))
    early = client.post(address("statement_retry", file))
    assert early.status_code == 303
    assert Job.objects.count() == 1, "the active job is the one"
    Job.objects.update(state="failed", note="fault")
    page = client.get(address("statement", file)).content.decode()
    for words in ("The file has not been read", "Read again", "fault of the platform", "The original is kept"):
        assert words in page
    assert "not read, begin again" in listed(client, case)
    assert client.post(address("statement_retry", file)).status_code == 303
    assert "Read again" not in client.get(address("statement", file)).content.decode(), "it waits for a worker"
    assert "not read, begin again" not in listed(client, case)
    assert work() == ["done"]
    assert fresh(file).status == "preview"
    client.post(address("statement_retry", file))
    assert Job.objects.filter(state="queued").count() == 0


def test_a_file_whose_failed_work_is_forgotten_can_still_be_read(world: World, case: Any, log_in: Any) -> None:
    """Jobs are deleted a month after they ended; the file is not."""
    client = log_in(world.analyst_a)
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100)))
    Job.objects.all().delete()
    assert "Read again" in client.get(address("statement", file)).content.decode()
    client.post(address("statement_retry", file))
    assert work() == ["done"]
    assert fresh(file).status == "preview"


def test_who_may_only_look_is_told_who_can_begin_it_again(world: World, case: Any, log_in: Any) -> None:
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100)))
    Job.objects.update(state="failed", note="fault")
    client = log_in(world.approver_a)
    page = client.get(address("statement", file)).content.decode()
    assert "The file has not been read" in page
    assert "Read again" not in page
    assert "An officer of the case has to begin it." in page
    assert client.post(address("statement_retry", file)).status_code == 403
    assert Job.objects.count() == 1


def listed(client: Any, case: Any) -> str:
    """The tab of the case."""
    return str(client.get(reverse("accounts:case_statements", args=[case.id])).content.decode())


def test_work_is_cancelled_from_the_page(world: World, case: Any, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    file = receive(world.analyst_a, case, csv_file(row(card(), card(), "in", 100)))
    assert client.post(address("statement_cancel", file)).status_code == 303
    assert Job.objects.get().cancel_asked_at is not None
    assert "being cancelled" in client.get(address("statement", file)).content.decode()
    Job.objects.update(state="cancelled")
    client.post(address("statement_cancel", file))
    assert Job.objects.get().state == "cancelled"


# -- columns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "chosen"), [(files.UNKNOWN, "CNY"), (("When", "Sum", "Kind", "Whose", "To whom"), "")]
)
def test_a_currency_is_assumed_under_chinese_headings_only(
    world: World, case: Any, log_in: Any, headings: tuple[str, ...], chosen: str
) -> None:
    table = files.csv_bytes([row(card(), card(), "in", 10_000)], headings)
    file = receive(world.analyst_a, case, SimpleUploadedFile("table.csv", table))
    work()
    page = log_in(world.analyst_a).get(address("statement_map", file))
    assert page.context["form"]["currency"].value() == chosen


def test_unknown_headings_are_named_seen_and_remembered(world: World, case: Any, log_in: Any) -> None:
    client, a = log_in(world.analyst_a), card()
    rows = [row(a, card(), "in", 10_000, balance=20_000), row(a, card(), "out", 5_000, second=9, balance=15_000)]
    file = receive(world.analyst_a, case, unknown_file(*rows), institution=world.bank_a)
    work()
    assert fresh(file).status == "needs_mapping"
    assert client.get(address("statement", file)).url == address("statement_map", file)
    page = client.get(address("statement_map", file)).content.decode()
    assert files.UNKNOWN[0] in page
    assert a not in page
    assert f"{a[:4]} **** {a[-4:]}" in page
    chosen = {
        "column-0": "account", "column-1": "account_name", "column-2": "at", "column-3": "amount", "column-4": "balance", "currency": "CNY",
        "remember": "on",
    }  # fmt: skip
    seen = client.post(address("statement_map_preview", file), chosen).content.decode()
    assert "50.00" in seen
    assert "direction" in seen.lower()
    assert a not in seen
    assert StatementLine.objects.count() == 0, "a preview stores nothing"
    assert client.post(address("statement_map", file), chosen).status_code == 303
    work()
    assert fresh(file).status == "preview"
    assert StatementMapping.objects.get().institution_id == world.bank_a.id
    later = receive(world.analyst_a, case, unknown_file(row(a, card(), "in", 7)), institution=world.bank_a)
    work()
    assert fresh(later).status == "preview"


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ({"column-0": "account", "column-2": "at", "column-3": "amount", "column-4": "amount"}, "named already"),
        ({"column-0": "account", "column-3": "amount"}, "No column holds the date"),
        ({"column-0": "account", "column-2": "at"}, "No column holds the amount"),
        ({"column-2": "at", "column-3": "amount"}, "No column names the account"),
        ({"column-0": "nonsense", "column-2": "at", "column-3": "amount"}, "Select a valid choice"),
    ],
    ids=["twice", "no date", "no amount", "no account", "no field"],
)
def test_a_wrong_choice_of_columns_is_refused(
    world: World, case: Any, log_in: Any, chosen: dict[str, str], word: str
) -> None:  # fmt: skip
    file = receive(world.analyst_a, case, unknown_file(row(card(), card(), "in", 100)), institution=world.bank_a)
    work()
    answer = log_in(world.analyst_a).post(address("statement_map", file), {"currency": "CNY"} | chosen)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert fresh(file).status == "needs_mapping"
    assert StatementMapping.objects.count() == 0
