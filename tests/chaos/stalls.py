"""T6: a process that is stopped longer than its lease and wakes up: somebody else has done its work, its result is nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import facts
from tests.chaos.load import Load
from tests.chaos.result import Result
from tests.chaos.stage import Stage
from tests.chaos.webhooks import DEAD, Street, account, held_by_platform, street

OTHERS = ("relay1", "worker0", "worker1")
WAKING = 12.0
_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'idle in transaction'"


def t6(stage: Stage) -> Result:
    """Once with posts in the air (leases of 30 s), once inside a transaction (the database ends it after 10 s)."""
    platform, result = stage.platform, Result(6)
    orders = stage.stock(40)
    with street(stage, [DEAD]) as lane:
        _in_the_air(stage, result, lane)
        account(stage, result, lane, 30)
    fed, again = result.orders, result.max_redelivery
    for name in OTHERS:
        platform.down(name)
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=10, threads=4) as load:
        caught = _stop_when(stage, "relay0", lambda: bool(facts.rows(stage.url, _OPEN, "relay0")[0][0]), 15)
        for name in OTHERS:
            platform.up(name)
        result.demand(caught, "the relay was never seen inside a transaction")
        ended = stage.until(lambda: not load.running, load.longest)
        taken_over = ended and stage.drained(load.tally.acked, 45)
        result.demand(taken_over, "what the stopped relay had in hand was not taken over")
        platform.send("relay0", signal.SIGCONT)
        time.sleep(2)
        stage.judge(result, load, seconds=30)
    result.orders, result.acked = result.orders + fed, result.acked + fed
    result.max_redelivery = max(result.max_redelivery, again)
    return result


def _in_the_air(stage: Stage, result: Result, lane: Street) -> None:
    """The one courier is stopped while the bank takes its time; others take over; awake, it has nothing to say."""
    platform, bank = stage.platform, stage.banks[DEAD]["id"]
    lane.mode(DEAD, "slow")
    for name in OTHERS:
        platform.down(name)
    lane.feed(40, rate=0, codes=[DEAD])
    caught = _stop_when(stage, "relay0", lambda: held_by_platform(stage, bank) > 0, 15)
    held = held_by_platform(stage, bank)
    result.demand(caught and held > 0, "the courier never held a lease when it was looked at")
    lane.mode(DEAD, "ok")
    for name in OTHERS:
        platform.up(name)
    time.sleep(stage.sizes.stall)
    left = lane.left()
    result.demand(left == 0, f"{left} deliveries were not taken over from the stopped courier")
    platform.send("relay0", signal.SIGCONT)
    time.sleep(WAKING)
    discarded = logged(platform.folder, "relay0.*.log", "stale push discarded")
    result.demand(discarded >= held or not caught, f"{discarded} of {held} late results were discarded")
    result.more |= {"held": held, "discarded": discarded}


def _stop_when(stage: Stage, name: str, fact: Callable[[], bool], seconds: float) -> bool:
    """SIGSTOP at a moment when `fact` is true and stays true; whether there was one."""
    pid, end = stage.platform.running[name].pid, time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            os.killpg(pid, signal.SIGSTOP)
            time.sleep(0.1)
            if fact():
                return True
            os.killpg(pid, signal.SIGCONT)
        time.sleep(0.005)
    return False


def logged(folder: Path, pattern: str, words: str) -> int:
    """How often these words stand in the logs of that name."""
    return sum(path.read_text(encoding="utf-8", errors="replace").count(words) for path in folder.glob(pattern))
