"""Keeping the labels: the fast way in when a link is new, and the recomputation of what is connected; nothing decides here.

One transaction changes labels at a time (an advisory lock until its end), since two of them could each take the
other's half of one component.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from accounts.models import Series, SeriesDecision, SeriesEvent, SeriesMember
from accounts.rules.series import components
from accounts.selectors.prepared import fetch
from accounts.selectors.series_links import closure, links_of, ties_of
from antifraud import db
from antifraud.audit import diary
from banks.models import User

LOCK = 0x534552494553  # "SERIES"
What = SeriesEvent.What
_FORM = """
INSERT INTO accounts_series (id, number, size, formed_at, changed_at)
VALUES (%(into)s, %(year)s || lpad(nextval('accounts_series_number')::text, 6, '0'), %(size)s, %(now)s, %(now)s) RETURNING number
"""
_ROWS = "SELECT id, size, formed_at FROM accounts_series WHERE id = ANY($1) ORDER BY size DESC, formed_at, id"
_GROW = "UPDATE accounts_series SET size = $1, changed_at = $2 WHERE id = $3 RETURNING number"
_FORM_HERE = """
INSERT INTO accounts_series (id, number, size, formed_at, changed_at)
VALUES ($3, $13 || lpad(nextval('accounts_series_number')::text, 6, '0'), $1, $2, $2) RETURNING number
"""
# All that changes where series become one, in one statement: a trip costs more than its rows, and its plan more than both.
_UNITE = """
WITH moved AS (UPDATE accounts_seriesmember SET series_id = $3 WHERE series_id = ANY($5)),
  ended AS (UPDATE accounts_series SET size = 0, ended_at = $2, changed_at = $2, merged_into_id = $3 WHERE id = ANY($5)),
  led AS (UPDATE accounts_series SET merged_into_id = $3 WHERE merged_into_id = ANY($5)),
  added AS (INSERT INTO accounts_seriesmember (case_id, series_id, since) SELECT unnest($6), $3, $2),
  told AS (INSERT INTO accounts_seriesevent (series_id, what, case_id, other_id, kind, decision_id, by_id, at)
    SELECT series, what, one, other, kind, decision, $4, $2
    FROM unnest($7, $8, $9, $10, $11, $12) WITH ORDINALITY AS e(series, what, one, other, kind, decision, number)
    ORDER BY number)
"""
_TYPES = "int, timestamptz, uuid, uuid, uuid[], uuid[], uuid[], text[], uuid[], uuid[], text[], uuid[]"


def series_hold() -> None:
    """Wait until no other transaction changes labels; held to the end of this one."""
    db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def unite(
    *, by: User, cases: Iterable[UUID], labels: Iterable[UUID], kind: str = "", decision: SeriesDecision | None = None
) -> Series:
    """Cases without a label and series become one: the largest series stays, the smaller ones are relabelled.

    The caller holds the labels (`series_hold`) and has seen to it that all of this is connected.
    """
    now = db.require_unit_of_work().now
    known = list(labels)
    found = fetch("series_rows", _ROWS, "uuid[]", [known]) if known else []
    rows = [Series(pk=pk, size=size, formed_at=formed, changed_at=now) for pk, size, formed in found]
    target = rows[0] if rows else Series(formed_at=now, changed_at=now)
    events = [] if rows else [_event(target, What.FORMED, by, now, decision=decision)]
    for gone in rows[1:]:
        target.size += gone.size
        events.append(_event(gone, What.ENDED, by, now, other=target))
        events.append(_event(target, What.MERGED, by, now, other=gone, kind=kind, decision=decision))
    added = sorted(set(cases))
    target.size += len(added)
    events += [_event(target, What.ADDED, by, now, case=case, kind=kind, decision=decision) for case in added]
    values = [target.size, now, target.pk, by.pk, [row.pk for row in rows[1:]], added, *_event_columns(events)]
    if rows:
        found = fetch("series_grow", _UNITE + _GROW, _TYPES, values)
    else:
        found = fetch("series_form", _UNITE + _FORM_HERE, f"{_TYPES}, text", [*values, _year(now)])
    ((target.number,),) = found
    diary.record_many(
        "series.link", by=by, rows=[(target, case, {"kind": kind, "size": target.size}) for case in added]
    )
    return target


def settle(
    *, by: User, case_ids: Iterable[UUID], decision: SeriesDecision | None = None, mends: bool = False
) -> set[UUID]:
    """Recompute everything connected to the cases and write what differs; returns the cases that changed their label.

    The largest part of a series keeps its row, so that its address stays. The caller holds the labels.
    """
    everyone = closure(case_ids)
    parts = components(everyone, links_of(everyone), ties_of(everyone).values())
    stored = dict(SeriesMember.objects.filter(case__in=everyone).values_list("case_id", "series_id"))
    return _write(by, parts, stored, decision, What.MENDED if mends else None)


def _write(
    by: User, parts: list[frozenset[UUID]], stored: dict[UUID, UUID], decision: SeriesDecision | None, what: str | None
) -> set[UUID]:
    now = db.require_unit_of_work().now
    known = Series.objects.in_bulk(set(stored.values()))
    taken: set[UUID] = set()
    changed: dict[UUID, UUID | None] = {}
    events: list[SeriesEvent] = []
    moved: dict[UUID, Counter[UUID]] = defaultdict(Counter)
    for part in sorted(parts, key=lambda one: (-len(one), min(one))):
        alone = len(part) == 1
        label = (
            None if alone else _label_for(part, stored, known, taken) or _new(known, taken, by, now, decision, events)
        )
        for case in sorted(part):
            before = stored.get(case)
            if before == label:
                continue
            changed[case] = label
            if before is not None and label is not None:
                moved[before][label] += 1
            if before is not None:
                events.append(_event(known[before], what or What.LEFT, by, now, case=case, decision=decision))
            if label is not None:
                events.append(_event(known[label], what or What.ADDED, by, now, case=case, decision=decision))
    if changed:
        _relabel(changed, now)
        _sizes(known, moved, by, now)
        SeriesEvent.objects.bulk_create(events)
        rows = [(known[event.series_id], event.case_id, {"what": str(event.what)}) for event in events]
        diary.record_many("series.settle", by=by, rows=rows)
    return set(changed)


def _label_for(
    part: frozenset[UUID], stored: dict[UUID, UUID], known: dict[UUID, Series], taken: set[UUID]
) -> UUID | None:
    """The series that most of the part's cases carry and that no larger part has taken; None where there is none."""
    votes = Counter(stored[case] for case in part if case in stored and stored[case] not in taken)
    if not votes:
        return None
    label = min(votes, key=lambda one: (-votes[one], known[one].formed_at, one))
    taken.add(label)
    return label


