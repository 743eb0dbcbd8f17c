"""A case's links follow what it has: accounts, phones, clues, devices. New ones join series at once, lost ones are recomputed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from accounts.models import LinkKind, Series, SeriesCut, SeriesLink, SeriesMember, SeriesStop
from accounts.selectors.series_links import Thing, case_things, neighbours
from accounts.services.series.components import series_hold, settle, unite
from antifraud import db
from banks.models import User


def series_follow(*, by: User, case_id: UUID, devices: bool = False) -> Series | None:
    """Read what the case has and keep its series so; returns the series it is in now. Doing it twice changes nothing.

    `devices`: also look through its statements. The caller is the post office or has authorised.
    """
    series_hold()
    things = case_things(case_id, devices=devices)
    stored: dict[Thing, tuple[int, bool]] = {
        (kind, bytes(key)): (pk, counts)
        for pk, kind, key, counts in SeriesLink.objects.filter(case=case_id).values_list("pk", "kind", "key", "counts")
        if devices or kind != LinkKind.DEVICE
    }
    added = [thing for thing in things if thing not in stored]
    lost = [stored[thing] for thing in stored if thing not in things]
    counting = _insert(case_id, {thing: things[thing] for thing in added}) if added else []
    if lost:
        SeriesLink.objects.filter(pk__in=[pk for pk, _ in lost]).delete()
    if any(counts for _, counts in lost):
        settle(by=by, case_ids=[case_id])
    elif counting:
        attach(by=by, case_id=case_id, things=counting)
    member = SeriesMember.objects.select_related("series").filter(case=case_id).first()
    return member.series if member else None


def attach(*, by: User, case_id: UUID, things: Iterable[Thing]) -> None:
    """The case has new counting links: it and its neighbours become one series; the smaller ones are relabelled."""
    near = neighbours(case_id, things)
    labels = {label for _, _, label in near if label is not None}
    singles = {case for _, case, label in near if label is None}
    if len(near) > 1 and (len(labels) > 1 or singles):
        unite(by=by, cases=singles, labels=labels, kind=near[0][0])


def not_counting(things: Iterable[Thing], case_id: UUID | None = None) -> set[Thing]:
    """Those of the things that are on the stop list, or cut from this case by a split."""
    keys = [key for _, key in things]
    found = SeriesStop.objects.filter(key__in=keys, ended_at__isnull=True).values_list("kind", "key")
    if case_id is not None:
        cuts = SeriesCut.objects.filter(case=case_id, key__in=keys, is_live=True).values_list("kind", "key")
        found = found.union(cuts)
    return {(kind, bytes(key)) for kind, key in found}


def series_account_merged(*, account_id: UUID, into_id: UUID) -> None:
    """Cuts and stop-list entries of an account that was merged hold for the account that it turned out to be."""
    old, new = account_id.bytes, into_id.bytes
    SeriesCut.objects.filter(kind=LinkKind.ACCOUNT, key=old, is_live=True).update(key=new)
    stops = SeriesStop.objects.filter(kind=LinkKind.ACCOUNT, ended_at__isnull=True).filter(Q(key=old) | Q(key=new))
    if len(stops) == 1 and bytes(stops[0].key) == old:
        stops.update(key=new, account=into_id)


def _insert(case_id: UUID, things: dict[Thing, UUID]) -> list[Thing]:
    """The new links; returns those that count."""
    now = db.require_unit_of_work().now
    out = not_counting(things, case_id)
    SeriesLink.objects.bulk_create(
        [
            SeriesLink(
                case_id=case_id, kind=kind, key=key, source_id=source, counts=(kind, key) not in out, added_at=now
            )
            for (kind, key), source in things.items()
        ]
    )
    return [thing for thing in things if thing not in out]
