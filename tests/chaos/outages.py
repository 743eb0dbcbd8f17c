"""T3, T4: a server that is away or forgets, a duty that stands still."""

from __future__ import annotations

import signal
import statistics
import time
from typing import Any

import httpx
import redis

from tests.chaos import facts
from tests.chaos.load import Load
from tests.chaos.result import Result
from tests.chaos.stage import Stage

PERIODS_AND_A_LOOK = 3 * 2 + 2.0  # three periods of a beat of two seconds, the kept answer of a second, a poll
_BUDGETS = "SELECT holder_id::text, tokens FROM accounts_lookupbudget ORDER BY 1"
_LOCKED_OUT = "SELECT count(*) FROM axes_accessattempt WHERE username = %s AND failures_since_start >= 5"


def t3(stage: Stage) -> Result:
    """Valkey is killed, emptied, and away: nobody's order waits or is lost, and no budget is refilled."""
    sizes, platform, result = stage.sizes, stage.platform, Result(3)
    orders = stage.stock(sizes.outage_orders)
    rate = sizes.outage_orders / (sizes.outage + 15)
    budgets = _spend(stage)
    valkey = platform.engine("Valkey")
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=rate) as load:
        time.sleep(2)
        with redis.Redis.from_url(platform.servers.redis_url) as client:
            client.flushall()
        time.sleep(3)
        platform.kill_server("Valkey")
        valkey.start()
        time.sleep(3)
        platform.kill_server("Valkey")
        time.sleep(sizes.outage)
        valkey.start()
        back = time.monotonic()
        resumed = stage.until(lambda: _is_well(platform.url, "worker") and _is_well(platform.url, "redis"), 60)
        result.more["workers_back"] = round(time.monotonic() - back, 1)
        stage.judge(result, load, seconds=90)
    result.demand(resumed, "the workers did not resume within 60 s")
    result.demand(not load.tally.server_errors, f"submissions were answered with {dict(load.tally.server_errors)}")
    result.demand(_unchanged(stage, budgets), "a budget was refilled")
    found = facts.collect(stage.url, load.tally.acked, stage.ledger.path, stage.journals)
    waits = sorted(row.available_at - row.created_at for row in found.deliveries if row.available_at is not None)
    worst = waits[max(0, -(-99 * len(waits) // 100) - 1)] if waits else 0.0
    result.demand(worst <= sizes.delivery_p99, f"p99 of the delivery is {worst:.1f} s")
    result.more |= {"delivery_p50": round(statistics.median(waits or [0.0]), 2), "delivery_p99": round(worst, 2)}
    return result


def _spend(stage: Stage) -> dict[str, Any]:
    """Use up what must not come back: the log-ins of one name, and some tokens of the look-up budget."""
    name = "unit00.1"
    with httpx.Client(base_url=stage.platform.url, trust_env=False) as http:
        for _ in range(5):
            page = http.get("/me/login/")
            token = http.cookies.get("csrftoken", "") or page.cookies.get("csrftoken", "")
            form = {"csrfmiddlewaretoken": token, "login": name, "password": "wrong"}
            http.post("/me/login/", data=form, headers={"Referer": stage.platform.url})
    holder = stage.people["unit00.0"]
    facts.change(
        stage.url,
        "INSERT INTO accounts_lookupbudget (holder_id, holder, tokens, filled_at) VALUES (%s, 'user', 0, clock_timestamp())"
        " ON CONFLICT (holder_id) DO UPDATE SET tokens = 0, filled_at = clock_timestamp()", holder,
    )  # fmt: skip
    return {"name": name, "locked": facts.rows(stage.url, _LOCKED_OUT, name)[0][0], "holder": holder}


def _unchanged(stage: Stage, before: dict[str, Any]) -> bool:
    """Still locked out, still no token but what time has brought."""
    locked = facts.rows(stage.url, _LOCKED_OUT, before["name"])[0][0]
    left = dict(facts.rows(stage.url, _BUDGETS)).get(before["holder"], float("inf"))
    return bool(before["locked"] == locked == 1 and left < 1)


def _is_well(url: str, part: str) -> bool:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=2, trust_env=False)
        return bool(answer.json()["parts"][part]["ok"])
    except (httpx.TransportError, ValueError, KeyError):
        return False


def t4(stage: Stage) -> Result:
    """The scheduler is killed, then stopped: readiness shows it within three periods, orders go on, it catches up."""
    sizes, platform, result = stage.sizes, stage.platform, Result(4)
    orders = stage.stock(sizes.outage_orders // 2)
    stage.until(lambda: _is_well(platform.url, "scheduler"), 20)
    red: list[float] = []
    rate = len(orders) / (sizes.outage + 10)
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=rate) as load:
        for number in (signal.SIGKILL, signal.SIGSTOP):
            began = time.monotonic()
            if number == signal.SIGKILL:
                platform.down("scheduler0")
            else:
                platform.send("scheduler0", number)
            turned = stage.until(lambda: not _is_well(platform.url, "scheduler"), 30, 0.1)
            red.append(time.monotonic() - began)
            result.demand(turned, f"readiness never noticed {number.name}")
            time.sleep(max(0.0, sizes.outage / 2 - red[-1]))
            if number == signal.SIGKILL:
                platform.up("scheduler0")
            else:
                platform.send("scheduler0", signal.SIGCONT)
            result.demand(
                stage.until(lambda: _is_well(platform.url, "scheduler"), 60), f"it did not catch up after {number.name}"
            )
        stage.judge(result, load, seconds=90)
    result.demand(max(red) <= PERIODS_AND_A_LOOK, f"readiness turned red only after {max(red):.1f} s")
    result.more["red_after"] = [round(seconds, 1) for seconds in red]
    return result
