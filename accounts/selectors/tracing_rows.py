"""What the trace engine's statements return, as rows in the direction of the trace and facts of accounts; no SQL is here."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from accounts.rules.tracing.params import FORWARD
from accounts.rules.tracing.rows import Place, Row

UNKNOWN = -(2**63)  # in packed facts: not known
SINCE_2000 = 946_684_800_000_000  # PostgreSQL counts microseconds from there
_ROWS, _PLACES = struct.Struct(">11q"), struct.Struct(">6q")
_new = tuple.__new__  # a trace makes many rows: this is twice as fast as Row(…)
Columns = tuple[Any, ...]


def maker(direction: str) -> Callable[[Columns], Row]:
    """From an entry's columns (`tracing_sql`) to its row."""
    return _forward if direction == FORWARD else _backward


def _forward(columns: Columns) -> Row:
    entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, currency = columns
    return _new(
        Row,
        (
            entry,
            src,
            dst,
            out_at,
            in_at,
            amount,
            co,
            ci,
            src_before,
            2 * co + src_before,
            2 * ci - dst_before,
            currency,
        ),
    )


def _backward(columns: Columns) -> Row:
    entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, currency = columns
    return _new(
        Row,
        (
            entry, dst, src, -in_at, -out_at, amount, ci, co, dst_before + amount, dst_before - 2 * ci, -2 * co - src_before,
            currency,
        ),
    )  # fmt: skip


def unpacked(packed: bytes, direction: str, currency: str) -> Iterator[tuple[Row, int, bool, bool]]:
    """Rows with hop, whether they are in another currency than this, and whether what follows them was read too."""
    make = maker(direction)
    for entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, step in _ROWS.iter_unpack(packed):
        times = out_at + SINCE_2000, in_at + SINCE_2000
        row = make((entry, src, dst, *times, amount, co, ci, src_before, dst_before, currency))
        yield row, step >> 2, bool(step & 2), bool(step & 1)


def places_unpacked(packed: bytes) -> Iterator[tuple[int, Place]]:
    """What is known of accounts."""
    for node, since, till, opening, is_stated, closing in _PLACES.iter_unpack(packed):
        yield node, Place(
            None if since == UNKNOWN else since + SINCE_2000, None if till == UNKNOWN else till + SINCE_2000, opening,
            bool(is_stated), None if closing == UNKNOWN else closing,
        )  # fmt: skip
