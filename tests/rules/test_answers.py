"""accounts.rules.answers: good answers pass, odd ones warn, whatever passes is safe."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.answers import MESSAGES, AnswerDraft, Asked, NextHop, PriorFreeze, SubResult, validate_answer
from accounts.rules.order_kinds import MODE_LABELS, ORDER_KINDS, OUTCOME_LABELS
from accounts.rules.reasons import REASONS
from tests.rules.answer_cases import ASKED, DONE, END, FOLLOWS, HELD, HOP, ISSUED, NOT_DONE, NOW, errors, warnings


@pytest.mark.parametrize(
    ("kind", "asked", "answer"),
    [
        ("stop", ASKED, HELD),
        ("freeze", ASKED, HELD),
        ("stop", replace(ASKED, mode="full", amount_minor=None), replace(HELD, executed_minor=0)),
        ("stop", ASKED, replace(HELD, outcome="partial", executed_minor=6_000, reason="insufficient_balance")),
        ("stop", ASKED, NOT_DONE),
        ("stop", ASKED, replace(NOT_DONE, reason="0302")),
        ("stop", ASKED, replace(NOT_DONE, outcome="mismatch", reason="", mismatch_field="time")),
        ("stop", ASKED, replace(NOT_DONE, outcome="mismatch", reason="name_mismatch", mismatch_field="name")),
        ("stop", ASKED, replace(NOT_DONE, reason="not_ours", suggested_institution="BOC")),
        ("stop", ASKED, replace(NOT_DONE, reason="other", reason_text="closed in 2019", next_hops=(HOP,))),
        ("stop", replace(ASKED, bank_first=True), replace(HELD, effective_from=ISSUED - timedelta(hours=5))),
        ("stop_release", FOLLOWS, DONE),
        ("stop_extend", FOLLOWS, replace(DONE, expires_at=END + timedelta(hours=48))),
        ("freeze_release", FOLLOWS, replace(NOT_DONE, reason="original_not_found")),
        ("query_transactions", ASKED, AnswerDraft(outcome="executed", handled_by="王", has_file=True)),
        ("query_holder", ASKED, AnswerDraft(outcome="executed", handled_by="王", has_holder=True)),
        ("query_holder", ASKED, AnswerDraft(outcome="executed", handled_by="王", has_file=True)),
        ("query_holder", ASKED, AnswerDraft(outcome="mismatch", handled_by="王", mismatch_field="number")),
        ("suspend_number", ASKED, DONE),
        ("restore_number", FOLLOWS, DONE),
        (
            "freeze",
            ASKED,
            replace(
                HELD,
                effective_from=None,
                executed_minor=None,
                waiting_rank=2,
                prior_freezes=(PriorFreeze("区法院"), PriorFreeze("税务局", 500, "CNY", END)),
            ),
        ),
        (
            "freeze",
            ASKED,
            replace(
                HELD,
                balance_minor=12_000,
                previously_frozen_minor=2_000,
                free_minor=10_000,
                results=(SubResult("01", 4_000, "CNY"), SubResult("02", 6_000), SubResult("03", 5, "USD")),
                next_hops=(HOP, HOP),
            ),
        ),
    ],
)
def test_a_good_answer_passes_without_a_word(kind: str, asked: Asked, answer: AnswerDraft) -> None:
    assert validate_answer(kind, asked, answer) == {}


@pytest.mark.parametrize("kind", ["stop_extend", "freeze_extend"])
def test_an_extension_that_came_too_late_may_say_so(kind: str) -> None:
    late = replace(FOLLOWS, issued_at=END - timedelta(hours=1), available_at=END, now=END + timedelta(hours=1))
    assert errors(kind, late, replace(NOT_DONE, reason="extension_after_expiry")) == []


def test_a_release_that_came_too_late_may_say_so() -> None:
    late = replace(FOLLOWS, issued_at=END + timedelta(hours=1), now=END + timedelta(hours=2))
    assert errors("freeze_release", late, replace(NOT_DONE, reason="release_after_expiry")) == []


WAITING = replace(
    HELD, effective_from=None, executed_minor=None, waiting_rank=1, prior_freezes=(PriorFreeze("区法院"),)
)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"waiting_rank": 0}, "waiting_rank", "waiting_rank_bad"),
        ({"prior_freezes": ()}, "prior_freezes", "waiting_without_prior"),
        ({"effective_from": NOW}, "effective_from", "effective_while_waiting"),
        ({"expires_at": END}, "expires_at", "expires_while_waiting"),
        ({"executed_minor": 10_001}, "executed_minor", "executed_above_asked"),
    ],
)
def test_a_waiting_freeze_holds_nothing_yet(change: dict[str, object], field: str, code: str) -> None:
    assert validate_answer("freeze", ASKED, WAITING) == {}
    assert errors("freeze", ASKED, replace(WAITING, **change)) == [(field, code)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        (
            {"balance_minor": 12_000, "previously_frozen_minor": 2_000, "free_minor": 9_999},
            "free_minor",
            "free_inconsistent",
        ),
        (
            {"balance_minor": 10_000, "previously_frozen_minor": 12_000, "free_minor": 1},
            "free_minor",
            "free_inconsistent",
        ),
        ({"balance_minor": 9_999}, "executed_minor", "executed_above_balance"),
        ({"mode": "full"}, "mode", "mode_differs"),
        ({"next_hops": (replace(HOP, name=""),)}, "next_hops", "hop_name_missing"),
    ],
)
def test_odd_things_only_warn(change: dict[str, object], field: str, code: str) -> None:
    answer = replace(HELD, **change)  # type: ignore[arg-type]
    assert errors("stop", ASKED, answer) == []
    assert warnings("stop", ASKED, answer) == [(field, code)]


def test_a_whole_account_without_amount_only_warns() -> None:
    asked = replace(ASKED, mode="full", amount_minor=None)
    assert (
        validate_answer("stop", asked, replace(HELD, executed_minor=None))["executed_minor"][0].code
        == "executed_unknown"
    )
    assert errors("stop", asked, replace(HELD, executed_minor=None)) == []


def test_the_line_of_a_list_is_told() -> None:
    answer = replace(HELD, next_hops=(HOP, replace(HOP, at=None), replace(HOP, number="")))
    found = validate_answer("stop", ASKED, answer)["next_hops"]
    assert [(p.code, p.params["position"]) for p in found] == [("hop_time_required", 2), ("hop_number_required", 3)]


def test_an_unknown_kind_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unknown"):
        validate_answer("query_accounts", ASKED, HELD)


TIMES = st.none() | st.integers(-6_000, 6_000).map(lambda minutes: ISSUED + timedelta(minutes=minutes))
AMOUNTS = st.none() | st.integers(-5, 20_000)
WORDS = st.sampled_from(["", " ", "王", "李"])
DRAFTS = st.builds(
    AnswerDraft,
    outcome=st.sampled_from(["", "x", *OUTCOME_LABELS]),
    reason=st.sampled_from(["", "x", *REASONS]),
    reason_text=WORDS,
    suggested_institution=WORDS,
    mismatch_field=st.sampled_from(["", "x", "number", "name", "amount", "time"]),
    handled_by=WORDS,
    second_person=WORDS,
    effective_from=TIMES,
    expires_at=TIMES,
    mode=st.sampled_from(["", "x", *MODE_LABELS]),
    executed_minor=AMOUNTS,
    balance_minor=AMOUNTS,
    previously_frozen_minor=AMOUNTS,
    free_minor=AMOUNTS,
    currency=st.sampled_from(["", "CNY", "USD"]),
    waiting_rank=st.none() | st.integers(-1, 3),
    prior_freezes=st.lists(st.builds(PriorFreeze, WORDS, AMOUNTS), max_size=2).map(tuple),
    results=st.lists(st.builds(SubResult, WORDS, AMOUNTS, st.sampled_from(["", "CNY", "USD"])), max_size=2).map(tuple),
    next_hops=st.lists(st.builds(NextHop, WORDS, st.sampled_from(["", "1", "12345"]), WORDS, AMOUNTS), max_size=2).map(
        tuple
    ),
    has_file=st.booleans(),
    has_holder=st.booleans(),
)
ORDERS = st.builds(
    Asked,
    issued_at=st.just(ISSUED),
    now=st.just(NOW),
    mode=st.sampled_from(["", *MODE_LABELS]),
    amount_minor=st.none() | st.integers(1, 20_000),
    currency=st.sampled_from(["", "CNY"]),
    original_expires_at=TIMES,
)


@given(st.sampled_from(sorted(ORDER_KINDS)), ORDERS, DRAFTS)
def test_whatever_passes_is_safe_to_execute(kind: str, asked: Asked, answer: AnswerDraft) -> None:
    if errors(kind, asked, answer):
        return
    row = ORDER_KINDS[kind]
    assert answer.outcome in row.outcomes
    assert answer.handled_by.strip()
    acted = answer.outcome in {"executed", "partial"}
    assert acted or not (answer.effective_from or answer.executed_minor or answer.has_file)
    if acted and row.creates_hold:
        assert (answer.effective_from is None) == (answer.waiting_rank is not None)
        if asked.mode == "limited" and row.needs_mode and asked.amount_minor is not None:
            assert (answer.executed_minor or 0) <= asked.amount_minor
    if answer.outcome == "refused":
        assert REASONS[answer.reason].fits(kind, "refused")
    for field in fields(answer):
        if field.name not in row.answer_fields:
            assert not getattr(answer, field.name)


@given(st.sampled_from(sorted(ORDER_KINDS)), ORDERS, DRAFTS)
def test_every_finding_has_words(kind: str, asked: Asked, answer: AnswerDraft) -> None:
    for problems in validate_answer(kind, asked, answer).values():
        assert all(p.text(MESSAGES) for p in problems)
