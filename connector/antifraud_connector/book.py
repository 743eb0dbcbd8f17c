"""What becomes of each order in the journal: taken once, handed over once, answered once. Who moves it is in the engine.

effect: waiting → handing → done, or → later (asked again) → done; withdrawn: cancelled before it was handed over.
acknowledge: due → done | refused | none. An answer: due → posted | refused | elsewhere (somebody else answered first).
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from antifraud_connector import intake, strict_json
from antifraud_connector.journal import Journal, attend

# How far an order has come; its own answer is the last word.
RANKS = {"issued": 0, "acknowledged": 1, **dict.fromkeys(intake.OVER, 2), "answered": 3}
RETRY_SECONDS = (0, 2, 5, 10, 20, 40, 60)  # R12; the last one for ever


@dataclass(frozen=True)
class Handover:
    """An order that the plug-in is to be asked about."""

    subject_id: str
    message: dict[str, Any]
    again: bool
    cancelled: bool


@dataclass(frozen=True)
class Post:
    """Something to tell the platform: "acknowledge" (answer 0) or an answer, always with the same bytes and key."""

    subject_id: str
    kind: str
    answer_no: int
    body: bytes
    key: str


def delay(tries: int) -> float:
    """Seconds until the next try."""
    return float(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])


class Book:
    """The orders of one journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    # -- coming in ----------------------------------------------------------------------------------

    def announce(self, event: dict[str, Any]) -> bool:
        """A thin event: its message is to be fetched. False where it was announced already. Raises ValueError."""
        delivery, subject = intake.identifier(event, "delivery_id"), intake.identifier(event, "subject_id")
        topic, seq, priority = (
            intake.text(event, "topic"),
            intake.number(event, "seq"),
            intake.number(event, "priority", 50),
        )
        with self.journal.change() as db:
            return intake.note(db, delivery, topic, subject, seq, "webhook", priority, fetched=0)

    def take(self, message: dict[str, Any], door: str) -> bool:
        """A full message, once: True where it brought something new. Raises ValueError for what cannot be read."""
        delivery, topic = intake.identifier(message, "delivery_id"), intake.text(message, "topic")
        subject = intake.subject_of(message) if intake.is_known(topic) else delivery
        seq = intake.number(message, "seq", 1)
        with self.journal.change() as db:
            intake.note(db, delivery, topic, subject, seq, door, intake.LOWEST, fetched=1)
            return intake.carry(db, message, topic, subject)

    def unfetched(self) -> tuple[str, int] | None:
        """The most urgent announced delivery whose message is due, and how often it was tried."""
        row = self.journal.row(
            "SELECT delivery_id, tries FROM deliveries WHERE fetched = 0 AND next_at <= ? ORDER BY priority, seen_at LIMIT 1",
            time.time(),
        )
        return (str(row["delivery_id"]), int(row["tries"])) if row else None

    def fetch_later(self, delivery_id: str, seconds: float) -> None:
        """The message could not be had now."""
        with self.journal.change() as db:
            wanted = "UPDATE deliveries SET next_at = ?, tries = tries + 1 WHERE delivery_id = ?"
            db.execute(wanted, (time.time() + seconds, delivery_id))

    def fetch_never(self, delivery_id: str, why: str) -> None:
        """The message was refused for good: a person must look. A new announcement asks again."""
        with self.journal.change() as db:
            db.execute("UPDATE deliveries SET fetched = 2 WHERE delivery_id = ?", (delivery_id,))
            attend(db, "message", delivery_id, f"The message of this delivery was refused: {why}.")

    # -- to the plug-in -----------------------------------------------------------------------------

    def next_handover(self, busy: set[str]) -> Handover | None:
        """The most urgent order that waits for the plug-in and is in nobody's hands."""
        rows = self.journal.rows(
            "SELECT * FROM subjects WHERE effect IN ('waiting', 'handing', 'later') AND message IS NOT NULL AND next_at <= ?"
            " ORDER BY priority, seen_at LIMIT ?", time.time(), len(busy) + 1,
        )  # fmt: skip
        for row in rows:
            if row["subject_id"] not in busy:
                message = strict_json.read(row["message"])
                return Handover(row["subject_id"], message, row["effect"] == "handing", bool(row["cancelled"]))
        return None

    def handing(self, subject_id: str) -> bool:
        """Written before the plug-in is asked: from here on a crash means "perhaps done". False where it was cancelled."""
        with self.journal.change() as db:
            changed = db.execute(
                "UPDATE subjects SET effect = 'handing', handed = handed + 1, changed_at = ? WHERE subject_id = ?"
                " AND effect IN ('waiting', 'handing', 'later')", (time.time(), subject_id),
            )  # fmt: skip
            return changed.rowcount == 1

    def effect_done(self, subject_id: str, answer: dict[str, Any] | None) -> None:
        """The plug-in has done its part; its answer, if the subject asks for one, is to be posted. One transaction."""
        with self.journal.change() as db:
            wanted = "UPDATE subjects SET effect = 'done', tries = 0, changed_at = ? WHERE subject_id = ? AND effect <> 'done'"
            if db.execute(wanted, (time.time(), subject_id)).rowcount == 1 and answer is not None:
                _add_answer(db, subject_id, answer)

    def ask_later(self, subject_id: str, seconds: float, *, trouble: str = "") -> int:
        """No answer yet, or (with `trouble`) a failure after which nobody knows what was done; returns the tries."""
        with self.journal.change() as db:
            effect = "handing" if trouble else "later"
            db.execute(
                "UPDATE subjects SET effect = ?, next_at = ?, tries = CASE ? WHEN '' THEN 0 ELSE tries + 1 END, changed_at = ?"
                " WHERE subject_id = ? AND effect = 'handing'",
                (effect, time.time() + seconds, trouble, time.time(), subject_id),
            )
            tries = db.execute("SELECT tries FROM subjects WHERE subject_id = ?", (subject_id,)).fetchone()[0]
            if tries >= 3:
                attend(db, "plugin", subject_id, f"The plug-in failed {tries} times: {trouble}.")
            return int(tries)

    def tries(self, subject_id: str) -> int:
        """How often the plug-in failed in a row."""
        row = self.journal.row("SELECT tries FROM subjects WHERE subject_id = ?", subject_id)
        return int(row["tries"]) if row else 0

    def answer_by_hand(self, subject_id: str, answer: dict[str, Any]) -> None:
        """A person's answer, for instance after a refused one. Raises ValueError where one is on its way or accepted."""
        with self.journal.change() as db:
            if (
                db.execute("SELECT 1 FROM subjects WHERE subject_id = ? AND kind = 'order'", (subject_id,)).fetchone()
                is None
            ):
                raise ValueError("the journal has no such order")
            open_one = "SELECT 1 FROM answers WHERE subject_id = ? AND state IN ('due', 'posted')"
            if db.execute(open_one, (subject_id,)).fetchone():
                raise ValueError("an answer is on its way or accepted already")
            db.execute(
                "UPDATE subjects SET effect = 'done', changed_at = ? WHERE subject_id = ?", (time.time(), subject_id)
            )
            _add_answer(db, subject_id, answer)

    def adopt(self, subject_id: str, state: str, answers: int) -> bool:
        """Take the platform's word for an order that moved on there; False where our own books are further: people look."""
        with self.journal.change() as db:
            known = db.execute("SELECT * FROM subjects WHERE subject_id = ?", (subject_id,)).fetchone()
            if known is None or answers < known["answer_seq"]:
                return False
            if RANKS.get(state, 0) < RANKS.get(known["state"], 0) and known["state"] != "acknowledged":
                return False  # over here: it must not become executable again
            if state == "cancelled":
                intake.cancel(db, {}, subject_id, known)
            over = state in {"answered", *intake.OVER} and known["effect"] == "waiting"
            again = state == "issued" and known["acknowledge"] == "done"  # a restore has forgotten it
            db.execute(
                "UPDATE subjects SET state = ?, answer_seq = ?, effect = CASE ? WHEN 1 THEN 'withdrawn' ELSE effect END,"
                " acknowledge = CASE ? WHEN 1 THEN 'due' ELSE acknowledge END, changed_at = ? WHERE subject_id = ?",
                (state, answers, int(over), int(again), time.time(), subject_id),
            )
            return True


def _add_answer(db: sqlite3.Connection, subject_id: str, answer: dict[str, Any]) -> None:
    """The bytes and the key are fixed here, once: every repetition sends the same."""
    count = db.execute("SELECT count(*) FROM answers WHERE subject_id = ?", (subject_id,)).fetchone()[0]
    db.execute(
        "INSERT INTO answers (subject_id, no, body, key, state, created_at) VALUES (?, ?, ?, ?, 'due', ?)",
        (subject_id, count + 1, strict_json.write(answer), f"answer-{subject_id}-{count + 1}", time.time()),
    )
    db.execute("UPDATE subjects SET post_at = 0, post_tries = 0 WHERE subject_id = ?", (subject_id,))
    db.execute("DELETE FROM attention WHERE kind IN ('answer', 'plugin') AND subject_id = ?", (subject_id,))
