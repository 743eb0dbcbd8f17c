"""The terms of returns are data of the legal profile: notice days, working days or hours to pay."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from banks.rules.legal_profile import PRESETS, ProfileError, parse_profile


def profile(code: str = "CN", **clocks: Any) -> Any:
    data = copy.deepcopy(PRESETS[code])
    data["clocks"] |= clocks
    return parse_profile(data).clocks


def test_without_a_word_of_its_own_a_profile_has_thirty_days_and_three_working_days() -> None:
    clocks = profile()
    assert (clocks.refund_notice_days, clocks.refund_payout_days, clocks.refund_payout_hours) == (30, 3, None)


def test_a_profile_says_otherwise() -> None:
    clocks = profile(refund_notice_days=60, refund_payout_days=10)
    assert (clocks.refund_notice_days, clocks.refund_payout_days) == (60, 10)
    assert profile("BR").refund_payout_hours == 24


@pytest.mark.parametrize(
    "wrong", [{"refund_notice_days": -1}, {"refund_payout_days": 0}, {"refund_payout_hours": "24"}]
)
def test_a_term_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        profile(**wrong)
