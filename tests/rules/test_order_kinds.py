"""accounts.rules.order_kinds and reasons: the two tables, against the numbers of the domain."""

from __future__ import annotations

import dataclasses

import pytest

from accounts.rules.answers import AnswerDraft
from accounts.rules.matching import FOUR_THINGS
from accounts.rules.order_kinds import (
    MATCH_FIELD_LABELS,
    MODE_LABELS,
    ORDER_KINDS,
    OUTCOME_LABELS,
    case_allows,
    order_kind,
    order_kind_of_code,
)
from accounts.rules.reasons import REASON_LABELS, REASONS, reason, reasons_for
from banks.rules import legal_profile

CODES = {
    "stop": "100101",
    "stop_release": "100103",
    "stop_extend": "100105",
    "freeze": "100201",
    "freeze_release": "100203",
    "freeze_extend": "100205",
    "query_transactions": "100301",
    "query_holder": "100303",
    "watch": "100305",
    "watch_end": "100307",
    "suspend_number": "200101",
    "restore_number": "200103",
}
REASON_CODES = {
    "no_such_account": "0300",
    "name_mismatch": "0301",
    "whitelisted": "0302",
    "reported_lost": "0303",
    "original_not_found": "0400",
    "bad_message": "0500",
    "missing_legal_document": "0600",
    "unknown_institution": "0700",
    "bad_date": "0800",
    "already_processed": "0900",
    "not_supported": "1000",
    "bank_internal": "1100",
    "platform_io": "1101",
    "insufficient_balance": "1200",
    "bank_failed": "1300",
    "already_stopped": "1301",
    "already_limited_freeze": "1302",
    "already_full_freeze": "1303",
    "stop_count_exceeded": "1304",
    "extension_after_expiry": "1800",
    "release_after_expiry": "1900",
    "not_ours": "",
    "other": "",
}


def test_the_kinds_and_their_codes() -> None:
    assert {name: row.code for name, row in ORDER_KINDS.items()} == CODES
    assert [name for name, row in ORDER_KINDS.items() if row.own_code] == ["suspend_number", "restore_number"]
    assert [order_kind_of_code(code).name for code in CODES.values()] == list(CODES)


def test_banks_know_the_same_kinds() -> None:
    assert tuple(ORDER_KINDS) == legal_profile.ORDER_KINDS == tuple(legal_profile.ORDER_KIND_LABELS)


@pytest.mark.parametrize("name", ["query_accounts", "", "100101"])
def test_what_is_not_offered_is_unknown(name: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        order_kind(name)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        order_kind_of_code("100309")


@pytest.mark.parametrize(
    ("name", "family", "target", "hold", "originals", "four"),
    [
        ("stop", "stop", "account", "stop", (), ("number", "name", "amount", "time")),
        ("stop_release", "stop", "account", "", ("stop",), ()),
        ("stop_extend", "stop", "account", "", ("stop",), ()),
        ("freeze", "freeze", "account", "freeze", (), ("number", "name")),
        ("freeze_release", "freeze", "account", "", ("freeze",), ()),
        ("freeze_extend", "freeze", "account", "", ("freeze",), ()),
        ("query_transactions", "query", "account", "", (), ("number",)),
        ("query_holder", "query", "account", "", (), ("number",)),
        ("watch", "watch", "account", "", (), ("number",)),
        ("watch_end", "watch", "account", "", (), ()),
        ("suspend_number", "number", "phone", "suspend", (), ("number",)),
        ("restore_number", "number", "phone", "", ("suspend_number",), ()),
    ],
)
def test_each_row(
    name: str, family: str, target: str, hold: str, originals: tuple[str, ...], four: tuple[str, ...]
) -> None:
    row = order_kind(name)
    assert (row.family, row.target, row.hold_kind, row.originals, row.four_things) == (
        family,
        target,
        hold,
        originals,
        four,
    )
    assert row.creates_hold is bool(hold)
    assert row.references_original is bool(originals)


def test_only_new_holds_on_accounts_say_a_mode_and_an_amount_when_limited() -> None:
    assert {name for name, row in ORDER_KINDS.items() if row.needs_mode} == {"stop", "freeze"}
    assert [order_kind("stop").needs_amount(mode) for mode in MODE_LABELS] == [True, False, False]
    assert not order_kind("stop_extend").needs_amount("limited")


def test_releases_and_stops_are_sent_before_freezes_and_those_before_queries() -> None:
    priority = {name: row.priority for name, row in ORDER_KINDS.items()}
    first = {"stop", "stop_extend", "stop_release", "freeze_release", "suspend_number", "restore_number"}
    assert {name for name in priority if priority[name] == 10} == first
    assert {name for name in priority if priority[name] == 20} == {"freeze", "freeze_extend"}
    last = {"query_transactions", "query_holder", "watch", "watch_end"}
    assert {name for name in priority if priority[name] == 30} == last


EARLY, LATE = ("reported", "accepted"), ("solved", "transferred")
DEAD = ("not_filed", "withdrawn", "not_fraud", "closed")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("stop", {*EARLY, "filed", *LATE}),
        ("stop_extend", {*EARLY, "filed", *LATE}),
        ("suspend_number", {*EARLY, "filed", *LATE}),
        ("freeze", {"filed"}),
        ("freeze_extend", {"filed", *LATE}),
        ("query_transactions", {"accepted", "filed", *LATE}),
        ("query_holder", {"accepted", "filed", *LATE}),
        ("watch", {"accepted", "filed", *LATE}),
        ("watch_end", {*EARLY, "filed", *LATE, *DEAD}),
        ("stop_release", {*EARLY, "filed", *LATE, *DEAD}),
        ("freeze_release", {*EARLY, "filed", *LATE, *DEAD}),
        ("restore_number", {*EARLY, "filed", *LATE, *DEAD}),
    ],
)
def test_the_state_of_the_case_decides(name: str, allowed: set[str]) -> None:
    every = {*EARLY, "filed", *LATE, *DEAD}
    assert {status for status in every if case_allows(name, status)} == allowed
    assert not case_allows(name, "draft")


