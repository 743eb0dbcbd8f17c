"""Rows in bulk: PostgreSQL's binary COPY, and limits that suit long work; which rows, and who may write them, is asked elsewhere."""

from __future__ import annotations

import io
import os
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connection

from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
EPOCH_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL counts microseconds from
MANY = 5_000
_LENGTH = struct.Struct(">i")
_COUNT = struct.Struct(">h")
_INT4 = struct.Struct(">ii")
_INT8 = struct.Struct(">iq")
_HEX = b"0123456789abcdef"
_DASHED = [*range(8), *range(9, 13), *range(14, 18), *range(19, 23), *range(24, 36)]


def raw(value: bytes) -> bytes:
    """A field of bytes, or of text that is encoded already."""
    return _LENGTH.pack(len(value)) + value


def text(value: str) -> bytes:
    """A text field."""
    return raw(value.encode())


def maybe(value: bytes | None) -> bytes:
    """A field of bytes that may be NULL."""
    return NULL if value is None else raw(value)


def int4(value: int) -> bytes:
    """An integer field."""
    return _INT4.pack(4, value)


def int8(value: int) -> bytes:
    """A bigint field, or a timestamp in microseconds since EPOCH_US."""
    return _INT8.pack(8, value)


def count_of(columns: Sequence[str]) -> bytes:
    """What each row begins with."""
    return _COUNT.pack(len(columns))


def uuids(count: int) -> NDArray[np.uint8]:
    """UUIDs in order of time (version 7, as `db.uuid7`), sixteen bytes each: random ones would scatter over the whole index."""
    made = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    made[:, :6] = np.frombuffer((time.time_ns() // 1_000_000).to_bytes(6, "big"), dtype=np.uint8)
    made[:, 6] = made[:, 6] & 0x0F | 0x70
    made[:, 8] = made[:, 8] & 0x3F | 0x80
    return made


def cell_aads(table: str, column: str, ids: NDArray[np.uint8]) -> Iterator[bytes]:
    """As `crypto.envelope.cell_aad` for one column of each of these rows."""
    texts = np.full((len(ids), 36), ord("-"), dtype=np.uint8)
    halves = np.empty((len(ids), 32), dtype=np.uint8)
    digits = np.frombuffer(_HEX, dtype=np.uint8)
    halves[:, 0::2], halves[:, 1::2] = digits[ids >> 4], digits[ids & 0x0F]
    texts[:, _DASHED] = halves
    body, head = texts.tobytes(), f"v1|{table}|{column}|".encode()
    return (head + body[at : at + 36] for at in range(0, len(body), 36))


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[bytes]]) -> None:
    """COPY rows whose fields were made by the functions above, in the open transaction."""
    head = count_of(columns)
    copy_raw(table, columns, (head + b"".join(row) for row in rows))


def copy_raw(table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """The same for rows that are whole already: the count of fields, then the fields."""
    body = io.BytesIO(b"".join((SIGNATURE, *rows, END)))
    # Django translates the errors of its own methods only.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", body, 1 << 20)


def long_work(*, memory: str = "64MB") -> None:
    """Raise this transaction's own limits (R44): statements may last, locks are waited for, sorting has room.

    A job's progress cancels what lasts too long for the officer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),"
            " set_config('idle_in_transaction_session_timeout', '60000', true), set_config('work_mem', %s, true)",
            [memory],
        )


def plan_for(rows: int) -> None:
    """For this transaction's statements over rows that were copied a moment ago: the planner has no figures of them yet
    and believes in few, so that of many it would look up one by one."""
    if rows > MANY:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
