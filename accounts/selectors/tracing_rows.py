"""What the trace engine's statements return, as rows in the direction of the trace and facts of accounts; no SQL is here."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from accounts.rules.tracing.params import FORWARD
from accounts.rules.tracing.rows import Place, Row

UNKNOWN = -(2**63)  # in packed facts: not known
SINCE_2000 = 946_684_800_000_000  # PostgreSQL counts microseconds from there
# Parts of a row's step: money goes on with it; another currency; four times the hop.
GOES_ON, OTHER, SECOND_HOP = 1, 2, 8
_ROWS, _STEPS, _PLACES, _CHAINS = (struct.Struct(f">{fields}") for fields in ("10q3s", "11q", "6q", "8q"))
_new = tuple.__new__  # a trace makes many rows: this is twice as fast as Row(…)
Columns = tuple[Any, ...]


class Ahead(NamedTuple):
    """What one recursion read: the seeds' rows by entry, others by the account that they leave, those with which money goes on."""

    size: int  # rows
    steps: int  # what is in any row's step
    seeded: dict[int, Row]
    met: dict[int, dict[int, Row]]
    arrivals: dict[int, list[Row]]


def maker(direction: str) -> Callable[[Columns], Row]:
    """From an entry's columns (`tracing_sql`) to its row."""
    return _forward if direction == FORWARD else _backward


def _forward(columns: Columns) -> Row:
    entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, currency = columns
    return _new(
        Row,
        (
            entry, src, dst, out_at, in_at, amount, co, ci, src_before, 2 * co + src_before, 2 * ci - dst_before, currency,
        ),
    )  # fmt: skip


def _backward(columns: Columns) -> Row:
    entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, currency = columns
    return _new(
        Row,
        (
            entry, dst, src, -in_at, -out_at, amount, ci, co, dst_before + amount, dst_before - 2 * ci, -2 * co - src_before,
            currency,
        ),
    )  # fmt: skip


def unpacked(packed: bytes, direction: str) -> list[Row]:
    """Rows that were packed each with its currency."""
    make, since = maker(direction), SINCE_2000
    return [
        make((entry, src, dst, out_at + since, in_at + since, *rest, _code(currency)))
        for entry, src, dst, out_at, in_at, *rest, currency in _ROWS.iter_unpack(packed)
    ]


@cache
def _code(currency: bytes) -> str:
    return currency.decode("ascii").rstrip()


def ahead_unpacked(packed: bytes, direction: str, currency: str) -> Ahead:
    """Rows, each with its step (`tracing_sql`). A trace reads many that it does not follow: no call is made for each."""
    is_forward, since, new, kind, steps = direction == FORWARD, SINCE_2000, _new, Row, 0
    seeded: dict[int, Row] = {}
    met: dict[int, dict[int, Row]] = {}
    arrivals: dict[int, list[Row]] = {}
    for entry, src, dst, out_at, in_at, amount, co, ci, src_before, dst_before, step in _STEPS.iter_unpack(packed):
        if is_forward:
            frm, to = src, dst
            row = new(
                kind,
                (
                    entry, src, dst, out_at + since, in_at + since, amount, co, ci, src_before, 2 * co + src_before,
                    2 * ci - dst_before, currency,
                ),
            )  # fmt: skip
        else:
            frm, to = dst, src
            row = _backward(
                (entry, src, dst, out_at + since, in_at + since, amount, co, ci, src_before, dst_before, currency)
            )
        steps |= step
        if step < SECOND_HOP:
            seeded[entry] = row
        elif frm in met:
            met[frm][entry] = row
        else:
            met[frm] = {entry: row}
        if step & GOES_ON:
            if to in arrivals:
                arrivals[to].append(row)
            else:
                arrivals[to] = [row]
    return Ahead(len(packed) // _STEPS.size, steps, seeded, met, arrivals)


def places_unpacked(packed: bytes) -> dict[int, Place]:
    """What is known of accounts."""
    return {node: _place(*facts) for node, *facts in _PLACES.iter_unpack(packed)}


def chains_unpacked(packed: bytes) -> tuple[dict[int, Place], dict[int, int]]:
    """The same from chains of every currency, and how many payments each account has in all."""
    places: dict[int, Place] = {}
    counts: dict[int, int] = {}
    for node, since, till, opening, is_stated, closing, count, is_own in _CHAINS.iter_unpack(packed):
        counts[node] = counts.get(node, 0) + count
        if is_own:
            places[node] = _place(since, till, opening, is_stated, closing)
    return places, counts


def _place(since: int, till: int, opening: int, is_stated: int, closing: int) -> Place:
    known = (
        None if since == UNKNOWN else since + SINCE_2000, None if till == UNKNOWN else till + SINCE_2000, opening,
        bool(is_stated), None if closing == UNKNOWN else closing,
    )  # fmt: skip
    return _new(Place, known)
