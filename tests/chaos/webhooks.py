"""T10, T11: banks that are called, of which one hangs, drips, fails, and comes back with a backlog."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.chaos import facts
from tests.chaos.ledger import Ledger, read
from tests.chaos.result import Result
from tests.chaos.stage import Meanwhile, Stage
from tests.journey.processes import ROOT

DEAD = "bank19"
FAULTS = ("hang", "drip", "500", "tls", "reset")
URGENT, ALERT = 10, 40
BUCKET = 100
_ENDPOINT = """
INSERT INTO banks_webhookendpoint (id, institution_id, url, ca, timeout_seconds, proposed_by_id, proposed_at, approved_by_id,
  approved_at, ended_why)
VALUES (gen_random_uuid(), %s, %s, '', 10, %s, clock_timestamp(), %s, clock_timestamp(), '')
"""
_END = "UPDATE banks_webhookendpoint SET ended_at = clock_timestamp() WHERE institution_id = %s AND ended_at IS NULL"
_LANE = """
UPDATE banks_lane SET door = %s, circuit = 'closed', failures = 0, opened_at = NULL, probe_at = NULL, rate_per_second = %s,
  burst = %s, tokens = %s WHERE institution_id = %s
"""
_HELD = """
SELECT count(*) FROM banks_delivery WHERE institution_id = %s AND state = 'leased' AND leased_by_id IS NULL
AND lease_until > clock_timestamp()
"""
_LEFT = "SELECT count(*) FROM banks_delivery WHERE id = ANY(%s::uuid[]) AND state <> 'transported'"
_CAP = "SELECT in_flight_cap FROM banks_lane WHERE institution_id = %s"
_PAGED = """
SELECT extract(epoch FROM min(at))::float8 FROM af_audit_auditentry WHERE verb = 'lane.circuit_open' AND object_id = %s
"""


class Street:
    """Fake banks in one process, one port each, journals on the disk; the lanes of `codes` are turned to them."""

    def __init__(self, stage: Stage, codes: list[str]) -> None:
        self.stage, self.codes = stage, codes
        self.folder = stage.platform.folder / f"street-{time.time_ns()}"
        self.folder.mkdir()
        self.process = stage.platform.start(
            self.folder.name, "-m", "tests.exchange.fake_bank", "--banks", str(len(codes)), "--journal", str(self.folder),
            output=subprocess.PIPE,
        )  # fmt: skip
        line = self.process.stdout.readline() if self.process.stdout else "{}"
        self.ports = dict(zip(codes, json.loads(line)["ports"], strict=True))
        self.fed: list[dict[str, Any]] = []
        self.told = Ledger(self.folder / "fed.jsonl")
        self.feeder = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.feeder"], cwd=ROOT, env=stage.platform.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        stage.platform.running[f"{self.folder.name}-feeder"] = self.feeder
        for code in codes:
            self.turn_to(code)

    def turn_to(self, code: str, *, scheme: str = "http", rate: int = 1000) -> None:
        """The bank's lane leads to its port from now on, its circuit forgotten."""
        bank, people = self.stage.banks[code]["id"], self.stage.people
        host = "localhost" if scheme == "https" else "127.0.0.1"
        facts.change(self.stage.url, _END, bank)
        url = f"{scheme}://{host}:{self.ports[code]}/events"
        facts.change(self.stage.url, _ENDPOINT, bank, url, people["unit00.0"], people["unit00.1"])
        facts.change(self.stage.url, _LANE, "webhook", rate, rate, rate, bank)

    def mode(self, code: str, mode: str) -> None:
        """How the bank answers from now on; "tls" is a handshake with a port that speaks none."""
        self.turn_to(code, scheme="https" if mode == "tls" else "http")
        if mode != "tls":
            httpx.put(f"http://127.0.0.1:{self.ports[code]}/mode", content=mode, timeout=5, trust_env=False)

    def feed(
        self, count: int, *, rate: float, codes: list[str], priorities: tuple[int, ...] = (URGENT,)
    ) -> list[dict[str, Any]]:
        """Commit `count` deliveries; what was told of each, kept on the disk as well."""
        if self.feeder.stdin is None or self.feeder.stdout is None:
            return []
        wanted = {"rate": rate, "count": count, "banks": codes, "priorities": priorities}
        self.feeder.stdin.write(json.dumps(wanted) + "\n")
        self.feeder.stdin.flush()
        fed = []
        for line in self.feeder.stdout:
            told = json.loads(line)
            if "done" in told:
                break
            self.told.note(**told)
            fed.append(told)
        self.fed += fed
        return fed

    def heard(self) -> dict[str, list[dict[str, Any]]]:
        """Delivery → the lines of the journals that name it, in the order of their arrival."""
        found: dict[str, list[dict[str, Any]]] = {}
        for number, code in enumerate(self.codes):
            for line in read(self.folder / f"bank{number}.jsonl"):
                found.setdefault(line["delivery_id"], []).append({"code": code, **line})
        return found

    def left(self) -> int:
        """How much of what was fed is not transported."""
        return int(facts.rows(self.stage.url, _LEFT, [told["delivery"] for told in self.fed])[0][0])

    def close(self) -> None:
        """End both processes; the lanes go back to the pull door."""
        for code in self.codes:
            facts.change(self.stage.url, _LANE, "pull", 200, 200, 200, self.stage.banks[code]["id"])
            facts.change(self.stage.url, _END, self.stage.banks[code]["id"])
        for process in (self.process, self.feeder):
            process.kill()
            process.wait(10)


