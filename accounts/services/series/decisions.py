"""People join and split cases, and undo it; each decision has a reason and stands against the automatic links."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Series, SeriesCut, SeriesDecision, SeriesLink, SeriesMember, SeriesTie
from accounts.policy import SeriesAction
from accounts.rules.series import SplitPlan, plan_split
from accounts.selectors.series_links import Thing, links_of, ties_of
from accounts.services.series.components import series_hold, settle, unite
from accounts.services.series.links import not_counting
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Conflict, Invalid, WrongState
from antifraud.plain_text import without_numbers
from banks.models import User
from cases.models import Case

Kind = SeriesDecision.Kind
LEAST_REASON = 4


def series_join(*, by: User, case_id: UUID, other_id: UUID, reason: str) -> Series:
    """The two cases belong together, because the officer says so; both must be in the officer's reach.

    Raises Invalid (other, reason), and Conflict `series_joined` where they are in one series already.
    """
    why = reason_of(reason)
    if case_id == other_id:
        raise Invalid(fields={"other": [_("A case cannot be joined with itself. Name the other case.")]})
    case, other = (policy.get(by, SeriesAction.SERIES_JOIN, Case.objects.all(), pk) for pk in (case_id, other_id))
    series_hold()
    labels = dict(SeriesMember.objects.filter(case__in=(case_id, other_id)).values_list("case_id", "series_id"))
    if len(labels) == 2 and labels[case_id] == labels[other_id]:
        raise Conflict(_("The two cases are in one series already."), code="series_joined")
    singles = [pk for pk in (case_id, other_id) if pk not in labels]
    series = unite(by=by, cases=singles, labels=set(labels.values()))
    decision = _decide(by, Kind.JOIN, case, series, why)
    SeriesTie.objects.create(decision=decision, a=case, b=other)
    for one in (case, other):
        diary.record("series.join", by=by, obj=series, case_id=one.id, detail={"decision": decision.id})
    return series


def series_split(*, by: User, series_id: UUID, case_ids: Iterable[UUID], reason: str) -> SeriesDecision:
    """Take cases out of a series. What they share with the rest does not link them any more; new things may.

    The cases that go stay together where they were linked among themselves. Raises Invalid (cases, reason).
    """
    why = reason_of(reason)
    series = policy.get(by, SeriesAction.SERIES_SPLIT, Series.objects.all(), series_id)
    series_hold()
    members = frozenset(SeriesMember.objects.filter(series=series).values_list("case_id", flat=True))
    chosen = frozenset(case_ids)
    mine = policy.scope(by, SeriesAction.SERIES_JOIN, Case.objects.filter(pk__in=chosen & members))
    if not chosen or len(mine) != len(chosen):
        raise Invalid(fields={"cases": [_("Choose cases of this series that you work on.")]})
    if chosen == members:
        raise Invalid(fields={"cases": [_("At least one case has to stay in the series. Choose fewer cases.")]})
    plan = plan_split(chosen, members - chosen, links_of(members), ties_of(members))
    decision = _decide(by, Kind.SPLIT, min(mine, key=lambda one: one.id), series, why)
    _carry_out(decision, plan)
    settle(by=by, case_ids=members, decision=decision)
    for case in mine:
        detail = {"decision": decision.id, "cuts": len(plan.cuts)}
        diary.record("series.split", by=by, obj=series, case_id=case.id, detail=detail)
    return decision


def series_undo(*, by: User, decision_id: UUID, reason: str) -> SeriesDecision:
    """Take a decision back: what it tied is free again, what it cut counts again. Raises WrongState where it is undone."""
    why = reason_of(reason)
    decision = policy.get(by, SeriesAction.SERIES_UNDO, SeriesDecision.objects.all(), decision_id, lock=True)
    if decision.undone_at is not None:
        raise WrongState(_("This decision was undone already."))
    series_hold()
    touched = {decision.case_id} | {case for pair in decision.ties.values_list("a_id", "b_id") for case in pair}
    decision.ties.update(is_live=False)
    restored = decision.ended_ties.filter(decision__undone_at__isnull=True)
    touched |= {case for pair in restored.values_list("a_id", "b_id") for case in pair}
    restored.update(is_live=True)
    cuts = [(case, (kind, bytes(key))) for case, kind, key in decision.cuts.values_list("case_id", "kind", "key")]
    decision.cuts.update(is_live=False)
    for case, thing in cuts:
        _count_again(case, thing)
        touched.add(case)
    decision.undone_at, decision.undone_by, decision.undone_reason = db.require_unit_of_work().now, by, why
    decision.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    settle(by=by, case_ids=touched, decision=decision)
    detail = {"decision": decision.id, "what": decision.kind}
    diary.record("series.undo", by=by, obj=decision, case_id=decision.case_id, detail=detail)
    return decision


def reason_of(text: str) -> str:
    """The reason as it is kept: no account, telephone or identity number, no secret. Raises Invalid on `reason`."""
    if len(text.strip()) < LEAST_REASON:
        raise Invalid(fields={"reason": [_("Say what the decision rests on, in at least four characters.")]})
    reject_forbidden(text, field="reason")
    return without_numbers(text).strip()[:300]


def _decide(by: User, kind: str, case: Case, series: Series, reason: str) -> SeriesDecision:
    decision = SeriesDecision(
        kind=kind, case=case, series=series, reason=reason, by=by, at=db.require_unit_of_work().now
    )  # fmt: skip
    decision.save(force_insert=True)
    return decision


def _carry_out(decision: SeriesDecision, plan: SplitPlan[UUID, Thing]) -> None:
    SeriesCut.objects.bulk_create(
        [SeriesCut(decision=decision, case_id=case, kind=kind, key=key) for case, (kind, key) in plan.cuts]
    )
    for case, (kind, key) in plan.cuts:
        SeriesLink.objects.filter(case=case, kind=kind, key=key).update(counts=False)
    SeriesTie.objects.filter(pk__in=plan.ended).update(is_live=False, ended_by_decision=decision)
    SeriesTie.objects.bulk_create([SeriesTie(decision=decision, a_id=a, b_id=b) for a, b in plan.ties])


def _count_again(case: UUID, thing: Thing) -> None:
    """The link counts, unless the stop list or another split says otherwise."""
    if not not_counting([thing], case):
        SeriesLink.objects.filter(case=case, kind=thing[0], key=thing[1]).update(counts=True)
