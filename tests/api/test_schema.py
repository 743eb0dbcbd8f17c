"""The description of the API: complete, valid, the reader's own part of it, and a page that works under our rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from antifraud.api.management.commands import openapi

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example")]
LogIn = Callable[[Any], Client]
SCHEMA = "/api/v1/schema.yaml"


def described(client: Client) -> dict[str, Any]:
    answer = client.get(SCHEMA)
    assert answer.status_code == 200
    found: dict[str, Any] = yaml.safe_load(answer.content)
    return found


def test_only_those_who_are_logged_in_may_read_it(client: Client) -> None:
    assert client.get(SCHEMA).status_code == 401
    assert client.get("/api/v1/docs/")["Location"].startswith("/me/login/")


def test_each_reader_sees_the_operations_of_the_own_role(log_in: LogIn, world: Any) -> None:
    bank, police = described(log_in(world.risk_a)), described(log_in(world.analyst_a))
    assert set(bank["paths"]["/api/v1/notes"]) == {"post"}
    assert "/api/v1/users" not in bank["paths"]
    assert set(police["paths"]["/api/v1/users/{id}"]) == {"get"}
    assert "/api/v1/notes" not in police["paths"]
    assert set(described(log_in(world.admin))["paths"]["/api/v1/users/{id}"]) == {"get", "patch"}


def test_operations_name_key_version_problems_and_log_in(log_in: LogIn, world: Any) -> None:
    document = described(log_in(world.admin))
    validate_schema(document)  # type: ignore[no-untyped-call]
    change = document["paths"]["/api/v1/users/{id}"]["patch"]
    assert {"Idempotency-Key", "If-Match", "id"} <= {p["name"] for p in change["parameters"]}
    assert {"200", "400", "401", "403", "404", "409", "413", "415", "422", "429", "503"} <= set(change["responses"])
    problem = change["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "code", "detail"]
    assert change["security"] == [{"machine": ["exchange"]}, {"session": []}]
    flow = document["components"]["securitySchemes"]["machine"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/api/v1/token"


def test_lists_are_described_as_they_answer(log_in: LogIn, world: Any) -> None:
    document = described(log_in(world.analyst_a))
    listing = document["paths"]["/api/v1/users"]["get"]
    assert {p["name"] for p in listing["parameters"]} == {"limit", "cursor", "username", "institution"}
    reference = listing["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    assert set(document["components"]["schemas"][reference]["properties"]) == {
        "items",
        "next_cursor",
        "previous_cursor",
    }
    assert "409" not in listing["responses"]


def test_the_page_loads_everything_from_here_and_only_its_style_is_looser(log_in: LogIn, world: Any) -> None:
    reader = log_in(world.risk_a)
    page = reader.get("/api/v1/docs/")
    policy = {part.split()[0]: set(part.split()[1:]) for part in page["Content-Security-Policy"].split("; ")}
    assert policy["script-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'", "'unsafe-inline'"}
    other = reader.get(SCHEMA)["Content-Security-Policy"]
    assert "unsafe" not in other
    assert b"http://" not in page.content.replace(b"http://www.w3.org", b"")
    assert b"https://" not in page.content
    assert page.content.count(b"<script src=") == page.content.count(b"<script")
    script = reader.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/schema.yaml" in script.content


class TestCommand:
    """`manage.py openapi` on the example's addresses, written beside the real file's place."""

    @pytest.fixture
    def place(self, tmp_path: Path, settings: Any) -> Path:
        settings.BASE_DIR = tmp_path
        (tmp_path / "docs").mkdir()
        return tmp_path / "docs" / "openapi.yaml"

    def test_the_file_holds_every_operation_and_can_be_checked(self, place: Path) -> None:
        with pytest.raises(CommandError, match="old"):
            call_command("openapi", "--check")
        assert not place.exists()
        call_command("openapi", "--skip-checks")
        document = yaml.safe_load(place.read_bytes())
        assert {"/api/v1/users", "/api/v1/users/{id}", "/api/v1/notes"} <= set(document["paths"])
        assert document["openapi"].startswith("3.1")
        call_command("openapi", "--check")
        place.write_text(place.read_text().replace("users", "persons"))
        with pytest.raises(CommandError, match="old"):
            call_command("openapi", "--check")

    def test_two_runs_give_the_same_bytes(self) -> None:
        assert openapi.generated() == openapi.generated()
