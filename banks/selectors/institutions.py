"""Institutions and their powers; who works there is in `users`, which clocks they have in `profiles`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from antifraud import policy
from banks.models import Institution, IssuePower, User
from banks.policy import Action

K = Institution.Kind
EXECUTING = (K.BANK, K.PAYMENT, K.TELECOM)

# UNION, not UNION ALL: a tree that somebody bent into a ring must not hang the filing of a case.
_ANCESTRY = """
WITH RECURSIVE up(id, parent_id, group_id) AS (
  SELECT id, parent_id, group_id FROM banks_institution WHERE id = %s
  UNION SELECT i.id, i.parent_id, i.group_id FROM banks_institution i JOIN up ON i.id = up.parent_id
)
"""
# Asked at the start of every piece of work, hence not composed anew each time.
_SYSTEM_USER = """
SELECT u.* FROM banks_user u JOIN banks_institution i ON i.id = u.institution_id
WHERE u.role = 'system' AND i.kind = 'platform' ORDER BY u.date_joined LIMIT 1
"""
_AUDIENCE = (
    _ANCESTRY
    + "SELECT group_id FROM up UNION SELECT group_id FROM banks_institution WHERE kind = 'centre' AND is_active ORDER BY 1"
)


def institutions_list(*, user: User, search: str = "", kind: str = "") -> QuerySet[Institution]:
    """Institutions that the reader may see, with the number of active people, by kind and code."""
    rows = policy.scope(user, Action.INSTITUTION_VIEW, Institution.objects.all())
    if kind:
        rows = rows.filter(kind=kind)
    if search:
        rows = rows.filter(
            Q(name__icontains=search)
            | Q(name_zh__icontains=search)
            | Q(code__icontains=search)
            | Q(bank_code__iexact=search)
        )
    people = Count("users", filter=Q(users__is_active=True))
    return rows.select_related("parent").annotate(people=people).order_by("kind", "code")


def institution_detail(*, user: User, institution_id: UUID) -> Institution:
    """One institution; raises NotFound."""
    queryset = Institution.objects.select_related("parent", "legal_profile", "calendar")
    return policy.get(user, Action.INSTITUTION_VIEW, queryset, institution_id)


def institution_by_code(code: str) -> Institution | None:
    """The institution of that code, for commands; None where there is none."""
    return Institution.objects.filter(code=code.strip().lower()).first()


def police_audience(unit: Institution) -> list[int]:
    """Group ids of everybody who works a unit's cases: the unit, its superiors, and all centres. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_AUDIENCE, [unit.id])
        return [row[0] for row in cursor.fetchall()]


def superiors(unit: Institution) -> list[UUID]:
    """Ids of the unit and all bodies above it."""
    with connection.cursor() as cursor:
        cursor.execute(_ANCESTRY + "SELECT id FROM up", [unit.id])
        return [row[0] for row in cursor.fetchall()]


def executing_institutions() -> QuerySet[Institution]:
    """Active institutions to which orders can be addressed, connected or not."""
    return Institution.objects.filter(kind__in=EXECUTING, is_active=True).order_by("kind", "code")


def connected_institutions() -> QuerySet[Institution]:
    """Those of them that receive orders on the platform; the others get paper."""
    return executing_institutions().filter(connected=True)


def police_institutions() -> QuerySet[Institution]:
    """Active units and centres: those that can receive a case."""
    return Institution.objects.filter(kind__in=(K.POLICE, K.CENTRE), is_active=True).order_by("kind", "code")


def centre_institutions() -> QuerySet[Institution]:
    """The anti-fraud centres that take part."""
    return Institution.objects.filter(kind=K.CENTRE, is_active=True).order_by("code")


def oversight_institutions() -> QuerySet[Institution]:
    """The oversight offices that take part."""
    return Institution.objects.filter(kind=K.OVERSIGHT, is_active=True).order_by("code")


def branches_of(institution: Institution) -> QuerySet[Institution]:
    """Active connected branches directly below, to which an order can be routed."""
    return connected_institutions().filter(parent=institution)


def issue_powers(institution: Institution) -> QuerySet[IssuePower]:
    """What this kind of institution may issue, on which legal basis."""
    return IssuePower.objects.filter(institution_kind=institution.kind).order_by("id")


def powers_table(*, user: User) -> list[dict[str, Any]]:
    """The whole table for the page "who may issue what": one line per order kind and legal basis, with its issuers.

    Visible to everybody who may see institutions; empty for nobody else.
    """
    if not policy.can(user, Action.INSTITUTION_VIEW):
        return []
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for power in IssuePower.objects.order_by("id"):
        line = lines.setdefault(
            (power.order_kind, power.legal_basis),
            {
                "order_kind": power.order_kind,
                "legal_basis": gettext(power.legal_basis),
                "instrument_required": power.instrument_required,
                "issuers": [],
            },
        )
        line["issuers"].append(Institution.Kind(power.institution_kind).label)
    return list(lines.values())


def system_user() -> User:
    """The platform's own actor (made by `foundation_lay`); raises User.DoesNotExist where the foundation is missing."""
    found = next(iter(User.objects.raw(_SYSTEM_USER)), None)
    if found is None:
        raise User.DoesNotExist("the foundation is missing: run `manage.py lay_foundation`")
    return found
