"""Deliveries from commit to the institution's lane: enqueue, claim, make available, postpone (R2, R3).

The pull door is `queue`; what a delivery is about, and what its availability changes, is known upstairs alone.
`state` is transport only (R6). Leases use the database's own clock; every result is fenced by the lease token.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from antifraud import db
from antifraud.logs import get_logger
from antifraud.outbox import post
from banks.models import Attempt, Delivery, Institution, User
from banks.rules.retries import retry_delay

LANE_TASK = "antifraud.lane_push"
INBOX = "inbox"
ALL = 1_000_000
log = get_logger(__name__)

_ENQUEUE = """
INSERT INTO banks_delivery (id, institution_id, topic, subject_id, seq, case_id, priority, state, attempt,
  lease_total_seconds, door, error)
SELECT w.id, w.institution, %(topic)s, w.subject,
  (SELECT COUNT(*) + 1 FROM banks_delivery b WHERE b.institution_id = w.institution AND b.subject_id = w.subject),
  %(case)s, %(priority)s, 'queued', 0, 0, '', ''
FROM unnest(%(ids)s::uuid[], %(institutions)s::uuid[], %(subjects)s::uuid[]) AS w (id, institution, subject)
ON CONFLICT (institution_id, topic, subject_id) DO UPDATE SET
  state = CASE WHEN banks_delivery.state = 'dead_lettered' AND banks_delivery.error NOT LIKE 'poison%%' THEN 'queued'
    ELSE banks_delivery.state END
RETURNING *
"""
_WITHDRAW = """
UPDATE banks_delivery SET state = 'dead_lettered', lease_token = NULL, lease_until = NULL, error = %(reason)s
WHERE institution_id = %(institution)s AND subject_id = %(subject)s
  AND (state IN ('queued', 'ready', 'leased') OR (state = 'dead_lettered' AND error LIKE 'poison%%'))
"""
_LOCK_LANE = """
SELECT l.in_flight_cap FROM banks_lane l JOIN banks_institution i ON i.id = l.institution_id
WHERE l.institution_id = %s AND NOT l.paused AND i.connected AND i.is_active
FOR UPDATE OF l SKIP LOCKED
"""
# A statement after the lock, so that it counts what the claimer before us has committed. Only the platform's own
# leases count: what a bank's client holds (state leased) must not keep new orders out of the bank's sight.
_CLAIM = """
WITH free AS (
  SELECT LEAST(%(limit)s, %(cap)s - COUNT(*)) AS slots FROM banks_delivery
  WHERE institution_id = %(institution)s AND state = 'queued' AND lease_until >= clock_timestamp()
), due AS (
  SELECT id FROM banks_delivery
  WHERE institution_id = %(institution)s AND state = 'queued' AND next_at <= clock_timestamp()
    AND COALESCE(lease_until, '-infinity') < clock_timestamp()
  ORDER BY priority, next_at
  LIMIT GREATEST(0, (SELECT slots FROM free)) FOR UPDATE SKIP LOCKED
)
UPDATE banks_delivery d SET lease_token = %(token)s, lease_until = clock_timestamp() + interval '60 seconds',
  attempt = attempt + 1
FROM due WHERE d.id = due.id
RETURNING d.*, (SELECT slots FROM free) AS free_slots
"""
# The institution's own tries are counted from here, so the platform's are forgotten; not where it had come once before
# (withdrawn, set out anew): receipts and message ids of then must not come alive again.
_MAKE_AVAILABLE = """
UPDATE banks_delivery SET state = 'ready', available_at = %(now)s, next_at = clock_timestamp(),
  attempt = CASE WHEN available_at IS NULL THEN 0 ELSE attempt END,
  push_at = clock_timestamp(), push_attempt = 0, push_failures = 0, lease_token = NULL, lease_until = NULL, error = ''
WHERE id = ANY(%(ids)s::uuid[]) AND state = 'queued' AND lease_token = %(token)s
"""
_POSTPONE = """
UPDATE banks_delivery SET lease_token = NULL, lease_until = NULL, error = %(error)s,
  next_at = clock_timestamp() + make_interval(secs => %(delay)s)
WHERE id = %(id)s AND state = 'queued' AND lease_token = %(token)s
"""
_OPENED = """
UPDATE banks_delivery SET state = 'transported', transported_at = %(now)s, door = 'inbox',
  lease_token = NULL, lease_until = NULL
WHERE institution_id = %(institution)s AND topic = %(topic)s AND subject_id = %(subject)s
  AND (state IN ('ready', 'leased') OR (state = 'dead_lettered' AND error LIKE 'poison%%'))
