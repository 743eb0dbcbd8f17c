"""banks.rules.legal_profile: reading, precise errors, agreements, presets."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banks.rules.legal_profile import (
    CN_PROFILE_V1,
    MESSAGES,
    ORDER_KINDS,
    PRESETS,
    URGENCIES,
    AutoLift,
    ProfileError,
    effective_answer_minutes,
    parse_agreement,
    parse_profile,
)

CN = parse_profile(CN_PROFILE_V1)


def changed(path: str, value: object) -> dict[str, Any]:
    """CN with one value replaced, or removed when the value is ..."""
    profile = copy.deepcopy(CN_PROFILE_V1)
    *parents, last = path.split(".")
    place: dict[str, Any] = profile
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return profile


def problems(profile: object) -> list[tuple[str, str]]:
    with pytest.raises(ProfileError) as caught:
        parse_profile(profile)
    assert str(caught.value) == "; ".join(p.text(MESSAGES) for p in caught.value.problems)
    return [(p.field, p.code) for p in caught.value.problems]


def test_the_clocks_of_cn() -> None:
    clocks = CN.clocks
    assert (CN.code, CN.version, CN.auto_lift) == ("CN", 1, None)
    assert (clocks.first_account_minutes, clocks.stop_hours, clocks.stop_extension_hours) == (30, 48, 48)
    assert (clocks.stop_max_per_account_case, clocks.freeze_months, clocks.freeze_major_months) == (2, 6, 12)
    assert (clocks.freeze_days, clocks.freeze_max_terms) == (None, None)
    assert (clocks.approval_minutes, clocks.emergency_approval_minutes) == (30, 60)
    assert (clocks.lift_confirm_hours, clocks.issued_in_error_hours, clocks.release_unrelated_days) == (2, 1, 3)
    assert CN.announce.stop_hours == (24, 6, 2)
    assert CN.announce.freeze_days == (30, 15, 7, 3)
    assert CN.matching.name_match == "normalised"


@pytest.mark.parametrize(
    ("kind", "urgency", "minutes"),
    [("stop", "urgent", 15), ("stop", "normal", 30), ("freeze", "normal", 120), ("query_holder", "urgent", 1440)],
)
def test_the_answer_times_of_cn(kind: str, urgency: str, minutes: int) -> None:
    assert CN.clocks.answer_minutes[kind, urgency] == minutes


def test_every_kind_and_urgency_has_an_answer_time() -> None:
    for profile in PRESETS.values():
        assert set(parse_profile(profile).clocks.answer_minutes) == {(k, u) for k in ORDER_KINDS for u in URGENCIES}


def test_the_numbers_of_other_countries() -> None:
    th, sg, india, br = (parse_profile(PRESETS[code]) for code in ("TH", "SG", "IN", "BR"))
    assert (th.clocks.stop_hours, th.clocks.stop_extension_hours, th.clocks.release_unrelated_hours) == (72, 168, 12)
    assert (th.clocks.release_unrelated_days, sg.clocks.stop_hours, sg.clocks.stop_max_per_account_case) == (1, 720, 6)
    assert (sg.clocks.freeze_months, sg.clocks.freeze_days, sg.clocks.freeze_max_terms) == (None, 30, 6)
    assert india.auto_lift == AutoLift(90, 5_000_000, "INR")
    assert {br.clocks.answer_minutes["stop", urgency] for urgency in URGENCIES} == {30}
    assert br.clocks.answer_minutes["freeze", "normal"] == 120
    assert [PRESETS[code]["code"] for code in PRESETS] == list(PRESETS)


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("code", ..., "code", "profile_missing"),
        ("code", "cn", "code", "profile_bad_code"),
        ("version", 0, "version", "profile_out_of_range"),
        ("version", "1", "version", "profile_not_integer"),
        ("clocks", ..., "clocks", "profile_missing"),
        ("clocks", [], "clocks", "profile_not_object"),
        ("clocks.stop_hours", ..., "clocks.stop_hours", "profile_missing"),
        ("clocks.stop_hours", "48", "clocks.stop_hours", "profile_not_integer"),
        ("clocks.stop_hours", True, "clocks.stop_hours", "profile_not_integer"),
        ("clocks.stop_hours", 48.0, "clocks.stop_hours", "profile_not_integer"),
        ("clocks.stop_hours", 0, "clocks.stop_hours", "profile_out_of_range"),
        ("clocks.stop_ours", 48, "clocks.stop_ours", "profile_unknown"),
        ("clocks.freeze_days", 30, "clocks.freeze_months", "profile_freeze_term"),
        ("clocks.freeze_major_months", 3, "clocks.freeze_major_months", "profile_major_shorter"),
        ("clocks.answer_minutes.stop", ..., "clocks.answer_minutes.stop", "profile_missing"),
        ("clocks.answer_minutes.query_accounts", {}, "clocks.answer_minutes.query_accounts", "profile_unknown"),
        ("clocks.answer_minutes.stop.urgent", ..., "clocks.answer_minutes.stop.urgent", "profile_missing"),
        ("clocks.answer_minutes.stop.urgent", -1, "clocks.answer_minutes.stop.urgent", "profile_out_of_range"),
        ("clocks.answer_minutes.stop.soon", 5, "clocks.answer_minutes.stop.soon", "profile_unknown"),
        ("matching.name_match", "fuzzy", "matching.name_match", "profile_not_word"),
        ("matching.time_tolerance_minutes", None, "matching.time_tolerance_minutes", "profile_not_integer"),
        ("announce.stop_hours", [2, 6], "announce.stop_hours", "profile_not_list"),
        ("announce.stop_hours", [6, 6], "announce.stop_hours", "profile_not_list"),
        ("announce.freeze_days", "3", "announce.freeze_days", "profile_not_list"),
        ("announce.freeze_days", [3, 0], "announce.freeze_days", "profile_not_list"),
        ("auto_lift", {"days": 90, "below_minor": 1, "currency": "inr"}, "auto_lift.currency", "profile_bad_currency"),
        ("auto_lift", {"days": 90, "currency": "INR"}, "auto_lift.below_minor", "profile_missing"),
    ],
)
def test_one_wrong_place_is_named(path: str, value: object, field: str, code: str) -> None:
    assert problems(changed(path, value)) == [(field, code)]


def test_all_wrong_places_are_named_at_once() -> None:
    profile = changed("clocks.stop_hours", "48") | {"extra": 1}
    profile["matching"] = {}
    assert problems(profile) == [
        ("extra", "profile_unknown"),
        ("clocks.stop_hours", "profile_not_integer"),
        ("matching.name_match", "profile_missing"),
        ("matching.time_tolerance_minutes", "profile_missing"),
    ]


@pytest.mark.parametrize("data", [None, [], "CN", 5])
def test_what_is_no_object_is_no_profile(data: object) -> None:
    assert ("profile", "profile_not_object") in problems(data)


def test_months_or_days_are_needed() -> None:
    profile = changed("clocks.freeze_months", ...)
    del profile["clocks"]["freeze_major_months"]
    assert problems(profile) == [("clocks.freeze_months", "profile_freeze_term")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["clocks", "stop", "code", "x"]), inner)
    ),
    max_leaves=10,
)


@given(JSON)
def test_no_json_breaks_the_reader(data: object) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(data)
    assert caught.value.problems


PLACES = [
    "clocks",
    "clocks.answer_minutes",
    "clocks.answer_minutes.freeze",
    "matching",
    "announce",
    "clocks.stop_hours",
]


@given(st.sampled_from(PLACES), st.none() | st.booleans() | st.text(max_size=3) | st.floats(allow_nan=False))
def test_a_wrong_value_anywhere_is_named_at_its_place(path: str, value: object) -> None:
    found = problems(changed(path, value))
    assert found
    assert all(field == path for field, _ in found)


AGREED = st.dictionaries(
    st.sampled_from(ORDER_KINDS), st.dictionaries(st.sampled_from(sorted(URGENCIES)), st.integers(1, 86_400))
)


@given(AGREED, st.sampled_from(ORDER_KINDS), st.sampled_from(sorted(URGENCIES)))
def test_an_agreement_changes_what_it_names_and_nothing_else(
    agreed: dict[str, dict[str, int]], kind: str, urgency: str
) -> None:
    expected = agreed.get(kind, {}).get(urgency, CN.clocks.answer_minutes[kind, urgency])
    assert effective_answer_minutes(CN, {"answer_minutes": agreed}, kind, urgency) == expected


@pytest.mark.parametrize("overrides", [None, {}, {"answer_minutes": {}}, {"answer_minutes": {"stop": {}}}])
def test_without_agreement_the_profile_stands(overrides: dict[str, object] | None) -> None:
    assert effective_answer_minutes(CN, overrides, "stop", "urgent") == 15


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"stop_hours": 1}, "stop_hours"),
        ({"answer_minutes": {"stop": {"urgent": "10"}}}, "answer_minutes.stop.urgent"),
        ({"answer_minutes": {"stop": 10}}, "answer_minutes.stop"),
        ({"answer_minutes": {"query_accounts": {}}}, "answer_minutes.query_accounts"),
        ({"answer_minutes": {"stop": {"urgent": 0}}}, "answer_minutes.stop.urgent"),
    ],
)
def test_a_malformed_agreement_is_named(data: object, field: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_agreement(data)
    assert [p.field for p in caught.value.problems] == [field]


@pytest.mark.parametrize(("kind", "urgency"), [("query_accounts", "urgent"), ("stop", "02")])
def test_unknown_words_are_refused(kind: str, urgency: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        effective_answer_minutes(CN, None, kind, urgency)
