"""The palette finds by number what the reader may see, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.accounts.factories import involve, issue, new_case
from tests.cast import World

URL = "accounts:search"


def test_the_police_find_cases_orders_and_accounts(world: World, log_in: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a, incident="110-1"), world.bank_a)
    order = issue(world, row)
    client = log_in(world.analyst_a)
    for word, path in (
        (row.case.number, reverse("cases:report", args=[row.case_id])),
        ("110-1", reverse("cases:report", args=[row.case_id])),
        (order.number, reverse("accounts:order", args=[order.id])),
        (row.account.number.open(), reverse("accounts:account", args=[row.account_id])),
    ):
        text = client.post(reverse(URL), {"q": word}).content.decode()
        assert f'href="{path}"' in text, word
        assert "<html" not in text
        assert row.account.number.open() not in text


def test_a_bank_finds_its_orders_and_accounts_only(world: World, log_in: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    client = log_in(world.risk_a)
    assert (
        reverse("accounts:order_answer", args=[order.id])
        in client.post(reverse(URL), {"q": order.number}).content.decode()
    )
    assert str(row.account_id) in client.post(reverse(URL), {"q": row.account.number.open()}).content.decode()
    assert "href" not in client.post(reverse(URL), {"q": row.case.number}).content.decode()


@pytest.mark.parametrize("name", ["analyst_b", "risk_b", "admin", "auditor", "overseer"])
def test_nobody_else_finds_anything(world: World, log_in: Any, name: str) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    client = log_in(getattr(world, name))
    for word in (row.case.number, order.number, row.account.number.open(), "ab", ""):
        assert "href" not in client.post(reverse(URL), {"q": word}).content.decode(), word


def test_it_is_never_an_address(world: World, log_in: Any, client: Any) -> None:
    assert log_in(world.analyst_a).get(reverse(URL), {"q": "6222"}).status_code == 405
    assert client.post(reverse(URL), {"q": "6222"}).status_code == 302


def test_it_costs_the_same_for_many(world: World, log_in: Any, counted: Any) -> None:
    client = log_in(world.analyst_a)
    case = new_case(world.analyst_a)
    client.post(reverse(URL), {"q": case.number})
    with counted(10):
        client.post(reverse(URL), {"q": case.number})