def test_answer_fields_are_fields_of_an_answer() -> None:
    known = {field.name for field in dataclasses.fields(AnswerDraft)}
    assert set().union(*(row.answer_fields for row in ORDER_KINDS.values())) == known
    assert all({"outcome", "reason", "handled_by"} <= row.answer_fields for row in ORDER_KINDS.values())


def test_outcomes_are_known_words_and_mismatch_needs_something_to_match() -> None:
    for row in ORDER_KINDS.values():
        assert set(row.outcomes) <= set(OUTCOME_LABELS)
        assert {"executed", "refused"} <= set(row.outcomes)
        assert ("mismatch" in row.outcomes) is bool(row.four_things)
    assert tuple(MATCH_FIELD_LABELS) == FOUR_THINGS


def test_the_vocabulary_of_reasons() -> None:
    assert {name: row.code for name, row in REASONS.items()} == REASON_CODES
    assert tuple(REASON_LABELS) == tuple(REASON_CODES)
    assert [name for name, row in REASONS.items() if row.needs_text] == ["other"]
    assert [name for name, row in REASONS.items() if row.needs_institution] == ["not_ours"]
    assert [(name, row.needs_field) for name, row in REASONS.items() if row.needs_field] == [("name_mismatch", "name")]


def test_a_reason_is_found_by_name_or_code() -> None:
    assert reason("whitelisted") is reason("0302") is REASONS["whitelisted"]
    assert reason("") is None
    assert reason("9999") is None


def test_a_stop_is_never_offered_as_refusal_of_a_freeze() -> None:
    assert "already_stopped" not in {row.name for row in reasons_for("freeze", "refused")}
    assert "already_stopped" in {row.name for row in reasons_for("stop", "refused")}


@pytest.mark.parametrize(
    ("kind", "outcome", "names"),
    [
        ("stop", "executed", []),
        ("stop", "mismatch", ["name_mismatch"]),
        ("query_holder", "mismatch", []),
        (
            "freeze",
            "partial",
            [
                "not_supported",
                "bank_internal",
                "insufficient_balance",
                "bank_failed",
                "already_limited_freeze",
                "already_full_freeze",
                "other",
            ],
        ),
    ],
)
def test_a_form_offers_what_fits(kind: str, outcome: str, names: list[str]) -> None:
    assert [row.name for row in reasons_for(kind, outcome)] == names


def test_every_outcome_that_needs_a_reason_has_one_to_offer() -> None:
    for row in ORDER_KINDS.values():
        for outcome in {"refused", "partial"} & set(row.outcomes):
            assert "other" in {r.name for r in reasons_for(row.name, outcome)}
