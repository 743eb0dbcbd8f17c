"""Cases that share things, for the tests of series: made by the services, carried by the post office."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import Series, SeriesDecision, SeriesMember
from accounts.services.series.decisions import series_join
from accounts.services.series.links import series_follow
from antifraud import db
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Case
from cases.services.cases import CaseInput, case_file
from cases.services.victims import LeadInput, VictimInput
from tests.accounts.factories import involve


def followed(*cases: Case, devices: bool = False) -> None:
    """What the post office does with `case.filed` and `case.clued`."""
    for case in cases:
        with db.unit_of_work(system_user()):
            series_follow(by=system_user(), case_id=case.id, devices=devices)


def case_with(by: User, *, phone: str = "", leads: tuple[tuple[str, str], ...] = (), loss: int | None = None) -> Case:
    """A case with a victim's phone and clues, as filed; nothing is linked yet."""
    with db.unit_of_work(by) as work:
        data = CaseInput(
            reported_at=work.now, fraud_type="rebate", loss_minor=loss, victims=(VictimInput(name="王小明", phone=phone),),
            leads=tuple(LeadInput(kind, value) for kind, value in leads),
        )  # fmt: skip
        case = case_file(by=by, data=data)
    return Case.objects.get(pk=case.pk)


def sharing(world: Any, number: str, *people: User) -> list[Case]:
    """A case of each person, all with the same account of bank A, linked."""
    cases = [case_with(by, loss=1_000_00) for by in people]
    for case, by in zip(cases, people, strict=True):
        involve(by, case, world.bank_a, number=number)
    followed(*cases)
    return cases


def joined(by: User, a: Case, b: Case) -> SeriesDecision:
    """The two cases, joined by hand."""
    with db.unit_of_work(by):
        series_join(by=by, case_id=a.id, other_id=b.id, reason="the same boss")
    return SeriesDecision.objects.latest("at")


def series_of(case: Case) -> Series | None:
    """The case's series by its label."""
    member = SeriesMember.objects.select_related("series").filter(case=case).first()
    return member.series if member else None


def groups(*cases: Case) -> set[frozenset[UUID]]:
    """The partition of the cases by their labels; those without one are alone."""
    found: dict[Any, set[UUID]] = {}
    for case in cases:
        label = series_of(case)
        found.setdefault(label.id if label else case.id, set()).add(case.id)
    return {frozenset(each) for each in found.values()}


def together(*cases: Case) -> frozenset[UUID]:
    """A part of such a partition."""
    return frozenset(case.id for case in cases)
