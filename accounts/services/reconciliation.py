"""Compare with an institution's own books, keep what differs, and bring lost orders into its lane again (R11).

What an item is and what a difference means is in `rules.digests`; the duty that looks for who is behind in
`sync_watch`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Order, SyncFinding, SyncRun
from accounts.policy import Action
from accounts.rules.digests import KEY_BYTES, OPEN_HOLDS, ORDERS, REDELIVER, SCOPES, Difference, compare, digest, id_of
from accounts.rules.order_kinds import order_kind
from accounts.rules.paths import reconciliation_path
from accounts.selectors.reconciliation import items_of, orders_of_holds, orders_within, platform_items
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import Delivery, Institution, User
from banks.selectors.institutions import centre_institutions
from banks.selectors.platform import epoch
from banks.selectors.users import risk_people, supervisors
from banks.services.deliveries import delivery_enqueue
from banks.services.notifications import notify
from banks.services.redelivery import delivery_redeliver, delivery_state

MOST_ITEMS = 10_000
MOST_REPAIRED = 500
ISSUED, CANCELLED = "order.issued", "order.cancelled"
Outcome = SyncRun.Outcome
IN_LANE = (Delivery.State.QUEUED, Delivery.State.READY, Delivery.State.LEASED)


@dataclass(frozen=True)
class Digest:
    """What the institution computes too, over its own items and with this key."""

    scope: str
    day: date
    epoch: int
    key: bytes
    count: int
    value: bytes


def sync_digest(*, by: User, scope: str, day: date | None = None) -> Digest:
    """The digest of a day's orders or of the open holds, under a fresh key. Raises Forbidden, Invalid (day)."""
    policy.require(by, Action.SYNC_DIGEST)
    day = _day(scope, day)
    items = platform_items(user=by, scope=scope, day=day)
    run = _run(by.institution, scope, day)
    # A list that was compared before is no longer the last word: from now on the institution finds out by itself.
    _note(run, platform_count=len(items), outcome=Outcome.DIFFERS if _open(run).exists() else Outcome.FETCHED)
    key = os.urandom(KEY_BYTES)
    return Digest(scope, day, run.epoch, key, len(items), digest(key, items.values()))


@dataclass(frozen=True)
class Compared:
    """One comparison: its row, and every id on which the two sides differ."""

    run: SyncRun
    differences: list[Difference]


def sync_compare(*, by: User, scope: str, day: date | None, items: list[str]) -> Compared:
    """Every id on which the institution's items differ from the platform's; each is kept as a finding with a proposal.

    Findings of earlier comparisons that agree now are settled. Raises Forbidden, Invalid (scope, day, items).
    """
    policy.require(by, Action.SYNC_COMPARE)
    day = _day(scope, day)
    theirs = _parsed(scope, items)
    ours = platform_items(user=by, scope=scope, day=day)
    others = [key for key in theirs if key not in ours]
    found = compare(scope, ours | (items_of(user=by, ids=others) if scope == ORDERS else {}), theirs)
    run = _run(by.institution, scope, day)
    now = db.require_unit_of_work().now
    fresh = _keep(run, found, by=by)
    outcome = Outcome.DIFFERS if found else Outcome.MATCHED
    _note(run, platform_count=len(ours), bank_count=len(theirs), compared_at=now, outcome=outcome)
    if found:
        counts = {kind: sum(1 for one in found if one.kind == kind) for kind in SyncFinding.Kind.values}
        detail: dict[str, Any] = {"scope": scope, "day": day.isoformat(), "epoch": run.epoch, **counts}
        diary.record("sync.compare", by=by, obj=run, detail=detail)
    if fresh:
        _tell(by.institution, fresh)
    return Compared(run, found)


@dataclass(frozen=True)
class Repaired:
    """What was brought into the lane again, and why the other ids were not (id → code)."""

    redelivered: list[UUID]
    unchanged: dict[UUID, str]


def sync_repair(*, by: User, ids: list[UUID], institution: Institution | None = None) -> Repaired:
    """Bring the named orders into the institution's lane again: same order, next attempt, once however often asked.

    Only orders with an open finding that proposes it: `not_proposed` covers all others, absent and foreign alike.
    `in_lane`: on its way already. `dead_lettered`: two persons redrive it. Police name the `institution`.
    """
    policy.require(by, Action.SYNC_REPAIR)
    if len(ids) > MOST_REPAIRED:
        raise Invalid(fields={"ids": [_("At most 500 ids at once. Send them in several calls.")]})
    whose = by.institution if by.institution.is_executing or institution is None else institution
    findings = SyncFinding.objects.filter(
        run__institution=whose, subject_id__in=ids, proposal=REDELIVER, resolved_at__isnull=True
    )
    open_ones = list(db.lock(policy.scope(by, Action.FINDING_VIEW, findings)))
    proposed = {finding.subject_id for finding in open_ones}
    rows = policy.scope(by, Action.SYNC_REPAIR, Order.objects.filter(pk__in=proposed).defer("payload", "reason"))
    orders = {order.pk: order for order in db.lock(rows)}
    done: list[UUID] = []
    unchanged: dict[UUID, str] = {}
    for subject in dict.fromkeys(ids):
        why = _redeliver(orders[subject], whose, by=by) if subject in orders else "not_proposed"
        if why:
            unchanged[subject] = why
        else:
            done.append(subject)
    _settle([f for f in open_ones if f.subject_id in done], SyncFinding.Resolution.REDELIVERED, by=by)
    return Repaired(done, unchanged)


# -- parts -------------------------------------------------------------------------------------------


