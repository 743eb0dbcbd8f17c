"""How long the journal remembers finished orders: after their content goes the row itself, then the file shrinks.

Nothing open is ever erased. A row that is gone can no longer tell that an order was here before. So whole days go at
once: they are compared no more, and what still comes of such a day is handed over as a possible duplicate. Days are
counted back from the newest that the platform has named, not from this machine's clock alone: a clock that once jumps ahead
must not put every day to come behind the horizon, which never goes back.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from antifraud_connector.journal import Journal, read_moment

BATCH = 500  # in one transaction: nobody waits long for the journal
WORTH_PAGES = 256  # a megabyte
RUNNING = ("active", "extended", "waiting")  # states of a hold
_FINISHED = """
SELECT subject_id FROM subjects s WHERE day > '' AND day < ? AND changed_at < ? AND effect IN ('done', 'withdrawn')
  AND acknowledge <> 'due' AND holds_due = 0
  AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.subject_id = s.subject_id AND a.state = 'due')
  AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.subject_id = s.subject_id)
"""
# Deliveries of subjects that are gone, or that never had a row (an unknown topic, a refused message).
_ORPHANS = """
DELETE FROM deliveries WHERE seen_at < ? AND fetched <> 0
  AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject_id = deliveries.subject_id)
  AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.subject_id IN (deliveries.subject_id, deliveries.delivery_id))
"""
ERASED = "erased_before"
NEWEST = "newest_day"
log = logging.getLogger("antifraud_connector")


def erase(journal: Journal, days: int) -> int:
    """Erase the rows of finished orders and alerts of days more than `days` ago (0: never); returns how many."""
    if not days:
        return 0
    before, horizon = time.time() - days * 86400, max(_horizon(journal, days), erased_before(journal))
    held = _held(journal.rows)
    found = journal.rows(f"{_FINISHED} ORDER BY day", horizon, before)
    gone = [row["subject_id"] for row in found if row["subject_id"] not in held]
    if gone:
        # First: whoever is killed in between must not compare a day of which rows are missing.
        journal.remember(ERASED, horizon)
    erased = 0
    for start in range(0, len(gone), BATCH):
        with journal.change() as db:
            erased += _erase_finished(db, gone[start : start + BATCH], horizon, before)
    with journal.change() as db:
        db.execute(_ORPHANS, (before,))
    return erased


def compact(journal: Journal) -> bool:
    """Give the disk back what was erased, where it is worth the while; False where it was not, or not possible now."""
    pages, free = (journal.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count"))
    if free < WORTH_PAGES or free * 4 < pages:
        return False
    try:
        journal.vacuum()
    except sqlite3.OperationalError as error:  # the disk is too full for a second copy, or somebody reads
        log.warning("the journal was not compacted (%s): trying again tomorrow", error)
        return False
    return True


def erased_before(journal: Journal) -> str:
    """The first day ("2026-01-31") of which every row is still there; "" while nothing was erased."""
    return journal.fact(ERASED)


def is_complete(journal: Journal, day: date) -> bool:
    """Whether the journal still has every order of that day, so that it may be compared."""
    return day.isoformat() >= erased_before(journal)


def may_have_been_here(db: sqlite3.Connection, message: dict[str, Any]) -> bool:
    """Whether an order that the journal does not know may be one whose row was erased."""
    row = db.execute("SELECT value FROM facts WHERE name = ?", (ERASED,)).fetchone()
    came = read_moment(arrival(message))
    return row is not None and (came is None or came.date().isoformat() < row["value"])


def arrival(message: dict[str, Any]) -> object:
    """When it came into the lane, as the message says; now, where it says nothing of it."""
    return message.get("available_at") or datetime.now(UTC).isoformat()


def note_day(db: sqlite3.Connection, message: dict[str, Any]) -> None:
    """Remember the newest day that the platform itself has named; one that is this machine's own guess does not count."""
    came = read_moment(message.get("available_at"))
    if came is not None:
        keep = "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
        db.execute(keep, (NEWEST, came.date().isoformat()))


def _horizon(journal: Journal, days: int) -> str:
    """The first day that is kept, counted back from today or, where that is earlier, from the newest day that the platform named."""
    today = datetime.now(UTC).date()
    newest = journal.fact(NEWEST) or journal.rows("SELECT max(day) FROM subjects WHERE day > ''")[0][0]
    known = date.fromisoformat(newest) if newest else today
    return (min(today, known) - timedelta(days=days)).isoformat()


def _held(rows: Callable[..., Iterable[sqlite3.Row]]) -> set[str]:
    """Orders whose holds still run: their rows say how far the order came when its release arrives."""
    marks = ", ".join("?" for _state in RUNNING)
    now = datetime.now(UTC)
    found = set()
    for row in rows(f"SELECT order_id, expires_at FROM holds WHERE status IN ({marks})", *RUNNING):
        ends = read_moment(row["expires_at"])
        if ends is None or ends > now:
            found.add(row["order_id"])
    return found


def _erase_finished(db: sqlite3.Connection, subjects: list[str], horizon: str, before: float) -> int:
    """Erase those that are finished even now: since they were chosen something may have come, or been asked again."""
    held, erased = _held(lambda statement, *values: db.execute(statement, values)), 0
    for subject in subjects:
        still = db.execute(f"{_FINISHED} AND subject_id = ?", (horizon, before, subject)).fetchone()
        if still is not None and subject not in held:
            _erase(db, subject)
            erased += 1
    return erased


def _erase(db: sqlite3.Connection, subject: str) -> None:
    db.execute("DELETE FROM answers WHERE subject_id = ?", (subject,))
    db.execute("DELETE FROM holds WHERE order_id = ?", (subject,))
    db.execute("DELETE FROM deliveries WHERE subject_id = ?", (subject,))
    db.execute("DELETE FROM subjects WHERE subject_id = ?", (subject,))
