"""Every ladder has every step, in order; when the steps are due is tested on the database (`test_escalations_climb`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules.escalation import LADDERS, LIFT, NORMAL, STEPS, UNACKNOWLEDGED, UNANSWERED, URGENT, moved


def test_every_ladder_has_every_step_in_order() -> None:
    for reason in (UNACKNOWLEDGED, UNANSWERED, LIFT):
        for urgency in (NORMAL, URGENT):
            found = [rung for rung in LADDERS if (rung.reason, rung.urgency) == (reason, urgency)]
            assert tuple(rung.step for rung in found) == STEPS
            assert [rung.percent for rung in found] == sorted(rung.percent for rung in found)


def test_an_urgent_delay_is_told_within_two_minutes_of_its_begin() -> None:
    first = [rung for rung in LADDERS if (rung.reason, rung.urgency, rung.step) == (UNACKNOWLEDGED, URGENT, STEPS[0])]
    assert [rung.seconds for rung in first] == [120]


def test_a_pause_moves_the_end_and_never_shortens_it() -> None:
    due = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert moved(due, timedelta(minutes=10)) - due == timedelta(minutes=10)
    with pytest.raises(ValueError, match="cannot shorten"):
        moved(due, timedelta(minutes=-1))
