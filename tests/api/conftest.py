"""What the API's tests share: the example's addresses, a machine client with its token, and how often something happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import get_application_model

from antifraud.audit.models import AuditEntry

SECRET = "a machine's secret of some length"


@pytest.fixture
def example(settings: Any) -> None:
    """The example API stands beside the real one."""
    settings.ROOT_URLCONF = "tests.api.example"


@pytest.fixture
def machine_client(world: Any) -> Any:
    """Bank A's system."""
    model = get_application_model()
    return model._base_manager.create(
        name="core banking", client_id="bank-a-core", client_secret=SECRET, institution=world.bank_a, user=world.machine_a,
        client_type=model.CLIENT_CONFIDENTIAL, authorization_grant_type=model.GRANT_CLIENT_CREDENTIALS,
    )  # fmt: skip


def fetch_token(**form: str) -> Any:
    """POST to the token endpoint, as bank A's system unless told otherwise."""
    given = {"grant_type": "client_credentials", "client_id": "bank-a-core", "client_secret": SECRET, **form}
    return Client().post("/api/v1/token", {name: value for name, value in given.items() if value})


@pytest.fixture
def machine(machine_client: Any) -> Client:
    """Bank A's system, logged in."""
    return Client(headers={"Authorization": "Bearer " + fetch_token().json()["access_token"]})


@pytest.fixture
def happened() -> Callable[[str], int]:
    """How many diary rows of a verb there are."""
    return lambda verb: AuditEntry.objects.filter(verb=verb).count()
