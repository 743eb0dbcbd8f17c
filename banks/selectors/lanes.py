"""How full the lanes are and which of them wait for a push; moving deliveries is in `services.deliveries`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from antifraud import policy
from antifraud.approvals import requests
from banks.models import Attempt, Delivery, Lane, User, WebhookEndpoint
from banks.policy import Action

S = Delivery.State
POISON = "poison_"  # what the error of a dead letter begins with; others were withdrawn
PENDING = (S.QUEUED, S.READY, S.LEASED)

# Unconnected institutions get paper: what was queued for one before it was cut off waits until it is back.
_WAITING = """
SELECT d.institution_id,
  EXTRACT(epoch FROM clock_timestamp() - MIN(GREATEST(d.next_at, COALESCE(d.lease_until, d.next_at))))::float8
FROM banks_delivery d
JOIN banks_lane l ON l.institution_id = d.institution_id AND NOT l.paused
JOIN banks_institution i ON i.id = d.institution_id AND i.connected AND i.is_active
WHERE d.state = 'queued' AND d.next_at <= clock_timestamp()
  AND COALESCE(d.lease_until, '-infinity') < clock_timestamp()
GROUP BY d.institution_id ORDER BY 2 DESC
"""
# One index look-up for each lane that may be posted to, however long its backlog is.
_TO_POST = """
SELECT l.institution_id, EXTRACT(epoch FROM clock_timestamp() - d.since)::float8
FROM banks_lane l
JOIN banks_institution i ON i.id = l.institution_id AND i.connected AND i.is_active
JOIN banks_webhookendpoint e ON e.institution_id = l.institution_id AND e.approved_at IS NOT NULL AND e.ended_at IS NULL
CROSS JOIN LATERAL (
  SELECT GREATEST(push_at, COALESCE(lease_until, push_at)) AS since FROM banks_delivery
  WHERE institution_id = l.institution_id AND state IN ('ready', 'leased') AND push_at <= clock_timestamp()
    AND COALESCE(lease_until, '-infinity') < clock_timestamp()
  ORDER BY priority, push_at LIMIT 1
) d
WHERE l.door = 'webhook' AND NOT l.paused AND l.push_paused_at IS NULL
  AND (l.circuit = 'closed' OR COALESCE(l.probe_at <= clock_timestamp(), true))
"""
_TOO_FULL = """
SELECT l.institution_id FROM banks_lane l JOIN banks_delivery d ON d.institution_id = l.institution_id
WHERE l.institution_id = ANY(%s::uuid[]) AND d.state IN ('queued', 'ready', 'leased')
GROUP BY l.institution_id
HAVING COUNT(*) >= l.alert_depth_limit
  OR MIN(d.created_at) < clock_timestamp() - make_interval(secs => l.alert_age_limit)
"""


@dataclass(frozen=True)
class WaitingLane:
    """A lane with deliveries that nobody has in hand; how long the longest of them could have been pushed."""

    institution_id: UUID
    seconds: float


def lanes_waiting() -> list[WaitingLane]:
    """Lanes to push, the longest waiting first. For the relay; one statement over the few queued rows."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return [WaitingLane(*row) for row in cursor.fetchall()]


def lanes_to_post() -> list[WaitingLane]:
    """Lanes with something due for their webhook that nobody has in hand; how long the most urgent could have gone."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_POST)
        return [WaitingLane(*row) for row in cursor.fetchall()]


def lane_is_called(institution_id: UUID) -> bool:
    """Whether the institution chose the webhook: only then there is something to post."""
    return Lane.objects.filter(pk=institution_id, door=Lane.Door.WEBHOOK).exists()


def lanes_list(*, user: User) -> QuerySet[Lane]:
    """Lanes that the reader may see, with `queued`, `ready`, `leased` and `dead` counts and `oldest_age`, how long ago the
    oldest delivery was committed that is not transported yet (None: nothing waits). Both sides see depth and age (R14)."""
    rows = policy.scope(user, Action.LANE_VIEW, Lane.objects.select_related("institution"))
    return rows.annotate(
        queued=_depth(S.QUEUED),
        ready=_depth(S.READY),
        leased=_depth(S.LEASED),
        oldest_age=Subquery(_oldest_age()),
        dead=_depth(S.DEAD_LETTERED, error__startswith=POISON),
    ).order_by("institution__kind", "institution__code")


def lane_detail(*, user: User, institution_id: UUID) -> Any:
    """One lane with the columns of `lanes_list`; raises NotFound."""
    return policy.get(user, Action.LANE_VIEW, lanes_list(user=user), institution_id)


def lane_depths(lane: Lane) -> list[dict[str, Any]]:
    """How many wait in each priority (10 before 20), in which state, and how long ago the oldest was committed. The
    reader was authorised with the lane."""
    rows = Delivery.objects.filter(institution=lane.pk, state__in=PENDING).order_by("priority")
    counts = {state.value: Count("pk", filter=Q(state=state)) for state in PENDING}
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    found: list[Any] = list(rows.values("priority").annotate(age=age, **counts))
    return found


def lane_attempts(lane: Lane, limit: int = 20) -> QuerySet[Attempt]:
    """The last tries to hand something over, newest first. The reader was authorised with the lane."""
    return Attempt.objects.filter(institution=lane.pk).select_related("delivery").order_by("-id")[:limit]


def dead_letters(lane: Lane, limit: int = 50) -> list[Any]:
    """Messages that the webhook refused three times or that cannot be opened here, oldest first, each with `asked`: the
    request to send it again that waits for a second person, or None. The reader was authorised with the lane."""
    rows = Delivery.objects.filter(institution=lane.pk, state=S.DEAD_LETTERED, error__startswith=POISON)
    found: list[Any] = list(rows.order_by("created_at")[:limit])
    asked = requests.pending_of(str(Action.DELIVERY_REDRIVE), [letter.pk for letter in found])
    for letter in found:
        letter.asked = asked.get(letter.pk)
    return found


def endpoints_of(*, user: User, institution_id: UUID) -> list[WebhookEndpoint]:
    """The institution's addresses that the reader may see: the proposed one, the live one, then ended ones, newest first."""
    rows = WebhookEndpoint.objects.filter(institution=institution_id)
    people = ("proposed_by", "approved_by")
    return list(policy.scope(user, Action.ENDPOINT_VIEW, rows).select_related(*people).order_by("-proposed_at")[:10])


def lanes_too_full(institution_ids: Collection[UUID]) -> set[UUID]:
    """Of these institutions those whose lane is beyond its limit of depth or age: no room for alerts now (R14). Orders
    never ask."""
    with connection.cursor() as cursor:
        cursor.execute(_TOO_FULL, [[str(i) for i in institution_ids]])
        return {row[0] for row in cursor.fetchall()}


def _depth(state: Delivery.State, **more: str) -> Coalesce:
    rows = Delivery.objects.filter(institution=OuterRef("institution"), state=state, **more).order_by()
    return Coalesce(Subquery(rows.values("institution").annotate(count=Count("*")).values("count")), 0)


def _oldest_age() -> QuerySet[Any, Any]:
    rows = Delivery.objects.filter(institution=OuterRef("institution"), state__in=PENDING).order_by()
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    return rows.values("institution").annotate(age=age).values("age")
