"""The journal's rules without processes: messages twice, late, out of order, unknown; urgency; what is forgotten and what is not."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from antifraud_connector import sync
from antifraud_connector.book import Book
from antifraud_connector.engine import Engine
from antifraud_connector.journal import Journal
from antifraud_connector.posting import Outbox

from tests.connector.bank import new_message, thin


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path / "journal.sqlite")
    yield found
    found.close()


@pytest.fixture
def book(journal: Journal) -> Book:
    return Book(journal)


def state(book: Book, subject: str) -> tuple[str, str, int]:
    row = book.journal.rows("SELECT effect, state, cancelled FROM subjects WHERE subject_id = ?", subject)[0]
    return row["effect"], row["state"], row["cancelled"]


def answer(book: Book, subject: str) -> None:
    assert book.handing(subject)
    book.effect_done(subject, {"outcome": "executed"})


def post_all(book: Book) -> list[str]:
    outbox, told = Outbox(book.journal), []
    while (found := outbox.next()) is not None:
        told.append(found[0])
        outbox.accepted(found[1], {})
    return told


def test_the_journal_is_durable_and_private(journal: Journal) -> None:
    assert journal.rows("PRAGMA journal_mode")[0][0] == "wal"
    assert journal.rows("PRAGMA synchronous")[0][0] == 2
    assert journal.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([0, 0, 1, 1]))))
def test_any_order_of_an_order_and_its_cancellation_ends_without_an_effect(book: Book, order: tuple[int, ...]) -> None:
    issued = new_message()
    cancelled = new_message("order.cancelled", order_id=issued["order_id"], seq=2)
    for which in order:
        book.take((issued, cancelled)[which], "pull")
    assert state(book, issued["order_id"]) == ("withdrawn", "cancelled", 1)
    assert book.next_handover(set()) is None
    assert post_all(book) == []


def test_a_cancellation_after_the_hand_over_lets_the_answer_go(book: Book) -> None:
    issued = new_message()
    subject = issued["order_id"]
    book.take(issued, "pull")
    assert book.handing(subject)
    book.take(new_message("order.cancelled", order_id=subject, seq=2), "pull")
    book.effect_done(subject, {"outcome": "executed"})
    assert post_all(book) == [f"orders/{subject}/answer/"]
    assert state(book, subject) == ("done", "cancelled", 1)


def test_an_alert_is_handed_over_and_acknowledged_but_not_answered(book: Book) -> None:
    message = {
        "delivery_id": "d-1",
        "topic": "alert.issued",
        "notice_id": "n-1",
        "alert_number": "A-1",
        "status": "sent",
        "seq": 1,
    }
    assert book.take(message, "pull")
    assert not book.take(message, "pull")
    work = book.next_handover(set())
    assert work is not None
    assert book.handing(work.subject_id)
    book.effect_done(work.subject_id, None)
    assert post_all(book) == ["alerts/notices/n-1/acknowledge/"]


def test_an_expired_alert_is_only_noted(book: Book) -> None:
    book.take(
        {"delivery_id": "d-1", "topic": "alert.issued", "notice_id": "n-1", "status": "expired", "seq": 1}, "pull"
    )
    assert book.next_handover(set()) is None
    assert post_all(book) == []


def test_an_unknown_topic_is_kept_for_people(book: Book) -> None:
    assert not book.take({"delivery_id": "d-1", "topic": "order.painted", "seq": 1}, "pull")
    assert [row["kind"] for row in book.journal.rows("SELECT * FROM attention")] == ["topic"]
    assert book.next_handover(set()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"delivery_id": None}, {"delivery_id": "../x"}, {"order_id": "a/b"}, {"order_id": 5}, {"order_id": ""}, {"topic": 5},
        {"topic": "x" * 65}, {"status": None}, {"seq": -1}, {"seq": True}, {"seq": "1"}, {"priority": 2**31},
    ],
)  # fmt: skip
def test_what_cannot_be_read_changes_nothing(book: Book, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        book.take({**new_message(), **changes}, "pull")
    for table in ("deliveries", "subjects", "attention"):
        assert book.journal.rows(f"SELECT * FROM {table}") == []


def test_the_most_urgent_goes_first_and_busy_orders_are_passed_over(book: Book) -> None:
    kinds = ["query_holder", "freeze", "stop_extend", "freeze_release", "stop"]
    subjects = {}
    for kind in kinds:
        message = new_message(order_id=f"o-{kind.replace('_', '-')}")
        message["payload"] = {"order": {"kind": kind}}
        book.take(message, "pull")
        subjects[kind] = message["order_id"]
    taken: list[str] = []
    while (work := book.next_handover(set(taken))) is not None:
        taken.append(work.subject_id)
    assert taken == [subjects[kind] for kind in ("freeze_release", "stop", "freeze", "stop_extend", "query_holder")]


def test_an_event_is_fetched_once_and_again_only_after_a_refusal(book: Book) -> None:
    event = thin(new_message())
    assert book.announce(event)
    assert not book.announce(event)
    assert book.unfetched() == (event["delivery_id"], 0)
    book.fetch_never(event["delivery_id"], "not_found")
    assert book.unfetched() is None
    book.announce(event)
    assert book.unfetched() == (event["delivery_id"], 0)
    book.fetch_later(event["delivery_id"], 60)
    assert book.unfetched() is None


def test_an_answer_keeps_its_bytes_and_key_until_it_is_taken(book: Book) -> None:
    issued = new_message()
    book.take(issued, "pull")
    answer(book, issued["order_id"])
    book.effect_done(issued["order_id"], {"outcome": "refused"})  # a second word counts for nothing
    outbox = Outbox(book.journal)
    seen = set()
    for _ in range(3):
        found = outbox.next()
        assert found is not None
        if found[1].kind == "acknowledge":
            outbox.accepted(found[1], {})
            continue
        seen.add((found[1].key, found[1].body))
        outbox.later(found[1], None)
        with book.journal.change() as db:
            db.execute("UPDATE subjects SET post_at = 0")
    assert seen == {(f"answer-{issued['order_id']}-1", b'{"outcome":"executed"}')}


def test_what_is_finished_and_old_is_erased_but_stays_known(book: Book) -> None:
    done, open_one = new_message(), new_message()
    for message in (done, open_one):
        book.take(message, "pull")
    answer(book, done["order_id"])
    post_all(book)
    with book.journal.change() as db:
        db.execute("UPDATE subjects SET changed_at = ?, holds_due = 0", (time.time() - 91 * 86400,))
    assert book.journal.forget(90) == 1
    kept = {row["subject_id"]: row["message"] for row in book.journal.rows("SELECT subject_id, message FROM subjects")}
    assert kept[done["order_id"]] is None
    assert kept[open_one["order_id"]] is not None
    assert book.journal.rows("SELECT body FROM answers")[0]["body"] == b""
    book.take({**done, "delivery_id": "d-9"}, "pull")
    assert [work.subject_id for work in [book.next_handover(set())] if work] == [open_one["order_id"]]
    assert state(book, done["order_id"])[0] == "done"


def items(journal: Journal, day: str) -> list[str]:
    return sync.order_items(cast(Engine, SimpleNamespace(journal=journal)), date.fromisoformat(day))


def days(journal: Journal) -> list[tuple[str, str]]:
    """Whose day is told to people as unknown."""
    return [(row["kind"], row["subject_id"]) for row in journal.rows("SELECT * FROM attention")]


@pytest.mark.parametrize("moment", ["soon", 5, {"at": 1}, "2026-03-01T08:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_cannot_be_read_is_told_and_stops_nothing(
    book: Book, caplog: pytest.LogCaptureFixture, moment: object
) -> None:
    issued = new_message(available_at=moment)
    subject = issued["order_id"]
    assert book.take(issued, "pull")
    assert days(book.journal) == [("day", subject)]
    assert f"{subject}: available_at cannot be read" in caplog.text
    assert items(book.journal, "2026-03-01") == []
    outbox = Outbox(book.journal)
    found = outbox.next()
    assert found is not None
    outbox.accepted(found[1], {"available_at": moment})
    assert days(book.journal) == [("day", subject)]
    book.take({**issued, "available_at": "2026-03-02T01:00:00+08:00"}, "pull")
    assert (days(book.journal), items(book.journal, "2026-03-01")) == ([], [f"{subject}|acknowledged|0"])
    outbox.accepted(found[1], {"available_at": moment})  # a known day is not lost again
    assert (days(book.journal), len(items(book.journal, "2026-03-01"))) == ([], 1)
    outbox.accepted(found[1], {"available_at": "2026-03-03T00:00:00Z"})
    assert (len(items(book.journal, "2026-03-01")), len(items(book.journal, "2026-03-03"))) == (0, 1)


def test_a_comparison_reads_the_asked_day_only(journal: Journal) -> None:
    plan = [row["detail"] for row in journal.rows(f"EXPLAIN QUERY PLAN {sync.OF_DAY}", "2026-03-01")]
    assert "SEARCH subjects USING INDEX subjects_day (day=? AND kind=?)" in plan


def test_a_journal_of_version_1_keeps_its_orders(book: Book) -> None:
    good, bad = new_message(), new_message()
    for message in (good, bad):
        book.take(message, "pull")
    with book.journal.change() as db:
        db.execute("DROP INDEX subjects_day")
        db.execute("ALTER TABLE subjects RENAME COLUMN day TO available_at")
        db.execute("UPDATE subjects SET available_at = '2026-03-01T23:30:00-01:00'")
        db.execute("UPDATE subjects SET available_at = 'soon' WHERE subject_id = ?", (bad["order_id"],))
        db.execute("PRAGMA user_version = 1")
    for _ in range(2):
        again = Journal(book.journal.path)
        assert items(again, "2026-03-02") == [f"{good['order_id']}|issued|0"]
        assert days(again) == [("day", bad["order_id"])]
        again.close()


@pytest.mark.parametrize(
    ("here", "platform", "adopted"),
    [
        ("issued", "acknowledged", True),
        ("acknowledged", "issued", True),
        ("acknowledged", "cancelled", True),
        ("cancelled", "answered", True),
        ("superseded", "cancelled", True),
        ("cancelled", "issued", False),
        ("cancelled", "acknowledged", False),
        ("superseded", "issued", False),
        ("answered", "issued", False),
        ("answered", "acknowledged", False),
        ("answered", "cancelled", False),
    ],
)
def test_the_platforms_word_never_makes_an_order_executable_again(
    book: Book, here: str, platform: str, adopted: bool
) -> None:
    subject = new_message(status=here)["order_id"]
    book.take(new_message(order_id=subject, status=here), "pull")
    with book.journal.change() as db:
        db.execute("UPDATE subjects SET acknowledge = 'done' WHERE subject_id = ?", (subject,))
    before = state(book, subject)
    assert book.adopt(subject, platform, 0) is adopted
    assert state(book, subject)[1] == (platform if adopted else here)
    assert adopted or state(book, subject) == before
    again = book.journal.rows("SELECT acknowledge FROM subjects WHERE subject_id = ?", subject)[0]["acknowledge"]
    assert (again == "due") == ((here, platform) == ("acknowledged", "issued"))
