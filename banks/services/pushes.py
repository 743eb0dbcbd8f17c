"""Posting ready deliveries to webhooks, the database's side: claim over lanes and finish with the fence (R2, R3, R12, R13).

No network here: between the two calls no transaction is open (R5). A push shares the delivery's row and lease with the
pull door, so one of them wins. Circuits and pauses are kept in `services.circuits`.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from antifraud import db
from antifraud.logs import get_logger
from banks.models import Attempt, Delivery
from banks.rules import bucket
from banks.rules.circuit import CLOSED, HALF_OPEN, POISON_AFTER, PROBE_SECONDS, Circuit, Verdict, slots, verdict
from banks.rules.retries import retry_delay
from banks.selectors.lanes import POISON

DOOR = "webhook"
log = get_logger(__name__)

_LANES = """
SELECT l.institution_id, i.code, l.in_flight_cap, l.rate_per_second, l.burst, l.tokens,
  EXTRACT(epoch FROM clock_timestamp() - l.refilled_at)::float8, l.circuit, l.failures,
  COALESCE(l.probe_at <= clock_timestamp(), true), e.url, e.ca, e.timeout_seconds
FROM banks_lane l
JOIN banks_institution i ON i.id = l.institution_id AND i.connected AND i.is_active
JOIN banks_webhookendpoint e ON e.institution_id = l.institution_id AND e.approved_at IS NOT NULL AND e.ended_at IS NULL
WHERE l.institution_id = ANY(%s::uuid[]) AND l.door = 'webhook' AND NOT l.paused AND l.push_paused_at IS NULL
ORDER BY l.institution_id FOR UPDATE OF l SKIP LOCKED
"""
_OF_WEBHOOKS = """
SELECT institution_id FROM banks_lane
WHERE institution_id = ANY(%s::uuid[]) AND door = 'webhook' AND NOT paused AND push_paused_at IS NULL
"""
# A statement after the locks, so that it counts what the claimer before us has committed. Our own leases have nobody
# in leased_by_id; what a bank's client holds must not keep new orders from being pushed.
_IN_FLIGHT = """
SELECT institution_id, COUNT(*) FROM banks_delivery
WHERE institution_id = ANY(%s::uuid[]) AND state = 'leased' AND leased_by_id IS NULL AND lease_until >= clock_timestamp()
GROUP BY institution_id
"""
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT d.id FROM unnest(%(lanes)s::uuid[], %(slots)s::int[]) AS lane(id, slots) CROSS JOIN LATERAL (
    SELECT id FROM banks_delivery
    WHERE institution_id = lane.id AND state IN ('ready', 'leased') AND push_at <= clock_timestamp()
      AND COALESCE(lease_until, '-infinity') < clock_timestamp()
    ORDER BY priority, push_at LIMIT lane.slots FOR UPDATE SKIP LOCKED
  ) d
)
UPDATE banks_delivery d SET state = 'leased', lease_token = %(token)s, leased_by_id = NULL, lease_total_seconds = 0,
  lease_until = clock_timestamp() + interval '30 seconds', attempt = attempt + 1, push_attempt = push_attempt + 1
FROM due WHERE d.id = due.id
RETURNING d.*
"""
_SPEND = """
UPDATE banks_lane l SET tokens = v.tokens, refilled_at = clock_timestamp(), circuit = v.circuit,
  probe_at = CASE WHEN v.circuit = 'half_open' THEN clock_timestamp() + make_interval(secs => %(probe)s) ELSE l.probe_at END
FROM unnest(%(lanes)s::uuid[], %(tokens)s::float8[], %(circuits)s::text[]) AS v(id, tokens, circuit)
WHERE l.institution_id = v.id
"""
_OURS = """
SELECT d.id FROM banks_delivery d JOIN unnest(%s::uuid[], %s::uuid[]) AS v(id, token) ON d.id = v.id
WHERE d.state = 'leased' AND d.lease_token = v.token ORDER BY d.id FOR UPDATE OF d
"""
_FINISH = """
UPDATE banks_delivery d SET state = v.state, error = v.error, push_failures = v.poison, lease_token = NULL,
  lease_until = NULL, push_at = clock_timestamp() + make_interval(secs => v.delay),
  transported_at = CASE WHEN v.state = 'transported' THEN %(now)s ELSE d.transported_at END,
  door = CASE WHEN v.state = 'transported' THEN 'webhook' ELSE d.door END
FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(errors)s::text[], %(poisons)s::int[], %(delays)s::float8[])
  AS v(id, state, error, poison, delay)
WHERE d.id = v.id
"""


