"""Worksheets of a return: one hand-worked example of each branch, and what holds for 1..200 victims."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.refunds import (
    BRANCH_LABELS,
    REASON_LABELS,
    Claim,
    Facts,
    RefundError,
    build,
    canonical,
    digest,
    is_recomputable,
    recompute,
)

AMOUNT = st.integers(min_value=0, max_value=10**12)


def claim(victim: str, loss: int, *, at: str = "2026-11-01T08:00:00Z", **more: Any) -> Claim:
    return Claim(victim, at, loss, **more)


def traced(victim: str, loss: int, rests: int, **more: Any) -> Claim:
    return claim(victim, loss, traced_minor=rests, **({"run": f"run-{victim}", "method": "fifo", "ledger": "7"} | more))


def facts(held: int, *claims: Claim, sources: int = 2, covered: bool = True, stated: bool = False) -> Facts:
    return Facts("CNY", held, sources, covered, stated, claims, {"refund": "R2026-0000001", "round": 1}, "7")


def shares(worksheet: dict[str, Any]) -> dict[str, int]:
    return {row["victim"]: row["share_minor"] for row in worksheet["rows"]}


# -- worked by hand: docs/fund-flow/refunds.md has the same figures ---------------------------------


def test_example_of_one_source() -> None:
    """80,000.00 lost, 30,000.00 back already, 60,000.00 held: 50,000.00 is still missing, 10,000.00 stays held."""
    sheet = build(facts(6_000_000, claim("a", 8_000_000, returned_minor=3_000_000), sources=1))
    assert sheet["branch"] == "single"
    assert sheet["reasons"] == ["one_victim", "one_source", "single_applies"]
    assert shares(sheet) == {"a": 5_000_000}
    assert sheet["totals"]["surplus_minor"] == 1_000_000


def test_example_of_a_trace_by_time() -> None:
    """Of 100,000.00 held the traces leave 42,000.00 of a and 35,500.00 of b; b has lost 30,000.00 and gets no more."""
    sheet = build(facts(10_000_000, traced("a", 9_000_000, 4_200_000), traced("b", 3_000_000, 3_550_000)))
    assert sheet["branch"] == "trace"
    assert shares(sheet) == {"a": 4_200_000, "b": 3_000_000}
    assert sheet["totals"]["surplus_minor"] == 2_800_000


def test_example_of_a_division_by_loss() -> None:
    """100.00 held, losses 100.00, 200.00 and 400.00: the whole cents leave one cent, which goes to the largest remainder."""
    sheet = build(facts(10_000, claim("a", 10_000), claim("b", 20_000), claim("c", 40_000)))
    assert sheet["branch"] == "pro_rata"
    # 10,000 × 10,000 ÷ 70,000 = 1,428 rest 40,000; × 20,000 = 2,857 rest 10,000; × 40,000 = 5,714 rest 20,000
    assert [(row["quota_minor"], row["remainder"], row["extra"]) for row in sheet["rows"]] == [
        (1_428, 40_000, 1), (2_857, 10_000, 0), (5_714, 20_000, 0),
    ]  # fmt: skip
    assert shares(sheet) == {"a": 1_429, "b": 2_857, "c": 5_714}
    assert sheet["totals"]["surplus_minor"] == 0


def test_a_limit_that_is_reached_is_shared_anew_among_the_others() -> None:
    """b misses only 10.00 of its 400.00: it gets 10.00, and the other 90.00 are divided 1 : 2 between a and c."""
    sheet = build(facts(10_000, claim("a", 10_000), claim("b", 40_000, returned_minor=39_000), claim("c", 20_000)))
    assert shares(sheet) == {"a": 3_000, "b": 1_000, "c": 6_000}
    assert [each["capped"] for each in sheet["passes"]] == [["b"], []]


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        (("b", "2026-11-01T08:00:00Z"), ("a", "2026-11-02T08:00:00Z"), "b"),
        (("b", "2026-11-01T08:00:00Z"), ("a", "2026-11-01T08:00:00Z"), "a"),
    ],
)
def test_a_tie_goes_to_the_earlier_report_then_to_the_lower_id(first: Any, second: Any, winner: str) -> None:
    sheet = build(facts(3, claim(first[0], 50, at=first[1]), claim(second[0], 50, at=second[1])))
    assert shares(sheet)[winner] == 2


# -- which branch ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_facts", "branch", "reason"),
    [
        (facts(100, claim("a", 90), sources=1), "single", "one_source"),
        (facts(100, claim("a", 90), sources=1, covered=False, stated=True), "single", "one_source_stated"),
        (facts(100, claim("a", 90), sources=2, covered=False, stated=True), "pro_rata", "several_sources"),
        (facts(100, claim("a", 90), sources=1, covered=False), "pro_rata", "sources_unknown"),
        (facts(100, claim("a", 90), sources=2), "pro_rata", "trace_missing"),
        (facts(100, traced("a", 90, 50)), "trace", "several_sources"),
        (facts(100, traced("a", 90, 50), covered=False), "pro_rata", "trace_missing"),
        (facts(100, traced("a", 90, 50, method="pro_rata")), "pro_rata", "trace_not_by_time"),
        (facts(100, traced("a", 90, 50), traced("b", 90, 40, method="libr")), "pro_rata", "trace_mixed"),
        (facts(100, traced("a", 90, 50), traced("b", 90, 40, ledger="8")), "pro_rata", "trace_mixed"),
        (facts(100, traced("a", 90, 50, ledger="6"), traced("b", 90, 40, ledger="6")), "pro_rata", "trace_stale"),
        (facts(100, traced("a", 90, 60), traced("b", 90, 41)), "pro_rata", "trace_exceeds"),
        (facts(100, traced("a", 90, 0), traced("b", 90, 0)), "pro_rata", "trace_nothing"),
        (facts(100, traced("a", 90, 0), traced("b", 90, 40)), "trace", "several_victims"),
        (facts(100, claim("a", 90), claim("b", 10), sources=1), "pro_rata", "trace_missing"),
    ],
)
def test_the_branch_and_its_reason(given_facts: Facts, branch: str, reason: str) -> None:
    sheet = build(given_facts)
    assert sheet["branch"] == branch
    assert reason in sheet["reasons"]
    assert set(sheet["reasons"]) <= set(REASON_LABELS)
    assert branch in BRANCH_LABELS


@pytest.mark.parametrize(
    ("given_facts", "code"),
    [
        (facts(100), "no_claims"),
        (facts(0, claim("a", 1)), "nothing_held"),
        (facts(-1, claim("a", 1)), "nothing_held"),
        (facts(100, claim("a", -1)), "not_an_amount"),
        (facts(100, claim("a", 2**63)), "not_an_amount"),
        (facts(100, claim("a", 1), claim("a", 2)), "victim_twice"),
        (facts(100, *[claim(str(at), 1) for at in range(5_001)]), "too_many_claims"),
    ],
)
def test_facts_that_give_no_worksheet(given_facts: Facts, code: str) -> None:
    with pytest.raises(RefundError) as refused:
        build(given_facts)
    assert refused.value.code == code


# -- what holds always -----------------------------------------------------------------------------


@st.composite
def any_facts(draw: Any) -> Facts:
    count = draw(st.integers(min_value=1, max_value=200))
    traces = draw(st.booleans())
    claims = []
    for at in range(count):
        loss, back = draw(AMOUNT), draw(st.one_of(st.just(0), AMOUNT))
        day = draw(st.integers(min_value=1, max_value=28))
        rests = draw(AMOUNT) if traces else None
        claims.append(
            Claim(f"v{at:03}", f"2026-11-{day:02}T00:00:00Z", loss, back, rests, "r", "fifo" if traces else "", "1")
        )
    held = draw(st.one_of(st.integers(min_value=1, max_value=1_000), st.integers(min_value=1, max_value=10**14)))
    return Facts(
        "CNY", held, draw(st.integers(0, 3)), draw(st.booleans()), draw(st.booleans()), tuple(claims), {"round": 1}, "1"
    )


@settings(max_examples=200, deadline=None)
@given(any_facts(), st.randoms(use_true_random=False))
def test_totals_balance_and_no_limit_is_passed(found: Facts, chance: Any) -> None:
    sheet = build(found)
    totals, rows = sheet["totals"], sheet["rows"]
    assert sum(row["share_minor"] for row in rows) == totals["shared_minor"]
    assert totals["shared_minor"] + totals["surplus_minor"] == found.held_minor
    assert totals["surplus_minor"] >= 0
    for row in rows:
        assert 0 <= row["share_minor"] <= max(0, row["loss_minor"] - row["returned_minor"])
        assert row["left_minor"] == row["open_minor"] - row["share_minor"]
        assert row["extra"] in (0, 1)
    shuffled = list(found.claims)
    chance.shuffle(shuffled)
    again = build(replace(found, claims=tuple(shuffled)))
    assert canonical(again) == canonical(sheet)


@settings(max_examples=100, deadline=None)
@given(any_facts())
def test_a_division_leaves_nothing_that_somebody_still_misses(found: Facts) -> None:
    """Pro rata: money stays held only where everybody has everything; nobody is a whole cent off the exact part."""
    claims = tuple(Claim(c.victim, c.reported_at, c.loss_minor, c.returned_minor) for c in found.claims)
    plain = replace(found, sources=2, is_covered=False, is_stated_single=False, claims=claims)
    sheet = build(plain)
    assert sheet["branch"] == "pro_rata"
    if sheet["totals"]["surplus_minor"]:
        assert all(row["left_minor"] == 0 for row in sheet["rows"])
    else:
        last = sheet["passes"][-1]
        for row in sheet["rows"]:
            if not row["is_capped"] and row["open_minor"] and not last["capped"]:
                assert (
                    abs(row["share_minor"] * last["weight_minor"] - last["pool_minor"] * row["loss_minor"])
                    < last["weight_minor"]
                )


@settings(max_examples=100, deadline=None)
@given(any_facts())
def test_a_worksheet_is_computed_again_from_its_own_text(found: Facts) -> None:
    sheet = build(found)
    read = json.loads(canonical(sheet))
    assert canonical(recompute(read)) == canonical(sheet)
    assert digest(read) == digest(sheet)
    assert is_recomputable(read)


def test_a_worksheet_that_was_changed_is_noticed() -> None:
    sheet = json.loads(canonical(build(facts(10_000, claim("a", 10_000), claim("b", 20_000)))))
    sheet["rows"][0]["share_minor"] += 1
    sheet["rows"][1]["share_minor"] -= 1
    assert not is_recomputable(sheet)


@pytest.mark.parametrize("change", [{"schema": "other/1"}, {"facts": []}, {"facts": {"claims": []}}])
def test_what_is_no_worksheet_is_refused(change: dict[str, Any]) -> None:
    sheet = build(facts(10_000, claim("a", 10_000))) | change
    with pytest.raises(RefundError):
        recompute(sheet)


def test_floats_are_no_amounts() -> None:
    sheet = json.loads(canonical(build(facts(10_000, claim("a", 10_000), claim("b", 20_000)))))
    sheet["facts"]["claims"][0]["loss_minor"] = 10_000.0
    with pytest.raises(RefundError):
        recompute(sheet)
