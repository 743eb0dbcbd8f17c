"""The night's check finds labels that were bent, reports and mends them, and leaves right ones alone."""

from __future__ import annotations

from typing import Any

from accounts.models import Series, SeriesCheck, SeriesEvent, SeriesLink, SeriesMember
from accounts.services.series.checks import KIND, links_check, series_check
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.schedule import DUTIES, duty_run
from antifraud.workshop import WORKS
from banks.selectors.institutions import system_user
from tests.accounts.factories import card, involve
from tests.accounts.flow.serial_cases import case_with, groups, series_of, sharing, together


def check() -> SeriesCheck:
    with db.unit_of_work(system_user()):
        return series_check(by=system_user(), stale=links_check(by=system_user()))


def test_right_labels_are_left_alone(world: Any) -> None:
    cases = sharing(world, card(), world.analyst_a, world.analyst_b)
    before = list(SeriesEvent.objects.values_list("pk", flat=True))
    found = check()
    assert (found.differences, found.mended) == (0, 0)
    assert (found.series, found.cases, found.links) == (1, 2, 2)
    assert list(SeriesEvent.objects.values_list("pk", flat=True)) == before
    assert groups(*cases) == {together(*cases)}
    assert AuditEntry.objects.filter(verb="series.check", object_id=found.id).count() == 1


def test_bent_labels_are_reported_and_mended(world: Any) -> None:
    torn = sharing(world, card(), world.analyst_a, world.analyst_b, world.analyst_a)
    whole = sharing(world, card(), world.analyst_a, world.analyst_b)
    alone = case_with(world.analyst_a)
    kept = series_of(whole[0])
    assert kept is not None
    with db.unit_of_work(system_user()) as work:
        SeriesMember.objects.filter(case=torn[0]).delete()  # a label lost
        SeriesMember.objects.create(case=alone, series=kept, since=work.now)  # a label too many
    found = check()
    assert found.differences == 2
    assert found.mended == 2
    assert groups(*torn, *whole, alone) == {together(*torn), together(*whole), together(alone)}
    assert series_of(whole[0]) == kept
    assert set(SeriesEvent.objects.filter(what="mended").values_list("case_id", flat=True)) == {torn[0].id, alone.id}
    assert check().differences == 0


def test_two_series_under_one_label_are_parted(world: Any) -> None:
    first = sharing(world, card(), world.analyst_a, world.analyst_b)
    second = sharing(world, card(), world.analyst_a, world.analyst_b)
    with db.unit_of_work(system_user()):
        SeriesMember.objects.filter(series=series_of(second[0])).update(series=series_of(first[0]))
    assert check().differences == 1
    assert groups(*first, *second) == {together(*first), together(*second)}
    assert {series.size for series in Series.objects.filter(ended_at__isnull=True)} == {2}


def test_links_that_nobody_followed_are_followed(world: Any) -> None:
    number = card()
    cases = [case_with(by) for by in (world.analyst_a, world.analyst_b)]
    for case, by in zip(cases, (world.analyst_a, world.analyst_b), strict=True):
        involve(by, case, world.bank_a, number=number)
    assert not SeriesLink.objects.exists()
    assert check().differences == 2
    assert groups(*cases) == {together(*cases)}


def test_the_check_is_a_duty_of_the_night(world: Any) -> None:
    duty = next(duty for duty in DUTIES if duty.name == "series_check")
    assert duty.period_seconds == 86_400
    assert duty_run(duty, system_user()) == 0  # no case has anything yet
    assert not Job.objects.exists()
    sharing(world, card(), world.analyst_a, world.analyst_b)
    assert duty_run(duty, system_user()) == 1
    assert not SeriesCheck.objects.exists()
    assert job_run(Job.objects.get(kind=KIND).id, WORKS) == "done"
    assert SeriesCheck.objects.count() == 1
