"""The menu shows nobody a line that leads nowhere, and marks the one line that a page belongs to."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from typing import Any

import pytest
from django.test import RequestFactory

from antifraud.navigation import shell
from tests.cast import PEOPLE
from tests.policy.routes import routes


@pytest.mark.parametrize("name", [name for name, role, _unit in PEOPLE if role != "machine"])
def test_every_line_of_the_menu_opens(world: Any, log_in: Any, rf: RequestFactory, name: str) -> None:
    request: Any = rf.get("/")
    request.user = getattr(world, name)
    addresses = [line["url"] for group in shell(request)["nav"] for line in group["items"]]
    client = log_in(request.user)
    assert addresses
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)
    assert client.get("/", follow=True).status_code == 200


# Pages of the reader himself, parts of pages, and doors without a page.
NOWHERE = {
    "home", "theme_set", "livez", "readyz", "accounts:search", "banks:preferences", "banks:notifications",
    "banks:notification_bell", "banks:notifications_read", "banks:notification_open",
}  # fmt: skip


def places(rf: RequestFactory, user: Any, path: str) -> list[str]:
    """The lines that the reader's menu marks as the present place at that address."""
    request: Any = rf.get(path)
    request.user = user
    return [line["url"] for group in shell(request)["nav"] for line in group["items"] if line["active"]]


def test_every_page_has_its_place_in_somebodys_menu(world: Any, rf: RequestFactory) -> None:
    readers = [world.supervisor_a, world.centre_supervisor, world.risk_supervisor_a, world.admin]
    ids: Any = defaultdict(uuid.uuid4)
    lost = []
    for route in routes():
        if route.pattern.startswith("api/") or route.name in NOWHERE:
            continue
        found = [places(rf, reader, route.url(ids)) for reader in readers]
        assert all(len(marked) <= 1 for marked in found), route.name
        if not any(found):
            lost.append(route.name)
    assert lost == []


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("analyst_a", "/statements/{id}/", "/cases/"),
        ("analyst_a", "/statements/{id}/lines/", "/cases/"),
        ("analyst_a", "/flow/{id}/", "/cases/"),
        ("analyst_a", "/ledger/{id}/features/", "/cases/"),
        ("analyst_a", "/cases/{id}/series/", "/cases/"),
        ("analyst_a", "/cases/{id}/refunds/", "/cases/"),
        ("analyst_a", "/cases/new/", "/cases/new/"),
        ("analyst_a", "/series/{id}/", "/series/"),
        ("analyst_a", "/series/stops/", "/series/"),
        ("analyst_a", "/refunds/{id}/", "/refunds/"),
        ("risk_a", "/refunds/payouts/{id}/", "/refunds/payouts/"),
        ("risk_a", "/queue/{id}/credits/", "/queue/"),
        ("risk_a", "/accounts/{id}/flow/", "/accounts/"),
    ],
)
def test_the_place_of_a_page(world: Any, rf: RequestFactory, name: str, path: str, line: str) -> None:
    assert places(rf, getattr(world, name), path.format(id=uuid.uuid4())) == [line]


def test_the_page_itself_marks_its_line(world: Any, log_in: Any) -> None:
    shown = log_in(world.analyst_a).get("/series/stops/").content.decode()
    # The menu stands on the page twice: at the side, and in the drawer of a narrow window.
    assert re.findall(r'class="ui-nav__item" href="([^"]+)" aria-current="page"', shown) == ["/series/"] * 2
