"""The connector's memory: one SQLite file, committed to disk before anything is confirmed to the other side.

What is in it and how it changes; who changes it when is in the engine. It holds personal data: keep it on an encrypted disk.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from antifraud_connector.errors import ConnectorError

VERSION = 2
SCHEMA = """
CREATE TABLE deliveries (
  delivery_id TEXT PRIMARY KEY, topic TEXT NOT NULL, subject_id TEXT NOT NULL, seq INTEGER NOT NULL, door TEXT NOT NULL,
  fetched INTEGER NOT NULL, priority INTEGER NOT NULL, next_at REAL NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  seen_at REAL NOT NULL, times INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE subjects (
  subject_id TEXT PRIMARY KEY, kind TEXT NOT NULL, number TEXT NOT NULL, priority INTEGER NOT NULL, message BLOB,
  day TEXT NOT NULL, state TEXT NOT NULL, answer_seq INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
  effect TEXT NOT NULL, handed INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  acknowledge TEXT NOT NULL, post_at REAL NOT NULL DEFAULT 0, post_tries INTEGER NOT NULL DEFAULT 0,
  holds_due INTEGER NOT NULL DEFAULT 0, seen_at REAL NOT NULL, changed_at REAL NOT NULL
);
CREATE INDEX subjects_day ON subjects (day, kind);
CREATE INDEX subjects_effect ON subjects (effect, priority, seen_at);
CREATE TABLE answers (
  subject_id TEXT NOT NULL REFERENCES subjects, no INTEGER NOT NULL, body BLOB NOT NULL, key TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
  problem TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, posted_at REAL, PRIMARY KEY (subject_id, no)
);
CREATE INDEX answers_state ON answers (state);
CREATE TABLE holds (
  hold_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, expires_at TEXT NOT NULL,
  amount_minor TEXT NOT NULL, currency TEXT NOT NULL
);
CREATE TABLE message_ids (sender TEXT NOT NULL, message_id TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (sender, message_id));
CREATE TABLE attention (kind TEXT NOT NULL, subject_id TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (kind, subject_id));
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
MESSAGE_ID_SECONDS = 3600  # longer than twice the signature's window
log = logging.getLogger("antifraud_connector")


class Journal:
    """One connection, used by one thread at a time; every `with journal.change()` is one durable transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._lay()
        except (OSError, sqlite3.Error) as error:
            step = "Give a path on a local disk that this user may write."
            raise ConnectorError("journal.file", f"{path} cannot be used ({error}).", step) from error

    def _lay(self) -> None:
        with self.change() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == VERSION:
                return
            if version == 1:
                _to_2(db)
                return
            if version:
                raise ConnectorError(
                    "journal.file", f"is of version {version}.", f"This programme reads version {VERSION}."
                )
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """No more use."""
        with self._lock:
            self._db.close()

    def vacuum(self) -> None:
        """Rewrite the file without what was erased. Raises sqlite3.OperationalError where there is no room for it."""
        with self._lock:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction; when the block ends without an error it is on the disk."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """What a SELECT finds."""
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a SELECT."""
        found = self.rows(statement, *values)
        return found[0] if found else None

    # -- small facts --------------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """A remembered value, "" where there is none."""
        found = self.row("SELECT value FROM facts WHERE name = ?", name)
        return str(found["value"]) if found else ""

    def remember(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        with self.change() as db:
            db.execute(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
            )

    def is_new_message(self, sender: str, message_id: str) -> bool:
        """Whether this message id was never seen before; from now on it was."""
        now = time.time()
        with self.change() as db:
            db.execute("DELETE FROM message_ids WHERE seen_at < ?", (now - MESSAGE_ID_SECONDS,))
            added = db.execute("INSERT OR IGNORE INTO message_ids VALUES (?, ?, ?)", (sender, message_id, now))
            return added.rowcount == 1

    def call_attention(self, kind: str, subject_id: str, text: str) -> None:
        """Something that a person must look at; `status` shows it until it is settled."""
        with self.change() as db:
            attend(db, kind, subject_id, text)

    def settle(self, kind: str, subjects: Iterable[str] | None = None, *, but: Iterable[str] = ()) -> None:
        """Nothing to look at any more: these matters of a kind, or all of it, but for some."""
        kept = set(but)
        with self.change() as db:
            found = {
                row["subject_id"] for row in db.execute("SELECT subject_id FROM attention WHERE kind = ?", (kind,))
            }
            for subject in (found if subjects is None else found & set(subjects)) - kept:
                db.execute("DELETE FROM attention WHERE kind = ? AND subject_id = ?", (kind, subject))

    def forget(self, days: int) -> int:
        """Erase the content of what is finished and older than `days`; returns how many orders. Nothing open is ever
        erased. Rows go later: `retention`."""
        before = time.time() - days * 86400
        finished = (
            "SELECT subject_id FROM subjects s WHERE changed_at < ? AND effect IN ('done', 'withdrawn') AND acknowledge <> 'due'"
            " AND holds_due = 0 AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.subject_id = s.subject_id AND a.state = 'due')"
        )
        with self.change() as db:
            gone = [row["subject_id"] for row in db.execute(finished, (before,)).fetchall()]
            for subject in gone:
                db.execute(
                    "UPDATE subjects SET message = NULL WHERE subject_id = ? AND message IS NOT NULL", (subject,)
                )
                db.execute("UPDATE answers SET body = x'' WHERE subject_id = ?", (subject,))
            return len(gone)


def read_moment(value: object) -> datetime | None:
    """An ISO time with its offset, in UTC; None where it cannot be read or its day would depend on this machine's zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):  # the year 1 east of Greenwich is before all time
        return None


def put_day(db: sqlite3.Connection, subject_id: str, available_at: object) -> None:
    """The UTC day of that moment ("": unknown). One that cannot be read is for people and changes no known day."""
    moment = read_moment(available_at)
    if moment is not None:
        db.execute("UPDATE subjects SET day = ? WHERE subject_id = ?", (moment.date().isoformat(), subject_id))
        db.execute("DELETE FROM attention WHERE kind = 'day' AND subject_id = ?", (subject_id,))
        return
    log.warning("%s: available_at cannot be read", subject_id)
    if db.execute("SELECT 1 FROM subjects WHERE subject_id = ? AND day = ''", (subject_id,)).fetchone():
        attend(db, "day", subject_id, "Its available_at cannot be read: the day is unknown, and no comparison has it.")


def _to_2(db: sqlite3.Connection) -> None:
    """Version 1 kept the moment as it came, and looked through all of them for a day."""
    db.execute("ALTER TABLE subjects RENAME COLUMN available_at TO day")
    kept = db.execute("SELECT subject_id, day FROM subjects").fetchall()
    db.execute("UPDATE subjects SET day = ''")
    for row in kept:
        put_day(db, row["subject_id"], row["day"])
    db.execute("CREATE INDEX subjects_day ON subjects (day, kind)")
    db.execute("PRAGMA user_version = 2")


def attend(db: sqlite3.Connection, kind: str, subject_id: str, text: str) -> None:
    """The same within a transaction that runs already."""
    db.execute(
        "INSERT INTO attention VALUES (?, ?, ?, ?) ON CONFLICT (kind, subject_id) DO UPDATE SET text = excluded.text",
        (kind, subject_id, text[:500], time.time()),
    )
