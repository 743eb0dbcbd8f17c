"""The graph into the platform's own tables by binary COPY; what the server holds, and how it is made to forget it."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg2

from tests.bench.traces_graph import Graph

PIECE = 500_000
MICRO = 1_000_000
BEGIN = 820_000_000 * MICRO  # of the graph's time, after 2000-01-01 as PostgreSQL counts
HEADER, TRAILER = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"


class Pieces:
    """A file to read from, made piece by piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._open = pieces, io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty at the end."""
        taken = self._open.read(size)
        while not taken:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._open = io.BytesIO(piece)
            taken = self._open.read(size)
        return taken


def load(url: str, made: Graph, case_id: UUID) -> dict[str, float]:
    """Entries and chains; seconds of each step and megabytes of tables and indexes. `url` of the tables' owner or above."""
    connection = psycopg2.connect(url)
    told: dict[str, float] = {}
    # One transaction that empties the tables first: what it copies is written without log and is known to be seen by all.
    with connection, connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET statement_timeout = 0")
        cursor.execute("TRUNCATE accounts_ledgerentry, accounts_ledgerchain CASCADE")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'accounts_ledgerentry' AND indexname NOT LIKE '%%pkey'"
        )
        indexes = cursor.fetchall()
        for name, _text in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        began = time.perf_counter()
        _copy(cursor, "accounts_ledgerentry", _entry_columns(), _entries(made, case_id))
        told["copy_seconds"] = time.perf_counter() - began
        began = time.perf_counter()
        for _name, definition in indexes:
            cursor.execute(definition)
        told["index_seconds"] = time.perf_counter() - began
        _copy(cursor, "accounts_ledgerchain", _chain_columns(), _chains(made, case_id))
        cursor.execute("ANALYZE accounts_ledgerentry, accounts_ledgerchain")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_table_size('accounts_ledgerentry'), pg_indexes_size('accounts_ledgerentry')")
        table, index = cursor.fetchone() or (0, 0)
        told |= {"table_mb": table / 2**20, "index_mb": index / 2**20}
    connection.close()
    return told


def _copy(cursor: Any, table: str, columns: dict[str, str], pieces: Iterator[bytes]) -> None:
    cursor.copy_expert(
        f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary, FREEZE)", Pieces(pieces), 1 << 20
    )


def _packed(columns: dict[str, str], values: dict[str, Any], count: int) -> bytes:
    """Rows of fixed width: the number of columns, then each with its length before it."""
    fields: list[tuple[str, str]] = [("n", ">i2")]
    for name, kind in columns.items():
        fields += [(f"{name}_n", ">i4"), (name, kind)]
    rows = np.zeros(count, dtype=fields)
    rows["n"] = len(columns)
    for name, kind in columns.items():
        rows[f"{name}_n"] = np.dtype(kind).itemsize
        rows[name] = values[name]
    return rows.tobytes()


def _entry_columns() -> dict[str, str]:
    wide = dict.fromkeys(
        ("id", "src", "dst", "out_at", "in_at", "amount_minor", "co", "ci", "src_before", "dst_before"), ">i8"
    )
    return {**wide, "case_id": "V16", "currency": "S3"}


def _entries(made: Graph, case_id: UUID) -> Iterator[bytes]:
    yield HEADER
    for start in range(0, made.size, PIECE):
        part = slice(start, min(start + PIECE, made.size))
        at = BEGIN + made.at[part] * MICRO
        values = {
            "id": np.arange(part.start, part.stop) + 1, "src": made.src[part], "dst": made.dst[part], "out_at": at, "in_at": at,
            "amount_minor": made.amount[part], "co": made.co[part], "ci": made.ci[part], "src_before": made.src_before[part],
            "dst_before": made.dst_before[part], "case_id": np.void(case_id.bytes), "currency": b"CNY",
        }  # fmt: skip
        yield _packed(_entry_columns(), values, part.stop - part.start)
    yield TRAILER


def _chain_columns() -> dict[str, str]:
    wide = dict.fromkeys(
        ("node", "opening_minor", "covered_from", "covered_to", "in_minor", "out_minor", "top_up_minor"), ">i8"
    )
    small = dict.fromkeys(("entries_in", "entries_out", "breaks"), ">i4")
    return {**wide, **small, "case_id": "V16", "currency": "S3", "is_opening_stated": "?"}


def _chains(made: Graph, case_id: UUID) -> Iterator[bytes]:
    """Every account has a statement of the whole time."""
    yield HEADER
    total = len(made.opening)
    ins, outs = (np.bincount(side, minlength=total + 1)[1:] for side in (made.dst, made.src))
    for start in range(0, total, PIECE):
        part = slice(start, min(start + PIECE, total))
        values = {
            "node": np.arange(part.start, part.stop) + 1, "opening_minor": made.opening[part], "covered_from": 0,
            "covered_to": BEGIN * 2, "in_minor": 0, "out_minor": 0, "top_up_minor": 0, "entries_in": ins[part],
            "entries_out": outs[part], "breaks": 0, "case_id": np.void(case_id.bytes), "currency": b"CNY",
            "is_opening_stated": True,
        }  # fmt: skip
        yield _packed(_chain_columns(), values, part.stop - part.start)
    yield TRAILER


def forget(cluster: Path) -> int:
    """Ask the kernel to drop the cached pages of the stopped server's files; how many files it could be asked of."""
    asked = 0
    for path in (cluster / "base").rglob("*"):
        if path.is_file() and os.access(path, os.R_OK):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                asked += 1
            finally:
                os.close(descriptor)
    return asked


def server_memory(pid: int) -> float:
    """Megabytes of the server and its sessions, shared memory counted once (the proportional set)."""
    total = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                if int(folder.name) == pid or int(status[1]) == pid:
                    rollup = (folder / "smaps_rollup").read_text()
                    total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
    return total / 1024
