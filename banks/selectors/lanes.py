"""How full the lanes are and which of them wait for a push; moving deliveries is in `services.deliveries`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from antifraud import policy
from banks.models import Delivery, Lane, User
from banks.policy import Action

S = Delivery.State
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


def lanes_list(*, user: User) -> QuerySet[Lane]:
    """Lanes that the reader may see, with `queued`, `ready`, `leased` counts and `oldest_age`, how long ago the oldest
    delivery was committed that is not transported yet (None: nothing waits). Both sides see depth and age (R14)."""
    rows = policy.scope(user, Action.LANE_VIEW, Lane.objects.select_related("institution"))
    return rows.annotate(
        queued=_depth(S.QUEUED), ready=_depth(S.READY), leased=_depth(S.LEASED), oldest_age=Subquery(_oldest_age())
    ).order_by("institution__kind", "institution__code")


def _depth(state: Delivery.State) -> Coalesce:
    rows = Delivery.objects.filter(institution=OuterRef("institution"), state=state).order_by()
    return Coalesce(Subquery(rows.values("institution").annotate(count=Count("*")).values("count")), 0)


def _oldest_age() -> QuerySet[Any, Any]:
    rows = Delivery.objects.filter(institution=OuterRef("institution"), state__in=PENDING).order_by()
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    return rows.values("institution").annotate(age=age).values("age")
