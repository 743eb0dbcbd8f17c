"""The PostgreSQL and Valkey that start by themselves when no URL is configured; no table of the platform.

The only door to them, so that they can be exchanged: `ensure` (kept data) and `temporary` (thrown away).
How each server is driven stands in `antifraud.start.postgres` and `antifraud.start.valkey`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from psycopg2 import sql

from antifraud.start import account as accounts
from antifraud.start import children, memory, postgres, valkey
from antifraud.start.account import Account
from antifraud.start.faults import StartError
from antifraud.start.memory import APP, DATABASE, OWNER, SUPERUSER, Memory

ROLES = Path(__file__).with_name("start") / "roles.sql"


class InUseError(StartError):
    """Another process holds the data folder; `beside` gives the addresses of its servers."""


@dataclass
class Servers:
    """Running servers; an URL is empty when its server was not wanted."""

    data_dir: Path
    owner_url: str = field(default="", repr=False)
    app_url: str = field(default="", repr=False)
    admin_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    engines: list[postgres.Postgres | valkey.Valkey] = field(default_factory=list, repr=False)
    lock: int | None = field(default=None, repr=False)

    def revive(self) -> list[str]:
        """Start again what died, on its old port and data; returns the names of those that had died."""
        dead = [engine for engine in self.engines if not engine.running()]
        for engine in dead:
            engine.start()
        return [engine.name for engine in dead]

    def stop(self) -> None:
        """Stop the servers in order; a second call does nothing."""
        for engine in reversed(self.engines):
            engine.stop()
        self.engines.clear()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def ensure(data_dir: Path, *, want_postgres: bool = True, want_redis: bool = True, durable: bool = True) -> Servers:
    """Start the wanted servers on `data_dir`, making what is missing there.

    They end with the thread that called, even when that is killed. `durable=False` leaves out fsync: for data
    that may be lost. Raises InUseError when another process holds the folder, StartError when the folder is
    out of reach or a server does not start; each is one sentence.
    """
    data = data_dir.resolve()
    account = accounts.for_servers()
    accounts.prepare(data, account)
    servers = Servers(data, lock=_lock(data))
    try:
        known = memory.recall(data)
        (data / "logs").mkdir(mode=0o700, exist_ok=True)
        (data / "bin").mkdir(exist_ok=True)
        (data / "bin").chmod(0o755)
        if want_postgres:
            _start_postgres(servers, account, known, durable)
        if want_redis:
            _start_valkey(servers, account, known, durable)
    except BaseException:
        servers.stop()
        raise
    _fill_addresses(servers, known, want_postgres, want_redis)
    return servers


def beside(data_dir: Path, *, want_postgres: bool = True, want_redis: bool = True) -> Servers:
    """The addresses of servers that another process started on `data_dir`; stopping these stops nothing."""
    servers = Servers(data_dir.resolve())
    _fill_addresses(servers, memory.recall(servers.data_dir), want_postgres, want_redis)
    return servers


def _fill_addresses(servers: Servers, known: Memory, want_postgres: bool, want_redis: bool) -> None:
    if want_postgres:
        servers.admin_url = known.postgres_url(SUPERUSER, "postgres")
        servers.owner_url = known.postgres_url(OWNER)
        servers.app_url = known.postgres_url(APP)
    if want_redis:
        servers.redis_url = known.valkey_url()


@contextlib.contextmanager
def temporary(*, want_postgres: bool = True, want_redis: bool = True) -> Iterator[Servers]:
    """Servers on a folder of their own below /tmp (which every account may enter), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="antifraud-", dir="/tmp"))
    try:
        servers = ensure(folder, want_postgres=want_postgres, want_redis=want_redis, durable=False)
        try:
            yield servers
        finally:
            servers.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lock(data: Path) -> int:
    """Take the folder for this process; the kernel gives it back when the process ends, however it ends."""
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode().strip()
        os.close(descriptor)
        raise InUseError(
            f"The data folder {data} is in use by process {holder or 'unknown'}: stop that one first (ctrl-C"
            " in its terminal), or choose another folder with ANTIFRAUD_DATA."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _start_postgres(servers: Servers, account: Account, known: Memory, durable: bool) -> None:
    data = servers.data_dir
    children.end_leftovers(data / "postgres", {"postgres"}, postgres.STOPPING)
    port = known.port("postgres")
    engine = postgres.Postgres(
        binaries=postgres.find_binaries(data / "bin", account),
        cluster=data / "postgres",
        sockets=accounts.private_folder(data / "socket", account),
        log=data / "logs" / "postgres.log",
        account=account,
        port=port,
        url=known.postgres_url(SUPERUSER, "template1"),
        durable=durable,
    )
    engine.initialise(known.passwords[SUPERUSER])
    servers.engines.append(engine)
    engine.start()
    _make_roles(known)


def _make_roles(known: Memory) -> None:
    """Roles, default privileges and the database: idempotent, run at each start."""
    # template1 may have no other guest while a database is copied from it: this connection is closed before.
    template = psycopg2.connect(known.postgres_url(SUPERUSER, "template1"))
    with contextlib.closing(template) as link, link, link.cursor() as cursor:
        cursor.execute(ROLES.read_text(encoding="utf-8"))
        for role in (OWNER, APP):
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            cursor.execute(change.format(sql.Identifier(role), sql.Literal(known.passwords[role])))
    with contextlib.closing(psycopg2.connect(known.postgres_url(SUPERUSER, "postgres"))) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            cursor.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
            cursor.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}")


def _start_valkey(servers: Servers, account: Account, known: Memory, durable: bool) -> None:
    data = servers.data_dir
    folder = accounts.private_folder(data / "valkey", account)
    children.end_leftovers(folder, {"valkey-server"}, valkey.STOPPING)
    port = known.port("valkey")
    engine = valkey.Valkey(
        program=valkey.find_binary(data / "bin", account),
        folder=folder,
        log=data / "logs" / "valkey.log",
        account=account,
        password=known.passwords["valkey"],
        port=port,
        url=known.valkey_url(),
        durable=durable,
    )
    servers.engines.append(engine)
    engine.start()
