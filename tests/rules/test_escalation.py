"""Every ladder has every step, in order; when the steps are due is tested on the database (`test_escalations_climb`)."""

from __future__ import annotations

from accounts.rules.escalation import LADDERS, LIFT, NORMAL, STEPS, UNACKNOWLEDGED, UNANSWERED, URGENT


def test_every_ladder_has_every_step_in_order() -> None:
    for reason in (UNACKNOWLEDGED, UNANSWERED, LIFT):
        for urgency in (NORMAL, URGENT):
            found = [rung for rung in LADDERS if (rung.reason, rung.urgency) == (reason, urgency)]
            assert tuple(rung.step for rung in found) == STEPS
            assert [rung.percent for rung in found] == sorted(rung.percent for rung in found)


def test_an_urgent_delay_is_told_within_two_minutes_of_its_begin() -> None:
    first = [rung for rung in LADDERS if (rung.reason, rung.urgency, rung.step) == (UNACKNOWLEDGED, URGENT, STEPS[0])]
    assert [rung.seconds for rung in first] == [120]
