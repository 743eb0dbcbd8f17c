"""From which day the journal is complete: whatever this machine's clock says, and whatever comes while rows are erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector import retention
from antifraud_connector.book import Book
from antifraud_connector.posting import Outbox

from tests.connector.bank import new_message
from tests.connector.finished import came, change, left, opened, schedule


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with opened(tmp_path) as found:
        yield found


class Ahead(datetime):
    """The clock of a machine that is two years ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(days=730)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """This machine's clock, two years ahead until `undo`."""
    real = time.time
    with monkeypatch.context() as patch:
        patch.setattr("antifraud_connector.retention.datetime", Ahead)
        patch.setattr("antifraud_connector.sync.datetime", Ahead)
        patch.setattr("time.time", lambda: real() + 730 * 86400)
        yield patch


def test_a_clock_that_once_was_ahead_spoils_nothing(book: Book, ahead: pytest.MonkeyPatch) -> None:
    """The horizon never goes back: it is counted from the newest day that the journal knows."""
    old, young = came(book), came(book, at=datetime.now(UTC) - timedelta(days=10))
    assert retention.erase(book.journal, 400) == 1
    assert (left(book.journal, old)[0], left(book.journal, young)[0]) == (0, 1)
    ahead.undo()
    today = datetime.now(UTC).date()
    assert retention.erased_before(book.journal) == (today - timedelta(days=400)).isoformat()
    assert retention.is_complete(book.journal, today)
    fresh = new_message(available_at=datetime.now(UTC).isoformat())
    book.take(fresh, "pull")
    work = book.next_handover(set())
    assert work is not None
    assert (work.subject_id, work.message["possible_duplicate"]) == (fresh["order_id"], False)


def test_a_message_without_a_moment_does_not_carry_the_clocks_error_on(book: Book, ahead: pytest.MonkeyPatch) -> None:
    """An expired alert tells no moment; its day is then this machine's guess."""
    young = came(book, at=datetime.now(UTC) - timedelta(days=10))
    book.take(
        {"delivery_id": "d-a", "topic": "alert.issued", "notice_id": "n-1", "status": "expired", "seq": 1}, "pull"
    )
    (guess,) = book.journal.rows("SELECT day FROM subjects WHERE subject_id = 'n-1'")
    assert guess["day"] > datetime.now(UTC).date().isoformat()
    assert retention.erase(book.journal, 400) == 0
    assert left(book.journal, young)[0] == 1
    ahead.undo()
    assert retention.is_complete(book.journal, datetime.now(UTC).date())


def test_a_journal_of_before_counts_back_from_its_rows(book: Book, ahead: pytest.MonkeyPatch) -> None:
    old = came(book)
    change(book.journal, "DELETE FROM facts")
    assert retention.erase(book.journal, 400) == 1
    assert left(book.journal, old)[0] == 0
    ahead.undo()
    assert retention.is_complete(book.journal, datetime.now(UTC).date() - timedelta(days=400))


def test_a_round_of_a_clock_that_was_ahead_does_not_put_off_the_next(book: Book) -> None:
    book.journal.remember("days_synced_at", str(time.time() + 730 * 86400))
    assert schedule(book.journal)._days_due()
    book.journal.remember("days_synced_at", str(time.time() - 60))
    assert not schedule(book.journal)._days_due()


@pytest.mark.parametrize("epoch", ["", "2"])
def test_of_the_last_two_days_too_only_complete_ones_are_compared(
    book: Book, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    """Whatever put the horizon there: a day without all of its rows would order again what was done."""
    today = datetime.now(UTC).date()
    book.journal.remember(retention.ERASED, today.isoformat())
    book.journal.remember("epoch", epoch)
    compared: list[date] = []
    monkeypatch.setattr("antifraud_connector.sync.sync_day", lambda _engine, day: compared.append(day))
    monkeypatch.setattr("antifraud_connector.sync.sync_holds", lambda _engine: None)
    schedule(book.journal)._days()
    assert compared == [today]


@pytest.mark.parametrize("what", ["asked again", "attention", "hold"])
def test_what_changes_after_the_choice_is_not_erased(book: Book, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Another process (`status`, the door) writes between the choice of the rows and their end."""
    subject, other = came(book), came(book)
    remember, ahead = book.journal.remember, (datetime.now(UTC) + timedelta(days=3)).isoformat()

    def between(name: str, value: str) -> None:
        remember(name, value)
        if what == "asked again":
            Outbox(book.journal).send_again(subject)
        elif what == "attention":
            book.journal.call_attention("order", subject, "Books differ.")
        else:
            change(book.journal, "INSERT INTO holds VALUES ('h', ?, 'stop', 'active', ?, '', '')", subject, ahead)

    monkeypatch.setattr(book.journal, "remember", between)
    assert retention.erase(book.journal, 400) == 1
    assert left(book.journal, subject) == [1, 1, 1]
    assert left(book.journal, other) == [0, 0, 0]


@pytest.mark.parametrize("said", [{}, {"available_at": None}])
def test_an_alert_that_tells_no_moment_is_of_today(book: Book, said: dict[str, Any]) -> None:
    """An older platform does not say when an alert came: after the first erasure not each of them is a duplicate."""
    came(book)
    assert retention.erase(book.journal, 400) == 1
    alert = {"delivery_id": "d-a", "topic": "alert.issued", "notice_id": "n-1", "status": "issued", "seq": 1}
    book.take(alert | said, "pull")
    work = book.next_handover(set())
    assert work is not None
    assert not work.message.get("possible_duplicate")
    (row,) = book.journal.rows("SELECT day FROM subjects WHERE subject_id = 'n-1'")
    assert row["day"] == datetime.now(UTC).date().isoformat()


def test_a_moment_that_cannot_be_read_may_be_of_an_erased_day(book: Book) -> None:
    came(book)
    retention.erase(book.journal, 400)
    book.take(new_message(available_at="yesterday"), "pull")
    work = book.next_handover(set())
    assert work is not None
    assert work.message["possible_duplicate"]
