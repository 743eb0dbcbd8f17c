"""Canonical items, their digest and what two sides' items say about each other (R11); reading and storing is elsewhere.

An item is one line of text, the same on both sides, byte for byte. The digest of a set is the XOR of
HMAC-SHA256(key, item): the order does not matter, and a fresh key for each comparison keeps anybody from
preparing two sets that look equal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

ORDERS, OPEN_HOLDS = "orders", "open_holds"
SCOPES = (ORDERS, OPEN_HOLDS)
KEY_BYTES = 32
STATES = ("issued", "acknowledged", "answered", "cancelled", "superseded")
# How far an order has come; "superseded" is a bank's own word for "over without an answer".
RANKS = {"issued": 0, "acknowledged": 1, "cancelled": 2, "superseded": 2, "answered": 3}
MISSING, UNKNOWN, DIFFERENT = "missing_at_bank", "unknown_to_platform", "different"
REDELIVER, SEND_ANSWER, CHECK_HOLD, CHECK_ORDER = "redeliver", "send_answer", "check_hold", "check_order"

_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SHAPES = {
    ORDERS: re.compile(rf"({_ID})\|({'|'.join(STATES)})\|(0|[1-9][0-9]{{0,3}})", re.ASCII),
    OPEN_HOLDS: re.compile(
        rf"({_ID})\|({_ID})\|(stop|freeze|suspend)\|((?:[0-9-]{{10}}T[0-9:]{{8}}Z)?)\|((?:0|[1-9][0-9]{{0,18}})?)\|([A-Z]{{3}})",
        re.ASCII,
    ),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One id that the two sides do not agree on; an item is "" on the side that does not have it."""

    kind: str
    id: UUID
    ours: str
    theirs: str
    proposal: str


def order_item(order_id: UUID, state: str, answer_seq: int) -> str:
    """`<order_id>|<state>|<answer_seq>`; the sequence is the number of final answers, 0 for none."""
    if state not in STATES or answer_seq < 0:
        raise ValueError(f"no canonical item for {state}, {answer_seq}")
    return f"{order_id}|{state}|{answer_seq}"


def hold_item(
    hold_id: UUID, order_id: UUID, kind: str, expires_at: datetime | None, amount_minor: int | None, currency: str
) -> str:
    """`<hold_id>|<order_id>|<kind>|<expires_at>|<amount_minor>|<currency>`; what a hold does not have is left empty.

    The time is UTC in whole seconds, cut off, never rounded up.
    """
    ends = expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if expires_at else ""
    amount = "" if amount_minor is None else str(amount_minor)
    return f"{hold_id}|{order_id}|{kind}|{ends}|{amount}|{currency}"


def known_state(status: str, *, acknowledged: bool, answers: int, cancellation_arrived: bool) -> str:
    """An order's state as far as the institution can know it: the furthest of what it was told and what it said.

    Its own final answer stays the last word, also where it crossed a cancellation. A cancellation counts from when it is
    in the institution's lane. That a corrected order took its place is not told, so "superseded" is never said here.
    """
    if answers or status == "answered":
        return "answered"
    if status in {"cancelled", "superseded"} and cancellation_arrived:
        return "cancelled"
    return "acknowledged" if acknowledged else "issued"


def id_of(scope: str, item: str) -> UUID | None:
    """The id that an item of the other side is about; None for a text that is no canonical item of this scope."""
    found = _SHAPES[scope].fullmatch(item)
    return UUID(found[1]) if found else None


def digest(key: bytes, items: Iterable[str]) -> bytes:
    """XOR of the items' HMACs; 32 zero bytes for the empty set."""
    total = 0
    for item in items:
        total ^= int.from_bytes(hmac.digest(key, item.encode(), hashlib.sha256))
    return total.to_bytes(32)


def compare(scope: str, ours: Mapping[UUID, str], theirs: Mapping[UUID, str]) -> list[Difference]:
    """Every id on which the two sets differ, by id."""
    found = []
    for subject in sorted({*ours, *theirs}):
        mine, yours = ours.get(subject, ""), theirs.get(subject, "")
        if mine == yours:
            continue
        kind = MISSING if not yours else UNKNOWN if not mine else DIFFERENT
        found.append(Difference(kind, subject, mine, yours, _proposal(scope, mine, yours)))
    return found


def _proposal(scope: str, ours: str, theirs: str) -> str:
    """What to do about it.

    The side that knows more tells the other one: the institution its answer, the platform its order. What only the
    institution knows (after a restore) may be holding somebody's money: both sides look. An order that is further there
    than here is never brought again: a stop that was cancelled would be executed.
    """
    if scope == OPEN_HOLDS or not ours:
        return CHECK_HOLD
    if not theirs:
        return REDELIVER
    if _answers(theirs) > _answers(ours):
        return SEND_ANSWER
    return CHECK_ORDER if _rank(theirs) > _rank(ours) else REDELIVER


def _rank(item: str) -> int:
    return RANKS[item.split("|")[1]]


def _answers(item: str) -> int:
    return int(item.rpartition("|")[2])
