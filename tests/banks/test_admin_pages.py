"""The administrator's pages: forms that keep what was typed, secrets shown once, nobody else let in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from antifraud import db
from banks.models import Institution, MachineClient, User
from banks.selectors.institutions import system_user
from banks.services.clients import client_create
from banks.services.users import user_create
from tests.banks.refused import nothing_happens
from tests.cast import PASSWORD, World

LISTS = ("banks:institutions", "banks:users", "banks:clients")
FORMS = ("banks:institution_create", "banks:user_create", "banks:client_create")
STRANGERS = ("analyst_a", "supervisor_a", "centre_supervisor", "risk_supervisor_a", "auditor", "overseer")


@pytest.fixture
def admin(world: World, log_in: Any) -> Client:
    entered: Client = log_in(world.admin)
    return entered


def _institution_words(**changes: Any) -> dict[str, Any]:
    profile = Institution.objects.get(code="bank_a")
    wanted = {
        "kind": "bank", "code": "north", "name": "North Bank", "name_zh": "北方银行", "bank_code": "nb",
        "legal_profile": profile.legal_profile_id, "calendar": profile.calendar_id, "time_zone": "Asia/Shanghai",
        "connected": "on",
    }  # fmt: skip
    return wanted | changes


def _user_words(world: World, **changes: Any) -> dict[str, Any]:
    wanted = {
        "institution": world.unit_a.id, "role": "analyst", "username": "li.lei", "full_name": "李雷", "language": "en",
    }  # fmt: skip
    return wanted | changes


# -- who is let in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LISTS, *FORMS])
def test_the_administrator_sees_every_page(admin: Client, name: str) -> None:
    response = admin.get(reverse(name))
    assert response.status_code == 200
    assert b"<h1>" in response.content


@pytest.mark.parametrize("person", STRANGERS)
def test_others_are_refused_whatever_they_try(world: World, log_in: Any, person: str) -> None:
    client = log_in(getattr(world, person))
    pages = [reverse(name) for name in (*LISTS, *FORMS)]
    pages += [reverse("banks:institution", args=[world.bank_a.id]), reverse("banks:user", args=[world.analyst_b.id])]
    assert {client.get(page).status_code for page in pages} == {403}
    posts: list[tuple[str, dict[str, Any]]] = [
        (reverse("banks:institution_create"), _institution_words()),
        (reverse("banks:institution", args=[world.bank_a.id]), _institution_words(is_active="")),
        (reverse("banks:user_create"), _user_words(world)),
        (reverse("banks:user", args=[world.analyst_b.id]), _user_words(world)),
        (reverse("banks:client_create"), {"institution": world.bank_a.id, "name": "Core"}),
    ]
    people, places = list(User.objects.order_by("pk").values()), list(Institution.objects.order_by("pk").values())
    assert {client.post(page, words).status_code for page, words in posts} == {403}
    for verb in ("switch", "unlock", "password"):
        answer = client.post(reverse(f"banks:user_{verb}", args=[world.analyst_b.id]), {"active": "0"})
        assert answer.status_code in {403, 404}
    assert list(User.objects.order_by("pk").values()) == people
    assert list(Institution.objects.order_by("pk").values()) == places
    assert not MachineClient.objects.exists()


def test_nobody_without_a_log_in_is_let_in(world: World, client: Client) -> None:
    for name in (*LISTS, *FORMS, "banks:powers", "banks:lanes", "banks:preferences", "banks:notifications"):
        response = client.get(reverse(name))
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_an_absent_object_is_a_page_that_says_so(admin: Client) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for name in ("banks:institution", "banks:user"):
        assert admin.get(reverse(name, args=[nobody])).status_code == 404


# -- institutions ----------------------------------------------------------------------------------


def test_an_institution_is_created_and_opened(world: World, admin: Client) -> None:
    response = admin.post(reverse("banks:institution_create"), _institution_words(parent=world.bank_a.id), follow=True)
    made = Institution.objects.get(code="north")
    assert response.redirect_chain == [(reverse("banks:institution", args=[made.id]), 302)]
    assert (made.name, made.parent, made.bank_code, made.connected) == ("North Bank", world.bank_a, "NB", True)
    assert b"North Bank was created." in response.content


def test_a_wrong_institution_comes_back_with_what_was_typed(world: World, admin: Client) -> None:
    with nothing_happens():
        response = admin.post(
            reverse("banks:institution_create"),
            _institution_words(code="bank_a", name="Typed Name", parent=world.unit_a.id),
        )
    page = response.content.decode()
    assert response.status_code == 422
    assert "This code is taken." in page
    assert "must be of the same kind" in page
    assert 'value="Typed Name"' in page


def test_an_institution_is_changed(world: World, admin: Client) -> None:
    page = reverse("banks:institution", args=[world.bank_a.id])
    assert 'value="Industrial and Commercial Bank"' in admin.get(page).content.decode()
    response = admin.post(page, _institution_words(name="New Name", connected="", is_active="on"))
    assert response.status_code == 302
    stored = Institution.objects.get(code="bank_a")
    assert (stored.name, stored.connected, stored.is_active, stored.kind) == ("New Name", False, True, "bank")


# -- people ----------------------------------------------------------------------------------------


def test_a_persons_password_is_shown_once_and_opens(world: World, admin: Client) -> None:
    response = admin.post(reverse("banks:user_create"), _user_words(world))
    page = response.content.decode()
    shown = re.findall(r"<code[^>]*>([^<]+)</code>", page)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert shown[0] == "li.lei"
    made = User.objects.get(username="li.lei")
    assert made.check_password(shown[1])
    assert shown[1] not in admin.get(reverse("banks:user", args=[made.id])).content.decode()


def test_a_wrong_person_comes_back_with_what_was_typed(world: World, admin: Client) -> None:
    with nothing_happens():
        response = admin.post(
            reverse("banks:user_create"), _user_words(world, role="risk_officer", full_name="Typed Name")
        )
    page = response.content.decode()
    assert response.status_code == 422
    assert "This kind of institution has no such role." in page
    assert 'value="Typed Name"' in page


def test_a_person_is_changed_and_offered_only_the_roles_of_the_place(world: World, admin: Client) -> None:
    page = reverse("banks:user", args=[world.risk_a.id])
    select = re.search(r'<select name="role".*?</select>', admin.get(page).content.decode(), re.DOTALL)
    assert select is not None
    assert re.findall(r'<option value="(\w+)"', select[0]) == ["risk_officer", "risk_supervisor"]
    response = admin.post(page, {"full_name": "Zhao", "role": "risk_supervisor", "language": "en"})
    assert response.status_code == 302
    stored = User.objects.get(username="risk_a")
    assert (stored.full_name, stored.role) == ("Zhao", "risk_supervisor")


def test_a_switched_off_person_is_out_at_the_next_click(world: World, admin: Client, log_in: Any) -> None:
    theirs = log_in(world.risk_a)
    assert theirs.get(reverse("banks:preferences")).status_code == 200
    page = reverse("banks:user_switch", args=[world.risk_a.id])
    assert admin.post(page, {"active": "0"}).status_code == 302
    assert theirs.get(reverse("banks:preferences")).status_code == 302
    words = {"login": "risk_a", "password": PASSWORD}
    assert Client().post(reverse("account_login"), words).status_code == 200  # the form again, not a session
    assert admin.post(page, {"active": "1"}).status_code == 302
    assert User.objects.get(username="risk_a").is_active


def test_when_an_institution_is_switched_off_its_people_are_out(world: World, admin: Client, log_in: Any) -> None:
    theirs, other = log_in(world.risk_a), log_in(world.risk_b)
    Institution.objects.filter(code="bank_a").update(is_active=False)
    assert theirs.get(reverse("banks:preferences")).status_code == 302
    assert other.get(reverse("banks:preferences")).status_code == 200
    words = {"login": "risk_a", "password": PASSWORD}
    assert Client().post(reverse("account_login"), words).status_code == 200  # the form again, not a session


def test_administrators_cannot_shut_themselves_out(world: World, admin: Client) -> None:
    response = admin.post(reverse("banks:user_switch", args=[world.admin.id]), {"active": "0"})
    assert response.status_code == 409
    assert User.objects.get(username="admin").is_active
    assert "dlg-off" not in admin.get(reverse("banks:user", args=[world.admin.id])).content.decode().split("<dialog")[0]


def test_a_new_password_is_shown_once_and_opens(world: World, admin: Client) -> None:
    response = admin.post(reverse("banks:user_password", args=[world.analyst_a.id]))
    shown = re.findall(r"<code[^>]*>([^<]+)</code>", response.content.decode())
    assert User.objects.get(username="analyst_a").check_password(shown[1])


def test_a_locked_person_is_shown_and_unlocked(world: World, admin: Client) -> None:
    for _time in range(3):
        Client().post(reverse("account_login"), {"login": "analyst_a", "password": "wrong"})
    page = reverse("banks:user", args=[world.analyst_a.id])
    assert "3 wrong passwords count towards the lock-out." in admin.get(page).content.decode()
    admin.post(reverse("banks:user_unlock", args=[world.analyst_a.id]))
    assert "0 wrong passwords" in admin.get(page).content.decode()


# -- machine clients -------------------------------------------------------------------------------


def test_a_secret_is_shown_once(world: World, admin: Client) -> None:
    response = admin.post(reverse("banks:client_create"), {"institution": world.bank_a.id, "name": "Core system"})
    shown = re.findall(r"<code[^>]*>([^<]+)</code>", response.content.decode())
    client = MachineClient.objects.get()
    assert shown[0] == client.client_id
    page = admin.get(reverse("banks:clients")).content.decode()
    assert client.client_id in page
    assert shown[1] not in page


def test_only_executing_institutions_are_offered(world: World, admin: Client) -> None:
    with nothing_happens():
        response = admin.post(reverse("banks:client_create"), {"institution": world.unit_a.id, "name": "Core"})
    assert response.status_code == 422


# -- the cost of a page ----------------------------------------------------------------------------


def test_lists_and_forms_cost_the_same_for_few_and_many(world: World, admin: Client, counted: Any) -> None:
    pages = [*(reverse(name) for name in LISTS), reverse("banks:users") + "?role=analyst"]
    for rounds in range(2):
        for page in pages:
            with counted(8):
                assert admin.get(page).status_code == 200
        with counted(10):
            assert admin.get(reverse("banks:institution", args=[world.bank_a.id])).status_code == 200
        with counted(8):
            assert admin.get(reverse("banks:user", args=[world.analyst_a.id])).status_code == 200
        by = system_user()
        with db.unit_of_work(by):
            for number in range(40):
                user_create(
                    by=by, username=f"x{rounds}.{number}", full_name="X", role="analyst", institution=world.unit_a
                )
                client_create(by=by, institution=world.bank_a, name=f"System {number}")


def test_a_long_list_is_walked_page_by_page(world: World, admin: Client) -> None:
    by = system_user()
    with db.unit_of_work(by):
        for number in range(60):
            user_create(by=by, username=f"x{number:02}", full_name="X", role="analyst", institution=world.unit_a)
    seen: list[str] = []
    page = reverse("banks:users")
    while page:
        text = admin.get(page).content.decode()
        seen += re.findall(r'<span class="ui-mono">([\w.@+-]+)</span>', text)
        found = re.search(r'href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"', text)
        page = (found[1] or found[2]).replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == User.objects.exclude(role="system").count()
