"""What an agreement between two institutions changes in a profile: answer times only, never a legal term."""

from __future__ import annotations

from collections.abc import Mapping

from banks.rules.legal_profile.parsing import ProfileError, Reader, answer_minutes
from banks.rules.legal_profile.shapes import ORDER_KINDS, URGENCIES, LegalProfile


def parse_agreement(data: object) -> dict[tuple[str, str], int]:
    """{"answer_minutes": {kind: {urgency: minutes}}}, every level may be partial. Raises ProfileError."""
    reader = Reader()
    part = reader.part(data, "profile", frozenset(), frozenset({"answer_minutes"}))
    table = answer_minutes(reader, part.get("answer_minutes", {}), "answer_minutes", complete=False)
    if reader.problems:
        raise ProfileError(reader.problems)
    return table


def effective_answer_minutes(
    profile: LegalProfile, agreement_overrides: Mapping[str, object] | None, kind: str, urgency: str
) -> int:
    """Minutes a bank has to answer: the agreement's number where it names kind and urgency, else the
    profile's.

    Raises ProfileError on a malformed agreement, ValueError on an unknown kind or urgency.
    """
    if kind not in ORDER_KINDS or urgency not in URGENCIES:
        raise ValueError(f"unknown order kind or urgency: {kind}, {urgency}")
    agreed = parse_agreement(agreement_overrides) if agreement_overrides else {}
    return agreed.get((kind, urgency), profile.clocks.answer_minutes[kind, urgency])
