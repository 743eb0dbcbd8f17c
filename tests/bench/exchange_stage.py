"""What the exchange is measured on: the platform's processes, fake banks, a producer, lanes turned to a door, CPU by process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.bench.exchange_report import percentiles
from tests.chaos import facts
from tests.chaos.platform import Platform

PATIENCE = 40.0
POLLS_END = 3.0  # the server's side of a long poll (2 s) outlives its client and would lease what comes next to nobody
_LANES = """
UPDATE banks_lane SET door = %s, circuit = 'closed', failures = 0, opened_at = NULL, probe_at = NULL, paused = %s
WHERE institution_id = ANY(%s::uuid[])
"""
_ENDPOINT = """
INSERT INTO banks_webhookendpoint (id, institution_id, url, ca, timeout_seconds, proposed_by_id, proposed_at, approved_by_id,
  approved_at, ended_why)
VALUES (gen_random_uuid(), %s, %s, '', 10, %s, clock_timestamp(), %s, clock_timestamp(), '')
"""
_LEFT = """
SELECT count(*) FROM banks_delivery WHERE state IN ('queued', 'ready', 'leased') AND institution_id = ANY(%s::uuid[])
"""
# The banks of the bench answer nothing: what an earlier measurement left open would be chased by reminders in a later one.
_PUT_AWAY = "UPDATE accounts_order SET status = 'cancelled' WHERE status = 'issued' AND available_at IS NOT NULL"
_FACTS = "SELECT count(*) FROM af_outbox_outboxmessage WHERE done_at IS NULL"
Line = dict[str, Any]


class OneRelay(Platform):
    """As `make run` starts it: one relay, two workers."""

    def _commands(self) -> dict[str, list[str]]:
        words = super()._commands()
        return {name: command for name, command in words.items() if name != "relay1"}


class Talker:
    """A process of the bench that answers each JSON line with one."""

    def __init__(self, platform: Platform, name: str, *words: str, setup: Line | None = None) -> None:
        self.platform, self.name = platform, name
        self.process = platform.start(name, "-m", *words, output=subprocess.PIPE)
        self.first = self.ask(setup) if setup else self._read()

    def ask(self, line: Line) -> Line:
        """Write, wait for the answer."""
        if self.process.stdin is None:
            raise RuntimeError(f"{self.name} cannot be asked")
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> Line:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"{self.name} has ended; its log says why")
        found: Line = json.loads(line)
        return found

    def close(self) -> None:
        """No more lines."""
        self.platform.running.pop(self.name)
        self.process.kill()
        self.process.wait(10)


class Bench:
    """The platform is up, twenty banks have an address each; `turn` chooses the door."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        made = platform.prepare()
        self.banks: dict[str, dict[str, str]] = made["banks"]
        self.codes = sorted(self.banks)
        people = made["people"]
        self.maker = Talker(platform, "stock", "tests.bench.exchange_stock", setup={"banks": self.codes})
        platform.start_platform()
        self.street = Talker(platform, "street", "tests.bench.exchange_banks", "webhook", str(len(self.codes)))
        self.ports: dict[str, int] = dict(zip(self.codes, self.street.first["ports"], strict=True))
        for code, port in self.ports.items():
            url = f"http://127.0.0.1:{port}/events"
            officers = (people["unit00.0"], people["unit00.1"])
            facts.change(platform.admin_url, _ENDPOINT, self.banks[code]["id"], url, *officers)
        self.producer = Talker(platform, "producer", "tests.bench.exchange_producer")
        self.heard_by = self.street

    def stock(self, count: int, codes: list[str], *, queued: bool = False) -> list[dict[str, str]]:
        """So many orders round these banks, to be issued, or queued for lanes that are paused."""
        made: list[dict[str, str]] = self.maker.ask({"count": count, "banks": codes, "queued": queued})["made"]
        facts.change(self.platform.admin_url, "ANALYZE")
        return made

    def turn(self, codes: Iterable[str], door: str, *, paused: bool = False) -> None:
        """These lanes lead to this door from now on, their circuits forgotten."""
        facts.change(self.platform.admin_url, _LANES, door, paused, self.ids(codes))

    def ids(self, codes: Iterable[str]) -> list[str]:
        """Their institutions' ids."""
        return [self.banks[code]["id"] for code in codes]

    @contextmanager
    def pulling(self, codes: list[str]) -> Iterator[None]:
        """The systems of these banks pull meanwhile."""
        self.turn(codes, "pull")
        setup = {"url": self.platform.url, "banks": [self.banks[code] for code in codes]}
        self.heard_by = Talker(self.platform, "pull", "tests.bench.exchange_banks", "pull", setup=setup)
        try:
            yield
        finally:
            self.heard_by.close()
            self.heard_by = self.street
            time.sleep(POLLS_END)

    def mode(self, code: str, mode: str) -> None:
        """How the bank answers from now on; its circuit is forgotten."""
        httpx.put(f"http://127.0.0.1:{self.ports[code]}/mode", content=mode, timeout=5, trust_env=False)
        self.turn([code], "webhook")

    def issue(self, orders: list[dict[str, str]], rate: float, *, silent: str = "") -> Line:
        """Issue them at `rate` a second, wait until the banks have heard of them: what it took, and what it cost.

        Nothing is waited for from the bank `silent`.
        """
        self.settle(self.codes)
        facts.change(self.platform.admin_url, _PUT_AWAY)
        self.heard_by.ask({})
        before, began = self._cpu(), time.monotonic()
        sent = self.producer.ask({"orders": [one["order"] for one in orders], "rate": rate})["sent"]
        spoken = {one["order"] for one in orders if one["order"] in sent and one["bank"] != silent}
        heard, twice = self._heard(spoken)
        after, spent = self._cpu(), time.monotonic() - began
        times = sorted(at for _due, at in sent.values())
        pace = (len(times) - 1) / max(0.001, times[-1] - times[0]) if len(times) > 1 else rate
        return {
            "count": len(sent), "lost": len(spoken) - len(heard), "twice": twice, "reached": min(pace, rate),
            **percentiles([at - sent[order][1] for order, at in heard.items()]),
            "from_due": percentiles([at - sent[order][0] for order, at in heard.items()]),
            "by_bank": self._by_bank(orders, sent, heard), "cpu": self._cost(before, after, spent, len(sent)),
        }  # fmt: skip

    def drain(self, count: int, codes: list[str], door: str) -> Line:
        """Fill paused lanes, then open them as resuming does; complete deliveries a second."""
        self.settle(codes)
        facts.change(self.platform.admin_url, _PUT_AWAY)
        self.turn(codes, door, paused=True)
        orders = self.stock(count, codes, queued=True)
        self.heard_by.ask({})
        before, began = self._cpu(), time.monotonic()
        self.turn(codes, door)
        self.producer.ask({"ring": self.ids(codes)})
        left = self.settle(codes, facts_too=False)
        after, spent = self._cpu(), time.monotonic() - began
        done = len(orders) - left
        return {
            "count": len(orders), "left": left, "per_second": done / spent, "seconds": spent,
            "twice": self.heard_by.ask({})["twice"], "cpu": self._cost(before, after, spent, max(1, done)),
        }  # fmt: skip

    def settle(self, codes: Iterable[str], *, facts_too: bool = True) -> int:
        """Wait until nothing waits in open lanes of these banks (and in the outbox); how much is left after a minute."""
        ids, end, left = self.ids(codes), time.monotonic() + PATIENCE, 1
        with facts.connected(self.platform.admin_url) as cursor:
            while left and time.monotonic() < end:
                cursor.execute(
                    _LEFT + " AND institution_id IN (SELECT institution_id FROM banks_lane WHERE NOT paused)", [ids]
                )
                left = cursor.fetchone()[0]
                if not left and facts_too:
                    cursor.execute(_FACTS)
                    left = cursor.fetchone()[0]
                if left:
                    time.sleep(0.1)
        return int(left)

    def _heard(self, wanted: set[str]) -> tuple[dict[str, float], int]:
        heard: dict[str, float] = {}
        twice, end = 0, time.monotonic() + PATIENCE
        while True:
            told = self.heard_by.ask({})
            heard |= {order: at for order, at in told["heard"].items() if order in wanted and order not in heard}
            twice += told["twice"]
            if told["faults"]:
                raise RuntimeError(f"the banks' systems: {told['faults']}")
            if len(heard) == len(wanted) or time.monotonic() > end:
                return heard, twice
            time.sleep(0.1)

    def _by_bank(self, orders: list[dict[str, str]], sent: Line, heard: dict[str, float]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for one in orders:
            if one["order"] in heard:
                found.setdefault(one["bank"], []).append(heard[one["order"]] - sent[one["order"]][1])
        return found

    def _cpu(self) -> dict[str, float]:
        roots: dict[str, list[int]] = {
            "platform": [],
            "servers": [e.process.pid for e in self.platform.servers.engines],
        }
        for name, process in self.platform.running.items():
            part = {"producer": "producer", "street": "bank", "pull": "bank"}.get(name, "platform")
            roots.setdefault(part, []).append(process.pid)
        found = {part: sum(tree_seconds(pid) for pid in pids) for part, pids in roots.items()}
        return found | {"all": machine_seconds(), "own": time.process_time()}

    def _cost(self, before: dict[str, float], after: dict[str, float], spent: float, count: int) -> dict[str, float]:
        used = {part: after[part] - before[part] for part in after}
        others = used["all"] - sum(value for part, value in used.items() if part != "all")
        parts = {part: used[part] / count * 1000 for part in ("platform", "servers", "producer", "bank")}
        return {**parts, "others": max(0.0, others / spent)}


def tree_seconds(pid: int) -> float:
    """CPU seconds of a process and everything below it, ended children among them."""
    total = 0.0
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total = sum(int(word) for word in fields[11:15]) / os.sysconf("SC_CLK_TCK")
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += sum(tree_seconds(int(child)) for child in (thread / "children").read_text().split())
    return total


def machine_seconds() -> float:
    """CPU seconds that the whole machine has worked."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq = (int(word) for word in words[:7])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
