"""When each rung is reached, for terms of every length, and how a consented pause moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules.escalation import LADDERS, NORMAL, STEPS, UNACKNOWLEDGED, UNANSWERED, URGENT, Rung, climbs_at, moved

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def rungs(reason: str, urgency: str) -> list[Rung]:
    return [rung for rung in LADDERS if (rung.reason, rung.urgency) == (reason, urgency)]


def minutes(reason: str, urgency: str, term: int) -> list[float]:
    length = timedelta(minutes=term)
    found = [climbs_at(rung, length, START + length) - START for rung in rungs(reason, urgency)]
    return [each.total_seconds() / 60 for each in found]


def test_every_ladder_has_every_step_in_order() -> None:
    for reason in {rung.reason for rung in LADDERS}:
        for urgency in (NORMAL, URGENT):
            found = rungs(reason, urgency)
            assert tuple(rung.step for rung in found) == STEPS
            assert [rung.percent for rung in found] == sorted(rung.percent for rung in found)


@pytest.mark.parametrize(
    ("reason", "urgency", "term", "at"),
    [
        (UNACKNOWLEDGED, URGENT, 15, [2, 3.75, 7.5, 11.25]),
        (UNANSWERED, URGENT, 15, [7.5, 11.25, 13.5, 15]),
        (UNACKNOWLEDGED, NORMAL, 30, [7.5, 15, 22.5, 30]),
        (UNANSWERED, NORMAL, 1440, [1080, 1296, 1440, 1800]),
        (UNACKNOWLEDGED, URGENT, 4, [1, 1, 2, 3]),
        (UNACKNOWLEDGED, URGENT, 1440, [2, 360, 720, 1080]),
    ],
)
def test_rungs_scale_with_the_orders_own_term(reason: str, urgency: str, term: int, at: list[float]) -> None:
    assert minutes(reason, urgency, term) == at


def test_a_pause_moves_what_is_ahead_by_exactly_itself() -> None:
    length, pause = timedelta(minutes=30), timedelta(minutes=10)
    due = START + length
    for rung in LADDERS:
        assert climbs_at(rung, length, moved(due, pause)) == climbs_at(rung, length, due) + pause
    with pytest.raises(ValueError, match="cannot shorten"):
        moved(due, -pause)


def test_rungs_start_no_earlier_than_the_platform_hands_over() -> None:
    length = timedelta(minutes=30)
    due = START + length
    for rung in LADDERS:
        usual = climbs_at(rung, length, due)
        assert climbs_at(rung, length, due, START - length) == usual
        assert climbs_at(rung, length, due, START + timedelta(hours=5)) == usual + timedelta(hours=5)
