"""Liveness asks nobody; readiness names what is wrong, is red only where orders cannot go out, and tells nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from antifraud import health
from antifraud.crypto import keyring
from antifraud.outbox import post

pytestmark = pytest.mark.django_db
PARTS = {"database", "migrations", "platform", "keys", "redis", "relay", "worker", "scheduler"}


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    health.forget()
    yield
    health.forget()
    keyring.forget()


@pytest.fixture
def beating() -> None:
    for name in health.DUTIES:
        post.beat(name, 10)


def ready() -> tuple[int, dict[str, Any]]:
    health.forget()
    answer = Client().get("/readyz")
    body = answer.json()
    assert set(body) == {"ready", "parts"}
    assert set(body["parts"]) == PARTS
    assert all(set(part) == {"ok", "detail"} for part in body["parts"].values())
    assert body["ready"] == (answer.status_code == 200)
    return answer.status_code, {name: part for name, part in body["parts"].items() if not part["ok"]}


def age(name: str, seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_outbox_heartbeat SET last_ok_at = clock_timestamp() - make_interval(secs => %s) WHERE name = %s",
            [seconds, name],
        )


def test_liveness_asks_nobody(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_all_is_well(beating: None) -> None:
    assert ready() == (200, {})


def test_a_relay_that_never_worked_is_red() -> None:
    status, bad = ready()
    assert status == 503
    assert set(bad) == {"relay", "worker", "scheduler"}
    assert bad["relay"]["detail"] == "has never succeeded"


@pytest.mark.parametrize(("name", "status"), [("relay", 503), ("worker", 200), ("scheduler", 200)])
def test_a_duty_is_late_after_three_periods(name: str, status: int, beating: None) -> None:
    age(name, 29)
    assert ready() == (200, {})
    age(name, 31)
    code, bad = ready()
    assert (code, set(bad)) == (status, {name})
    assert "expected every 10 s" in bad[name]["detail"]


def test_one_live_copy_is_enough(beating: None) -> None:
    age("relay", 3600)
    post.beat("relay:second", 1)
    assert ready() == (200, {})
    post.beat("relayer", 1)
    age("relay:second", 100)
    assert ready()[0] == 503


def test_a_dead_redis_degrades_only(beating: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, bad = ready()
    assert (status, set(bad)) == (200, {"redis"})


def test_missing_keys_are_red(beating: None, settings: Any, tmp_path: Any) -> None:
    settings.ANTIFRAUD_KEY_FILE = str(tmp_path / "none.json")
    keyring.forget()
    status, bad = ready()
    assert (status, set(bad)) == (503, {"keys"})
    assert str(tmp_path) not in bad["keys"]["detail"]


def test_a_missing_migration_is_red(beating: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    original = MigrationRecorder.applied_migrations

    def fewer(self: Any) -> Any:
        return {key: value for key, value in original(self).items() if key != ("af_api", "0001_initial")}

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", fewer)
    status, bad = ready()
    assert (status, set(bad)) == (503, {"migrations"})
    assert bad["migrations"]["detail"] == "1 not applied: run migrate"


def test_a_dead_database_is_red_and_the_rest_unknown(beating: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*args: Any) -> None:
        raise OperationalError("could not connect to server at 10.0.0.7")

    monkeypatch.setattr(connection, "cursor", dead)
    status, bad = ready()
    assert (status, set(bad)) == (503, {"database", "migrations", "platform", "relay", "worker", "scheduler"})
    assert "10.0.0.7" not in str(bad)


def test_many_askers_cost_one_look_a_second(beating: None, client: Client, django_assert_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_num_queries(0):
        for _ in range(20):
            assert client.get("/readyz").status_code == 200


def test_probes_may_come_by_plain_http() -> None:
    import re
    from importlib import import_module

    production = import_module("antifraud.settings.production")
    assert all(any(re.search(rule, path) for rule in production.SECURE_REDIRECT_EXEMPT) for path in ("livez", "readyz"))
