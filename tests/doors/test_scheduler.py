"""The scheduler: each duty in its own time, a bad one stops no other, a long queue is worked off at once (R15)."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from django.db import OperationalError

from antifraud.doors.scheduler import Scheduler
from antifraud.outbox.models import Heartbeat
from antifraud.schedule import BATCH, DUTIES, Duty
from tests.cast import World
from tests.doors.processes import cut_connections, running, until


def _counting(name: str, period: int, answer: int = 0) -> tuple[Duty, list[Any]]:
    calls: list[Any] = []

    def run(by: Any, limit: int) -> int:
        calls.append((by.role, limit))
        return answer

    return Duty(name, period, run), calls


def test_each_duty_runs_in_its_own_time_as_the_platform(world: World) -> None:
    slow, slow_calls = _counting("slow", 3600)
    quick, quick_calls = _counting("quick", 0)
    scheduler = Scheduler(lambda: False, (slow, quick))
    for _turn in range(3):
        scheduler.turn()
    assert slow_calls == [("system", BATCH)]
    assert len(quick_calls) == 3


def test_a_failing_duty_stops_no_other_and_shows_no_progress(world: World) -> None:
    def broken(_by: Any, _limit: int) -> int:
        raise LookupError

    good, calls = _counting("good", 60)
    Scheduler(lambda: False, (Duty("bad", 60, broken), good)).turn()
    assert len(calls) == 1
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"duty:good", "scheduler"}


def test_an_absent_database_is_the_loops_affair(world: World) -> None:
    def away(_by: Any, _limit: int) -> int:
        raise OperationalError

    with pytest.raises(OperationalError):
        Scheduler(lambda: False, (Duty("away", 60, away),)).turn()


def test_a_full_batch_is_followed_by_the_next_one(world: World) -> None:
    full, calls = _counting("full", 3600, answer=BATCH)
    scheduler = Scheduler(lambda: False, (full,))
    scheduler.turn()
    scheduler.turn()
    assert len(calls) == 2


def test_told_to_stop_it_starts_no_further_duty(world: World) -> None:
    duty, calls = _counting("never", 1)
    Scheduler(lambda: True, (duty,)).turn()
    assert calls == []


@pytest.mark.django_db(transaction=True)
def test_the_process_beats_for_every_duty_survives_and_stops(world: World) -> None:
    names = {"scheduler", *(f"duty:{duty.name}" for duty in DUTIES)}

    def beating() -> bool:
        return set(Heartbeat.objects.values_list("name", flat=True)) == names

    with running("scheduler") as process:
        until(beating)
        assert cut_connections("scheduler") >= 1
        Heartbeat.objects.filter(name="duty:holds_expire").delete()
        until(beating)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - started < 1
        assert process.returncode == 0
