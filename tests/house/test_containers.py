"""docker-compose.yml and its helpers as far as they can be tried without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from django.core.management import call_command

from antifraud import embedded
from antifraud.start import compose, supervisor
from antifraud.start.postgres import Postgres
from tests.house.embedded_case import run

PROJECT = Path(__file__).resolve().parents[2]
FILE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
IMAGE = (PROJECT / "Dockerfile").read_text()
SERVICES: dict[str, Any] = FILE["services"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_unprivileged_and_read_only(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in {"root", "0", "0:0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]


def test_every_lasting_process_is_there_with_a_health_check() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "init", "web", "live", "worker", "relay", "scheduler"}
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"init"}


def test_secrets_come_from_files_that_the_command_makes() -> None:
    assert set(FILE["secrets"]) == set(compose.contents())
    assert all(list(source) == ["file"] for source in FILE["secrets"].values())
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(FILE["secrets"])
    names = {name for service in SERVICES.values() for name in service.get("environment", {})}
    secret = {name for name in names if re.search("PASSWORD|SECRET|_URL", name)}
    assert len(secret) >= 4
    assert all(name.endswith("_FILE") for name in secret)
    assert {"/secrets/", "/.data/", "/.env"} <= set((PROJECT / ".gitignore").read_text().split())


def test_the_owner_address_reaches_the_migration_alone() -> None:
    assert [n for n, service in SERVICES.items() if "database_owner_url" in service.get("secrets", [])] == ["init"]


def test_ports_are_published_on_the_loopback_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000", "127.0.0.1:8001:8001"]


def words_of(command: str) -> list[str]:
    """What a command of `make run` says after the programme and its application."""
    words = shlex.split(command)
    return words[words.index("antifraud.wsgi:application" if "gunicorn" in words else "worker") + 1 :]


def options(words: list[str], *without: str) -> set[tuple[str, ...]]:
    """Each option with its value, but those of one place."""
    joined = " ".join(words).split(" --")
    return {tuple(one.removeprefix("--").split()) for one in joined if one.removeprefix("--").split()[0] not in without}


def test_the_image_serves_pages_as_make_run_does() -> None:
    found = re.search(r"^CMD (\[.*?\])$", IMAGE.replace("\\\n", ""), flags=re.MULTILINE | re.DOTALL)
    assert found
    command: list[str] = json.loads(found[1])
    assert command[:2] == ["gunicorn", "antifraud.wsgi:application"]
    web = next(kind for kind in supervisor.programmes(8000, 8001) if kind.name == "web")
    places = ("bind", "worker-tmp-dir")
    assert options(command[2:], *places) == options(words_of(web.command), *places)


def test_a_worker_is_started_as_make_run_does() -> None:
    worker = next(kind for kind in supervisor.programmes(8000, 8001) if kind.name == "worker")
    assert options(words_of(SERVICES["worker"]["command"])) == options(words_of(worker.command), "hostname")
    assert SERVICES["worker"]["deploy"]["replicas"] == worker.copies


def test_the_image_knows_the_account_that_its_containers_run_as() -> None:
    ours = [service["user"] for service in SERVICES.values() if service["image"] == "antifraud:local"]
    assert set(ours) == {"10001:10001"}
    assert "--gid 10001" in IMAGE
    assert "--uid 10001" in IMAGE
    assert re.search(r"^USER 10001:10001$", IMAGE, flags=re.MULTILINE)


def test_the_processes_may_take_their_time_to_stop() -> None:
    grace = {kind.name: kind.grace for kind in supervisor.programmes(8000, 8001)}
    for name in ("worker", "relay"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > grace[name]


def test_pages_are_told_where_the_stream_is() -> None:
    for name in ("web", "live"):
        assert (
            SERVICES[name]["environment"]["ANTIFRAUD_LIVE_ORIGIN"] == "${ANTIFRAUD_LIVE_ORIGIN:-${ANTIFRAUD_ORIGINS}}"
        )


@pytest.mark.django_db
def test_what_is_checked_before_the_start_passes_for_the_application_role() -> None:
    assert "manage.py check --database default --fail-level ERROR" in SERVICES["init"]["command"][2]
    call_command("check", databases=["default"], fail_level="ERROR")


def test_the_database_script_makes_roles_with_the_rights_of_the_embedded_ones(tmp_path: Path) -> None:
    made = compose.contents()
    for name in ("owner_password", "app_password"):
        (tmp_path / name).write_text(made[name])
    script = (PROJECT / "antifraud" / "start" / "postgres-init.sh").read_text()
    script = script.replace("/run/secrets", str(tmp_path)).replace(" /roles.sql", f" {embedded.ROLES}")
    with embedded.temporary(want_redis=False) as servers:
        engine = servers.engines[0]
        assert isinstance(engine, Postgres)
        address = servers.admin_url.rpartition("/")[0]
        run(f"{address}/postgres", "DROP DATABASE antifraud")
        for role in ("antifraud_owner", "antifraud_app"):
            run(f"{address}/template1", f"DROP OWNED BY {role}")
        for role in ("antifraud_owner", "antifraud_app"):
            run(f"{address}/template1", f"DROP ROLE {role}")
        login = re.fullmatch(r"postgresql://(\w+):([^@]+)@([\d.]+):(\d+)", address)
        assert login
        variables = dict(zip(("POSTGRES_USER", "PGPASSWORD", "PGHOST", "PGPORT"), login.groups(), strict=True))
        env = os.environ | variables | {"PATH": f"{engine.binaries}:{os.environ['PATH']}"}
        subprocess.run(["sh", "-c", script], env=env, check=True, capture_output=True)
        place = f"{login[3]}:{login[4]}/antifraud"
        owner, app = (f"postgresql://antifraud_{n}:{made[f'{n}_password']}@{place}" for n in ("owner", "app"))
        run(owner, "CREATE TABLE kept (id bigserial PRIMARY KEY)")
        run(app, "INSERT INTO kept DEFAULT VALUES")
        assert run(app, "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run(app, "CREATE TABLE mine (id int)")
