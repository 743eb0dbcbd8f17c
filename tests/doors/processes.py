"""Start a command of the project as a process of its own on the test's database, and wait for facts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from tests import servers


@contextmanager
def running(command: str) -> Iterator[subprocess.Popen[str]]:
    """`manage.py <command>`, known to the database by the command's name; killed at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", command],
        cwd=servers.ROOT,
        env={**os.environ, "PGAPPNAME": command},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def until(fact: Callable[[], bool], seconds: float = 60) -> float:
    """Seconds until `fact` is true; fails after `seconds`."""
    started = time.monotonic()
    while not fact():
        assert time.monotonic() - started < seconds, "it did not happen"
        time.sleep(0.05)
    return time.monotonic() - started


def cut_connections(name: str) -> int:
    """What a restart of PostgreSQL does to one process: its server processes are gone. Returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [name],
        )
        return int(cursor.fetchone()[0])
