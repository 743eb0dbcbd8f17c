"""A figure and its rows cannot disagree: each figure of the page is made again from what its drill-down shows."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.services.identity import account_merge
from antifraud import db
from antifraud.errors import NotFound
from banks.models import Institution, User
from oversight.selectors import rows as rows_module
from oversight.selectors.assessment import Line, assessment
from oversight.selectors.rows import FIGURES, figure_rows
from tests.accounts.factories import involve, issue, new_case
from tests.cast import World
from tests.oversight.city import City, build, window

pytestmark = pytest.mark.django_db
OF_LINE: dict[str, Any] = {
    "a": lambda line: line.stop,
    "b": lambda line: line.orders,
    "e": lambda line: line.held,
    "f": lambda line: line.followed,
    "h": lambda line: line.released,
    "orders": lambda line: line.orders,
    "overdue": lambda line: line.overdue,
    "lifts": lambda line: line.lifts,
}


@pytest.fixture
def city(world: World) -> City:
    return build(world)


def test_every_figure_is_compared() -> None:
    assert set(OF_LINE) | {"loss"} == set(FIGURES)


def test_each_figure_is_made_of_the_rows_it_opens(world: World, city: City) -> None:
    for name in ("overseer", "centre_supervisor", "supervisor_a", "supervisor_b", "risk_supervisor_a"):
        for by in ("institution", "unit"):
            compare(getattr(world, name), by)


def compare(user: User, by: str) -> None:
    """Every figure of every line against its drill-down."""
    seen = window()
    found = assessment(user=user, window=seen, by=by)
    assert found.lines
    for line in (found.total, *found.lines):
        for key, figure in OF_LINE.items():
            opened = figure_rows(
                user=user, window=seen, by=by, key=key, group=line.institution.pk if line.institution else None
            )
            assert opened.figure == figure(line), (key, line.institution)
            assert opened.total == len(opened.rows) == count_of(key, line)
            assert sum(opened.verdicts.values()) == opened.total
    loss = figure_rows(user=user, window=seen, by=by, key="loss")
    assert (loss.figure if found.loss else None) == found.loss


def count_of(key: str, line: Line) -> int:
    """How many rows the figure itself says it has."""
    if key == "a":
        return line.stop.total.count
    if key in {"b", "orders"}:
        final = line.orders.final
        assert final.whole + final.pending + final.excluded == line.orders.count
        return line.orders.count
    if key == "e":
        return sum(one.rows + one.excluded for one in line.held)
    if key == "f":
        return line.followed.whole + line.followed.pending
    if key == "h":
        return line.released.total.count
    return line.overdue if key == "overdue" else line.lifts.count


def test_the_worst_rows_come_first(world: World, city: City) -> None:
    found = figure_rows(user=world.overseer, window=window(), by="institution", key="b")
    assert [(row.obj, row.verdict) for row in found.rows] == [
        (city.open, "late"), (city.partial, "late"), (city.whole, "in_time"), (city.refused, "in_time"), (city.paper, "excluded"),
    ]  # fmt: skip
    assert found.verdicts == {"in_time": 2, "late": 2, "excluded": 1}
    found = figure_rows(user=world.overseer, window=window(), by="unit", key="a")
    assert [row.verdict for row in found.rows] == ["never", "stopped", "stopped", "stopped"]
    assert found.rows[0].obj == city.never


def test_one_verdict_alone(world: World, city: City) -> None:
    found = figure_rows(user=world.overseer, window=window(), by="institution", key="b", only="excluded")
    assert [row.obj for row in found.rows] == [city.paper]
    assert (found.total, found.shown) == (5, 1)
    assert found.figure == assessment(user=world.overseer, window=window()).total.orders


def test_pages_show_each_row_once(world: World, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "PAGE", 2)
    seen = [
        figure_rows(user=world.overseer, window=window(), by="institution", key="orders", page=page)
        for page in (1, 2, 3, 9)
    ]
    assert [len(found.rows) for found in seen] == [2, 2, 1, 1]
    assert {row.obj for found in seen[:3] for row in found.rows} == {
        city.whole, city.partial, city.refused, city.open, city.paper,
    }  # fmt: skip
    assert [found.page for found in seen] == [1, 2, 3, 3]


def test_a_foreign_institution_has_no_rows(world: World, city: City) -> None:
    for key in FIGURES:
        for by in ("institution", "unit"):
            found = figure_rows(user=world.risk_supervisor_b, window=window(), by=by, key=key, group=world.bank_a.pk)
            assert (found.total, found.rows) == (0, [])


def test_what_is_not_there_is_not_found(world: World, city: City) -> None:
    with pytest.raises(NotFound):
        figure_rows(user=world.overseer, window=window(), by="institution", key="zz")
    absent = Institution(code="absent").pk
    with pytest.raises(NotFound):
        figure_rows(user=world.overseer, window=window(), by="institution", key="b", group=absent)


def test_a_merged_account_stays_one_account(world: World, city: City) -> None:
    case = new_case(world.analyst_a)
    one, other = involve(world.analyst_a, case, world.bank_a), involve(world.analyst_a, case, world.bank_a)
    issue(world, one)
    before = assessment(user=world.overseer, window=window(), by="unit").total.stop
    with db.unit_of_work(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=one.account_id, into_id=other.account_id, reason="the same card")
    assert assessment(user=world.overseer, window=window(), by="unit").total.stop == before
