"""What everybody has: powers, preferences, notifications; and the lanes for those who may see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from antifraud import db
from banks.models import Notification, User
from banks.selectors.institutions import system_user
from banks.services.notifications import TEXTS, notify
from tests.banks.lanes import enqueue, make_ready
from tests.cast import World


def _tell(user: Any, code: str = "order.rejected", **words: Any) -> Notification:
    params: dict[str, Any] = {"number": "E2026-1", "count": 2} | words
    with db.unit_of_work(system_user()):
        return notify(users=[user], code=code, params=params, url="/powers/")[0]


# -- powers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["analyst_a", "risk_a", "auditor", "admin"])
def test_everybody_may_read_who_may_issue_what(world: World, log_in: Any, counted: Any, name: str) -> None:
    client = log_in(getattr(world, name))
    with counted(6):
        page = client.get(reverse("banks:powers")).content.decode()
    assert "Criminal Procedure Law art. 144" in page
    assert "Police unit · Anti-fraud centre" in page


# -- preferences -----------------------------------------------------------------------------------


def test_preferences_count_at_once(world: World, log_in: Any) -> None:
    client = log_in(world.risk_a)
    page = reverse("banks:preferences")
    response = client.post(page, {"language": "zh-hans", "time_zone": "Europe/Berlin"})
    assert response.status_code == 302
    stored = User.objects.get(username="risk_a")
    assert (stored.language, stored.time_zone) == ("zh-hans", "Europe/Berlin")
    assert '<html lang="zh-hans"' in client.get(page).content.decode()
    fresh = log_in(stored)
    assert '<html lang="zh-hans"' in fresh.get(page).content.decode()


def test_times_are_shown_in_ones_own_zone(world: World, log_in: Any) -> None:
    row = _tell(world.risk_a)
    Notification.objects.filter(pk=row.pk).update(created_at="2026-06-01T10:00:00Z")
    client = log_in(world.risk_a)
    assert "2026-06-01 18:00" in client.get(reverse("banks:notifications")).content.decode()
    User.objects.filter(username="risk_a").update(time_zone="Europe/Berlin")
    assert "2026-06-01 12:00" in client.get(reverse("banks:notifications")).content.decode()


def test_a_wrong_zone_comes_back(world: World, log_in: Any) -> None:
    response = log_in(world.risk_a).post(reverse("banks:preferences"), {"language": "en", "time_zone": "Moon/Base"})
    assert response.status_code == 422
    assert User.objects.get(username="risk_a").time_zone == ""


# -- notifications ---------------------------------------------------------------------------------


def test_only_ones_own_are_listed_and_counted(world: World, log_in: Any) -> None:
    _tell(world.risk_a, number="E-MINE")
    _tell(world.risk_b, number="E-THEIRS")
    client = log_in(world.risk_a)
    page = client.get(reverse("banks:notifications")).content.decode()
    assert "Order E-MINE was rejected." in page
    assert "E-THEIRS" not in page
    assert '<span class="ui-nav__badge">1' in client.get(reverse("banks:notification_bell")).content.decode()
    client.post(reverse("banks:notifications_read"))
    assert "ui-nav__badge" not in client.get(reverse("banks:notification_bell")).content.decode()
    assert Notification.objects.get(user=world.risk_b).read_at is None


def test_opening_one_marks_it_and_leads_on(world: World, log_in: Any) -> None:
    row = _tell(world.risk_a)
    response = log_in(world.risk_a).post(reverse("banks:notification_open", args=[row.id]))
    assert (response.status_code, response["Location"]) == (302, "/powers/")
    assert Notification.objects.get().read_at is not None


def test_another_persons_does_not_exist(world: World, log_in: Any) -> None:
    row = _tell(world.risk_a)
    client = log_in(world.risk_b)
    foreign = client.post(reverse("banks:notification_open", args=[row.id]))
    absent = client.post(reverse("banks:notification_open", args=["00000000-0000-4000-8000-000000000000"]))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert Notification.objects.get().read_at is None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_code_has_a_sentence(world: World, log_in: Any, language: str) -> None:
    User.objects.filter(username="risk_a").update(language=language)
    client, codes = log_in(User.objects.get(username="risk_a")), list(TEXTS)
    for some in (codes[:40], codes[40:]):  # a page holds fifty
        Notification.objects.all().delete()
        for code in some:
            _tell(world.risk_a, code, institution="E2026-1", epoch="E2026-1", day="today", rate=7)
        page = client.get(reverse("banks:notifications")).content.decode()
        assert page.count("E2026-1") == len(some) <= 50
        assert "{number}" not in page


def test_the_list_costs_the_same_for_one_and_many(world: World, log_in: Any, counted: Any) -> None:
    client = log_in(world.risk_a)
    for _round in range(2):
        _tell(world.risk_a)
        with counted(7):
            client.get(reverse("banks:notifications"))
        with counted(4):
            client.get(reverse("banks:notification_bell"))
        for _number in range(60):
            _tell(world.risk_a)


# -- lanes -----------------------------------------------------------------------------------------


def test_a_bank_sees_its_own_lane_and_police_see_all(world: World, log_in: Any, counted: Any) -> None:
    make_ready(world.bank_a, 3)
    enqueue(world.bank_b, 2)
    for path in ("banks:lanes", "banks:lanes_rows"):
        own = log_in(world.risk_a).get(reverse(path)).content.decode()
        assert "Industrial and Commercial Bank" in own
        assert "China Construction Bank" not in own
        client = log_in(world.supervisor_a)
        with counted(7):
            every = client.get(reverse(path)).content.decode()
        assert "China Construction Bank" in every
        assert "Village Bank" in every


def test_administrators_have_no_business_with_lanes(world: World, log_in: Any) -> None:
    client = log_in(world.admin)
    assert {client.get(reverse(name)).status_code for name in ("banks:lanes", "banks:lanes_rows")} == {403}


def test_a_machine_has_no_pages(world: World) -> None:
    words = {"login": "machine_a", "password": "correct horse battery"}
    response = Client().post(reverse("account_login"), words)
    assert response.status_code == 200
    assert "sessionid" not in response.cookies or not response.cookies["sessionid"].value