@contextmanager
def street(stage: Stage, codes: list[str]) -> Iterator[Street]:
    """Fake banks for these codes, gone afterwards."""
    made = Street(stage, codes)
    try:
        yield made
    finally:
        made.close()


def held_by_platform(stage: Stage, bank: str) -> int:
    """How many posts to this bank are underway now, by the leases that are out."""
    return int(facts.rows(stage.url, _HELD, bank)[0][0])


def account(stage: Stage, result: Result, lane: Street, seconds: float) -> None:
    """Everything that was fed has arrived and is transported; figures into the result."""
    ids = [told["delivery"] for told in lane.fed]
    result.demand(stage.until(lambda: not lane.left(), seconds), "not everything was transported")
    heard = lane.heard()
    effects = Counter(
        (line["code"], line["subject_id"], line["topic"]) for lines in heard.values() for line in lines[:1]
    )
    result.orders = result.acked = len(ids)
    result.lost = sum(delivery not in heard for delivery in ids)
    result.doubled = sum(number > 1 for number in effects.values())
    result.max_redelivery = max((len(lines) - 1 for lines in heard.values()), default=0)
    result.demand(not result.lost, f"{result.lost} deliveries are in no journal")
    result.demand(not result.doubled, f"{result.doubled} effects were doubled")


def t10(stage: Stage) -> Result:
    """One of twenty banks hangs, drips, fails: the others' p99 is that of the quiet run beside it, pair by pair."""
    sizes, result = stage.sizes, Result(10)
    codes = sorted(stage.banks)
    count = int(sizes.event_rate * sizes.pair_seconds)
    cap = facts.rows(stage.url, _CAP, stage.banks[DEAD]["id"])[0][0]
    most, pairs = [0], []
    with street(stage, codes) as lane:
        lane.feed(40, rate=40, codes=codes)

        def look() -> None:
            most[0] = max(most[0], held_by_platform(stage, stage.banks[DEAD]["id"]))

        for number in range(sizes.pairs):
            quiet = lane.feed(count, rate=sizes.event_rate, codes=codes)
            lane.mode(DEAD, FAULTS[number % len(FAULTS)])
            with Meanwhile(look, 0.1):
                faulty = lane.feed(count, rate=sizes.event_rate, codes=codes)
                time.sleep(1)
            lane.mode(DEAD, "ok")
            time.sleep(1)
            heard = lane.heard()
            pairs.append((p99(quiet, heard), p99(faulty, heard)))
        account(stage, result, lane, 120)
    paged = facts.rows(stage.url, _PAGED, stage.banks[DEAD]["id"])[0][0]
    result.demand(paged is not None or sizes.pairs < 2, "nobody was told of the dead bank's circuit")
    excess = statistics.median(bad - (1.1 * good + 0.02) for good, bad in pairs)
    result.demand(excess <= 0, f"the median pair is {excess * 1000:.0f} ms beyond 1.1 times the quiet p99 plus 20 ms")
    result.demand(statistics.median(bad for _good, bad in pairs) <= 2, "the healthy banks' p99 is more than 2 s")
    result.demand(most[0] <= cap, f"the dead bank held {most[0]} slots of {cap}")
    result.more |= {"pairs_ms": [[round(g * 1000), round(b * 1000)] for g, b in pairs], "held": most[0], "cap": cap}
    return result


