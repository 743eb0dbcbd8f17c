"""T1, T2, T5: what is in somebody's hands when it is killed; relay and workers, the database, the web."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from tests.chaos import checker, facts
from tests.chaos.drafting import Drafting
from tests.chaos.load import Load
from tests.chaos.result import Result
from tests.chaos.stage import Stage

WEB_WORKERS = 2
LEASE_AND_A_BIT = 62.0  # a claim's lease of 60 s, and the two seconds that somebody may take to see it


def t1(stage: Stage) -> Result:
    """SIGKILL relays and workers, again and again, while orders are underway; half of a worker's deaths are its child's."""
    sizes, platform, result = stage.sizes, stage.platform, Result(1)
    orders = stage.stock(sizes.crash_orders)
    killed = {"relay": 0, "worker": 0}
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=sizes.crash_rate) as load:
        while min(killed.values()) < sizes.kills:
            kind = min(killed, key=lambda name: killed[name])
            _kill_one(stage, kind, pool=killed[kind] % 2 == 1)
            killed[kind] += 1
            time.sleep(stage.rng.uniform(0.1, 0.8))
        stage.judge(result, load, seconds=150)
    result.demand(result.max_redelivery <= 3, f"redelivered {result.max_redelivery} times")
    found = facts.collect(stage.url, load.tally.acked, stage.ledger.path, stage.journals)
    result.blame(checker.late(found, LEASE_AND_A_BIT))
    waits = [row.available_at - row.created_at for row in found.deliveries if row.available_at is not None]
    result.more |= {"kills": sum(killed.values()), "longest_wait": round(max(waits, default=0.0), 1)}
    platform.wait_ready()
    return result


def _kill_one(stage: Stage, kind: str, *, pool: bool) -> None:
    """A process and its group, started anew at once; or, with `pool`, one child that its master must replace."""
    platform = stage.platform
    name = stage.rng.choice([name for name in platform.words if name.startswith(kind)])
    children = platform.children(name) if pool and kind == "worker" else []
    if children:
        os.kill(stage.rng.choice(children), signal.SIGKILL)
        return
    platform.down(name)
    platform.up(name)


def t2(stage: Stage) -> Result:
    """SIGKILL the postmaster under load; clients ask again under the same keys."""
    sizes, platform, result = stage.sizes, stage.platform, Result(2)
    orders = stage.stock(sizes.database_orders)
    back: list[float] = []
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=sizes.database_rate, threads=8) as load:
        for _ in range(sizes.postmaster_kills):
            time.sleep(stage.rng.uniform(1.5, 3.0))
            if not load.running:
                break
            platform.kill_server("PostgreSQL")
            died = time.monotonic()
            platform.engine("PostgreSQL").start()
            stage.until(lambda died=died: any(at > died for at in load.tally.acked_at), 30, 0.05)  # type: ignore[misc]
            back.append(time.monotonic() - died)
        stage.judge(result, load, seconds=150)
    odd = set(load.tally.server_errors) - {503}
    result.demand(not odd, f"a database that is away was answered with {sorted(odd)}")
    result.demand(len(back) == sizes.postmaster_kills, f"the load ended after {len(back)} kills")
    result.demand(max(back, default=0) <= 30, f"service came back after {max(back, default=0):.1f} s")
    spent = max(load.tally.acked_at, default=load.began) - load.began
    rate = len(load.tally.acked) / max(spent, 0.001)
    result.more |= {"kills": len(back), "longest_outage": round(max(back, default=0.0), 1), "rate": round(rate, 1)}
    platform.wait_ready()
    return result


def t5(stage: Stage) -> Result:
    """SIGKILL all web workers (now and then the master too) in mid-POST: drafting again under the same key gives one order."""
    sizes, platform, result = stage.sizes, stage.platform, Result(5)
    lines = stage.stock(sizes.web_orders, kind="lines")
    drafting = Drafting(stage, lines)
    killed = masters = 0
    with drafting:
        while killed < sizes.web_kills and drafting.running:
            time.sleep(stage.rng.uniform(0.05, 0.2))
            workers = platform.children("web0")
            stage.until(lambda: drafting.underway > 0, 1, 0.001)
            time.sleep(stage.rng.uniform(0, 0.03))
            if killed % 25 == 24:
                platform.down("web0")
                platform.up("web0")
                masters += 1
            elif len(workers) < WEB_WORKERS:
                continue
            for worker in workers if killed % 25 != 24 else []:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            killed += 1
    platform.wait_ready()
    result.orders, result.acked = len(lines), len(drafting.told)
    drafting.judge(result)
    result.demand(killed >= sizes.web_kills, f"only {killed} kills while requests were underway")
    result.demand(drafting.retried > 0, "no request was cut off")
    result.more |= {"kills": killed, "masters": masters, "retried": drafting.retried}
    return result