def _day(scope: str, day: date | None) -> date:
    today = db.require_unit_of_work().now.astimezone(UTC).date()
    if scope not in SCOPES:
        raise Invalid(fields={"scope": [_("Choose orders or open_holds.")]})
    if scope == OPEN_HOLDS:
        return today
    if day is None or day > today:
        raise Invalid(fields={"day": [_("Give a day in UTC that is not in the future, as 2026-01-31.")]})
    return day


def _parsed(scope: str, items: list[str]) -> dict[UUID, str]:
    if len(items) > MOST_ITEMS:
        raise Invalid(fields={"items": [_("At most 10000 items. Compare shorter spans.")]})
    found: dict[UUID, str] = {}
    for position, item in enumerate(items):
        subject = id_of(scope, item)
        if subject is None:
            raise Invalid(
                fields={f"items.{position}": [_("This is no canonical item. See the interface description.")]}
            )
        if subject in found:
            raise Invalid(fields={f"items.{position}": [_("This id stands in the list twice. Send each id once.")]})
        found[subject] = item
    return found


def _run(institution: Institution, scope: str, day: date) -> SyncRun:
    """The row of this comparison, held for change."""
    wanted = SyncRun(institution=institution, scope=scope, day=day, outcome=Outcome.MISSING, epoch=epoch())
    SyncRun.objects.bulk_create([wanted], ignore_conflicts=True)
    return db.lock(SyncRun.objects.filter(institution=institution, scope=scope, day=day)).get()


def _note(run: SyncRun, **columns: Any) -> None:
    changes = {"last_at": db.require_unit_of_work().now, "times": run.times + 1, "epoch": epoch(), **columns}
    for name, value in changes.items():
        setattr(run, name, value)
    run.save(update_fields=[*changes])


def _open(run: SyncRun) -> QuerySet[SyncFinding]:
    """What is open of the run. Of open holds also what earlier days found: a day that has ended is not compared again."""
    rows = SyncFinding.objects.filter(resolved_at__isnull=True)
    if run.scope == OPEN_HOLDS:
        return rows.filter(run__institution=run.institution_id, run__scope=OPEN_HOLDS)
    return rows.filter(run=run)


def _keep(run: SyncRun, found: list[Difference], *, by: User) -> list[SyncFinding]:
    """The open findings made equal to `found`; returns those that are new."""
    now = db.require_unit_of_work().now
    said = {one.id: (one.kind, one.ours, one.theirs) for one in found}
    told: dict[UUID, tuple[str, str, str]] = {}
    gone: list[SyncFinding] = []
    for each in db.lock(_open(run)):
        words = (each.kind, each.platform_item, each.bank_item)
        # The same may have been found on both sides of a midnight at once: one of them is enough.
        if said.get(each.subject_id) == words and each.subject_id not in told:
            told[each.subject_id] = words
        else:
            gone.append(each)
    _settle(gone, SyncFinding.Resolution.AGREED, by=by)
    orders = _orders_of(run.scope, [one.id for one in found], by)
    fresh = [
        SyncFinding(
            run=run, kind=one.kind, subject_id=one.id, order_id=orders.get(one.id), platform_item=one.ours,
            bank_item=one.theirs, proposal=one.proposal, found_at=now,
        )
        for one in found
        if told.get(one.id) != said[one.id]
    ]  # fmt: skip
    return SyncFinding.objects.bulk_create(fresh)


def _orders_of(scope: str, ids: list[UUID], by: User) -> Mapping[UUID, UUID]:
    if scope == ORDERS:
        return {pk: pk for pk in orders_within(user=by, ids=ids)}
    return orders_of_holds(user=by, ids=ids)


def _settle(findings: Iterable[SyncFinding], resolution: str, *, by: User) -> None:
    now: datetime = db.require_unit_of_work().now
    keys = [finding.pk for finding in findings]
    if keys:
        SyncFinding.objects.filter(pk__in=keys).update(resolution=resolution, resolved_at=now, resolved_by=by)


def _redeliver(order: Order, institution: Institution, *, by: User) -> str:
    """Why nothing was done; "" where the order is in the lane again.

    Of a cancelled order the cancellation is brought: nobody may execute it any more.
    """
    told = delivery_state(institution_id=institution.id, topic=CANCELLED, subject_id=order.id)
    topic = CANCELLED if told and order.cancelled_at is not None else ISSUED
    state = (
        told if topic == CANCELLED else delivery_state(institution_id=institution.id, topic=ISSUED, subject_id=order.id)
    )
    if state in IN_LANE:
        return "in_lane"
    if state == Delivery.State.DEAD_LETTERED:
        return "dead_lettered"
    if not state:
        delivery_enqueue(
            institution=institution, topic=topic, subject_id=order.id, case_id=order.case_id,
            priority=order_kind(order.kind).priority,
        )  # fmt: skip
        attempt = 1
    else:
        again = delivery_redeliver(by=by, institution_id=institution.id, topic=topic, subject_id=order.id)
        if again is None:
            return "in_lane"
        attempt = again.attempt + 1
    detail = {"topic": topic, "attempt": attempt, "institution": institution.id}
    diary.record("order.redeliver", by=by, obj=order, case_id=order.case_id, detail=detail)
    return ""


def _tell(institution: Institution, fresh: list[SyncFinding]) -> None:
    """Supervisors of the centres and the institution's people hear of new differences once."""
    params: dict[str, str | int] = {"institution": institution.code, "count": len(fresh)}
    people = {user.pk: user for user in risk_people([institution.id])}
    people |= {user.pk: user for centre in centre_institutions() for user in supervisors(centre)}
    notify(users=people.values(), code="sync.differs", params=params, url=reconciliation_path(institution.id))
