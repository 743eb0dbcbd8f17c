"""The pure rules of lanes: bucket, fair shares, circuit, what an answer means, the slower curve of alerts."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banks.rules import bucket, circuit
from banks.rules.circuit import CLOSED, HALF_OPEN, OPEN, Circuit, Verdict, slots, verdict
from banks.rules.events import event_body, message_id
from banks.rules.retries import retry_delay

POSITIVE = st.floats(0, 1e6)


@given(tokens=POSITIVE, seconds=st.floats(-1e6, 1e6), rate=st.integers(1, 1000), burst=st.integers(1, 1000))
def test_a_bucket_never_holds_more_than_its_burst(tokens: float, seconds: float, rate: int, burst: int) -> None:
    full = bucket.refilled(tokens, seconds, rate=rate, burst=burst)
    assert full <= burst
    assert full >= min(tokens, burst)  # a clock that went back takes nothing away


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), max_size=40))
def test_over_any_time_no_more_goes_out_than_rate_and_burst_allow(steps: list[tuple[float, int]]) -> None:
    rate, burst, tokens, passed, gone = 7, 10, 10.0, 0.0, 0
    for seconds, wanted in steps:
        passed += seconds
        tokens = bucket.refilled(tokens, seconds, rate=rate, burst=burst)
        taken = min(wanted, bucket.free_slots(cap=1000, in_flight=0, tokens=tokens))
        tokens -= taken
        gone += taken
        assert gone <= burst + rate * passed + 1e-6


@pytest.mark.parametrize(
    ("cap", "in_flight", "tokens", "free"),
    [(4, 0, 9.0, 4), (4, 4, 9.0, 0), (4, 6, 9.0, 0), (4, 1, 2.9, 2), (4, 0, 0.9, 0)],
)
def test_free_slots(cap: int, in_flight: int, tokens: float, free: int) -> None:
    assert bucket.free_slots(cap=cap, in_flight=in_flight, tokens=tokens) == free


@given(
    wanted=st.dictionaries(st.integers(), st.integers(0, 20), max_size=30),
    most=st.integers(-3, 200),
    turn=st.integers(0, 99),
)
def test_shares_are_fair_and_use_all_there_is(wanted: dict[int, int], most: int, turn: int) -> None:
    shares = bucket.fair_shares(wanted, most, turn=turn)
    assert sum(shares.values()) == min(max(0, most), sum(wanted.values()))
    assert all(shares[lane] <= wanted[lane] for lane in wanted)
    short = [shares[lane] for lane in wanted if shares[lane] < wanted[lane]]
    assert all(other <= min(short) + 1 for other in shares.values()) if short else True


def test_with_one_slot_each_lane_has_its_turn() -> None:
    first = [
        max(s, key=lambda lane: s[lane])
        for s in (bucket.fair_shares(dict.fromkeys("abc", 9), 1, turn=t) for t in range(3))
    ]
    assert sorted(first) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (200, "transported"), (204, "transported"), (299, "transported"), (400, "poison"), (422, "poison"), (410, "gone"),
        (199, "failed"), (301, "failed"), (304, "failed"), (401, "failed"), (404, "failed"), (429, "failed"), (500, "failed"),
        (999, "failed"), (None, "failed"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int | None, found: str) -> None:
    assert verdict(status).value == found


def test_the_circuit_opens_at_the_fifth_failure_in_a_row() -> None:
    found = Circuit()
    for number in range(1, circuit.OPENS_AFTER):
        found = found.after(Verdict.FAILED)
        assert found == Circuit(CLOSED, number)
    assert found.after(Verdict.FAILED) == Circuit(OPEN, 5)
    for answer in (Verdict.TRANSPORTED, Verdict.POISON, Verdict.GONE):
        assert found.after(answer) == Circuit()


def test_a_failed_probe_opens_it_again_and_a_good_one_closes() -> None:
    probing = Circuit(HALF_OPEN, 5)
    assert probing.after(Verdict.FAILED) == Circuit(OPEN, 6)
    assert probing.after(Verdict.TRANSPORTED) == Circuit()


@pytest.mark.parametrize("state", [OPEN, HALF_OPEN])
def test_a_resting_circuit_lets_one_probe_through_when_its_time_has_come(state: str) -> None:
    assert slots(state, 4, probe_is_due=False) == 0
    assert slots(state, 4, probe_is_due=True) == 1
    assert slots(state, 0, probe_is_due=True) == 0
    assert slots(CLOSED, 4, probe_is_due=False) == 4


def test_alerts_come_again_more_slowly() -> None:
    assert [retry_delay(n, topic="alert.issued") for n in range(1, 6)] == [0, 10, 30, 60, 120]
    assert all(240 <= retry_delay(n, topic="alert.issued") <= 360 for n in range(6, 200))
    assert retry_delay(4, topic="order.issued") == 10


def test_an_event_carries_ids_alone() -> None:
    ids = uuid.uuid4(), uuid.uuid4()
    body = event_body(
        epoch=3,
        delivery_id=ids[0],
        topic="order.issued",
        subject_id=ids[1],
        seq=2,
        attempt=2,
        priority=20,
        available_at=None,
    )
    assert set(json.loads(body)) == {
        "schema", "epoch", "delivery_id", "topic", "subject_id", "seq", "attempt", "possible_duplicate", "priority", "available_at",
    }  # fmt: skip
    assert json.loads(body)["possible_duplicate"] is True
    assert message_id(ids[0], 2) == f"{ids[0]}.2"
