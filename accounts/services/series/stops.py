"""The stop list: things that link nobody, such as a payment institution's collecting account; each with reason and author."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount, LinkKind, Series, SeriesLink, SeriesMember, SeriesStop
from accounts.policy import Action, SeriesAction
from accounts.selectors.series_links import Thing
from accounts.services.series.components import series_hold, settle
from accounts.services.series.decisions import reason_of
from accounts.services.series.links import not_counting
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Forbidden, Invalid, WrongState
from banks.models import User
from cases.models import Case


def stop_add(*, by: User, series_id: UUID, link_id: int, reason: str) -> SeriesStop:
    """The thing of this link of a case that the officer sees links no cases any more, in no series.

    Raises Invalid (link, reason), Conflict `stop_listed` where it is on the list.
    """
    why = reason_of(reason)
    series = policy.get(by, SeriesAction.STOPLIST_ADD, Series.objects.all(), series_id)
    mine = policy.scope(by, "case.view", Case.objects.filter(series_member__series=series))
    link = SeriesLink.objects.filter(pk=link_id, case__in=mine).first()
    if link is None:
        raise Invalid(fields={"link": [_("Choose one of the things that link cases of this series.")]})
    account = link.source_id if link.kind == LinkKind.ACCOUNT else None
    return _stop(by, (link.kind, bytes(link.key)), account, why)


def stop_add_account(*, by: User, account_id: UUID, reason: str) -> SeriesStop:
    """The same for an account that the officer sees, before it has linked anything."""
    why = reason_of(reason)
    if not policy.can(by, SeriesAction.STOPLIST_ADD):
        raise Forbidden
    account = policy.get(by, Action.ACCOUNT_VIEW, InvolvedAccount.objects.all(), account_id)
    root = account.merged_into_id or account.id
    return _stop(by, (LinkKind.ACCOUNT, root.bytes), root, why)


def stop_end(*, by: User, stop_id: UUID, reason: str) -> SeriesStop:
    """The thing links again, except where a split cut it. Raises WrongState where the entry has ended."""
    why = reason_of(reason)
    stop = policy.get(by, SeriesAction.STOPLIST_END, SeriesStop.objects.all(), stop_id, lock=True)
    if stop.ended_at is not None:
        raise WrongState(_("This entry has ended already."))
    series_hold()
    stop.ended_at, stop.ended_by, stop.ended_reason = db.require_unit_of_work().now, by, why
    stop.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    thing = (stop.kind, bytes(stop.key))
    holders = _holders(thing)
    free = [case for case in holders if not not_counting([thing], case)]
    SeriesLink.objects.filter(case__in=free, kind=thing[0], key=thing[1]).update(counts=True)
    changed = settle(by=by, case_ids=free)
    detail = {"kind": stop.kind, "cases": len(holders), "changed": len(changed)}
    diary.record("stoplist.end", by=by, obj=stop, detail=detail)
    return stop


def _stop(by: User, thing: Thing, account_id: UUID | None, reason: str) -> SeriesStop:
    series_hold()
    kind, key = thing
    if SeriesStop.objects.filter(kind=kind, key=key, ended_at__isnull=True).exists():
        raise Conflict(_("This is on the stop list already."), code="stop_listed")
    stop = SeriesStop(
        kind=kind, key=key, account_id=account_id, reason=reason, by=by, at=db.require_unit_of_work().now
    )  # fmt: skip
    stop.save(force_insert=True)
    holders = _holders(thing)
    SeriesLink.objects.filter(kind=kind, key=key).update(counts=False)
    linked = SeriesMember.objects.filter(case__in=holders).values_list("case_id", flat=True)
    changed = settle(by=by, case_ids=list(linked))
    detail = {"kind": kind, "cases": len(holders), "changed": len(changed)}
    diary.record("stoplist.add", by=by, obj=stop, detail=detail)
    return stop


def _holders(thing: Thing) -> list[UUID]:
    return list(SeriesLink.objects.filter(kind=thing[0], key=thing[1]).values_list("case_id", flat=True))
