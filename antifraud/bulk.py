"""Rows in bulk: PostgreSQL's binary COPY, and limits that suit long work; which rows, and who may write them, is asked elsewhere."""

from __future__ import annotations

import gc
import io
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
PIECE = 1 << 23  # a batch at once: between pieces the sender waits for the interpreter, which another thread may hold
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
    """UUIDs in order of time and among themselves (version 7 with a counter of 18 bits, RFC 9562 §6.2), sixteen bytes each.

    Random ones would scatter over the whole index; those of one millisecond in any order still cost twice.
    """
    made = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    made[:, :6] = np.frombuffer((time.time_ns() // 1_000_000).to_bytes(6, "big"), dtype=np.uint8)
    place = np.arange(count, dtype=np.uint32)
    made[:, 6] = place >> 14 & 0x0F | 0x70
    made[:, 7] = place >> 6 & 0xFF
    made[:, 8] = place & 0x3F | 0x80
    return made


def cell_aads(table: str, column: str, ids: NDArray[np.uint8]) -> list[bytes]:
    """As `crypto.envelope.cell_aad` for one column of each of these rows."""
    head = f"v1|{table}|{column}|".encode()
    halves = np.empty((len(ids), 32), dtype=np.uint8)
    digits = np.frombuffer(_HEX, dtype=np.uint8)
    halves[:, 0::2], halves[:, 1::2] = digits[ids >> 4], digits[ids & 0x0F]
    texts = np.full((len(ids), len(head) + 36), ord("-"), dtype=np.uint8)
    texts[:, : len(head)] = np.frombuffer(head, dtype=np.uint8)
    texts[:, [len(head) + place for place in _DASHED]] = halves
    return slices(texts.tobytes(), len(head) + 36)


def slices(body: bytes, width: int) -> list[bytes]:
    """The pieces of so many bytes that `body` consists of."""
    found: list[bytes] = np.frombuffer(body, dtype=f"V{width}").tolist()
    return found


class Lengths(dict[int, bytes]):
    """What is written before a field whose last part has so many bytes, `head` and `more` between; few lengths occur."""

    def __init__(self, head: bytes = b"", more: int = 0) -> None:
        super().__init__()
        self._head, self._more = head, len(head) + more

    def __missing__(self, length: int) -> bytes:
        made = self[length] = _LENGTH.pack(length + self._more) + self._head
        return made

    def before(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """For each of the last parts."""
        return map(self.__getitem__, map(len, parts))


def fixed(count: int, columns: int, fields: Mapping[str, str]) -> NDArray[np.void]:
    """Rows of `fields` {name: type of numpy} that all have one width, lengths filled in, as beginnings of rows of so many columns."""
    kinds = [
        ("columns", ">i2"),
        *(each for name, kind in fields.items() for each in ((f"{name} length", ">i4"), (name, kind))),
    ]
    made = np.zeros(count, dtype=kinds)
    made["columns"] = columns
    for name in fields:
        made[f"{name} length"] = made.dtype[name].itemsize
    return made


@contextmanager
def collecting_young() -> Iterator[Callable[[], None]]:
    """The collector at rest, but for what is called for between two batches: it looks at what came since, not at all that is kept.

    Left to itself it takes a fifth of the time that millions of rows take, and finds nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield _collect_young
    finally:
        if was_on:
            gc.enable()


def _collect_young() -> None:
    gc.collect(1)


def bytea_array(values: Iterable[bytes]) -> str:
    """A parameter for `%s::bytea[]`: one word, where a list would be written value by value."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def int_array(values: Iterable[int]) -> str:
    """The same for whole numbers."""
    return f"{{{','.join(map(str, values))}}}"


def text_array(values: Sequence[str]) -> str:
    """The same for texts."""
    told = "".join(values)
    if '"' in told or "\\" in told:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[bytes]]) -> None:
    """COPY rows whose fields were made by the functions above, in the open transaction."""
    head = count_of(columns)
    copy_raw(table, columns, (head + b"".join(row) for row in rows))


def copy_raw(table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """The same for rows that are whole already: the count of fields, then the fields."""
    body = io.BytesIO(b"".join((SIGNATURE, *rows, END)))
    # Django translates the errors of its own methods only.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", body, PIECE)


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
