"""GET /api/v1/keys/: the platform's public keys for everybody, for a minute (R24)."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from django.test import Client

from antifraud.crypto import keyring


@pytest.mark.django_db
def test_the_keys_are_public_and_kept_for_a_minute() -> None:
    answer = Client().get("/api/v1/keys/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=60")
    (shown,) = answer.json()["keys"]
    (key,) = keyring.current().published_keys()
    assert shown == {
        "key_id": key.id,
        "algorithm": "ed25519",
        "public_key": base64.b64encode(key.public_key).decode(),
        "not_before": key.not_before.isoformat(),
        "not_after": None,
        "revoked_at": None,
    }
    assert datetime.fromisoformat(shown["not_before"]).tzinfo is not None
    assert keyring.current().public_keys() == {key.id: base64.b64decode(shown["public_key"])}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_can_be_written_there(method: str) -> None:
    answer = getattr(Client(), method)("/api/v1/keys/")
    assert (answer.status_code, answer["Cache-Control"]) == (405, "no-store")


@pytest.mark.django_db
def test_a_token_is_not_even_looked_at() -> None:
    assert Client(headers={"Authorization": "Bearer nonsense"}).get("/api/v1/keys/").status_code == 200
