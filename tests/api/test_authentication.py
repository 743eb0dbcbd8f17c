"""Who speaks: a session with its CSRF token, or a machine's token; what is switched off is nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from rest_framework.request import Request

from antifraud.api.authentication import SessionAuthentication
from tests.api.conftest import fetch_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example")]
NOTES = "/api/v1/notes"


def note(client: Client, **more: Any) -> Any:
    headers = {"Idempotency-Key": "a key of some length", **more.pop("headers", {})}
    return client.post(NOTES, '{"word": "hello"}', content_type="application/json", headers=headers, **more)


def bearer(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_token_is_the_clients_machine_user(machine: Client, world: Any) -> None:
    from antifraud.audit.models import AuditEntry

    assert note(machine).status_code == 201
    assert AuditEntry.objects.get(verb="example.note").actor_id == world.machine_a.id


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_schemes_name_is_read_without_case(scheme: str, machine_client: Any) -> None:
    token = fetch_token().json()["access_token"]
    assert note(Client(headers={"Authorization": f"{scheme} {token}"})).status_code == 201


@pytest.mark.parametrize("token", ["", "x", "x" * 4000, "ü", "a b"])
def test_a_wrong_token_is_nobody(token: str, happened: Callable[[str], int]) -> None:
    answer = note(bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="antifraud"'
    assert happened("example.note") == 0


@pytest.mark.parametrize(
    "kind", ["user", "institution", "expired", "scope", "resource", "client", "role", "elsewhere", "orphan"]
)
def test_a_token_dies_with_what_it_stands_for(
    kind: str, machine: Client, machine_client: Any, world: Any, happened: Callable[[str], int]
) -> None:
    assert note(machine).status_code == 201
    tokens = get_access_token_model()._base_manager.all()
    change: dict[str, tuple[Any, dict[str, Any]]] = {
        "user": (type(world.machine_a)._base_manager.filter(pk=world.machine_a.pk), {"is_active": False}),
        "institution": (type(world.bank_a)._base_manager.filter(pk=world.bank_a.pk), {"is_active": False}),
        "expired": (tokens, {"expires": timezone.now() - timedelta(seconds=1)}),
        "scope": (tokens, {"scope": ""}),
        "resource": (tokens, {"resource": ["https://other.example/"]}),
        "client": (type(machine_client)._base_manager.filter(pk=machine_client.pk), {"user": None}),
        "role": (type(world.machine_a)._base_manager.filter(pk=world.machine_a.pk), {"role": "risk_officer"}),
        "elsewhere": (type(machine_client)._base_manager.filter(pk=machine_client.pk), {"institution": world.bank_b}),
        "orphan": (tokens, {"application": None}),
    }
    rows, columns = change[kind]
    rows.update(**columns)
    answer = note(machine, headers={"Idempotency-Key": "another key"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert happened("example.note") == 1


def test_a_token_elsewhere_than_in_the_header_is_not_seen(machine_client: Any, happened: Callable[[str], int]) -> None:
    token = fetch_token().json()["access_token"]
    assert Client().get(f"/api/v1/users?access_token={token}").status_code == 401
    assert Client().post(NOTES, {"access_token": token, "word": "hello"}).status_code == 401
    assert happened("example.note") == 0


def test_a_token_opens_no_page(machine: Client) -> None:
    assert machine.get("/api/v1/docs/").status_code == 302


def test_a_session_needs_its_csrf_token(world: Any, happened: Callable[[str], int]) -> None:
    person = Client(enforce_csrf_checks=True)
    person.force_login(world.risk_a, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = note(person)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert "cookie" not in answer.content.decode().lower()
    assert happened("example.note") == 0
    person.cookies["csrftoken"] = "a" * 32
    assert note(person, headers={"X-CSRFToken": "a" * 32}).status_code == 201


@pytest.mark.parametrize("what", ["user", "institution"])
def test_a_session_dies_with_its_user_and_institution(
    what: str, log_in: Callable[[Any], Client], world: Any, happened: Callable[[str], int]
) -> None:
    person = log_in(world.risk_a)
    thing = world.risk_a if what == "user" else world.bank_a
    type(thing)._base_manager.filter(pk=thing.pk).update(is_active=False)
    assert note(person).status_code == 401
    assert happened("example.note") == 0


@pytest.mark.parametrize("what", ["user", "institution"])
def test_the_session_itself_is_looked_at_and_not_only_what_stands_before_it(what: str, world: Any) -> None:
    request = Request(RequestFactory().get("/api/v1/users"))
    request._request.user = world.risk_a
    assert SessionAuthentication().authenticate(request) == (world.risk_a, None)
    thing = world.risk_a if what == "user" else world.risk_a.institution
    thing.is_active = False
    assert SessionAuthentication().authenticate(request) is None
