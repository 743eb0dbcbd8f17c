"""Journals with orders that have come to their end, for the tests of what is kept how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from antifraud_connector.book import Book
from antifraud_connector.config import Config
from antifraud_connector.engine import Engine
from antifraud_connector.journal import Journal
from antifraud_connector.posting import Outbox
from antifraud_connector.sync import Schedule

from tests.connector.bank import new_message

OLD = datetime.now(UTC) - timedelta(days=401)
TODAYS = "of-today"


@contextmanager
def opened(folder: Path) -> Iterator[Book]:
    """A journal with an order of today: days are counted back from the newest."""
    with closing(Journal(folder / "journal.sqlite")) as journal:
        found = Book(journal)
        found.take(new_message("order.cancelled", order_id=TODAYS, available_at=datetime.now(UTC).isoformat()), "pull")
        change(journal, "DELETE FROM deliveries")
        yield found


def came(book: Book, *, at: datetime = OLD, upto: str = "posted") -> str:
    """An order of that day: taken, handed over, answered, or told to the platform."""
    message = new_message(available_at=at.isoformat())
    subject = str(message["order_id"])
    book.take(message, "pull")
    outbox = Outbox(book.journal)
    if upto in {"acknowledged", "answered", "posted"}:
        found = outbox.next()
        assert found is not None
        outbox.accepted(found[1], {})
    if upto in {"answered", "posted"}:
        book.handing(subject)
        book.effect_done(subject, {"outcome": "executed"})
    if upto == "posted":
        found = outbox.next()
        assert found is not None
        outbox.accepted(found[1], {})
        change(book.journal, "UPDATE subjects SET holds_due = 0 WHERE subject_id = ?", subject)
    aged(book.journal, subject, at)
    return subject


def aged(journal: Journal, subject: str, at: datetime) -> None:
    change(journal, "UPDATE subjects SET changed_at = ? WHERE subject_id = ?", at.timestamp(), subject)
    change(journal, "UPDATE deliveries SET seen_at = ? WHERE subject_id = ?", at.timestamp(), subject)


def change(journal: Journal, statement: str, *values: Any) -> None:
    with journal.change() as db:
        db.execute(statement, values)


def known(journal: Journal) -> set[str]:
    return {row["subject_id"] for row in journal.rows("SELECT subject_id FROM subjects")}


def left(journal: Journal, subject: str) -> list[int]:
    tables = ("subjects", "answers", "deliveries")
    return [journal.rows(f"SELECT count(*) FROM {name} WHERE subject_id = ?", subject)[0][0] for name in tables]


def schedule(journal: Journal) -> Schedule:
    numbers = {
        "journal.keep_days": 90, "journal.keep_rows_days": 400, "sync.start_seconds": 0, "sync.holds_seconds": 300,
        "sync.days_seconds": 86400,
    }  # fmt: skip
    config = cast(Config, SimpleNamespace(number=lambda name: numbers[name]))
    return Schedule(cast(Engine, SimpleNamespace(journal=journal)), config)
