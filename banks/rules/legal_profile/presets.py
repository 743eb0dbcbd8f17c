"""Profiles as data, as configured (domain.md, chapter 4); read second hand, no claim of conformity is made.

Where a country gives no number of its own, the number of CN stands until the institution configures its own.
"""

from __future__ import annotations

import copy
from typing import Any

CN_PROFILE_V1: dict[str, Any] = {
    "code": "CN",
    "version": 1,
    "clocks": {
        "first_account_minutes": 30,
        "stop_hours": 48,
        "stop_max_per_account_case": 2,
        "freeze_months": 6,
        "freeze_major_months": 12,
        "answer_minutes": {
            "stop": {"normal": 30, "urgent": 15},
            "stop_release": {"normal": 30, "urgent": 15},
            "stop_extend": {"normal": 30, "urgent": 15},
            "freeze": {"normal": 120, "urgent": 120},
            "freeze_release": {"normal": 120, "urgent": 120},
            "freeze_extend": {"normal": 120, "urgent": 120},
            "query_transactions": {"normal": 1_440, "urgent": 1_440},
            "query_holder": {"normal": 1_440, "urgent": 1_440},
            "suspend_number": {"normal": 30, "urgent": 15},
            "restore_number": {"normal": 30, "urgent": 15},
        },
        "approval_minutes": 30,
        "emergency_approval_minutes": 60,
        "lift_confirm_hours": 2,
        "issued_in_error_hours": 1,
        "release_unrelated_hours": 72,
        "bank_first_hours": 24,
    },
    "matching": {"name_match": "normalised", "time_tolerance_minutes": 10},
    "announce": {"stop_hours": [24, 6, 2], "freeze_days": [30, 15, 7, 3]},
}


def _variant(code: str, *, drop: tuple[str, ...] = (), **clocks: object) -> dict[str, Any]:
    """CN with other clocks; `drop` removes clocks that the country does not know."""
    profile = copy.deepcopy(CN_PROFILE_V1)
    profile["code"] = code
    profile["clocks"] = {k: v for k, v in profile["clocks"].items() if k not in drop} | clocks
    return profile


# TH: a stop lasts 3 days, then 7 more; reviewed innocents are free within 12 hours.
TH_PROFILE_V1 = _variant("TH", stop_hours=72, stop_extension_hours=168, release_unrelated_hours=12)

# SG: a restriction order lasts 30 days and may be extended 5 times; freeze at most 30 days, 6 times.
SG_PROFILE_V1 = _variant(
    "SG",
    drop=("freeze_months", "freeze_major_months"),
    stop_hours=720,
    stop_max_per_account_case=6,
    freeze_days=30,
    freeze_max_terms=6,
)

# IN: a lien on the amount; under 50,000 rupees it is lifted after 90 days when no court order exists.
# The lien has
# no term of its own in the material, so the same 90 days stand for it.
IN_PROFILE_V1 = _variant("IN", stop_hours=2_160) | {
    "auto_lift": {"days": 90, "below_minor": 5_000_000, "currency": "INR"}
}

# BR: 30 minutes from the notice to the answer, whatever its urgency; money goes back within 24 hours.
BR_PROFILE_V1 = _variant(
    "BR",
    refund_payout_hours=24,
    answer_minutes=CN_PROFILE_V1["clocks"]["answer_minutes"]
    | {kind: {"normal": 30, "urgent": 30} for kind in ("stop", "stop_release", "stop_extend")},
)

PRESETS: dict[str, dict[str, Any]] = {
    "CN": CN_PROFILE_V1,
    "TH": TH_PROFILE_V1,
    "SG": SG_PROFILE_V1,
    "IN": IN_PROFILE_V1,
    "BR": BR_PROFILE_V1,
}

# What the public reads in a country where it is not the product's first language; keys are codes of profiles.
_PUBLIC_LANGUAGES = {"CN": "zh-hans"}


def public_language(code: str) -> str:
    """The language of papers for the public under a profile, whatever language the officer works in; English if not named."""
    return _PUBLIC_LANGUAGES.get(code, "en")
