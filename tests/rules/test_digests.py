"""Canonical items, the XOR digest, and what two sets of items say about each other."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import digests
from accounts.rules.digests import OPEN_HOLDS, ORDERS

A, B = uuid.UUID(int=0xA), uuid.UUID(int=0xB)
KEY = bytes(range(32))
ITEMS = st.lists(st.uuids().map(lambda key: digests.order_item(key, "issued", 0)), unique=True, max_size=20)


def test_an_order_is_one_line() -> None:
    assert digests.order_item(A, "answered", 1) == f"{A}|answered|1"
    with pytest.raises(ValueError, match="no canonical item"):
        digests.order_item(A, "draft", 0)


def test_a_hold_ends_in_utc_and_whole_seconds() -> None:
    ends = datetime(2026, 11, 22, 7, 59, 59, 999999, tzinfo=timezone(timedelta(hours=8)))
    assert digests.hold_item(A, B, "stop", ends, 500_000, "CNY") == f"{A}|{B}|stop|2026-11-21T23:59:59Z|500000|CNY"
    assert digests.hold_item(A, B, "suspend", None, None, "CNY") == f"{A}|{B}|suspend|||CNY"


def test_the_digest_is_the_xor_of_hmacs() -> None:
    one, two = (hmac.new(KEY, text.encode(), hashlib.sha256).digest() for text in ("x", "y"))
    assert digests.digest(KEY, ["x", "y"]) == bytes(a ^ b for a, b in zip(one, two, strict=True))
    assert digests.digest(KEY, []) == bytes(32)


@given(ITEMS, st.randoms())
def test_the_order_of_items_does_not_matter(items: list[str], chance: object) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert digests.digest(KEY, shuffled) == digests.digest(KEY, items)


@given(ITEMS.filter(bool))
def test_one_item_less_is_another_digest(items: list[str]) -> None:
    assert digests.digest(KEY, items[1:]) != digests.digest(KEY, items)
    assert digests.digest(bytes(32), items) != digests.digest(KEY, items)


@pytest.mark.parametrize(
    ("status", "acknowledged", "answers", "told", "known"),
    [
        ("issued", False, 0, False, "issued"),
        ("acknowledged", True, 0, False, "acknowledged"),
        ("answered", True, 1, False, "answered"),
        ("cancelled", False, 0, False, "issued"),
        ("cancelled", True, 0, False, "acknowledged"),
        ("cancelled", True, 0, True, "cancelled"),
        ("cancelled", True, 1, True, "answered"),
        ("superseded", True, 1, False, "answered"),
        ("superseded", True, 0, True, "cancelled"),
    ],
)
def test_a_state_as_the_institution_can_know_it(
    status: str, acknowledged: bool, answers: int, told: bool, known: str
) -> None:
    found = digests.known_state(status, acknowledged=acknowledged, answers=answers, cancellation_arrived=told)
    assert found == known


@pytest.mark.parametrize(
    ("scope", "item", "known"),
    [
        (ORDERS, f"{A}|issued|0", A),
        (ORDERS, f"{A}|issued|00", None),
        (ORDERS, f"{A}|ISSUED|0", None),
        (ORDERS, f"{A}|draft|0", None),
        (ORDERS, f"{A}|issued|0\n", None),
        (ORDERS, f" {A}|issued|0", None),
        (ORDERS, str(A).upper() + "|issued|0", None),
        (ORDERS, f"{A}|issued|\u0661", None),
        (OPEN_HOLDS, f"{A}|{B}|stop|2026-11-21T23:59:59Z|500000|CNY", A),
        (OPEN_HOLDS, f"{A}|{B}|suspend|||CNY", A),
        (OPEN_HOLDS, f"{A}|{B}|stop|2026-11-21 23:59:59|500000|CNY", None),
        (OPEN_HOLDS, f"{A}|{B}|stop|2026-11-21T23:59:59Z|5.00|CNY", None),
        (OPEN_HOLDS, f"{A}|issued|0", None),
    ],
)
def test_an_item_is_read_strictly(scope: str, item: str, known: uuid.UUID | None) -> None:
    assert digests.id_of(scope, item) == known


def test_every_difference_is_named_with_a_proposal() -> None:
    c, d, e, same = (uuid.UUID(int=number) for number in (0xC, 0xD, 0xE, 0xF))
    ours = {A: f"{A}|issued|0", c: f"{c}|issued|0", d: f"{d}|answered|1", same: f"{same}|issued|0"}
    theirs = {B: f"{B}|answered|1", c: f"{c}|answered|1", d: f"{d}|issued|0", same: f"{same}|issued|0"}
    found = {one.id: (one.kind, one.proposal) for one in digests.compare(ORDERS, ours, theirs)}
    assert found == {
        A: ("missing_at_bank", "redeliver"),
        B: ("unknown_to_platform", "check_hold"),
        c: ("different", "send_answer"),
        d: ("different", "redeliver"),
    }
    assert digests.compare(ORDERS, ours, dict(ours)) == []
    assert {one.proposal for one in digests.compare(OPEN_HOLDS, {A: "x"}, {e: "y"})} == {"check_hold"}


@pytest.mark.parametrize(
    ("ours", "theirs", "proposal"),
    [
        ("issued|0", "acknowledged|0", "check_order"),
        ("issued|0", "cancelled|0", "check_order"),
        ("issued|0", "superseded|0", "check_order"),
        ("acknowledged|0", "cancelled|0", "check_order"),
        ("acknowledged|0", "answered|0", "check_order"),
        ("cancelled|0", "answered|0", "check_order"),
        ("cancelled|0", "answered|1", "send_answer"),
        ("issued|0", "cancelled|1", "send_answer"),
        ("acknowledged|0", "issued|0", "redeliver"),
        ("cancelled|0", "acknowledged|0", "redeliver"),
        ("cancelled|0", "superseded|0", "redeliver"),
        ("answered|1", "cancelled|0", "redeliver"),
    ],
)
def test_an_order_that_is_further_at_the_bank_is_never_brought_again(ours: str, theirs: str, proposal: str) -> None:
    found = digests.compare(ORDERS, {A: f"{A}|{ours}"}, {A: f"{A}|{theirs}"})
    assert [one.proposal for one in found] == [proposal]


def test_times_are_utc_whatever_their_zone() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=-5)))
    assert digests.hold_item(A, B, "stop", at, 1, "CNY") == digests.hold_item(A, B, "stop", there, 1, "CNY")