@dataclass(frozen=True)
class Push:
    """A claimed delivery and where it goes. `clean`: the lane's circuit had nothing to forget when it was claimed."""

    delivery: Delivery
    token: UUID
    recipient: str
    url: str
    ca: str
    seconds: int
    clean: bool


@dataclass(frozen=True)
class Landed:
    """What became of a push: the HTTP status, or None with the reason why there is none."""

    push: Push
    status: int | None
    error: str
    seconds: float
    retry_after: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What it means."""
        return verdict(self.status)

    @property
    def is_dead(self) -> bool:
        """The third refusal of the message itself: no further try can help (R13)."""
        return self.verdict is Verdict.POISON and self.push.delivery.push_failures + 1 >= POISON_AFTER


@dataclass(frozen=True)
class Claim:
    """What was taken, which lanes should be asked again in how many seconds, and which may hold more than was taken."""

    pushes: list[Push]
    again: Mapping[UUID, float]
    full: frozenset[UUID] = frozenset()


@dataclass
class _Lane:
    institution_id: UUID
    code: str
    cap: int
    rate: int
    burst: int
    tokens: float
    idle: float
    state: str
    failures: int
    probe_is_due: bool
    url: str
    ca: str
    seconds: int
    slots: int = 0


LOCKED_AGAIN = 0.02


def pushes_claim(institution_ids: Collection[UUID], most: int, *, turn: int = 0) -> Claim:
    """Lease what may be posted now, `most` in all, fairly over the lanes: within cap, rate and circuit, urgent first.

    Lanes of other doors, paused ones and those that another process is claiming from give nothing.
    """
    db.require_unit_of_work()
    asked = sorted(set(institution_ids))
    if not asked or most <= 0:
        return Claim([], {})
    lanes = _lanes(asked)
    _give_slots(lanes, most, turn)
    open_lanes = [lane for lane in lanes.values() if lane.slots > 0]
    again = {lane.institution_id: 1.0 / lane.rate for lane in lanes.values() if lane.tokens < 1 and lane.rate}
    if not open_lanes:
        return Claim([], again | _locked(asked, lanes))
    token = uuid.uuid4()
    wanted = {
        "lanes": [str(lane.institution_id) for lane in open_lanes],
        "slots": [lane.slots for lane in open_lanes],
        "token": token,
    }
    taken = sorted(Delivery.objects.raw(_CLAIM, wanted), key=lambda d: (d.priority, d.created_at))
    pushes = [_push(delivery, lanes[delivery.institution_id], token) for delivery in taken]
    spent = Counter(push.delivery.institution_id for push in pushes)
    _spend(lanes, spent)
    full = frozenset(lane for lane, number in spent.items() if number >= lanes[lane].slots)
    return Claim(pushes, again | _locked(asked, lanes), full)


def pushes_finish(landed: Sequence[Landed]) -> list[Landed]:
    """Write down what became of the pushes that are still ours; of the rest only that they went out ("stale").

    2xx → transported; 400 or 422 for the third time → dead_lettered; everything else → ready again, at once for the
    other doors and after the delay of R12 for this one. An attempt row each. Returns what counted.
    """
    now = db.require_unit_of_work().now
    with connection.cursor() as cursor:
        cursor.execute(_OURS, [[str(one.push.delivery.id) for one in landed], [str(one.push.token) for one in landed]])
        ours = {row[0] for row in cursor.fetchall()}
        counted = [one for one in landed if one.push.delivery.id in ours]
        for one in landed:
            if one.push.delivery.id not in ours:
                log.warning("stale push discarded", delivery=one.push.delivery.id, attempt=one.push.delivery.attempt)
        if counted:
            wanted: dict[str, Any] = {"now": now, **_columns(counted)}
            cursor.execute(_FINISH, wanted)
    Attempt.objects.bulk_create([_attempt(one, is_ours=one.push.delivery.id in ours) for one in landed])
    return counted


def _lanes(asked: list[UUID]) -> dict[UUID, _Lane]:
    with connection.cursor() as cursor:
        cursor.execute(_LANES, [[str(lane) for lane in asked]])
        return {row[0]: _Lane(*row) for row in cursor.fetchall()}


def _locked(asked: list[UUID], lanes: Mapping[UUID, _Lane]) -> dict[UUID, float]:
    """Lanes that gave no row because another process is claiming from them at this moment: worth another look."""
    missing = [str(lane) for lane in asked if lane not in lanes]
    if not missing:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OF_WEBHOOKS, [missing])
        return {row[0]: LOCKED_AGAIN for row in cursor.fetchall()}


def _give_slots(lanes: Mapping[UUID, _Lane], most: int, turn: int) -> None:
    if not lanes:
        return
    with connection.cursor() as cursor:
        cursor.execute(_IN_FLIGHT, [[str(lane) for lane in lanes]])
        in_flight = dict(cursor.fetchall())
    wanted = {}
    for lane in lanes.values():
        lane.tokens = bucket.refilled(lane.tokens, lane.idle, rate=lane.rate, burst=lane.burst)
        free = bucket.free_slots(cap=lane.cap, in_flight=in_flight.get(lane.institution_id, 0), tokens=lane.tokens)
        wanted[lane.institution_id] = slots(lane.state, free, probe_is_due=lane.probe_is_due)
    for institution_id, number in bucket.fair_shares(wanted, most, turn=turn).items():
        lanes[institution_id].slots = number


def _spend(lanes: Mapping[UUID, _Lane], spent: Mapping[UUID, int]) -> None:
    """Take the tokens, and let the probes of resting circuits show."""
    if not spent:
        return
    wanted: dict[str, Any] = {
        "lanes": [str(lane) for lane in spent],
        "tokens": [lanes[lane].tokens - number for lane, number in spent.items()],
        "circuits": [CLOSED if lanes[lane].state == CLOSED else HALF_OPEN for lane in spent],
        "probe": PROBE_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, wanted)


def _push(delivery: Delivery, lane: _Lane, token: UUID) -> Push:
    clean = Circuit(lane.state, lane.failures) == Circuit()
    return Push(delivery, token, lane.code, lane.url, lane.ca, lane.seconds, clean)


def _columns(counted: Sequence[Landed]) -> dict[str, Any]:
    rows = [_row(one) for one in counted]
    names = ("ids", "states", "errors", "poisons", "delays")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _row(one: Landed) -> tuple[str, str, str, int, float]:
    delivery = one.push.delivery
    if one.verdict is Verdict.TRANSPORTED:
        return str(delivery.id), Delivery.State.TRANSPORTED.value, "", 0, 0.0
    poison = delivery.push_failures + (one.verdict is Verdict.POISON)
    if one.is_dead:
        return str(delivery.id), Delivery.State.DEAD_LETTERED.value, f"{POISON}{one.status}", poison, 0.0
    delay = max(retry_delay(delivery.push_attempt, topic=delivery.topic), one.retry_after or 0.0)
    return str(delivery.id), Delivery.State.READY.value, _what(one), poison, delay


def _what(one: Landed) -> str:
    return str(one.status) if one.status is not None else one.error[:200]


def _attempt(one: Landed, *, is_ours: bool) -> Attempt:
    delivery = one.push.delivery
    outcome = "stale" if not is_ours else "dead_lettered" if one.is_dead else one.verdict.value
    return Attempt(
        delivery=delivery, institution_id=delivery.institution_id, number=delivery.attempt, door=DOOR, outcome=outcome,
        detail=_what(one), seconds=round(one.seconds, 4),
    )  # fmt: skip
