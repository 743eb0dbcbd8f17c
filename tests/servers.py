"""Pytest plug-in, loaded before Django: real PostgreSQL and Valkey of its own, one migrated template, one database per worker.

Tests act as the application role. Only this file and the clean-up of transactional tests use the owner's URL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from antifraud import embedded

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = "antifraud"


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _left_alone(url: str, name: str, seconds: float = 10) -> None:
    """Wait until the server has noticed that the last client of a database is gone: the owner may not cut others off."""
    end = time.monotonic() + seconds
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            while time.monotonic() < end:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name])
                if cursor.fetchone() == (0,):
                    return
                connection.rollback()
                time.sleep(0.05)
    finally:
        connection.close()


def _execute(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def _until_exit(*, want_postgres: bool) -> tuple[Path, embedded.Servers]:
    """Servers in a folder of their own; both are gone when this process ends (a forked child leaves them alone)."""
    folder = Path(tempfile.mkdtemp(prefix="antifraud-test-", dir="/tmp"))
    folder.chmod(0o755)
    servers = embedded.ensure(folder / "servers", want_postgres=want_postgres, durable=False)
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            servers.stop()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return folder, servers


def _start() -> None:
    folder, servers = _until_exit(want_postgres=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "antifraud.settings.test",
        "SECRET_KEY": "test-only-" + "x" * 50,
        "REDIS_URL": servers.redis_url,
        "ANTIFRAUD_DATA": str(folder / "data"),
        "ANTIFRAUD_KEY_FILE": str(folder / "data" / "keys.json"),
        "ANTIFRAUD_TEST_OWNER_URL": servers.owner_url,
        "ANTIFRAUD_TEST_APP_URL": servers.app_url,
        "ANTIFRAUD_STATEMENT_TIMEOUT_MS": "30000",
    }
    (folder / "data").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.prepare", "--cast"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": servers.owner_url}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the test database could not be prepared:\n{done.stdout}\n{done.stderr}")


def recreate_database() -> None:
    """Throw this worker's database away and copy the template again."""
    copy_template(os.environ["ANTIFRAUD_TEST_DATABASE"])


def copy_template(name: str) -> str:
    """A fresh copy of the template under `name`; returns the application role's URL for it."""
    owner = _with_database(os.environ["ANTIFRAUD_TEST_OWNER_URL"], "postgres")
    _left_alone(owner, name)
    _execute(
        owner,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}" STRATEGY = FILE_COPY',
    )
    return _with_database(os.environ["ANTIFRAUD_TEST_APP_URL"], name)


def owner_url() -> str:
    """The owner's URL for this worker's database."""
    return _with_database(os.environ["ANTIFRAUD_TEST_OWNER_URL"], os.environ["ANTIFRAUD_TEST_DATABASE"])


def own_valkey() -> str:
    """The address of one more Valkey: for each parallel worker, and for each platform that lives beside other tests. Else
    one's Celery workers take the other's rings, and hints cross over (publishing knows no database numbers, and copies
    of the template have the same institutions)."""
    _folder, servers = _until_exit(want_postgres=False)
    return servers.redis_url


if "ANTIFRAUD_TEST_OWNER_URL" not in os.environ:
    _start()
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["REDIS_URL"] = own_valkey()
os.environ["ANTIFRAUD_TEST_DATABASE"] = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
os.environ["DATABASE_URL"] = _with_database(os.environ["ANTIFRAUD_TEST_APP_URL"], os.environ["ANTIFRAUD_TEST_DATABASE"])
recreate_database()
