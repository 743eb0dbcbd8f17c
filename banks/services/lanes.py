"""People at a lane: pause and resume, limits, push again, the door; what pushes do to a lane by themselves is in `circuits`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid, WrongState
from antifraud.outbox import post
from antifraud.plain_text import fold
from banks.models import Lane, User, WebhookEndpoint
from banks.policy import Action
from banks.rules.bucket import HIGHEST_CAP, HIGHEST_RATE, LOWEST_CAP, LOWEST_RATE
from banks.rules.paths import lane_path
from banks.selectors.users import lane_people
from banks.services.deliveries import LANE_TASK
from banks.services.notifications import notify

SHORTEST_REASON = 4
CAPS, RATES = (LOWEST_CAP, HIGHEST_CAP), (LOWEST_RATE, HIGHEST_RATE)
LANES = Lane.objects.select_related("institution")


def lane_pause(*, by: User, institution_id: UUID, why: str) -> Lane:
    """Nothing more comes into the lane or leaves it by push until it is resumed; what is committed stays committed.

    Audited, and the institution's people hear of it. Raises NotFound, Forbidden, Invalid, WrongState (paused already).
    """
    lane = policy.get(by, Action.LANE_PAUSE, LANES, institution_id, lock=True)
    reason = fold(why)
    if not SHORTEST_REASON <= len(reason) <= 200:
        raise Invalid(fields={"why": [_("Say why in 4 to 200 characters.")]})
    if lane.paused:
        raise WrongState(_("The lane is paused already. See above why, and since when."))
    lane.paused, lane.paused_why, lane.paused_by_id = True, reason, by.id
    lane.paused_at = db.require_unit_of_work().now
    lane.save(update_fields=["paused", "paused_why", "paused_by_id", "paused_at"])
    diary.record("lane.pause", by=by, obj=lane, detail={"institution": lane.institution.code}, purpose=reason)
    _tell(lane, "lane.paused")
    return lane


def lane_resume(*, by: User, institution_id: UUID) -> Lane:
    """Open again, at once. Raises NotFound, Forbidden, WrongState (not paused)."""
    lane = policy.get(by, Action.LANE_RESUME, LANES, institution_id, lock=True)
    if not lane.paused:
        raise WrongState
    lane.paused, lane.paused_why, lane.paused_by_id, lane.paused_at = False, "", None, None
    lane.save(update_fields=["paused", "paused_why", "paused_by_id", "paused_at"])
    diary.record("lane.resume", by=by, obj=lane, detail={"institution": lane.institution.code})
    _tell(lane, "lane.resumed")
    _ring(lane)
    return lane


def lane_limit(*, by: User, institution_id: UUID, in_flight_cap: int, rate_per_second: int, why: str) -> Lane:
    """How many calls to the institution's webhook may be open at once, and how many may begin in a second, from now on.

    The bucket holds one second's calls. What is underway ends as it began; queue and inbox know no rate. Audited with
    the values before, and the institution's people hear of it; the same values again change nothing. Raises NotFound,
    Forbidden, Invalid.
    """
    lane = policy.get(by, Action.LANE_LIMIT, LANES, institution_id, lock=True)
    reason = fold(why)
    problems: dict[str, list[Any]] = {}
    for name, value, (lowest, highest) in (
        ("in_flight_cap", in_flight_cap, CAPS),
        ("rate_per_second", rate_per_second, RATES),
    ):
        if not lowest <= value <= highest:
            text = _("Choose a whole number from {lowest} to {highest}.").format(lowest=lowest, highest=highest)
            problems[name] = [text]
    if not SHORTEST_REASON <= len(reason) <= 200:
        problems["why"] = [_("Say why in 4 to 200 characters.")]
    if problems:
        raise Invalid(fields=problems)
    before = [lane.in_flight_cap, lane.rate_per_second]
    if before == [in_flight_cap, rate_per_second]:
        return lane
    lane.in_flight_cap, lane.rate_per_second = in_flight_cap, rate_per_second
    lane.burst, lane.tokens = rate_per_second, min(lane.tokens, float(rate_per_second))
    lane.save(update_fields=["in_flight_cap", "rate_per_second", "burst", "tokens"])
    detail = {"institution": lane.institution.code, "from": before, "to": [in_flight_cap, rate_per_second]}
    diary.record(Action.LANE_LIMIT, by=by, obj=lane, detail=detail, purpose=reason)
    params: dict[str, str | int] = {"count": in_flight_cap, "rate": rate_per_second}
    _tell(lane, "lane.limited", params)
    _ring(lane)
    return lane


def lane_push_resume(*, by: User, institution_id: UUID) -> Lane:
    """Post again after a 410, and forget the circuit's failures. Raises NotFound, Forbidden, WrongState (not paused)."""
    lane = policy.get(by, Action.LANE_PUSH_RESUME, LANES, institution_id, lock=True)
    if lane.push_paused_at is None:
        raise WrongState
    push_begin_anew(lane)
    diary.record("lane.push_resume", by=by, obj=lane, detail={"institution": lane.institution.code})
    _ring(lane)
    return lane


def lane_choose_door(*, by: User, institution_id: UUID, door: str) -> Lane:
    """How the institution wants to be reached from now on; pull and inbox work in any case.

    Orders underway keep their rows and leases: what is in hand ends under its lease, everything else goes through the
    new door. Raises NotFound, Forbidden, Invalid (the webhook door without an approved address).
    """
    lane = policy.get(by, Action.LANE_CHOOSE_DOOR, LANES, institution_id, lock=True)
    if door not in Lane.Door.values:
        raise Invalid(fields={"door": [_("Choose one of the doors in the list.")]})
    live = WebhookEndpoint.objects.filter(institution=institution_id, approved_at__isnull=False, ended_at__isnull=True)
    if door == Lane.Door.WEBHOOK and not live.exists():
        raise Invalid(fields={"door": [_("First have an address approved by a second person.")]})
    if lane.door != door:
        before, lane.door = lane.door, door
        lane.save(update_fields=["door"])
        diary.record("lane.choose_door", by=by, obj=lane, detail={"from": before, "to": door})
        _ring(lane)
    return lane


def push_begin_anew(lane: Lane) -> None:
    """No pause of pushing, a closed circuit; the caller has authorised and holds the row."""
    lane.push_paused_at, lane.push_paused_why = None, ""
    lane.circuit, lane.failures, lane.opened_at, lane.probe_at = Lane.Circuit.CLOSED, 0, None, None
    lane.save(update_fields=["push_paused_at", "push_paused_why", "circuit", "failures", "opened_at", "probe_at"])


def _ring(lane: Lane) -> None:
    post.ring_after_commit(db.require_unit_of_work(), LANE_TASK, str(lane.pk))


def _tell(lane: Lane, code: str, params: Mapping[str, str | int] | None = None) -> None:
    params = {"institution": lane.institution.code, **(params or {})}
    notify(users=lane_people(lane.pk), code=code, params=params, url=lane_path(lane.pk))
