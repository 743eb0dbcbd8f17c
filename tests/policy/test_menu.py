"""The menu shows nobody a line that leads nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from antifraud.navigation import shell
from tests.cast import PEOPLE


@pytest.mark.parametrize("name", [name for name, role, _unit in PEOPLE if role != "machine"])
def test_every_line_of_the_menu_opens(world: Any, log_in: Any, rf: RequestFactory, name: str) -> None:
    request: Any = rf.get("/")
    request.user = getattr(world, name)
    addresses = [line["url"] for group in shell(request)["nav"] for line in group["items"]]
    client = log_in(request.user)
    assert addresses
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)
    assert client.get("/", follow=True).status_code == 200
