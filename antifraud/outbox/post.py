"""The one writer of the outbox: put a fact beside the change, ring after commit, claim and finish with a fence."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from antifraud import db
from antifraud.outbox import bell
from antifraud.outbox.models import Heartbeat, OutboxMessage

HANDLE_TASK = "antifraud.outbox_handle"
LEASE_SECONDS = 60
PRUNE_AFTER_DAYS = 7

# ARRAY(…) is evaluated once; IN (…) may be run again for each row, and LIMIT would let more through than it says.
_CLAIM = """
UPDATE af_outbox_outboxmessage SET lease_token = %(token)s, lease_until = clock_timestamp() + interval '60 seconds', attempt = attempt + 1
WHERE id = ANY(ARRAY(
  SELECT id FROM af_outbox_outboxmessage
  WHERE done_at IS NULL AND next_at <= clock_timestamp() AND COALESCE(lease_until, '-infinity') < clock_timestamp()
    AND (%(only)s::text[] IS NULL OR topic = ANY(%(only)s)) AND NOT topic = ANY(%(but)s::text[])
  ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id, topic, subject_id, institution_id, attempt
"""


@dataclass(frozen=True)
class Claimed:
    """A message under this process's lease."""

    id: UUID
    topic: str
    subject_id: UUID
    institution_id: UUID | None
    attempt: int
    token: UUID


def enqueue(topic: str, subject_id: UUID, *, institution_id: UUID | None = None) -> OutboxMessage:
    """Write the fact in the open unit of work and ring after its commit (once per unit)."""
    work = db.require_unit_of_work()
    message = OutboxMessage(topic=topic, subject_id=subject_id, institution_id=institution_id)
    message.save(force_insert=True)
    ring_after_commit(work, HANDLE_TASK)
    return message


def ring_after_commit(work: db.UnitOfWork, task: str, *args: str) -> None:
    """Ring `task` after commit; the same ring twice in one unit is one ring."""
    rung: set[tuple[str, ...]] = work.notes.setdefault("rings", set())
    if (task, *args) not in rung:
        rung.add((task, *args))
        transaction.on_commit(lambda: bell.ring(task, *args), robust=True)


def claim(limit: int = 100, *, only: Iterable[str] | None = None, but: Iterable[str] = ()) -> list[Claimed]:
    """Take due messages under a lease of 60 s by the database's own clock; call inside a unit of work.

    `only` and `but` name topics.
    """
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        topics = None if only is None else list(only)
        cursor.execute(_CLAIM, {"token": token, "limit": limit, "only": topics, "but": list(but)})
        rows = cursor.fetchall()
    return [Claimed(row[0], row[1], row[2], row[3], row[4], token) for row in rows]


def hold(message_id: UUID, token: UUID) -> bool:
    """Begin the lease anew for work that takes its time; False where another process has the message by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_outbox_outboxmessage SET lease_until = clock_timestamp() + interval '60 seconds' "
            "WHERE id = %s AND lease_token = %s AND done_at IS NULL",
            [message_id, token],
        )
        return bool(cursor.rowcount == 1)


def finish(ids: list[UUID], token: UUID) -> int:
    """Mark messages done if the lease is still ours; returns how many were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_outbox_outboxmessage SET done_at = clock_timestamp(), error = '' "
            "WHERE id = ANY(%s::uuid[]) AND lease_token = %s AND done_at IS NULL",
            [[str(i) for i in ids], token],
        )
        return int(cursor.rowcount)


def postpone(message_id: UUID, token: UUID, *, attempt: int, error: str) -> None:
    """Try again later (1, 2, 4 … at most 60 s); facts are never given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_outbox_outboxmessage SET lease_until = NULL, error = %s, "
            "next_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s AND lease_token = %s",
            [error[:200], min(60, 2 ** min(attempt, 6)), message_id, token],
        )


def prune() -> int:
    """Delete messages done more than a week ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM af_outbox_outboxmessage WHERE done_at < clock_timestamp() - make_interval(days => %s)",
            [PRUNE_AFTER_DAYS],
        )
        return int(cursor.rowcount)


def beat(name: str, period_seconds: int) -> None:
    """Note that a periodic duty succeeded now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO af_outbox_heartbeat (name, last_ok_at, period_seconds) VALUES (%s, clock_timestamp(), %s) "
            "ON CONFLICT (name) DO UPDATE SET last_ok_at = clock_timestamp(), period_seconds = EXCLUDED.period_seconds",
            [name, period_seconds],
        )


__all__ = [
    "Claimed",
    "Heartbeat",
    "beat",
    "claim",
    "enqueue",
    "finish",
    "hold",
    "postpone",
    "prune",
    "ring_after_commit",
]
