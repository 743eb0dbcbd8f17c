"""Finished rows go after their time, open ones never; what is gone is not compared, and comes back as a possible duplicate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from antifraud_connector import retention
from antifraud_connector.book import Book
from antifraud_connector.cli import main
from antifraud_connector.journal import Journal
from antifraud_connector.posting import Outbox

from tests.connector.bank import new_message
from tests.connector.finished import OLD, TODAYS, came, change, known, left, opened, schedule


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with opened(tmp_path) as found:
        yield found


def test_finished_rows_of_old_days_go_and_younger_ones_stay(book: Book) -> None:
    old, young = came(book), came(book, at=datetime.now(UTC) - timedelta(days=399))
    assert retention.erase(book.journal, 400) == 1
    assert left(book.journal, old) == [0, 0, 0]
    assert left(book.journal, young) == [1, 1, 1]
    assert retention.erase(book.journal, 400) == 0


def test_nought_days_keep_everything(book: Book) -> None:
    old = came(book)
    assert retention.erase(book.journal, 0) == 0
    assert left(book.journal, old) == [1, 1, 1]
    assert retention.erased_before(book.journal) == ""


@pytest.mark.parametrize("upto", ["taken", "acknowledged", "answered"])
def test_what_is_open_is_never_erased(book: Book, upto: str) -> None:
    subject = came(book, upto=upto)
    assert retention.erase(book.journal, 30) == 0
    assert left(book.journal, subject)[0] == 1


@pytest.mark.parametrize(
    "why", ["hold", "endless hold", "holds due", "attention", "asked again", "changed of late", "no day"]
)
def test_what_may_still_be_needed_is_not_erased(book: Book, why: str) -> None:
    subject, ahead = came(book), (datetime.now(UTC) + timedelta(days=3)).isoformat()
    if why.endswith("hold"):
        ends = "" if why == "endless hold" else ahead
        change(book.journal, "INSERT INTO holds VALUES ('h', ?, 'freeze', 'extended', ?, '', '')", subject, ends)
    elif why == "holds due":
        change(book.journal, "UPDATE subjects SET holds_due = 1")
    elif why == "attention":
        book.journal.call_attention("order", subject, "Books differ.")
    elif why == "asked again":
        Outbox(book.journal).send_again(subject)
    elif why == "changed of late":
        change(book.journal, "UPDATE subjects SET changed_at = ?", time.time())
    else:
        change(book.journal, "UPDATE subjects SET day = ''")
    assert retention.erase(book.journal, 400) == 0
    assert left(book.journal, subject) == [1, 1, 1]


def test_a_hold_that_is_over_keeps_nothing(book: Book) -> None:
    subject = came(book)
    change(book.journal, "INSERT INTO holds VALUES ('h', ?, 'stop', 'active', ?, '', '')", subject, OLD.isoformat())
    assert retention.erase(book.journal, 400) == 1
    assert book.journal.rows("SELECT * FROM holds") == []


def test_deliveries_without_a_row_go_but_not_those_to_be_fetched_or_looked_at(book: Book) -> None:
    for name, topic in (("d-told", "order.painted"), ("d-settled", "order.painted")):
        book.take({"delivery_id": name, "topic": topic, "seq": 1}, "pull")
    book.announce({"delivery_id": "d-open", "subject_id": "s-1", "topic": "order.issued", "seq": 1})
    book.journal.settle("topic", ["d-settled"])
    change(book.journal, "UPDATE deliveries SET seen_at = ?", OLD.timestamp())
    retention.erase(book.journal, 400)
    assert [row[0] for row in book.journal.rows("SELECT delivery_id FROM deliveries ORDER BY 1")] == [
        "d-open",
        "d-told",
    ]


def test_what_comes_again_of_an_erased_day_may_be_a_duplicate(book: Book) -> None:
    old = came(book)
    retention.erase(book.journal, 400)
    again = new_message(order_id=old, available_at=OLD.isoformat())
    today = new_message(available_at=datetime.now(UTC).isoformat())
    for message in (again, today):
        book.take(message, "pull")
    rows = book.journal.rows("SELECT * FROM subjects WHERE subject_id <> ?", TODAYS)
    assert len(rows) == 2
    asked = {}
    for row in rows:
        work = book.next_handover({other["subject_id"] for other in rows if other is not row})
        assert work is not None
        asked[work.subject_id] = work.message.get("possible_duplicate", False)
    assert asked == {old: True, str(today["order_id"]): False}


def test_an_erased_day_is_compared_no_more(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restore all days are compared: one without all its rows would order again what was done."""
    came(book)
    still_open = came(book, upto="taken")
    young = datetime.now(UTC) - timedelta(days=10)
    came(book, at=young)
    retention.erase(book.journal, 400)
    assert still_open in known(book.journal)
    compared: list[date] = []
    monkeypatch.setattr("antifraud_connector.sync.sync_day", lambda _engine, day: compared.append(day))
    monkeypatch.setattr("antifraud_connector.sync.sync_holds", lambda _engine: None)
    book.journal.remember("epoch", "2")
    schedule(book.journal)._days()
    today = datetime.now(UTC).date()
    assert compared == [young.date(), today - timedelta(days=1), today]