def _new(
    known: dict[UUID, Series], taken: set[UUID], by: User, now: datetime, decision: SeriesDecision | None,
    events: list[SeriesEvent],
) -> UUID:  # fmt: skip
    made = _form(by, now, decision, events)
    known[made.pk] = made
    taken.add(made.pk)
    return made.pk


def _relabel(labels: Mapping[UUID, UUID | None], now: datetime) -> None:
    SeriesMember.objects.filter(case__in=[case for case, label in labels.items() if label is None]).delete()
    SeriesMember.objects.bulk_create(
        [SeriesMember(case_id=case, series_id=label, since=now) for case, label in labels.items() if label is not None],
        update_conflicts=True, unique_fields=["case"], update_fields=["series", "since"],
    )  # fmt: skip


def _sizes(known: dict[UUID, Series], moved: dict[UUID, Counter[UUID]], by: User, now: datetime) -> None:
    """Sizes counted anew; a series without cases ends and leads to where most of its cases went."""
    counted = Counter(SeriesMember.objects.filter(series__in=known).values_list("series_id", flat=True))
    for pk, row in known.items():
        if counted[pk]:
            Series.objects.filter(pk=pk).exclude(size=counted[pk]).update(size=counted[pk], changed_at=now)
        else:
            went = moved[pk].most_common(1)
            _end(row, known[went[0][0]] if went else None, by, now)


def _form(by: User, now: datetime, decision: SeriesDecision | None, events: list[SeriesEvent]) -> Series:
    made = Series(formed_at=now, changed_at=now)
    with connection.cursor() as cursor:
        cursor.execute(_FORM, {"into": made.pk, "year": _year(now), "size": made.size, "now": now})
        (made.number,) = cursor.fetchone()
    events.append(_event(made, What.FORMED, by, now, decision=decision))
    return made


def _end(gone: Series, into: Series | None, by: User, now: datetime) -> None:
    Series.objects.filter(pk=gone.pk).update(size=0, ended_at=now, changed_at=now, merged_into=into)
    Series.objects.filter(merged_into=gone).update(merged_into=into)
    _event(gone, What.ENDED, by, now, other=into).save(force_insert=True)


def _event(
    series: Series, what: str, by: User, now: datetime, *, case: UUID | None = None, other: Series | None = None,
    kind: str = "", decision: SeriesDecision | None = None,
) -> SeriesEvent:  # fmt: skip
    return SeriesEvent(series=series, what=what, case_id=case, other=other, kind=kind, decision=decision, by=by, at=now)


def _year(now: datetime) -> str:
    """By the platform's calendar: a series is no single unit's."""
    return f"S{now.astimezone(ZoneInfo(settings.DEFAULT_TIME_ZONE)).year}-"


def _event_columns(events: Sequence[SeriesEvent]) -> list[list[Any]]:
    return [
        [event.series_id for event in events], [str(event.what) for event in events], [event.case_id for event in events],
        [event.other_id for event in events], [event.kind for event in events], [event.decision_id for event in events],
    ]  # fmt: skip
