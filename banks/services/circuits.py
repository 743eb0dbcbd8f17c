"""What pushes tell about their endpoint: the circuit opens, closes and rests (R12); 410 pauses pushing; people are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Take over what the attempts say, in the order in which they landed; `by` is the platform's own user."""
    heard = _by_lane(landed)
    gone = [lane for lane, verdicts in heard.items() if Verdict.GONE in verdicts]
    for lane in gone:
        _pause_push(lane, by)
    unclean = {one.push.delivery.institution_id for one in landed if not one.push.clean}
    news = [lane for lane, verdicts in heard.items() if lane in unclean or Verdict.FAILED in verdicts]
    if news:
        _note(news, heard, by)


def _by_lane(landed: Sequence[Landed]) -> dict[UUID, list[Verdict]]:
    heard: dict[UUID, list[Verdict]] = {}
    for one in landed:
        heard.setdefault(one.push.delivery.institution_id, []).append(one.verdict)
    return heard


def _note(lanes: list[UUID], heard: Mapping[UUID, list[Verdict]], by: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[str(lane) for lane in sorted(lanes)]])
        rows = cursor.fetchall()
        for lane, state, failures in rows:
            before = after = Circuit(state, failures)
            for found in heard[lane]:
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
