"""Logging in: people only, of institutions that take part; nobody signs up; the language is one's own (R37)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banks.models import Institution, User
from banks.selectors.institutions import system_user
from tests.cast import PASSWORD, World

ZH = '<html lang="zh-hans"'


def _enters(username: str, password: str = PASSWORD) -> bool:
    client = Client()
    client.post(reverse("account_login"), {"login": username, "password": password})
    return "_auth_user_id" in client.session


def test_a_person_enters_with_the_right_password_only(world: World) -> None:
    assert _enters("analyst_a")
    assert _enters("ANALYST_A")
    assert not _enters("analyst_a", "wrong horse")
    assert not _enters("nobody")


@pytest.mark.parametrize("name", ["machine_a", "system"])
def test_machines_and_the_platform_never_enter(world: World, name: str) -> None:
    user = system_user() if name == "system" else world.machine_a
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    assert not _enters(name)


def test_who_was_switched_off_does_not_enter(world: World) -> None:
    User.objects.filter(username="analyst_a").update(is_active=False)
    Institution.objects.filter(code="bank_b").update(is_active=False)
    assert not _enters("analyst_a")
    assert not _enters("risk_b")
    assert _enters("risk_a")


def test_nobody_signs_up(world: World) -> None:
    before = User.objects.count()
    words = {"username": "thief", "password1": "green paper boat 7", "password2": "green paper boat 7"}
    response = Client().post("/me/signup/", words)
    assert response.status_code in {200, 302, 404}
    assert User.objects.count() == before


def test_ones_own_language_is_spoken_unless_this_browser_chose_another(world: World, log_in: Any) -> None:
    User.objects.filter(username="risk_a").update(language="zh-hans")
    client = log_in(User.objects.get(username="risk_a"))
    page = reverse("banks:preferences")
    assert ZH in client.get(page).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": page})
    assert ZH not in client.get(page).content.decode()


def test_the_next_request_speaks_its_own_language(world: World, log_in: Any) -> None:
    """Nothing of one reader's language or zone stays in the thread for the next one."""
    User.objects.filter(username="risk_a").update(language="zh-hans", time_zone="Europe/Berlin")
    page = reverse("banks:preferences")
    assert ZH in log_in(User.objects.get(username="risk_a")).get(page).content.decode()
    assert ZH not in log_in(world.risk_b).get(page).content.decode()
    assert ZH not in Client(headers={"accept-language": "en"}).get(reverse("account_login")).content.decode()
