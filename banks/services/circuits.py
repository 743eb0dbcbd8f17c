"""What pushes tell about their endpoint: the circuit opens, closes and rests (R12); 410 pauses pushing; people are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from antifraud import db
from antifraud.audit import diary
from banks.models import Institution, User
from banks.rules.circuit import CLOSED, OPEN, PROBE_SECONDS, Circuit, Verdict
from banks.rules.paths import lane_path
from banks.selectors.users import lane_people
from banks.services.notifications import notify
from banks.services.pushes import Landed

# Never waits: the count of failures is not worth another lane's time. What a locked lane misses, its next push tells.
_LOCK = """
SELECT institution_id, circuit, failures FROM banks_lane WHERE institution_id = ANY(%s::uuid[])
ORDER BY institution_id FOR UPDATE SKIP LOCKED
"""
# A 410 does wait: nobody else would tell of it.
_LOCK_GONE = "SELECT FROM banks_lane WHERE institution_id = ANY(%s::uuid[]) ORDER BY institution_id FOR UPDATE"
# A statement after the lock of the lane, which an approval takes too: what it sees is the address in use.
_LIVE = """
SELECT institution_id, url FROM banks_webhookendpoint
WHERE institution_id = ANY(%s::uuid[]) AND approved_at IS NOT NULL AND ended_at IS NULL
"""
_SET = """
UPDATE banks_lane SET circuit = %(state)s, failures = %(failures)s,
  opened_at = CASE WHEN %(state)s = 'closed' THEN NULL ELSE COALESCE(opened_at, clock_timestamp()) END,
  probe_at = CASE WHEN %(state)s = 'open' THEN clock_timestamp() + make_interval(secs => %(probe)s) END
WHERE institution_id = %(lane)s
"""
_PAUSE_PUSH = """
UPDATE banks_lane SET push_paused_at = %(now)s, push_paused_why = '410'
WHERE institution_id = %(lane)s AND push_paused_at IS NULL
"""


def circuits_note(landed: Sequence[Landed], *, by: User) -> None:
    """Take over what the attempts say, in the order in which they landed; `by` is the platform's own user.

    What an address says that was replaced or withdrawn meanwhile tells nothing about the one in use.
    """
    if gone := _lanes(one for one in landed if one.verdict is Verdict.GONE):
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_GONE, [gone])
        for lane, verdicts in _heard(gone, landed).items():
            if Verdict.GONE in verdicts:
                _pause_push(lane, by)
    if news := _lanes(one for one in landed if not one.push.clean or one.verdict is Verdict.FAILED):
        _note(news, landed, by)


def _lanes(landed: Iterable[Landed]) -> list[str]:
    return sorted({str(one.push.delivery.institution_id) for one in landed})


def _heard(lanes: list[str], landed: Sequence[Landed]) -> dict[UUID, list[Verdict]]:
    """What the addresses in use said; the caller holds these lanes."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [lanes])
        live = dict(cursor.fetchall())
    heard: dict[UUID, list[Verdict]] = {lane: [] for lane in live}
    for one in landed:
        lane = one.push.delivery.institution_id
        if live.get(lane) == one.push.url:
            heard[lane].append(one.verdict)
    return heard


def _note(lanes: list[str], landed: Sequence[Landed], by: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [lanes])
        rows = cursor.fetchall()
        heard = _heard(lanes, landed)
        for lane, state, failures in rows:
            before = after = Circuit(state, failures)
            for found in heard.get(lane, ()):
                after = after.after(found)
            if after == before and after.state == CLOSED:
                continue
            cursor.execute(
                _SET, {"state": after.state, "failures": after.failures, "lane": lane, "probe": PROBE_SECONDS}
            )
            if before.state == CLOSED and after.state == OPEN:
                _tell(lane, "lane.circuit_opened", by)
            elif before.state != CLOSED and after.state == CLOSED:
                diary.record("lane.circuit_close", by=by, object_type="lane", object_id=lane)


def _pause_push(lane: UUID, by: User) -> None:
    now = db.require_unit_of_work().now
    with connection.cursor() as cursor:
        cursor.execute(_PAUSE_PUSH, {"now": now, "lane": lane})
        paused = bool(cursor.rowcount)
    if paused:
        _tell(lane, "lane.push_paused", by)


def _tell(lane: UUID, code: str, by: User) -> None:
    institution = Institution.objects.get(pk=lane)
    notify(users=lane_people(lane), code=code, params={"institution": institution.code}, url=lane_path(lane))
    diary.record(
        {"lane.circuit_opened": "lane.circuit_open", "lane.push_paused": "lane.push_pause"}[code],
        by=by, object_type="lane", object_id=lane,
    )  # fmt: skip


def dead_letters_tell(landed: Sequence[Landed], *, by: User) -> None:
    """Each message that became a dead letter: audited, and the people of the lane hear of it."""
    for one in landed:
        if one.is_dead:
            delivery = one.push.delivery
            detail = {"status": one.status, "topic": delivery.topic, "attempt": delivery.attempt}
            diary.record(
                "delivery.dead_letter", by=by, object_type="delivery", object_id=delivery.id, case_id=delivery.case_id,
                detail=detail,
            )  # fmt: skip
            params = {"institution": one.push.recipient}
            lane = delivery.institution_id
            notify(users=lane_people(lane), code="lane.dead_letter", params=params, url=lane_path(lane))
