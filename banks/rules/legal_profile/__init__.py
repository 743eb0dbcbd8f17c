"""A legal profile: the numbers that differ from country to country, typed; clocks themselves run
elsewhere.
"""

from __future__ import annotations

from banks.rules.legal_profile.agreement import effective_answer_minutes, parse_agreement
from banks.rules.legal_profile.parsing import MESSAGES, ProfileError, parse_profile
from banks.rules.legal_profile.presets import (
    BR_PROFILE_V1,
    CN_PROFILE_V1,
    IN_PROFILE_V1,
    PRESETS,
    SG_PROFILE_V1,
    TH_PROFILE_V1,
    public_language,
)
from banks.rules.legal_profile.shapes import (
    NAME_MATCHES,
    ORDER_KIND_LABELS,
    ORDER_KINDS,
    URGENCIES,
    Announce,
    AutoLift,
    Clocks,
    LegalProfile,
    Matching,
)

__all__ = [
    "BR_PROFILE_V1",
    "CN_PROFILE_V1",
    "IN_PROFILE_V1",
    "MESSAGES",
    "NAME_MATCHES",
    "ORDER_KINDS",
    "ORDER_KIND_LABELS",
    "PRESETS",
    "SG_PROFILE_V1",
    "TH_PROFILE_V1",
    "URGENCIES",
    "Announce",
    "AutoLift",
    "Clocks",
    "LegalProfile",
    "Matching",
    "ProfileError",
    "effective_answer_minutes",
    "parse_agreement",
    "parse_profile",
    "public_language",
]
