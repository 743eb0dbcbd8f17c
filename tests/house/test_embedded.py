"""The embedded servers: rights of the roles, closed folders, settings; not restarts."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from antifraud import embedded
from tests.house.embedded_case import run


@pytest.fixture(scope="module")
def servers() -> Iterator[embedded.Servers]:
    with embedded.temporary() as running:
        yield running


def test_neither_role_is_above_row_level_security(servers: embedded.Servers) -> None:
    for url, may_create in ((servers.owner_url, True), (servers.app_url, False)):
        rows = run(
            url,
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user",
        )
        assert rows == [(False, False, False, False, may_create)]
    assert run(servers.app_url, "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole") == [(0,)]


def test_the_application_role_uses_rows_and_changes_no_structure(servers: embedded.Servers) -> None:
    run(servers.owner_url, "CREATE TABLE kept (id bigserial PRIMARY KEY, word text)")
    run(servers.owner_url, "CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'")
    run(servers.app_url, "INSERT INTO kept (word) VALUES ('a'), ('b')")
    run(servers.app_url, "UPDATE kept SET word = 'c' WHERE word = 'a'")
    run(servers.app_url, "DELETE FROM kept WHERE word = 'b'")
    assert run(servers.app_url, "SELECT word, two() FROM kept") == [("c", 2)]
    for refused in (
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "ALTER TABLE kept ADD COLUMN extra int",
        "TRUNCATE kept",
        "DROP TABLE kept",
        "SET ROLE antifraud_owner",
        "ALTER ROLE antifraud_app BYPASSRLS",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run(servers.app_url, refused)
    assert run(servers.owner_url, "SELECT word FROM kept") == [("c",)]


def test_a_database_made_by_the_owner_has_the_same_privileges(servers: embedded.Servers) -> None:
    run(servers.owner_url, "CREATE DATABASE second")
    owner, app = (url.removesuffix("antifraud") + "second" for url in (servers.owner_url, servers.app_url))
    run(owner, "CREATE EXTENSION pg_trgm; CREATE TABLE kept (id bigserial PRIMARY KEY, word text)")
    run(app, "INSERT INTO kept (word) VALUES ('a')")
    assert run(app, "SELECT word FROM kept") == [("a",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(app, "CREATE TABLE mine (id int)")


def test_a_wrong_password_opens_nothing(servers: embedded.Servers) -> None:
    wrong = re.sub(r":[^:@]*@", ":wrong@", servers.app_url)
    sockets = re.sub("@[0-9.]+", "@", wrong) + f"?host={servers.data_dir / 'socket'}"
    for url in (wrong, sockets):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            run(url, "SELECT 1")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(re.sub(r":[^:@]*@", "", servers.redis_url)).ping()
    assert run(servers.admin_url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == [("scram-sha-256",)]


def test_folders_and_passwords_are_closed_to_others(servers: embedded.Servers) -> None:
    data = servers.data_dir
    for name, mode in (
        ("servers.json", 0o600),
        ("postgres", 0o700),
        ("socket", 0o700),
        ("valkey", 0o700),
        ("logs", 0o700),
    ):
        assert stat.S_IMODE((data / name).stat().st_mode) == mode, name
    assert stat.S_IMODE(data.stat().st_mode) & 0o007 == 0
    if os.geteuid() == 0:
        pids = [engine.process.pid for engine in servers.engines if engine.process]
        assert len(pids) == 2
        assert all(Path(f"/proc/{pid}").stat().st_uid == (data / "postgres").stat().st_uid != 0 for pid in pids)


def test_settings_of_the_servers(servers: embedded.Servers) -> None:
    wanted = {
        "timezone": "UTC",
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "listen_addresses": "127.0.0.1",
    }
    names = ", ".join(f"current_setting('{name}')" for name in wanted)
    assert run(servers.app_url, f"SELECT {names}") == [tuple(wanted.values())]
    assert run(servers.app_url, "SELECT datcollate, datctype FROM pg_database WHERE datname = 'antifraud'") == [
        ("C", "C")
    ]
    client = redis.Redis.from_url(servers.redis_url, decode_responses=True)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_failing_statement_leaves_no_personal_data_in_the_log(servers: embedded.Servers) -> None:
    run(
        servers.owner_url,
        "CREATE TABLE person (phone text UNIQUE); INSERT INTO person VALUES ('13900001111')",
    )
    for statement in ("INSERT INTO person VALUES ('13900001111')", "SELECT '13900001111' FROM absent"):
        with pytest.raises(psycopg2.Error):
            run(servers.app_url, statement)
    log = (servers.data_dir / "logs" / "postgres.log").read_text()
    assert "duplicate key value" in log
    assert "13900001111" not in log
