"""Who may see and change series: police who hold a case of the series, never a bank (domain.md §8)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from accounts.models import Series, SeriesDecision, SeriesMember, SeriesStop
from antifraud.policy import anywhere, by_kind, granted, own, register
from banks.models import User
from banks.policy import POLICE, rows
from cases.models import Case
from cases.policy import LEADERS, POLICE_KINDS, WRITERS

R = User.Role


class SeriesAction(StrEnum):
    """The actions on series and on the list of things that link nobody."""

    SERIES_VIEW = "series.view"
    SERIES_JOIN = "series.join"
    SERIES_SPLIT = "series.split"
    SERIES_UNDO = "series.undo"
    STOPLIST_VIEW = "stoplist.view"
    STOPLIST_ADD = "stoplist.add"
    STOPLIST_END = "stoplist.end"


def holding(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Series of which the reader's institution sees at least one case."""
    mine = granted("case")(user, SeriesMember.objects.all())
    return queryset.filter(pk__in=mine.values("series"))


def holding_now(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Decisions on a case that the reader's institution sees."""
    return granted("case")(user, queryset)


register(
    SeriesAction.SERIES_VIEW, model=Series, rows=rows((POLICE, holding), (R.SYSTEM, anywhere)), kinds=(*POLICE_KINDS, "platform")
)  # fmt: skip
register(
    SeriesAction.SERIES_JOIN, model=Case, rows=rows((WRITERS, granted())), known_by="case.view", kinds=POLICE_KINDS
)
register(
    SeriesAction.SERIES_SPLIT, model=Series, rows=rows((WRITERS, holding)), known_by=SeriesAction.SERIES_VIEW,
    kinds=POLICE_KINDS,
)  # fmt: skip
register(SeriesAction.SERIES_UNDO, model=SeriesDecision, rows=rows((WRITERS, holding_now)), kinds=POLICE_KINDS)
register(SeriesAction.STOPLIST_VIEW, model=SeriesStop, rows=rows((POLICE, anywhere)), kinds=POLICE_KINDS)
register(SeriesAction.STOPLIST_ADD, model=Series, rows=rows((LEADERS, holding)), kinds=POLICE_KINDS)
register(
    SeriesAction.STOPLIST_END, model=SeriesStop, known_by=SeriesAction.STOPLIST_VIEW, kinds=POLICE_KINDS,
    rows=rows((LEADERS, by_kind(centre=anywhere, police=own("by__institution")))),
)  # fmt: skip