def p99(fed: list[dict[str, Any]], heard: dict[str, list[dict[str, Any]]]) -> float:
    """Seconds from the commit to the bank's receipt, over the banks that are well; nearest rank."""
    waits = sorted(
        heard[told["delivery"]][0]["at"] - told["at"]
        for told in fed
        if told["bank"] != DEAD and told["delivery"] in heard
    )
    return waits[max(0, -(-99 * len(waits) // 100) - 1)] if waits else 0.0


def t11(stage: Stage) -> Result:
    """A bank comes back with a backlog: it drains at its bucket's rate, what is urgent before what is not."""
    sizes, result = stage.sizes, Result(11)
    with street(stage, [DEAD]) as lane:
        lane.mode(DEAD, "503")
        lane.feed(12, rate=0, codes=[DEAD])
        bank = stage.banks[DEAD]["id"]
        opened = stage.until(
            lambda: (
                facts.rows(stage.url, "SELECT circuit FROM banks_lane WHERE institution_id = %s", bank)[0][0]
                != "closed"
            ),
            20,
        )
        result.demand(opened, "the circuit did not open")
        backlog = lane.feed(sizes.backlog, rate=0, codes=[DEAD], priorities=(ALERT, URGENT))
        facts.change(
            stage.url,
            "UPDATE banks_lane SET rate_per_second = %s, burst = %s WHERE institution_id = %s",
            BUCKET,
            BUCKET,
            bank,
        )
        httpx.put(f"http://127.0.0.1:{lane.ports[DEAD]}/mode", content="ok", timeout=5, trust_env=False)
        back = time.monotonic()
        account(stage, result, lane, 600)
        drained = time.monotonic() - back
        heard = lane.heard()
    lines = sorted(
        (heard[told["delivery"]][0]["at"], told["priority"]) for told in backlog if told["delivery"] in heard
    )
    times = [at for at, _priority in lines]
    _within_bucket(result, times)
    urgent = [place for place, (_at, priority) in enumerate(lines) if priority == URGENT]
    slack = 8  # the cap's slots are underway at once and land in any order
    result.demand(max(urgent, default=0) < len(urgent) + slack, "something urgent arrived after what is not")
    spent = (times[-1] - times[0]) if times else 0.0
    result.more |= {
        "backlog": len(backlog),
        "drained": round(drained, 1),
        "rate": round(len(times) / max(spent, 0.001)),
    }
    return result


def _within_bucket(result: Result, times: list[float]) -> None:
    """In no stretch of the drain more than the burst and what flowed in meanwhile (5 per cent for the clocks' sake)."""
    first = 0
    for last, at in enumerate(times):
        while at - times[first] > 5:
            first += 1
        allowed = BUCKET + BUCKET * (at - times[first])
        if last - first + 1 > allowed * 1.05 + 5:
            result.fault(f"{last - first + 1} arrived within {at - times[first]:.2f} s, {allowed:.0f} are allowed")
            return
