"""The page and its drill-down over HTTP: figures shown, statements counted, nobody's rows but the reader's, no personal data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.accounts.factories import involve, issue, new_case
from tests.cast import World
from tests.oversight.city import City, build

pytestmark = pytest.mark.django_db
KEYS = ("a", "b", "e", "f", "h", "orders", "overdue", "lifts", "loss")
LINK = re.compile(r'href="(/assessment/rows/\?[^"]+)"')


@pytest.fixture
def city(world: World) -> City:
    return build(world)


def page(client: Client, url: str = "/assessment/?period=30") -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:500]
    return str(answer.content.decode())


def test_the_page_costs_the_same_for_few_and_many_rows(
    world: World, city: City, log_in: Callable[[Any], Client], counted: Any
) -> None:
    client = log_in(world.overseer)

    def costs() -> list[int]:
        page(client)
        found = []
        for by in ("institution", "unit"):
            with counted(12) as seen:
                page(client, f"/assessment/?period=30&by={by}")
            found.append(len(seen))
        return found

    few = costs()
    for _n in range(5):
        issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_b))
    assert costs() == few


def test_rows_cost_no_more_than_a_list(world: World, city: City, log_in: Callable[[Any], Client], counted: Any) -> None:
    for name in ("overseer", "supervisor_a", "risk_supervisor_a"):
        client = log_in(getattr(world, name))
        for key in KEYS:
            with counted(10):
                page(client, f"/assessment/rows/?measure={key}&period=30")


def test_figures_and_totals_stand_on_the_page(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    text = page(log_in(world.overseer))
    assert "10.5k" in text  # reported loss of 10,500.00
    assert "7.00k / 17.0k CNY" in text  # effective hold in all
    assert ">66%<" in text  # bank A: two of three
    assert "few rows" in text
    assert "backdated" in text


def test_every_figure_opens_its_rows(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    for name in ("overseer", "supervisor_a", "risk_supervisor_b"):
        client = log_in(getattr(world, name))
        for by in ("institution", "unit"):
            links = {url.replace("&amp;", "&") for url in LINK.findall(page(client, f"/assessment/?period=30&by={by}"))}
            assert len(links) >= 8
            for url in links:
                page(client, url)


def test_a_bank_sees_nothing_of_another_bank(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    client = log_in(world.risk_supervisor_b)
    shown = page(client)
    assert "China Construction Bank" in shown
    assert "Industrial and Commercial Bank" not in shown
    for key in KEYS:
        for by in ("institution", "unit"):
            found = page(client, f"/assessment/rows/?measure={key}&by={by}&period=30&id={world.bank_a.id}")
            assert "No rows" in found
            assert city.whole.number not in page(client, f"/assessment/rows/?measure={key}&by={by}&period=30")


def test_a_unit_sees_nothing_of_another_unit(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    client = log_in(world.supervisor_b)
    for key in KEYS:
        for by in ("institution", "unit"):
            found = page(client, f"/assessment/rows/?measure={key}&by={by}&period=30")
            for hidden in (city.whole.number, city.partial.number, city.refused.number, city.never.number):
                assert hidden not in found


def test_oversight_sees_figures_without_names_accounts_or_links(
    world: World, city: City, log_in: Callable[[Any], Client]
) -> None:
    for person in (world.overseer, world.auditor):
        client = log_in(person)
        for key in KEYS:
            found = page(client, f"/assessment/rows/?measure={key}&by=unit&period=30")
            number = city.whole.account.number
            personal = (number.open(), number.masked(), "王小明", "13800138000", "138****8000", "张三", "张*")
            for secret in (*personal, 'href="/orders/', 'href="/cases/', 'href="/queue/'):
                assert secret not in found


def test_police_and_banks_are_led_to_the_order(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    found = page(log_in(world.supervisor_a), "/assessment/rows/?measure=b&by=unit&period=30")
    assert f'href="/orders/{city.partial.id}/"' in found
    found = page(log_in(world.risk_supervisor_a), "/assessment/rows/?measure=b&period=30")
    assert f'href="/queue/{city.open.id}/"' in found


@pytest.mark.parametrize("name", ["analyst_a", "risk_a", "admin"])
@pytest.mark.parametrize("url", ["/assessment/", "/assessment/rows/?measure=b"])
def test_other_roles_are_refused(world: World, log_in: Callable[[Any], Client], name: str, url: str) -> None:
    assert log_in(getattr(world, name)).get(url).status_code == 403


def test_strangers_are_asked_to_log_in(client: Client, db: None) -> None:
    assert client.get("/assessment/").status_code == 302


@pytest.mark.parametrize("query", ["measure=", "measure=zz", "measure=b&id=nonsense"])
def test_an_unknown_figure_is_not_there(world: World, log_in: Callable[[Any], Client], query: str) -> None:
    assert log_in(world.overseer).get(f"/assessment/rows/?{query}").status_code == 404


def test_an_impossible_period_is_told_and_the_usual_one_shown(
    world: World, city: City, log_in: Callable[[Any], Client]
) -> None:
    found = page(log_in(world.overseer), "/assessment/?from=2026-11-20&to=2026-11-01")
    assert "The last day comes before the first" in found
    assert "10.5k" in found


@pytest.mark.parametrize("period", ["week", "7", "30", "month"])
def test_each_named_period_is_shown(world: World, log_in: Callable[[Any], Client], period: str) -> None:
    page(log_in(world.overseer), f"/assessment/?period={period}&by=unit")


def test_days_in_the_address_choose_the_rows(world: World, city: City, log_in: Callable[[Any], Client]) -> None:
    client = log_in(world.overseer)
    long_ago = page(client, "/assessment/?from=2020-01-01&to=2020-01-31")
    assert "China Construction Bank" not in long_ago
    assert "Industrial and Commercial Bank" in long_ago  # it is overdue now, whatever the period
    assert city.whole.number in page(client, "/assessment/rows/?measure=orders&from=2020-01-01")
