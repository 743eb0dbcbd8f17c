"""Series as a reader may see them: own cases in full; of all others only the unit and the officer (domain.md §3, §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import (
    InvolvedAccount,
    LinkKind,
    Series,
    SeriesDecision,
    SeriesEvent,
    SeriesLink,
    SeriesStop,
    StatementLine,
)  # fmt: skip
from accounts.policy import Action, SeriesAction
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from banks.models import User
from cases.models import Case, Lead, Victim

KEYSET = ("-changed_at", "-id")
MOST_CASES = 200
MOST_THINGS = 300
MOST_COLLEAGUES = 100
MOST_EVENTS = 100


@dataclass(frozen=True)
class Colleague:
    """Who else works on it, and how to reach them; nothing of their cases."""

    unit_id: UUID
    unit: str
    phone: str
    officer: str
    email: str


@dataclass(frozen=True)
class Thing:
    """What links: `label` is masked, `link_id` names it for the stop list, `elsewhere` are places in `Sight.colleagues`."""

    link_id: int
    kind: str
    label: str
    account_id: UUID | None
    cases: tuple[UUID, ...]
    elsewhere: tuple[int, ...]

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(LinkKind(self.kind).label)


@dataclass(frozen=True)
class Total:
    """Of the cases that the reader sees, in one currency, minor units."""

    currency: str
    cases: int
    loss_minor: int | None
    held_minor: int


@dataclass(frozen=True)
class Sight:
    """A series through the eyes of one reader."""

    series: Series
    cases: list[Case]
    total_cases: int
    totals: list[Total]
    colleagues: list[Colleague]
    things: list[Thing]
    ties: list[SeriesDecision]


def series_list(*, user: User) -> QuerySet[Series]:
    """Series with at least one case of the reader, those that changed last first; `mine` is how many cases are seen."""
    rows = policy.scope(user, SeriesAction.SERIES_VIEW, Series.objects.filter(ended_at__isnull=True))
    seen = policy.scope(user, "case.view", Case.objects.all()).values("pk")
    return rows.annotate(mine=Count("members", filter=Q(members__case__in=seen)))


def series_detail(*, user: User, series_id: UUID) -> Series:
    """One series; NotFound out of reach. A series that went into another one is followed there."""
    gone = Series.objects.filter(pk=series_id).values_list("merged_into", flat=True).first()
    return policy.get(user, SeriesAction.SERIES_VIEW, Series.objects.all(), gone or series_id)


def series_of_case(*, user: User, case: Case) -> Series | None:
    """The series of a case that the reader sees, if it is in one."""
    rows = policy.scope(user, SeriesAction.SERIES_VIEW, Series.objects.all())
    return rows.filter(members__case=case).first()


def series_sight(*, user: User, series: Series) -> Sight:
    """All that the page shows; a constant number of statements."""
    members = Case.objects.filter(series_member__series=series)
    seen = policy.scope(user, "case.view", members)
    cases = list(seen.select_related("unit", "operator").order_by("-reported_at", "pk")[:MOST_CASES])
    totals = [
        Total(row["currency"], row["cases"], row["loss"], row["held"] or 0)
        for row in seen.order_by()
        .values("currency")
        .annotate(cases=Count("pk"), loss=Sum("loss_minor"), held=Sum("held_minor"))
        .order_by("currency")
    ]
    unseen = members.exclude(pk__in=seen.values("pk"))
    people = _colleagues(unseen)
    return Sight(
        series=series, cases=cases, total_cases=sum(row.cases for row in totals), totals=totals,
        colleagues=[person for _, person in people], things=_things(cases, unseen, [key for key, _ in people]),
        ties=_ties(cases),
    )  # fmt: skip


def series_events(*, user: User, series: Series) -> QuerySet[SeriesEvent]:
    """The history, newest first, without what concerns a case that the reader does not see."""
    seen = policy.scope(user, "case.view", Case.objects.all()).values("pk")
    rows = SeriesEvent.objects.select_related("case", "other", "by", "decision").filter(series=series)
    return rows.filter(Q(case__isnull=True) | Q(case__in=seen)).order_by("-at", "-id")[:MOST_EVENTS]


def series_decisions(*, user: User, series: Series) -> QuerySet[SeriesDecision]:
    """What people decided about cases of the reader, newest first; also on series that went into this one."""
    seen = policy.scope(user, "case.view", Case.objects.all()).values("pk")
    rows = SeriesDecision.objects.select_related("case", "by", "undone_by")
    mine = Q(series=series) | Q(series__merged_into=series) | Q(case__series_member__series=series)
    return rows.filter(mine, case__in=seen).distinct().order_by("-at", "pk")[:MOST_EVENTS]


def stops_list(*, user: User) -> list[tuple[SeriesStop, InvolvedAccount | None]]:
    """The stop list, newest first, ended entries last; the account only where the reader may see it."""
    rows = policy.scope(user, SeriesAction.STOPLIST_VIEW, SeriesStop.objects.select_related("by__institution"))
    stops = list(rows.order_by("ended_at", "-at", "pk")[:MOST_THINGS])
    wanted = InvolvedAccount.objects.filter(pk__in=[stop.account_id for stop in stops if stop.account_id])
    seen = policy.scope(user, Action.ACCOUNT_VIEW, wanted.select_related("institution")).in_bulk()
    preload_rows(seen.values())
    return [(stop, seen.get(stop.account_id) if stop.account_id else None) for stop in stops]


def _colleagues(unseen: QuerySet[Case]) -> list[tuple[tuple[UUID, UUID], Colleague]]:
    """One row for each unit and officer, whatever the number of their cases."""
    rows = unseen.select_related("unit", "operator").order_by("unit", "operator").distinct("unit", "operator")
    people = [
        (
            (row.unit_id, row.operator_id),
            Colleague(row.unit_id, row.unit.title, row.unit.phone, row.operator.full_name, row.operator.email),
        )
        for row in rows[:MOST_COLLEAGUES]
    ]
    return sorted(people, key=lambda one: (one[1].unit, one[1].officer))


def _things(cases: list[Case], unseen: QuerySet[Case], people: list[tuple[UUID, UUID]]) -> list[Thing]:
    other = SeriesLink.objects.filter(key=OuterRef("key"), kind=OuterRef("kind"), counts=True).exclude(
        case=OuterRef("case")
    )
    links = SeriesLink.objects.filter(Exists(other), case__in=[case.pk for case in cases], counts=True)
    grouped: dict[tuple[str, bytes], list[SeriesLink]] = {}
    for link in links.order_by("kind", "key", "pk")[: MOST_THINGS * 10]:
        grouped.setdefault((link.kind, bytes(link.key)), []).append(link)
    grouped = dict(sorted(grouped.items(), key=lambda one: (one[0][0], -len(one[1]), one[0][1]))[:MOST_THINGS])
    there: dict[tuple[str, bytes], set[int]] = {}
    away = SeriesLink.objects.filter(key__in=[key for _, key in grouped], counts=True, case__in=unseen)
    place = {key: at for at, key in enumerate(people)}
    for kind, key, unit, officer in away.values_list("kind", "key", "case__unit", "case__operator").distinct():
        if (unit, officer) in place:
            there.setdefault((kind, bytes(key)), set()).add(place[unit, officer])
    labels = _labels([rows[0] for rows in grouped.values()])
    return [
        Thing(
            link_id=rows[0].pk, kind=kind, label=labels[rows[0].pk],
            account_id=rows[0].source_id if kind == LinkKind.ACCOUNT else None,
            cases=tuple(row.case_id for row in rows), elsewhere=tuple(sorted(there.get((kind, key), ()))),
        )
        for (kind, key), rows in grouped.items()
    ]  # fmt: skip


def _labels(links: list[SeriesLink]) -> dict[int, str]:
    """The masked value of each link, read from a case that the reader sees: one statement for each table."""
    sources = {link.source_id for link in links}
    accounts = InvolvedAccount.objects.in_bulk(sources)
    leads, victims = Lead.objects.in_bulk(sources), Victim.objects.in_bulk(sources)
    wanted = {link.source_id for link in links if link.kind == LinkKind.DEVICE}
    lines = StatementLine.objects.in_bulk(wanted) if wanted else {}
    preload_rows([*accounts.values(), *leads.values(), *victims.values(), *lines.values()])
    found: dict[int, str] = {}
    for link in links:
        source: Any = accounts.get(link.source_id)
        if source is not None:
            found[link.pk] = source.number.masked()
        elif (lead := leads.get(link.source_id)) is not None:
            found[link.pk] = lead.value.masked()
        elif (victim := victims.get(link.source_id)) is not None and victim.phone:
            found[link.pk] = victim.phone.masked()
        else:
            found[link.pk] = _device(lines.get(link.source_id), bytes(link.key))
    return found


def _device(line: StatementLine | None, key: bytes) -> str:
    """The last two signs of the hardware or network address, else a mark that tells two devices apart."""
    details: dict[str, Any] = line.details.open() if line is not None else {}
    text = str(details.get("mac") or details.get("ip") or "")
    return f"···{text[-2:]}" if len(text) > 4 else f"#{key.hex()[:4]}"


def _ties(cases: list[Case]) -> list[SeriesDecision]:
    ids = [case.pk for case in cases]
    rows = SeriesDecision.objects.filter(
        ties__a__in=ids, ties__b__in=ids, ties__is_live=True, kind=SeriesDecision.Kind.JOIN
    )
    return list(rows.distinct().prefetch_related("ties"))
