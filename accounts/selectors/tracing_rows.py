"""What the trace engine's statements return, as rows in the direction of the trace and facts of accounts; no SQL is here."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from accounts.rules.tracing.params import FORWARD
from accounts.rules.tracing.rows import Place, Row

UNKNOWN = -(2**63)  # in packed facts: not known
SINCE_2000 = 946_684_800_000_000  # PostgreSQL counts microseconds from there
GOES_ON, OTHER, SECOND_HOP = (
    1,
    2,
    8,
)  # parts of a row's step: money goes on with it; another currency; four times the hop
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


def unpacked(packed: bytes, direction: str, currency: str) -> list[tuple[Row, int]]:
    """Rows, each with its step (`tracing_sql`). A trace reads many that it does not follow: no call is made for each."""
    if direction != FORWARD:
        make, since = maker(direction), SINCE_2000
        return [
            (make((entry, src, dst, out_at + since, in_at + since, *rest, currency)), step)
            for entry, src, dst, out_at, in_at, *rest, step in _ROWS.iter_unpack(packed)
        ]
    return [
        (
            _new(
                Row,
                (
                    entry, src, dst, out_at + SINCE_2000, in_at + SINCE_2000, amount, co, ci, src_before, 2 * co + src_before,
                    2 * ci - dst_before, currency,
                ),
            ),
            step,
        )
        for entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, step in _ROWS.iter_unpack(packed)
    ]  # fmt: skip


def places_unpacked(packed: bytes) -> Iterator[tuple[int, Place]]:
    """What is known of accounts."""
    for node, since, till, opening, is_stated, closing in _PLACES.iter_unpack(packed):
        known = (
            None if since == UNKNOWN else since + SINCE_2000, None if till == UNKNOWN else till + SINCE_2000, opening,
            bool(is_stated), None if closing == UNKNOWN else closing,
        )  # fmt: skip
        yield node, _new(Place, known)
