"""What the tests of the embedded servers share: a folder, servers on it, one statement, one process."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from antifraud import embedded


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder below /tmp: pytest's own are closed to all but root, who may not run PostgreSQL."""
    path = Path(tempfile.mkdtemp(prefix="antifraud-test-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def running(folder: Path, *, durable: bool = False) -> Iterator[embedded.Servers]:
    """Both servers on `folder` for the length of the block."""
    servers = embedded.ensure(folder, durable=durable)
    try:
        yield servers
    finally:
        servers.stop()


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement, committed at once, and return its rows (none for a command)."""
    with contextlib.closing(psycopg2.connect(url)) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
