"""What a message changes in the journal: it may come twice, late or in the wrong order. All of it runs in the caller's transaction."""

from __future__ import annotations

import re
import sqlite3
import time
from typing import Any

from antifraud_connector import retention, strict_json
from antifraud_connector.journal import attend, put_day

OVER = {"cancelled", "superseded", "rejected", "expired"}
# Release and stop before freeze before query (R3); lower is more urgent.
URGENCY = (
    (10, ("_release", "stop", "restore_number")),
    (20, ("freeze", "_extend", "suspend_number")),
    (30, ("query_transactions", "query_holder", "watch")),
)
LOWEST = 99
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # ids name files: nothing that a path would read


def is_known(topic: str) -> bool:
    """Whether this version knows what to do with the topic; others are kept for people and never refused."""
    return topic in {"order.issued", "order.cancelled"} or topic.startswith("alert.")


def subject_of(message: dict[str, Any]) -> str:
    """The id of what a message is about. Raises ValueError."""
    for name in ("order_id", "notice_id", "subject_id"):
        if name in message:
            return identifier(message, name)
    raise ValueError("the message names no subject")


def note(
    db: sqlite3.Connection, delivery: str, topic: str, subject: str, seq: int, door: str, priority: int, *, fetched: int
) -> bool:
    """The delivery in the list of what was seen; once fetched it stays fetched."""
    known = db.execute("SELECT 1 FROM deliveries WHERE delivery_id = ?", (delivery,)).fetchone()
    db.execute(
        "INSERT INTO deliveries (delivery_id, topic, subject_id, seq, door, fetched, priority, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (delivery_id) DO UPDATE SET times = times + 1,"
        " fetched = CASE fetched WHEN 2 THEN excluded.fetched ELSE max(fetched, excluded.fetched) END",
        (delivery, topic, subject, seq, door, fetched, priority, time.time()),
    )
    return known is None


def carry(db: sqlite3.Connection, message: dict[str, Any], topic: str, subject: str) -> bool:
    """What the message changes; messages may come twice and in any order."""
    known = db.execute("SELECT * FROM subjects WHERE subject_id = ?", (subject,)).fetchone()
    if topic == "order.cancelled":
        return cancel(db, message, subject, known)
    kind = topic.partition(".")[0]
    if not is_known(topic):
        attend(db, "topic", subject, f"A message of the topic {topic[:40]} came; this version does not know it.")
        return False
    if known is not None and known["message"] is not None:
        if not known["day"]:
            put_day(db, subject, message.get("available_at"))
        return False
    state = text(message, "status")
    over = state in OVER or (known is not None and bool(known["cancelled"]))
    settled = over or (kind == "order" and state == "answered")  # by a person on the platform: nothing is left to do
    _insert(db, message, subject, state=known["state"] if known is not None else state, settled=settled, over=over)
    return not settled


def cancel(db: sqlite3.Connection, message: dict[str, Any], subject: str, known: sqlite3.Row | None) -> bool:
    """A cancellation may come before its order: the order is then never handed over."""
    if known is None:
        _insert(db, message, subject, state="cancelled", settled=True, over=True)
        db.execute("UPDATE subjects SET message = NULL WHERE subject_id = ?", (subject,))
        return True
    if known["cancelled"]:
        return False
    effect = "withdrawn" if known["effect"] == "waiting" else known["effect"]
    acknowledge = "none" if known["acknowledge"] == "due" else known["acknowledge"]
    db.execute(
        "UPDATE subjects SET cancelled = 1, state = 'cancelled', effect = ?, acknowledge = ?, next_at = 0, changed_at = ?"
        " WHERE subject_id = ?",
        (effect, acknowledge, time.time(), subject),
    )
    return True


def _insert(
    db: sqlite3.Connection, message: dict[str, Any], subject: str, *, state: str, settled: bool, over: bool
) -> None:
    now = time.time()
    if retention.may_have_been_here(db, message):
        message = {**message, "possible_duplicate": True}
    effect, acknowledge = ("withdrawn", "none") if settled else ("waiting", "due")
    kind = str(message["topic"]).partition(".")[0]
    name = str(message.get("order_number") or message.get("alert_number") or "")
    db.execute(
        "INSERT INTO subjects (subject_id, kind, number, priority, message, day, state, cancelled, effect, acknowledge,"
        " seen_at, changed_at) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?) ON CONFLICT (subject_id) DO UPDATE SET"
        " message = excluded.message, number = excluded.number",
        (subject, kind, name, urgency(message), strict_json.write(message), state, int(over), effect, acknowledge, now, now),
    )  # fmt: skip
    put_day(db, subject, retention.arrival(message))
    retention.note_day(db, message)


def urgency(message: dict[str, Any]) -> int:
    """The platform's priority where the message says it (lower is more urgent), else by the kind of order (R3)."""
    if "priority" in message:
        return number(message, "priority")
    payload = message.get("payload")
    order = payload.get("order") if isinstance(payload, dict) else None
    kind = str(order.get("kind", "")) if isinstance(order, dict) else ""
    return next((rank for rank, names in URGENCY if kind.endswith(names)), LOWEST)


def text(message: dict[str, Any], name: str) -> str:
    """A short text that must be there. Raises ValueError."""
    value = message.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise ValueError(f"{name} must be a text of 1 to 64 characters")
    return value


def identifier(message: dict[str, Any], name: str) -> str:
    """An id that must be there. Raises ValueError."""
    value = text(message, name)
    if not _ID.fullmatch(value):
        raise ValueError(f"{name} must be letters, digits and dashes")
    return value


def number(message: dict[str, Any], name: str, missing: int | None = None) -> int:
    """A whole number, at least 0. Raises ValueError."""
    value = message.get(name, missing)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise ValueError(f"{name} must be a whole number")
    return value
