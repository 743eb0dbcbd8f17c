"""The token endpoint: only live machine clients, ten minutes, nothing kept that could be used, wrong attempts counted."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from tests.api.conftest import SECRET, fetch_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_client")]
URL = "/api/v1/token"


def basic(name: str, secret: str, **more: str) -> Any:
    header = "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
    return Client().post(URL, {"grant_type": "client_credentials", **more}, headers={"Authorization": header})


def stored() -> list[Any]:
    return list(get_access_token_model()._base_manager.all())


def test_a_client_gets_a_token_for_ten_minutes_by_form_and_by_header() -> None:
    for answer in (fetch_token(), basic("bank-a-core", SECRET.replace(" ", "+"))):
        assert answer.status_code == 200
        told = answer.json()
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "exchange")
        assert "refresh_token" not in told
        assert answer["Cache-Control"] == "no-store"
    assert all(token.expires <= timezone.now() + timedelta(seconds=600) for token in stored())
    assert get_refresh_token_model()._base_manager.count() == 0


def test_neither_token_nor_secret_is_stored_in_clear() -> None:
    token = fetch_token().json()["access_token"]
    with connection.cursor() as cursor:
        for table in ("oauth2_provider_accesstoken", "banks_machineclient"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            (text,) = cursor.fetchone()
            assert text
            assert token not in text
            assert SECRET not in text


def test_settings_cannot_make_tokens_live_longer(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 86_400,
        "ALWAYS_RELOAD_OAUTHLIB_CORE": True,
    }
    told = fetch_token().json()
    assert told["expires_in"] == 600
    assert stored()[0].expires <= timezone.now() + timedelta(seconds=600)


def test_every_wrong_client_gets_the_same_bytes(machine_client: Any, world: Any) -> None:
    model = type(machine_client)
    answers = [
        fetch_token(client_secret="wrong"),
        fetch_token(client_id="unknown"),
        fetch_token(client_id="", client_secret=""),
        basic("bank-a-core", "wrong"),
        basic("nobody", SECRET),
        Client().post(URL, {"grant_type": "client_credentials"}, headers={"Authorization": "Basic %%%"}),
    ]
    for change in (
        {"user": None},
        {"user": world.risk_a},
        {"user": world.machine_b},
        {"institution": world.bank_b},
        {"client_type": model.CLIENT_PUBLIC},
        {"hash_client_secret": False},
    ):
        AccessAttempt.objects.all().delete()
        rows = model._base_manager.filter(pk=machine_client.pk)
        before = rows.values(*(f"{n}_id" if n in {"user", "institution"} else n for n in change)).get()
        rows.update(**change)
        answers.append(fetch_token())
        rows.update(**before)
    assert {(a.status_code, a.content, a["WWW-Authenticate"]) for a in answers} == {
        (401, b'{"error": "invalid_client"}', 'Basic realm="antifraud"')
    }
    assert stored() == []


@pytest.mark.parametrize("what", ["user", "institution"])
def test_who_is_switched_off_gets_none(what: str, world: Any) -> None:
    thing = world.machine_a if what == "user" else world.bank_a
    type(thing)._base_manager.filter(pk=thing.pk).update(is_active=False)
    assert fetch_token().status_code == 401
    assert stored() == []


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (
            {"grant_type": "password", "username": "risk_a", "password": "correct horse battery"},
            "unsupported_grant_type",
        ),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_no_other_grant_and_no_other_scope(form: dict[str, str], error: str) -> None:
    answer = fetch_token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert stored() == []


def test_the_device_flow_does_not_exist() -> None:
    answer = fetch_token(grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code="x")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_five_wrong_secrets_close_the_client_for_that_address() -> None:
    for _ in range(5):
        assert fetch_token(client_secret="wrong").status_code == 401
    closed = fetch_token()
    assert (closed.status_code, json.loads(closed.content), closed["Retry-After"]) == (
        429,
        {"error": "slow_down"},
        "900",
    )
    assert stored() == []
    elsewhere = Client(REMOTE_ADDR="192.0.2.7").post(
        URL, {"grant_type": "client_credentials", "client_id": "bank-a-core", "client_secret": SECRET}
    )
    assert elsewhere.status_code == 200


def test_a_right_secret_starts_the_count_anew() -> None:
    for _ in range(3):
        for _ in range(4):
            fetch_token(client_secret="wrong")
        assert fetch_token().status_code == 200


def test_the_counter_keeps_no_secret() -> None:
    fetch_token(client_secret="nearly the secret")
    (attempt,) = AccessAttempt.objects.all()
    assert attempt.username == "client:bank-a-core"
    assert "nearly" not in attempt.post_data + attempt.get_data


@pytest.mark.parametrize("name", ["\0", "a\0b", "x" * 5000, "张三", "\ud800"])
def test_odd_names_are_only_wrong(name: str) -> None:
    body = json.dumps({"a": name})[7:-2] if "\ud800" in name else name
    assert fetch_token(client_id=body).status_code == 401


def test_a_large_message_is_not_read() -> None:
    answer = fetch_token(scope="x" * 10_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


def test_reading_the_address_is_not_allowed() -> None:
    assert Client().get(URL).status_code == 405


def test_no_cookie_and_no_csrf_token_is_needed() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(URL, {"grant_type": "client_credentials", "client_id": "bank-a-core", "client_secret": SECRET})
    assert answer.status_code == 200
    assert not answer.cookies
