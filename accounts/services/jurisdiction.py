"""Orders, holds and accounts go with their case when it is transferred (domain.md §2); the transfer is a step of the case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import Hold, InvolvedAccount, Order
from accounts.models.hold import LIVE
from accounts.models.order import OPEN
from accounts.services.accounts import case_groups
from antifraud import db, policy
from antifraud.audit import diary
from banks.models import User
from cases.models import Case

S = Order.Status
MOVED = (S.DRAFT, S.ISSUED, S.ACKNOWLEDGED, S.ANSWERED)


def jurisdiction_follow(*, by: User, case: Case) -> int:
    """Hand what the former unit began over to the case's present unit, and let that unit see all of it.

    Clocks and answers stay on their orders and come along. An order that waits for approval is decided by the unit
    that submitted it, since its name stands in what was frozen; a centre keeps its own; so does an order whose like
    the new unit has open. Doing it twice changes nothing. Returns the number of orders moved. The caller has authorised.
    """
    db.require_unit_of_work()
    step = case.steps.filter(verb="transfer", to_unit=case.unit_id).order_by("-at").first()
    if step is None or step.from_unit_id is None:
        return 0
    groups = set(case_groups(case.id))
    _share(by, case, groups, Order.objects.filter(case=case))
    _share(by, case, groups, InvolvedAccount.objects.filter(involvements__case=case))
    moved = _move_orders(case, step.from_unit_id)
    holds = Hold.objects.filter(case=case, unit=step.from_unit_id, status__in=LIVE).update(unit=case.unit_id)
    if moved or holds:
        detail = {"orders": moved, "holds": holds, "from": step.from_unit_id, "to": case.unit_id}
        diary.record("case.hand_over", by=by, obj=case, case_id=case.id, detail=detail)
    return moved


def _move_orders(case: Case, from_unit: UUID) -> int:
    like = Order.objects.filter(
        case=case, unit=case.unit_id, account=OuterRef("account"), kind=OuterRef("kind"), status__in=OPEN
    )
    rows = Order.objects.filter(case=case, unit=from_unit, status__in=MOVED)
    closed = rows.exclude(status__in=OPEN).update(unit=case.unit_id, version=F("version") + 1)
    return closed + rows.filter(~Exists(like)).update(unit=case.unit_id, version=F("version") + 1)


def _share(by: User, case: Case, groups: set[int], rows: QuerySet[Any]) -> None:
    """Let the case's units see each row; those that see it already are not granted again."""
    seeing: dict[UUID, set[int]] = {row: set() for row in rows.values_list("pk", flat=True)}
    live = rows.filter(grants__revoked_at__isnull=True, grants__group__in=groups)
    for row, group in live.values_list("pk", "grants__group"):
        seeing[row].add(group)
    for row in rows.filter(pk__in=[pk for pk, seen in seeing.items() if groups - seen]):
        policy.grant(
            groups - seeing[row.pk], row, by=by, purpose="transfer of jurisdiction", legal_basis=f"case {case.number}",
            sort_at=row.created_at, case_id=case.id,
        )  # fmt: skip
