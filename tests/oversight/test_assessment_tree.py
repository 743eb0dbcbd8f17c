"""A police body sees the figures of its own unit and of the units below it, and nothing of one above or beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from banks.models import Institution, User
from oversight.selectors.assessment import assessment
from oversight.selectors.rows import FIGURES, figure_rows
from tests.cast import World
from tests.oversight.city import City, build, window

pytestmark = pytest.mark.django_db
BYS = ("institution", "unit")


@pytest.fixture
def city(world: World) -> City:
    return build(world)


def supervisor(unit: Institution) -> User:
    """A supervisor of that body."""
    return User.objects.create(
        username=f"supervisor_{unit.code}", full_name="Wu", role="supervisor", institution=unit, language="en"
    )


def body(world: World, code: str, parent: Institution | None) -> Institution:
    """One more police body."""
    like = world.bureau
    return Institution.objects.create(
        code=code, kind="police", name=code.title(), name_zh=code, parent=parent, connected=True,
        group=Group.objects.create(name=code), legal_profile=like.legal_profile, calendar=like.calendar,
    )  # fmt: skip


def numbers(user: User) -> set[str]:
    """The numbers of all rows behind all figures."""
    found: set[str] = set()
    for key in FIGURES:
        for by in BYS:
            rows = figure_rows(user=user, window=window(), by=by, key=key).rows
            found |= {getattr(row.obj, "number", None) or row.obj.order.number for row in rows}
    return found


def test_a_bureau_sees_the_units_below_it(world: World, city: City) -> None:
    bureau = supervisor(world.bureau)
    found = assessment(user=bureau, window=window(), by="unit")
    assert {line.institution for line in found.lines} == {world.unit_a, world.unit_b}
    assert found.total.orders.count == 5
    assert found.loss is not None
    assert found.loss.cases == 4
    for line, name in ((world.unit_a, "supervisor_a"), (world.unit_b, "supervisor_b")):
        own = assessment(user=getattr(world, name), window=window(), by="unit")
        [mine] = own.lines
        assert mine == next(one for one in found.lines if one.institution == line)
    assert {city.whole.number, city.open.number, city.never.number} <= numbers(bureau)


def test_however_deep(world: World, city: City) -> None:
    ministry = body(world, "ministry", None)
    Institution.objects.filter(pk=world.bureau.pk).update(parent=ministry)
    found = assessment(user=supervisor(ministry), window=window(), by="unit")
    assert {line.institution for line in found.lines} == {world.unit_a, world.unit_b}


def test_a_unit_sees_nothing_above_or_beside(world: World, city: City) -> None:
    foreign = supervisor(body(world, "other_bureau", None))
    beside = supervisor(body(world, "unit_c", world.bureau))
    for stranger in (foreign, beside):
        for by in BYS:
            found = assessment(user=stranger, window=window(), by=by)
            assert (found.lines, found.total.orders.count, found.total.overdue) == ([], 0, 0)
            assert found.loss is not None
            assert found.loss.cases == 0
        assert numbers(stranger) == set()
    below = supervisor(body(world, "post_a", world.unit_a))
    assert numbers(below) == set()
    assert numbers(world.supervisor_a) & {city.open.number, city.paper.number} == set()


def test_a_unit_that_moved_away_is_seen_no_more(world: World, city: City) -> None:
    bureau = supervisor(world.bureau)
    Institution.objects.filter(pk=world.unit_b.pk).update(parent=body(world, "other_bureau", None))
    found = assessment(user=bureau, window=window(), by="unit")
    assert [line.institution for line in found.lines] == [world.unit_a]
    assert city.open.number not in numbers(bureau)


def test_a_circle_of_bodies_ends(world: World, city: City) -> None:
    Institution.objects.filter(pk=world.bureau.pk).update(parent=world.unit_a)
    assert assessment(user=world.supervisor_a, window=window(), by="unit").total.orders.count == 5


def test_the_page_of_a_bureau_and_its_rows(
    world: World, city: City, log_in: Callable[[Any], Client], counted: Any
) -> None:
    client = log_in(supervisor(world.bureau))
    client.get("/assessment/?period=30")  # a session's first page asks once for what the later ones know
    with counted(12):
        shown = client.get("/assessment/?period=30&by=unit").content.decode()
    assert "East District Police" in shown
    assert "West District Police" in shown
    rows = client.get(f"/assessment/rows/?measure=b&by=unit&period=30&id={world.unit_b.id}").content.decode()
    assert city.open.number in rows
    assert city.whole.number not in rows
    link = f'href="/orders/{city.open.id}/"'
    assert link in rows
    assert client.get(f"/orders/{city.open.id}/").status_code == 200
    strange = log_in(supervisor(body(world, "other_bureau", None)))
    assert (
        "No rows" in strange.get(f"/assessment/rows/?measure=b&by=unit&period=30&id={world.unit_b.id}").content.decode()
    )
