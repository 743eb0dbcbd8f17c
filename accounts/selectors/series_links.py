"""What a case can be recognised by, and which cases a thing or a tie leads to; who may see any of it is asked elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.models import InvolvedAccount, Involvement, LinkKind, SeriesLink, SeriesMember, SeriesTie
from accounts.selectors.prepared import fetch
from antifraud.crypto.blind import blind_index
from antifraud.crypto.normal import normal_phone
from cases.models import Case, Lead

PHONE_INDEX = "lead.phone"  # as leads of kind phone are indexed, so that a victim's phone meets them
Thing = tuple[str, bytes]

_DEVICES = """
SELECT DISTINCT ON (l.device) l.device, l.id FROM accounts_statementline l
JOIN accounts_statementfile f ON f.id = l.file_id
WHERE l.case_id = %s AND f.status = 'committed' AND l.left_out = '' AND l.device IS NOT NULL
ORDER BY l.device, l.id
"""
# One neighbour is enough for each thing: all cases that share it are in one series already. The last row is the case itself.
_NEIGHBOURS = """
SELECT t.kind, o.case_id, m.series_id
FROM unnest($1, $2) AS t(kind, key)
CROSS JOIN LATERAL (
  SELECT case_id FROM accounts_serieslink WHERE key = t.key AND kind = t.kind AND counts AND case_id <> $3 LIMIT 1
) o LEFT JOIN accounts_seriesmember m ON m.case_id = o.case_id
UNION ALL SELECT '', o.case_id, m.series_id
FROM (SELECT $3 AS case_id) o LEFT JOIN accounts_seriesmember m ON m.case_id = o.case_id
"""
_SHARED = """
SELECT l.case_id, l.kind, l.key FROM accounts_serieslink l
WHERE l.counts AND EXISTS (
  SELECT 1 FROM accounts_serieslink o WHERE o.key = l.key AND o.kind = l.kind AND o.counts AND o.case_id <> l.case_id
)
"""
# Cases whose confirmed accounts or clues are not what their links say (the newest first: they are worked on).
_STALE = """
SELECT case_id FROM (
  (SELECT i.case_id, uuid_send(coalesce(a.merged_into_id, a.id)) AS key
   FROM accounts_involvement i JOIN accounts_involvedaccount a ON a.id = i.account_id
   WHERE i.state = 'confirmed' AND a.kind <> 'phone'
   EXCEPT SELECT case_id, key FROM accounts_serieslink WHERE kind = 'account')
  UNION
  (SELECT case_id, key FROM accounts_serieslink WHERE kind = 'account'
   EXCEPT SELECT i.case_id, uuid_send(coalesce(a.merged_into_id, a.id))
   FROM accounts_involvement i JOIN accounts_involvedaccount a ON a.id = i.account_id
   WHERE i.state = 'confirmed' AND a.kind <> 'phone')
  UNION
  (SELECT case_id, value_index FROM cases_lead
   EXCEPT SELECT case_id, key FROM accounts_serieslink WHERE kind IN ('lead', 'phone'))
) stale GROUP BY case_id ORDER BY case_id LIMIT %s
"""


def case_things(case_id: UUID, *, devices: bool) -> dict[Thing, UUID]:
    """(kind, key) -> where it stands: confirmed accounts, phones of victims, clues and numbers, clues, devices.

    Devices are read only where asked: they need a look at every statement row of the case.
    """
    found: dict[Thing, UUID] = {}
    rows = Involvement.objects.filter(case=case_id, state=Involvement.State.CONFIRMED).select_related("account")
    for row in rows:
        account = row.account
        if account.kind == InvolvedAccount.Kind.PHONE:
            _note_phone(found, account.number.open(), account.id)
        else:
            root: UUID = account.merged_into_id or account.id
            found.setdefault((LinkKind.ACCOUNT, root.bytes), root)
    case = Case(pk=case_id)
    for lead in case.leads.all():
        kind = LinkKind.PHONE if lead.kind == Lead.Kind.PHONE else LinkKind.LEAD
        found.setdefault((kind, bytes(lead.value_index)), lead.id)
    for victim in case.victims.all():
        if victim.phone:
            _note_phone(found, victim.phone.open(), victim.id)
    if devices:
        with connection.cursor() as cursor:
            cursor.execute(_DEVICES, [case_id])
            found |= {(LinkKind.DEVICE, bytes(key)): line for key, line in cursor.fetchall()}
    return found


def _note_phone(found: dict[Thing, UUID], text: str, source: UUID) -> None:
    try:
        form = normal_phone(text)
    except ValueError:
        return  # a text that is no number recognises nobody
    found.setdefault((LinkKind.PHONE, blind_index(PHONE_INDEX, form)), source)


def neighbours(case_id: UUID, things: Iterable[Thing]) -> list[tuple[str, UUID, UUID | None]]:
    """(kind, case, its series) of one other case for each of the things that has one, then of the case itself."""
    wanted = list(things)
    given = [[kind for kind, _ in wanted], [key for _, key in wanted], case_id]
    return [
        (kind, case, label) for kind, case, label in fetch("series_near", _NEIGHBOURS, "text[], bytea[], uuid", given)
    ]


def closure(case_ids: Iterable[UUID]) -> set[UUID]:
    """The cases with everything that is connected to them now or was by label: what a recomputation must look at."""
    found: set[UUID] = set()
    fresh = set(case_ids)
    while fresh:
        found |= fresh
        labels = SeriesMember.objects.filter(case__in=fresh).values("series")
        near = set(SeriesMember.objects.filter(series__in=labels).values_list("case_id", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT o.case_id FROM accounts_serieslink l JOIN accounts_serieslink o USING (key, kind) "
                "WHERE l.case_id = ANY(%s) AND l.counts AND o.counts",
                [list(fresh)],
            )
            near |= {row[0] for row in cursor.fetchall()}
        near |= {case for pair in ties_of(fresh).values() for case in pair}
        fresh = near - found
    return found


def links_of(case_ids: Iterable[UUID]) -> list[tuple[UUID, Thing]]:
    """The counting links of the cases."""
    rows = SeriesLink.objects.filter(case__in=list(case_ids), counts=True).values_list("case_id", "kind", "key")
    return [(case, (kind, bytes(key))) for case, kind, key in rows]


def ties_of(case_ids: Iterable[UUID]) -> dict[int, tuple[UUID, UUID]]:
    """The live ties that touch the cases, by their ids."""
    wanted = list(case_ids)
    rows = SeriesTie.objects.filter(Q(a__in=wanted) | Q(b__in=wanted), is_live=True)
    return {pk: (a, b) for pk, a, b in rows.values_list("pk", "a_id", "b_id")}


def shared_links() -> Iterator[tuple[UUID, Any]]:
    """Every counting link of the platform that another case shares, as (case, thing)."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED)
        while rows := cursor.fetchmany(50_000):
            yield from ((case, (kind, bytes(key))) for case, kind, key in rows)


def all_ties() -> list[tuple[UUID, UUID]]:
    """Every live tie."""
    return list(SeriesTie.objects.filter(is_live=True).values_list("a_id", "b_id"))


def stored_labels() -> dict[UUID, UUID]:
    """Case -> series, of the whole platform."""
    return dict(SeriesMember.objects.values_list("case_id", "series_id"))


def stale_cases(limit: int) -> list[UUID]:
    """Cases whose links are not what their accounts and clues say; also those from before there were series."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE, [limit])
        return [row[0] for row in cursor.fetchall()]


def sizes(labels: Iterable[UUID]) -> dict[UUID, int]:
    """How many cases carry each label."""
    counted: dict[UUID, int] = defaultdict(int)
    for label in SeriesMember.objects.filter(series__in=list(labels)).values_list("series_id", flat=True):
        counted[label] += 1
    return counted