def test_the_daily_round_erases(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    old = came(book)
    monkeypatch.setattr("antifraud_connector.sync.sync_day", lambda _engine, _day: None)
    monkeypatch.setattr("antifraud_connector.sync.sync_holds", lambda _engine: None)
    schedule(book.journal)._days()
    assert old not in known(book.journal)


def test_by_hand_an_erased_day_is_refused(book: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    came(book)
    retention.erase(book.journal, 400)
    (tmp_path / "secret").write_text("secret\n")
    settings = tmp_path / "c.toml"
    settings.write_text(
        f'[platform]\nurl = "https://127.0.0.1:9"\n[institution]\ncode = "bank_a"\n[client]\nid = "a"\nsecret_file = "secret"\n'
        f'[plugin]\nkind = "folder"\nfolder = "orders"\n[journal]\nfile = "{book.journal.path}"\n'
    )
    day = OLD.date().isoformat()
    assert main(["sync", "--config", str(settings), "--day", day]) == 2
    assert f"{day} cannot be compared" in capsys.readouterr().err


def test_the_horizon_never_goes_back(book: Book) -> None:
    came(book)
    retention.erase(book.journal, 100)
    first = retention.erased_before(book.journal)
    came(book)
    retention.erase(book.journal, 400)
    assert (
        retention.erased_before(book.journal) == first == (datetime.now(UTC).date() - timedelta(days=100)).isoformat()
    )


def test_the_file_shrinks_where_it_is_worth_it(book: Book) -> None:
    journal = book.journal
    subject = came(book, upto="answered")
    change(journal, "UPDATE answers SET body = zeroblob(?) WHERE subject_id = ?", 4_000_000, subject)
    journal.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    before = journal.path.stat().st_size
    assert not retention.compact(journal)
    change(journal, "UPDATE answers SET body = x'' WHERE subject_id = ?", subject)
    assert retention.compact(journal)
    assert journal.path.stat().st_size < before / 4
    assert left(journal, subject)[:2] == [1, 1]


def test_somebody_who_reads_only_puts_it_off(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = book.journal
    subject = came(book, upto="answered")
    change(journal, "UPDATE answers SET body = zeroblob(4000000) WHERE subject_id = ?", subject)
    change(journal, "UPDATE answers SET body = x'' WHERE subject_id = ?", subject)
    other = Journal(journal.path)
    try:
        other.rows("PRAGMA busy_timeout = 10")
        journal.rows("PRAGMA busy_timeout = 10")
        with other.change():
            assert not retention.compact(journal)
    finally:
        other.close()
    assert retention.compact(journal)
