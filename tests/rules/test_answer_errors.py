"""accounts.rules.answers: every bad combination is one error at its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.rules.answers import AnswerDraft, Asked, PriorFreeze, SubResult
from tests.rules.answer_cases import ASKED, DONE, END, FOLLOWS, HELD, HOP, ISSUED, NOT_DONE, NOW, errors


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"outcome": ""}, "outcome", "outcome_required"),
        ({"outcome": "done"}, "outcome", "outcome_unknown"),
        ({"executed_minor": 10_001}, "executed_minor", "executed_above_asked"),
        ({"executed_minor": 9_999}, "executed_minor", "executed_below_asked"),
        ({"executed_minor": 0}, "executed_minor", "executed_not_positive"),
        ({"executed_minor": None}, "executed_minor", "executed_required"),
        ({"executed_minor": -1}, "executed_minor", "amount_negative"),
        ({"balance_minor": -1}, "balance_minor", "amount_negative"),
        ({"previously_frozen_minor": -1}, "previously_frozen_minor", "amount_negative"),
        ({"free_minor": -1}, "free_minor", "amount_negative"),
        ({"currency": "USD"}, "currency", "currency_differs"),
        ({"mode": "some"}, "mode", "mode_unknown"),
        ({"effective_from": None}, "effective_from", "effective_required"),
        ({"effective_from": NOW + timedelta(minutes=5, seconds=1)}, "effective_from", "effective_in_future"),
        ({"effective_from": ISSUED - timedelta(minutes=5, seconds=1)}, "effective_from", "effective_before_issue"),
        ({"effective_from": NOW.replace(tzinfo=None)}, "effective_from", "time_without_zone"),
        ({"expires_at": ISSUED}, "expires_at", "expires_before_effective"),
        ({"expires_at": END.replace(tzinfo=None)}, "expires_at", "time_without_zone"),
        ({"reason": "whitelisted"}, "reason", "reason_not_executed"),
        ({"mismatch_field": "name"}, "mismatch_field", "field_not_for_outcome"),
        ({"handled_by": " "}, "handled_by", "handled_by_required"),
        ({"second_person": " 王 经办 "}, "second_person", "second_person_same"),
        ({"has_file": True}, "has_file", "field_not_for_kind"),
        ({"waiting_rank": 1}, "waiting_rank", "field_not_for_kind"),
        ({"results": (SubResult("01", 1),)}, "results", "results_do_not_add_up"),
        ({"results": (SubResult("", 10_000),)}, "results", "results_incomplete"),
        ({"results": (SubResult("01", None),)}, "results", "results_incomplete"),
        ({"results": (SubResult("01", -1),)}, "results", "amount_negative"),
        ({"prior_freezes": (PriorFreeze(" ", 5),)}, "prior_freezes", "prior_freeze_incomplete"),
        ({"prior_freezes": (PriorFreeze("法院", -5),)}, "prior_freezes", "amount_negative"),
        ({"next_hops": (replace(HOP, institution=""),)}, "next_hops", "hop_institution_required"),
        ({"next_hops": (replace(HOP, number=" "),)}, "next_hops", "hop_number_required"),
        ({"next_hops": (replace(HOP, number="12"),)}, "next_hops", "hop_number_bad"),
        ({"next_hops": (replace(HOP, amount_minor=None),)}, "next_hops", "hop_amount_required"),
        ({"next_hops": (replace(HOP, amount_minor=0),)}, "next_hops", "hop_amount_not_positive"),
        ({"next_hops": (replace(HOP, at=None),)}, "next_hops", "hop_time_required"),
        ({"next_hops": (replace(HOP, at=NOW.replace(tzinfo=None)),)}, "next_hops", "time_without_zone"),
        ({"next_hops": (replace(HOP, at=NOW + timedelta(hours=1)),)}, "next_hops", "hop_time_in_future"),
    ],
)
def test_one_bad_thing_about_an_executed_stop_is_one_error(change: dict[str, object], field: str, code: str) -> None:
    assert errors("stop", ASKED, replace(HELD, **change)) == [(field, code)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"reason": ""}, "reason", "reason_required"),
        ({"reason": "because"}, "reason", "reason_unknown"),
        ({"reason": "insufficient_balance"}, "reason", "reason_not_for_outcome"),
        ({"reason": "name_mismatch"}, "reason", "reason_not_for_outcome"),
        ({"reason": "release_after_expiry"}, "reason", "reason_not_for_kind"),
        ({"reason": "other"}, "reason_text", "reason_text_required"),
        ({"reason": "not_ours"}, "suggested_institution", "institution_required"),
        ({"mismatch_field": "name"}, "mismatch_field", "field_not_for_outcome"),
        ({"executed_minor": 5}, "executed_minor", "field_not_for_outcome"),
        ({"effective_from": NOW}, "effective_from", "field_not_for_outcome"),
        ({"outcome": "mismatch", "reason": ""}, "mismatch_field", "mismatch_field_required"),
        (
            {"outcome": "mismatch", "reason": "", "mismatch_field": "bank"},
            "mismatch_field",
            "mismatch_field_unknown",
        ),
        (
            {"outcome": "mismatch", "reason": "name_mismatch", "mismatch_field": "time"},
            "mismatch_field",
            "mismatch_field_not_reason",
        ),
        ({"outcome": "mismatch", "mismatch_field": "name"}, "reason", "reason_not_for_outcome"),
    ],
)
def test_one_bad_thing_about_a_refused_stop_is_one_error(change: dict[str, object], field: str, code: str) -> None:
    assert errors("stop", ASKED, replace(NOT_DONE, **change)) == [(field, code)]  # type: ignore[arg-type]


PARTIAL = replace(HELD, outcome="partial", executed_minor=6_000, reason="insufficient_balance")


@pytest.mark.parametrize(
    ("asked", "change", "field", "code"),
    [
        (ASKED, {"executed_minor": 10_000}, "executed_minor", "partial_not_below_asked"),
        (ASKED, {"executed_minor": 10_001}, "executed_minor", "executed_above_asked"),
        (ASKED, {"executed_minor": 0}, "executed_minor", "executed_not_positive"),
        (ASKED, {"executed_minor": None}, "executed_minor", "executed_required"),
        (ASKED, {"reason": ""}, "reason", "reason_required"),
        (ASKED, {"effective_from": None}, "effective_from", "effective_required"),
        (replace(ASKED, mode="full"), {}, "outcome", "partial_without_limit"),
    ],
)
def test_a_part_is_more_than_nothing_and_less_than_all(
    asked: Asked, change: dict[str, object], field: str, code: str
) -> None:
    assert errors("stop", asked, replace(PARTIAL, **change)) == [(field, code)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "asked", "answer", "field", "code"),
    [
        ("freeze", ASKED, replace(NOT_DONE, reason="already_stopped"), "reason", "stop_is_no_refusal"),
        ("stop_release", FOLLOWS, replace(NOT_DONE, reason="release_after_expiry"), "reason", "reason_untrue_expiry"),
        ("stop_extend", FOLLOWS, replace(NOT_DONE, reason="extension_after_expiry"), "reason", "reason_untrue_expiry"),
        ("stop_release", FOLLOWS, replace(DONE, outcome="partial"), "outcome", "outcome_not_for_kind"),
        ("stop_release", FOLLOWS, replace(DONE, outcome="mismatch"), "outcome", "outcome_not_for_kind"),
        ("stop_release", FOLLOWS, replace(DONE, executed_minor=5), "executed_minor", "field_not_for_kind"),
        ("stop_release", FOLLOWS, replace(DONE, effective_from=None), "effective_from", "effective_required"),
        ("stop_extend", FOLLOWS, replace(DONE, expires_at=END), "expires_at", "expires_not_extended"),
        (
            "stop_extend",
            replace(FOLLOWS, now=END + timedelta(hours=1)),
            replace(DONE, effective_from=END),
            "effective_from",
            "extended_after_expiry",
        ),
        (
            "freeze",
            replace(ASKED, legal_expires_at=END),
            replace(HELD, expires_at=END + timedelta(seconds=1)),
            "expires_at",
            "expires_beyond_legal",
        ),
        ("query_transactions", ASKED, AnswerDraft("executed", handled_by="王"), "has_file", "file_required"),
        ("query_holder", ASKED, AnswerDraft("executed", handled_by="王"), "has_holder", "holder_required"),
        (
            "query_holder",
            ASKED,
            AnswerDraft("mismatch", handled_by="王", mismatch_field="name"),
            "mismatch_field",
            "mismatch_field_unknown",
        ),
        ("query_holder", ASKED, replace(NOT_DONE, has_holder=True), "has_holder", "field_not_for_outcome"),
        (
            "query_holder",
            ASKED,
            AnswerDraft("executed", handled_by="王", has_holder=True, balance_minor=0),
            "balance_minor",
            "field_not_for_kind",
        ),
        ("suspend_number", ASKED, replace(DONE, effective_from=None), "effective_from", "effective_required"),
    ],
)
def test_each_kind_has_its_own_rules(kind: str, asked: Asked, answer: AnswerDraft, field: str, code: str) -> None:
    assert errors(kind, asked, answer) == [(field, code)]