RETURNING *
"""


def delivery_enqueue(
    *, institution: Institution, topic: str, subject_id: UUID, case_id: UUID | None, priority: int
) -> Delivery:
    """Put a fact on its way to `institution`; its lane is pushed after commit. The caller has authorised.

    `priority`: lower goes first. A fact travels once: the second call for the same institution, topic and subject
    gives the first row back, whatever state it is in; one that was withdrawn sets out anew (a dead letter does not:
    that takes two persons). For institutions that are not connected do not call it.
    """
    each = [(institution, subject_id)]
    return deliveries_enqueue(each, topic=topic, case_id=case_id, priority=priority)[0]


def deliveries_enqueue(
    each: Iterable[tuple[Institution, UUID]], *, topic: str, case_id: UUID | None, priority: int
) -> list[Delivery]:
    """As `delivery_enqueue` for many (institution, subject), no pair twice, in one statement; in no order."""
    work = db.require_unit_of_work()
    rows = sorted((str(institution.id), str(subject)) for institution, subject in each)  # one order of locks
    wanted = {
        "ids": [str(uuid.uuid4()) for _row in rows],
        "institutions": [institution for institution, _subject in rows],
        "subjects": [subject for _institution, subject in rows],
        "topic": topic,
        "case": case_id,
        "priority": priority,
    }
    made = list(Delivery.objects.raw(_ENQUEUE, wanted))
    for institution, _subject in rows:
        post.ring_after_commit(work, LANE_TASK, institution)
    return made


def deliveries_withdraw(*, institution_id: UUID, subject_id: UUID, reason: str) -> int:
    """Take back what has not arrived yet: the institution may no longer see what it is about. Returns how many.

    Left in the lane it would fail each pull of that institution, and with it everything else in the same batch.
    `reason` is a code, never data. The caller has authorised.
    """
    db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, {"institution": institution_id, "subject": subject_id, "reason": reason[:200]})
        return int(cursor.rowcount)


def deliveries_claim(institution_id: UUID, limit: int, *, within_cap: bool = True) -> list[Delivery]:
    """Take at most the lane's free slots under a lease of 60 s; most urgent first.

    Empty where the lane is paused, full, cut off, or in another process's hands at this moment. Each row carries
    `lease_token`, the fence of every further call, and `free_slots`, how many could have been taken. Without
    `within_cap` only `limit` bounds it: for a caller that is done with all of them in this very unit of work.
    """
    db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LANE, [institution_id])
        lane = cursor.fetchone()
    if lane is None:
        return []
    cap = lane[0] if within_cap else ALL
    wanted = {"institution": institution_id, "cap": cap, "limit": limit, "token": uuid.uuid4()}
    return sorted(Delivery.objects.raw(_CLAIM, wanted), key=lambda d: (d.priority, d.created_at))


def deliveries_make_available(claimed: Sequence[Delivery]) -> bool:
    """queued → ready for all that one `deliveries_claim` took: from now on the institution sees them, their terms run.

    False where a single lease is no longer ours: the caller must roll back what it did for them.
    """
    if not claimed:
        return True
    now = db.require_unit_of_work().now
    ids = [str(delivery.id) for delivery in claimed]
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_AVAILABLE, {"now": now, "ids": ids, "token": claimed[0].lease_token})
        ours = bool(cursor.rowcount == len(claimed))
    if not ours:
        log.warning("stale lease discarded", deliveries=ids[:10])
    return ours


def delivery_postpone(delivery: Delivery, token: UUID | None, *, error: str) -> bool:
    """Give a claimed delivery back to the lane, to be tried again by the schedule of R12; False where it is not ours.

    `error` is a class name or code, never data.
    """
    db.require_unit_of_work()
    wanted = {
        "id": delivery.id,
        "token": token,
        "error": error[:200],
        "delay": retry_delay(max(delivery.attempt, 1), topic=delivery.topic),
    }
    with connection.cursor() as cursor:
        cursor.execute(_POSTPONE, wanted)
        return bool(cursor.rowcount == 1)


def delivery_transported_by_inbox(*, by: User, institution_id: UUID, topic: str, subject_id: UUID) -> bool:
    """A person of the institution opened what the delivery is about: it has arrived, no other door need carry it.

    The caller has authorised. False where it had arrived before (or is not in the lane yet); then nothing changes.
    """
    now = db.require_unit_of_work().now
    wanted = {"now": now, "institution": institution_id, "topic": topic, "subject": subject_id}
    opened = list(Delivery.objects.raw(_OPENED, wanted))
    for delivery in opened:
        Attempt.objects.create(
            delivery=delivery,
            institution_id=institution_id,
            number=delivery.attempt + 1,
            door=INBOX,
            outcome="transported",
            by_id=by.id,
        )
    return bool(opened)
